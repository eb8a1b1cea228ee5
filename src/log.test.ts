import pg from 'pg';
import { expect, test } from 'vitest';
import { describeError } from './log.ts';

const SECRET = 'canary-7f3a';

function databaseError(code: string, message: string): Error {
  const error = new pg.DatabaseError(message, 1, 'error');
  return Object.assign(error, { code, detail: SECRET, where: SECRET, internalQuery: SECRET, constraint: 'one_key' });
}

test.each([
  ['rows that PostgreSQL adds', databaseError('23505', 'duplicate key value violates unique constraint "one_key"')],
  ['a value that PostgreSQL did not like', databaseError('22P02', `invalid input syntax for type uuid: "${SECRET}"`)],
  ['a text that is no JSON', thrown(() => JSON.parse(SECRET))],
  ['a text that is no number', thrown(() => BigInt(SECRET))],
  ['what is no error', SECRET],
  ['properties of an error', Object.assign(new Error('failed'), { headers: SECRET, body: SECRET })],
  ['a cause', new Error('failed', { cause: thrown(() => JSON.parse(SECRET)) })],
])('it does not tell %s', (_title, error) => {
  expect(JSON.stringify(describeError(error))).not.toContain(SECRET);
});

test('it tells what failed, where, and why', () => {
  const cause = databaseError('23505', 'duplicate key value violates unique constraint "one_key"');
  expect(describeError(new Error('not posted', { cause }))).toMatchObject({
    type: 'Error',
    message: 'not posted',
    stack: expect.arrayContaining([expect.stringMatching(/^at .*log\.test\.ts/)]),
    cause: { code: '23505', constraint: 'one_key', message: cause.message },
  });
});

test('a ring of causes ends', () => {
  const ring = new Error('a');
  ring.cause = ring;
  expect(JSON.stringify(describeError(ring)).match(/"cause"/g)?.length).toBe(4);
});

function thrown(fail: () => unknown): unknown {
  try {
    return fail();
  } catch (error) {
    return error;
  }
}
