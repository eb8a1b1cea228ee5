import { afterAll, beforeAll, expect, test } from 'vitest';
import { type TestDatabase, testDatabase } from '../database.ts';
import { assertReport, reportText } from './report.ts';
import { runSimulation } from './simulation.ts';
import { openTwoProcessTarget, type TwoProcessTarget } from './two-processes.ts';
import { assertVerified } from './verified.ts';

const EVENTS = 4_000;

let database: TestDatabase;
let own: TwoProcessTarget;
beforeAll(async () => {
  database = await testDatabase();
  own = await openTwoProcessTarget({ address: database.connection });
});
afterAll(async () => {
  await own.close();
  await database.drop();
});

test(`${EVENTS} random events over two processes: every answer is the model's, none under a fixed known_at changes; the ledger verifies`, async () => {
  const report = await runSimulation(own.target, { events: EVENTS, seed: 20_260_501 });
  // A life of each tenant has every event and every rare refusal in it, whatever the timing.
  assertReport(report, { minimum: 2 });
  await assertVerified(own.address);
  expect([report.differenceCount, report.changed], reportText(report)).toEqual([0, 0]);
});
