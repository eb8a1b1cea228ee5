import fc from 'fast-check';
import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type TestDatabase, testDatabase } from '../../test/database.ts';
import { dateArray, int2Array, int4Array, int8Array, itself, textArray, tidArray, uuidArray } from './binary-array.ts';
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

/** What PostgreSQL reads out of an array, element by element, as texts in JSON so that no array parser of ours has a say. */
async function read(array: Buffer, type: string): Promise<unknown> {
  const { rows } = await client.query<{ read: unknown }>(`SELECT to_json($1::${type}[]::text[]) AS read`, [array]);
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
  expect(await read(textArray(NASTY, itself), 'text')).toEqual(NASTY);
  expect(await read(textArray([], itself), 'text')).toEqual([]);
  expect(await read(textArray([null, 'NULL', null], itself), 'text')).toEqual([null, 'NULL', null]);
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
      expect(await read(textArray(elements, itself), 'text')).toEqual(elements);
    }),
    { numRuns: 300 },
  );
});

test('UUIDs beside null and none at all', async () => {
  const ids = fc.array(fc.option(fc.uuid(), { nil: null }), { maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(ids, async (elements) => {
      expect(await read(uuidArray(elements, itself), 'uuid')).toEqual(elements);
    }),
    { numRuns: 200 },
  );
});

test('whole numbers of two, four and eight bytes to both ends', async () => {
  expect(await read(int2Array([0, -1, 32_767, -32_768, null], itself), 'smallint')).toEqual([
    '0',
    '-1',
    '32767',
    '-32768',
    null,
  ]);
  expect(await read(int4Array([2 ** 31 - 1, -(2 ** 31), null], itself), 'int')).toEqual([
    '2147483647',
    '-2147483648',
    null,
  ]);
  const amounts = fc.array(fc.option(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), { nil: null }));
  await fc.assert(
    fc.asyncProperty(amounts, async (elements) => {
      const texts = elements.map((element) => element?.toString() ?? null);
      expect(await read(int8Array(elements, itself), 'bigint')).toEqual(texts);
    }),
    { numRuns: 200 },
  );
});

test('an amount that 64 bits cannot hold is refused, not wrapped', () => {
  expect(() => int8Array([2n ** 63n], itself)).toThrow(RangeError);
  expect(() => int8Array([-(2n ** 63n) - 1n], itself)).toThrow(RangeError);
});

test('dates from the first to the last calendar date', async () => {
  const dates = ['0001-01-01', '1970-01-01', '2000-02-29', '2000-02-29', null, '2026-05-01', '9999-12-31'];
  expect(await read(dateArray(dates, itself), 'date')).toEqual(dates);
});

test('places of rows', async () => {
  const places = ['(0,1)', '(4294967294,65535)', null, '(17,3)'];
  expect(await read(tidArray(places, itself), 'tid')).toEqual(places);
});

test('the elements are what is picked of the rows', async () => {
  const rows = [{ name: 'a' }, { name: null }, { name: 'b' }];
  expect(
    await read(
      textArray(rows, (row) => row.name),
      'text',
    ),
  ).toEqual(['a', null, 'b']);
});
