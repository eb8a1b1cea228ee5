import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connect } from '../../src/postgres/connection.ts';
import { prepareStatements, sendTrain } from '../../src/postgres/statement-train.ts';
import { type TestDatabase, testDatabase } from '../database.ts';

const NUMBER = { name: 'number', text: 'SELECT 7::int, 8::bigint' };
const WORD = { name: 'word', text: `SELECT 'word'::text` };
const [OID_INT4, OID_INT8, OID_TEXT] = [23, 20, 25];

let database: TestDatabase;
let client: pg.Client;
beforeAll(async () => {
  database = await testDatabase();
  client = await connect(database.connection, { role: 'owner', applicationName: 'test' });
});
afterAll(async () => {
  await client.end();
  await database.drop();
});

test('a statement that the train prepared tells the types of its columns, one that was known before tells none', async () => {
  await prepareStatements(client, [WORD]);
  const both = [NUMBER, WORD, NUMBER].map((statement) => [statement, []] as const);
  expect(await sendTrain(client, both, new Set([NUMBER]))).toEqual([
    { tag: 'SELECT 1', rows: [['7', '8']], types: [OID_INT4, OID_INT8] },
    { tag: 'SELECT 1', rows: [['word']], types: null },
    { tag: 'SELECT 1', rows: [['7', '8']], types: null },
  ]);
  const other = { ...WORD, name: 'other word' };
  const [answer] = await sendTrain(client, [[other, []]], new Set([other]));
  expect(answer?.types).toEqual([OID_TEXT]);
});
