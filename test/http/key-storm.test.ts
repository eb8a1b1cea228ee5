import { afterAll, beforeAll, expect, test } from 'vitest';
import { type TestDatabase, testDatabase } from '../database.ts';
import { runKeyStorm } from './key-storm.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.drop());

test('40 keys, each from 50 connections at once to two processes: one effect a key, the others 200 or 409', async () => {
  const report = await runKeyStorm(database.connection, { keys: 40, connections: 50 });
  expect(report.wrong.slice(0, 5)).toEqual([]);
  expect(report).toMatchObject({ requests: 2_000, entries: 40, byStatus: { 201: 40 } });
  expect(
    Object.keys(report.byStatus)
      .sort()
      .filter((status) => !['200', '201', '409'].includes(status)),
  ).toEqual([]);
  expect(Math.min(...report.postedByProcess)).toBeGreaterThan(0);
  expect(report.slowestMs).toBeLessThan(5_000);
});
