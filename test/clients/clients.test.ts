import { expect, test } from 'vitest';
import { testDatabase } from '../database.ts';
import { runClients } from './client-run.ts';
import { PROMISED } from './quickstart.ts';

const ENTRIES = 400;

// The full form: node test/clients/run.ts --entries 10000
test('a client that a third party generated from openapi.json runs the quickstart, and pages lists that grow: none twice, none missing', async () => {
  const database = await testDatabase();
  try {
    const { quickstart, walks } = await runClients(database.connection, { entries: ENTRIES });
    expect(quickstart).toEqual(PROMISED);
    expect(walks).toHaveLength(8);
    for (const { list, faults } of walks) expect([list, faults]).toEqual([list, []]);
    const [history] = walks;
    expect(history?.shown).toBeGreaterThanOrEqual(ENTRIES);
    for (const { list, writtenMeanwhile } of walks) expect([list, writtenMeanwhile > 0]).toEqual([list, true]);
  } finally {
    await database.drop();
  }
});
