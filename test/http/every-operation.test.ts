import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LIMITS } from '../../src/limits.ts';
import { checkAnswer } from '../openapi/answer-check.ts';
import { tellAnswered } from '../openapi/answered.ts';
import { byName, DOCUMENTED, type Documented } from '../openapi/api-document.ts';
import { type LedgerServer, startLedger } from './ledger-server.ts';
import { NOBODY } from './loan-story.ts';
import { expectProblem } from './problem.ts';
import { type RawAnswer, sendRawOnce } from './raw-http.ts';

/** What every operation answers before anything of the request is looked at. */

let ledger: LedgerServer;
beforeAll(async () => {
  ledger = await startLedger();
});
afterAll(() => ledger.stop());

const OPEN = DOCUMENTED.filter(({ security }) => !security.some((way) => 'OAuth2' in way));
const ANSWERS_JSON = DOCUMENTED.filter(({ path }) => path.startsWith('/v1/'));

function addressOf({ path }: Documented): string {
  return path.replace('{code}', 'not_found').replaceAll(/\{\w+\}/g, NOBODY);
}

/** Compares an answer to bytes that no client would send with openapi.json, as those of clients are. */
function expectRefusedBytes(one: Documented, answer: RawAnswer, expected: { status: number; code: string }): void {
  const { status, headers, body: text } = answer;
  const operation = checkAnswer({ method: one.method, path: addressOf(one) }, { status, headers, text });
  if (operation !== undefined) tellAnswered(operation, { status, headers, text });
  expect(JSON.parse(text)).toMatchObject(expected);
  expect([status, headers['connection']]).toEqual([expected.status, 'close']);
}

describe('a message without a Host header', () => {
  test.each(byName(DOCUMENTED))('%s: 400 malformed_request', async (_name, one) => {
    const raw = `${one.method} ${addressOf(one)} HTTP/1.1\r\nConnection: close\r\n\r\n`;
    expectRefusedBytes(one, await sendRawOnce(ledger.url, raw), { status: 400, code: 'malformed_request' });
  });
});

describe('a message with two Host headers', () => {
  test.each(byName(DOCUMENTED))('%s: 400 duplicate_header', async (_name, one) => {
    const hosts = `Host: ${new URL(ledger.url).host}\r\n`.repeat(2);
    const raw = `${one.method} ${addressOf(one)} HTTP/1.1\r\n${hosts}Connection: close\r\n\r\n`;
    expectRefusedBytes(one, await sendRawOnce(ledger.url, raw), { status: 400, code: 'duplicate_header' });
  });
});

describe('headers that do not end', () => {
  let answers: ReadonlyMap<Documented, RawAnswer>;
  // All at once: each is waited for as long as a message may take.
  beforeAll(async () => {
    const slow = DOCUMENTED.map(async (one) => {
      const raw = `${one.method} ${addressOf(one)} HTTP/1.1\r\nHost: ${new URL(ledger.url).host}\r\n`;
      return [one, await sendRawOnce(ledger.url, raw)] as const;
    });
    answers = new Map(await Promise.all(slow));
  });

  test.each(byName(DOCUMENTED))('%s: 408 request_timeout', (_name, one) => {
    const answer = answers.get(one);
    if (answer === undefined) throw new Error('nothing was answered');
    expectRefusedBytes(one, answer, { status: 408, code: 'request_timeout' });
  });
});

describe('an address longer than the limit', () => {
  test.each(byName(DOCUMENTED))('%s: 414 uri_too_long', async (_name, one) => {
    const path = `${addressOf(one)}?long=${'x'.repeat(LIMITS.urlChars)}`;
    const answer = await ledger.http.send({ method: one.method, path, headers: [] });
    expectProblem(answer, { status: 414, code: 'uri_too_long' });
  });
});

describe('headers larger than the limit', () => {
  test.each(byName(DOCUMENTED))('%s: 431 headers_too_large', async (_name, one) => {
    const headers = ['x-large', 'x'.repeat(LIMITS.headerBytes)];
    const answer = await ledger.http.send({ method: one.method, path: addressOf(one), headers });
    expect(answer.json).toMatchObject({ status: 431, code: 'headers_too_large' });
  });
});

describe('an Accept header that excludes JSON', () => {
  test.each(byName(ANSWERS_JSON))('%s: 406 not_acceptable', async (_name, one) => {
    const headers = ['accept', 'text/html'];
    const answer = await ledger.api.request(one.method, addressOf(one), { headers });
    expectProblem(answer, { status: 406, code: 'not_acceptable' });
  });
});

test('the token endpoint, health, the documents and the error pages are open, and nothing else', () => {
  expect(OPEN.map(({ operation }) => operation).sort()).toEqual([
    'GET /.well-known/jwks.json',
    'GET /.well-known/oauth-authorization-server',
    'GET /docs/errors/{code}',
    'GET /v1/health/live',
    'GET /v1/health/ready',
    'GET /v1/openapi.json',
    'POST /oauth2/token',
  ]);
});
