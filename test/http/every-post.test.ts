import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { LIMITS } from '../../src/limits.ts';
import { byName, DOCUMENTED } from '../openapi/api-document.ts';
import { serveLedger } from './ledger-server.ts';
import { NOBODY } from './loan-story.ts';
import { booksOf, expectProblem } from './problem.ts';
import { textAt } from './tenant-api.ts';

/**
 * Attacks on bodies and headers (TRUST.md section 5, "JSON and HTTP") that every POST under /v1 meets in the same way,
 * whichever operations there are: those of openapi.json. What is particular to one stands in its own tests.
 */
const ledger = await serveLedger();
const POSTS = byName(DOCUMENTED.filter(({ method, path }) => method === 'POST' && path.startsWith('/v1/')));

const BODIES: readonly (readonly [title: string, body: string | Uint8Array])[] = [
  ['nothing', ''],
  ['a name twice', '{"metadata":{},"metadata":{}}'],
  ['a name twice, once with an escape', '{"a":1,"\\u0061":1}'],
  ['__proto__', '{"__proto__":{"polluted":true}}'],
  ['constructor', '{"constructor":{"prototype":{"polluted":true}}}'],
  ['1e400', '{"metadata":{"n":1e400}}'],
  ['2^53+1', '{"metadata":{"n":9007199254740993}}'],
  ['33 levels', `${'{"a":'.repeat(33)}1${'}'.repeat(33)}`],
  ['30,000 brackets that are never closed', '['.repeat(30_000)],
  ['U+0000 as an escape', '{"loan_id":"\\u0000"}'],
  ['U+0000 as it is', '{"loan_id":"\u0000"}'],
  ['a lone surrogate', '{"loan_id":"\\ud83c"}'],
  ['invalid UTF-8', Buffer.from('7b2261223a22c080227d', 'hex')],
  ['a byte order mark', '\ufeff{}'],
  ['UTF-16', Buffer.from('{}', 'utf16le')],
  ['a list', '[]'],
  ['an unknown field', '{"a_field_that_nobody_has":1}'],
];
const TYPES = [
  'text/plain',
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=x',
  'application/xml',
  '',
];

const addressOf = (path: string): string => path.replaceAll(/\{\w+\}/g, NOBODY);

test('there are POSTs to attack', () => {
  expect(POSTS.length).toBeGreaterThan(5);
});

test.each(POSTS)(
  '%s: 400 for a body that is none, whatever is wrong with it, and nothing changed',
  async (_name, one) => {
    const books = await booksOf(ledger);
    for (const [title, body] of BODIES) {
      const answer = await ledger.api.post(addressOf(one.path), body);
      expect([title, answer.status]).toEqual([title, 400]);
      expect(['malformed_json', 'validation_failed']).toContain(textAt(answer, 'code'));
      expect(answer.text).not.toMatch(/SELECT|INSERT|\bat .*\.ts|node:|postgres/i);
    }
    expect(await booksOf(ledger)).toBe(books);
    expect(Reflect.get({}, 'polluted')).toBeUndefined();
  },
);

test.each(POSTS)('%s: 413 payload_too_large before anything of the body is looked at', async (_name, one) => {
  const tooLarge = ' '.repeat(LIMITS.accrualBatchBodyBytes + 1);
  const answer = await ledger.api.post(addressOf(one.path), tooLarge, { key: null });
  expectProblem(answer, { status: 413, code: 'payload_too_large' });
});

test.each(POSTS)(
  '%s: 415 unsupported_media_type: another content type, or a body that is encoded',
  async (_name, one) => {
    for (const type of TYPES) {
      const answer = await ledger.api.post(addressOf(one.path), '{}', { headers: ['content-type', type] });
      expectProblem(answer, { status: 415, code: 'unsupported_media_type' });
    }
    for (const coding of ['gzip', 'br', 'identity, gzip']) {
      const answer = await ledger.api.post(addressOf(one.path), '{}', { headers: ['content-encoding', coding] });
      expectProblem(answer, { status: 415, code: 'unsupported_media_type' });
    }
  },
);

test.each(POSTS)(
  '%s: 400 duplicate_header: two Authorization, Idempotency-Key or Content-Type headers',
  async (_name, one) => {
    const key = `twice:${randomUUID()}`;
    const bearer = `Bearer ${await ledger.api.token()}`;
    for (const again of [
      ['authorization', bearer],
      ['AUTHORIZATION', 'Basic dTpw'],
      ['idempotency-key', key],
      ['Idempotency-Key', `${key}x`],
      ['x-other', '1', 'content-type', 'application/json', 'Content-Type', 'application/json'],
    ]) {
      const answer = await ledger.api.post(addressOf(one.path), '{}', { key, headers: again });
      expectProblem(answer, { status: 400, code: 'duplicate_header' });
    }
  },
);

test.each(POSTS)('%s: 401 invalid_token before anything else of the request is looked at', async (_name, one) => {
  const headers = ['content-type', 'text/plain'];
  const answer = await ledger.api.post(addressOf(one.path), 'x'.repeat(70_000), { token: null, key: null, headers });
  expectProblem(answer, { status: 401, code: 'invalid_token' });
});
