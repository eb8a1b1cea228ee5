import { expect, test } from 'vitest';
import { testDatabase } from '../database.ts';
import { runRoughly } from './rough-run.ts';

// The full form: node test/webhooks/run.ts --events 10000
test('400 events of two processes, to a receiver that fails, cuts, hangs and restarts: each at least once, in order, signed', async () => {
  const database = await testDatabase();
  try {
    const run = { events: 400, failEvery: 40, cutEvery: 70, hangs: 1, restarts: 1 };
    const outcome = await runRoughly(database.connection, run);
    expect(outcome).toMatchObject({ events: 400, missing: 0, inOrder: true, unverified: 0, requestsOpenMax: 1 });
    expect(outcome.answered).toMatchObject({ hangs: 1, restarts: 1 });
    expect(outcome.answered.failures).toBeGreaterThan(5);
    expect(outcome.answered.cuts).toBeGreaterThan(3);
  } finally {
    await database.drop();
  }
});
