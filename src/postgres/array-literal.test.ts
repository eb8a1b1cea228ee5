import fc from 'fast-check';
import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type TestDatabase, testDatabase } from '../../test/database.ts';
import { plainArray, textArray, uuidArray } from './array-literal.ts';
import { connect } from './connection.ts';

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

/** What PostgreSQL reads out of a literal, element by element, as JSON so that no array parser of ours has a say. */
async function read(literal: string, type: string): Promise<unknown> {
  const { rows } = await client.query<{ read: unknown }>(`SELECT to_json($1::${type}[]) AS read`, [literal]);
  return rows[0]?.read;
}

const NASTY = [
  '',
  ' ',
  '"',
  '\\',
  '\\\\',
  '\\"',
  '{',
  '}',
  '{}',
  ',',
  'NULL',
  'null',
  "'",
  '\t',
  '\n',
  '\r\n',
  '\\n',
  '\\N',
  '$1',
  'é',
  '🏦',
  '\u202e',
  '\ufeff',
  '\u0001',
  '{"a":"\\"}',
];

test('texts come back as they went in, whatever they are made of', async () => {
  expect(await read(textArray(NASTY), 'text')).toEqual(NASTY);
  expect(await read(textArray([]), 'text')).toEqual([]);
  expect(await read(textArray([null, 'NULL', null]), 'text')).toEqual([null, 'NULL', null]);
});

test('any texts that PostgreSQL can hold, beside each other and null', async () => {
  // U+0000 and lone surrogates never get this far: strict JSON refuses them.
  const text = fc.oneof(
    fc.string({ unit: 'grapheme' }),
    fc.string({ unit: fc.constantFrom('"', '\\', '{', '}', ',', ' ', "'", 'N', '\n') }),
    fc.constantFrom(...NASTY),
  );
  const texts = fc.array(
    fc.option(
      text.filter((one) => one.isWellFormed() && !one.includes('\u0000')),
      { nil: null },
    ),
  );
  await fc.assert(
    fc.asyncProperty(texts, async (elements) => {
      expect(await read(textArray(elements), 'text')).toEqual(elements);
    }),
    { numRuns: 300 },
  );
});

test('an array inside a text array, as lines are sent', async () => {
  const lines = [plainArray([1n, -2n]), plainArray([]), null, plainArray([null, 3])];
  const { rows } = await client.query<{ read: unknown }>(
    'SELECT array_agg(to_json(one::bigint[])) AS read FROM unnest($1::text[]) AS one',
    [textArray(lines)],
  );
  expect(rows[0]?.read).toEqual([[1, -2], [], null, [null, 3]]);
});

test('ids, numbers, dates and amounts of 18 digits', async () => {
  const ids = ['00000000-0000-4000-8000-00000000dead', null];
  expect(await read(plainArray(ids), 'uuid')).toEqual(ids);
  expect(await read(plainArray([0, -1, 32_767]), 'int')).toEqual([0, -1, 32_767]);
  expect(await read(plainArray(['0001-01-01', '9999-12-31', null]), 'date')).toEqual([
    '0001-01-01',
    '9999-12-31',
    null,
  ]);
  const { rows } = await client.query<{ text: string }>('SELECT $1::bigint[]::text AS text', [
    plainArray([10n ** 18n - 1n, -(10n ** 18n - 1n), 0n, null]),
  ]);
  expect(rows[0]?.text).toBe('{999999999999999999,-999999999999999999,0,NULL}');
});

test('UUIDs in binary form, beside null and none at all', async () => {
  const ids = fc.array(fc.option(fc.uuid(), { nil: null }), { maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(ids, async (elements) => {
      const { rows } = await client.query<{ read: unknown }>('SELECT to_json($1::uuid[]) AS read', [
        uuidArray(elements),
      ]);
      expect(rows[0]?.read).toEqual(elements);
    }),
    { numRuns: 200 },
  );
});
