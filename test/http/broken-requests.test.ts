import { METHODS } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PROBLEMS, type ProblemCode } from '../../src/http/problem-table.ts';
import { LIMITS } from '../../src/limits.ts';
import { type LedgerServer, startLedger } from './ledger-server.ts';
import { type Loan, newLoan, payment } from './loan-story.ts';
import { booksOf, expectProblem } from './problem.ts';
import { type RawAnswer, sendRaw, sendRawOnce } from './raw-http.ts';

let ledger: LedgerServer;
let host: string;
let loan: Loan;
let token: string;
beforeAll(async () => {
  ledger = await startLedger();
  host = new URL(ledger.url).host;
  loan = await newLoan(ledger.api);
  token = await ledger.api.token();
});
afterAll(() => ledger.stop());

const LIVE = 'GET /v1/health/live HTTP/1.1';
const lines = (...all: readonly string[]) => `${all.join('\r\n')}\r\n\r\n`;

/** A payment that is in order but for the lines given, which stand where they may do harm. */
function paymentWith(headers: readonly string[], framing?: readonly string[]): string {
  const body = JSON.stringify(payment(loan, { amount_minor: '1' }));
  const head = [
    'POST /v1/payments HTTP/1.1',
    ...(headers.some((line) => /^host:/i.test(line)) ? [] : [`Host: ${host}`]),
    `Authorization: Bearer ${token}`,
    `Idempotency-Key: broken:${Math.random().toString(36).slice(2)}`,
    ...(headers.some((line) => /^content-type:/i.test(line)) ? [] : ['Content-Type: application/json']),
    ...(framing ?? [`Content-Length: ${body.length}`]),
    'Connection: close',
    ...headers,
  ];
  return lines(...head) + body;
}

/** A problem by the table: status, code, content type, a page that its type names, a trace. */
function expectRawProblem(answer: RawAnswer, code: ProblemCode): void {
  const { status, title } = PROBLEMS[code];
  expect([answer.status, answer.headers['content-type']]).toEqual([status, 'application/problem+json']);
  expect(JSON.parse(answer.body)).toMatchObject({
    type: `/docs/errors/${code}`,
    title,
    status,
    detail: expect.stringMatching(/./),
    code,
    trace_id: expect.stringMatching(/^[0-9a-f]{32}$/),
  });
}

describe('messages that are no requests: a problem, the connection closed, nothing posted', () => {
  const broken: readonly [title: string, code: ProblemCode, raw: () => string][] = [
    ['a request line that is none', 'malformed_request', () => 'HELLO\r\n\r\n'],
    ['a method that is none', 'malformed_request', () => lines('PAY /v1/payments HTTP/1.1', `Host: ${host}`)],
    ['HTTP/3.0 in clear text', 'malformed_request', () => lines('GET / HTTP/3.0', `Host: ${host}`)],
    ['a header without a colon', 'malformed_request', () => lines(LIVE, `Host: ${host}`, 'broken')],
    ['a blank before the colon', 'malformed_request', () => lines(LIVE, `Host: ${host}`, 'X-A : 1')],
    ['a NUL in a header', 'malformed_request', () => lines(LIVE, `Host: ${host}`, 'X-A: a\0b')],
    ['a bare CR in a header', 'malformed_request', () => lines(LIVE, `Host: ${host}`, 'X-A: a\rb')],
    ['a header folded over two lines', 'malformed_request', () => lines(LIVE, `Host: ${host}`, 'X-A: a', ' b')],
    ['no Host in HTTP/1.1', 'malformed_request', () => lines(LIVE, 'Connection: close')],
    ['two Host headers', 'duplicate_header', () => lines(LIVE, `Host: ${host}`, `Host: ${host}`, 'Connection: close')],
    ['two Host headers of a payment', 'duplicate_header', () => paymentWith([`Host: ${host}`, 'HOST: elsewhere'])],
    ['two lengths', 'malformed_request', () => paymentWith([], ['Content-Length: 1', 'Content-Length: 2'])],
    ['two equal lengths', 'malformed_request', () => paymentWith([], ['Content-Length: 1', 'Content-Length: 1'])],
    ['a list of lengths', 'malformed_request', () => paymentWith([], ['Content-Length: 1, 1'])],
    ['a length with a sign', 'malformed_request', () => paymentWith([], ['Content-Length: +2'])],
    ['a length below zero', 'malformed_request', () => paymentWith([], ['Content-Length: -1'])],
    ['a length in hexadecimal', 'malformed_request', () => paymentWith([], ['Content-Length: 0x10'])],
    [
      'a length and chunks',
      'malformed_request',
      () => paymentWith([], ['Content-Length: 2', 'Transfer-Encoding: chunked']),
    ],
    [
      'chunks and a length',
      'malformed_request',
      () => paymentWith([], ['Transfer-Encoding: chunked', 'Content-Length: 2']),
    ],
    ['chunked twice', 'malformed_request', () => paymentWith([], ['Transfer-Encoding: chunked, identity'])],
    ['chunks whose size is no number', 'malformed_request', () => paymentWith([], ['Transfer-Encoding: chunked'])],
    ['headers past 16 KiB', 'headers_too_large', () => lines(LIVE, `Host: ${host}`, `X: ${'x'.repeat(17_000)}`)],
    ['2,000 headers', 'headers_too_large', () => lines(LIVE, `Host: ${host}`, ...Array(2_000).fill('X-A: 12345678'))],
    ['an address past 16 KiB', 'uri_too_long', () => lines(`GET /${'x'.repeat(17_000)} HTTP/1.1`, `Host: ${host}`)],
    [
      'an address one character too long',
      'uri_too_long',
      () => lines(`GET /${'x'.repeat(LIMITS.urlChars)} HTTP/1.1`, `Host: ${host}`, 'Connection: close'),
    ],
    [
      'a query that makes it too long',
      'uri_too_long',
      () => lines(`GET /v1/health/live?${'x'.repeat(LIMITS.urlChars)} HTTP/1.1`, `Host: ${host}`, 'Connection: close'),
    ],
  ];
  test.each(broken)('%s: %s', async (_title, code, raw) => {
    const before = await booksOf(ledger);
    expectRawProblem(await sendRawOnce(ledger.url, raw()), code);
    expect(await booksOf(ledger)).toBe(before);
  });

  test('a request smuggled behind two lengths or chunks and a length is never answered', async () => {
    const smuggled = lines(LIVE, `Host: ${host}`, 'Connection: close');
    for (const framing of [
      ['Content-Length: 4', 'Transfer-Encoding: chunked'],
      ['Transfer-Encoding: chunked', 'Content-Length: 4'],
      ['Content-Length: 0', 'Content-Length: 4'],
    ]) {
      const head = lines('POST /v1/payments HTTP/1.1', `Host: ${host}`, ...framing);
      expect(await sendRaw(ledger.url, `${head}0\r\n\r\n${smuggled}`)).toHaveLength(1);
    }
  });

  test('a connection that says nothing, or TLS, breaks nothing', async () => {
    const hello = Buffer.from('16030100', 'hex');
    expectRawProblem(await sendRawOnce(ledger.url, Buffer.concat([hello, Buffer.alloc(60)])), 'malformed_request');
    expect((await ledger.api.get('/v1/health/live', { token: null })).status).toBe(200);
  });

  test('200 for what is old or unusual, and in order', async () => {
    const accepted = [
      lines('GET /v1/health/live HTTP/1.0'),
      lines(LIVE, 'Host:', 'Connection: close'),
      lines(LIVE, `Host: ${host}`, 'Connection: close', 'Upgrade: websocket'),
      lines(LIVE, `Host: ${host}`, 'Connection: close', 'Expect: the-unexpected'),
    ];
    for (const raw of accepted) expect((await sendRawOnce(ledger.url, raw)).status).toBe(200);
    const body = JSON.stringify(payment(loan, { amount_minor: '1' }));
    const waiting = paymentWith(['Expect: 100-continue'], [`Content-Length: ${body.length}`]);
    expect((await sendRaw(ledger.url, waiting)).map(({ status }) => status)).toEqual([100, 201]);
    // RFC 9112 section 3.2.2: the address may be given in full.
    const full = lines(`GET http://${host}/v1/health/live HTTP/1.1`, `Host: ${host}`, 'Connection: close');
    expect((await sendRawOnce(ledger.url, full)).status).toBe(200);
  });
});

describe('duplicate headers', () => {
  test('400 duplicate_header: two content types, equal or not', async () => {
    for (const second of ['application/json', 'text/plain']) {
      const raw = paymentWith(['Content-Type: application/json', `content-type: ${second}`]);
      expectRawProblem(await sendRawOnce(ledger.url, raw), 'duplicate_header');
    }
  });

  test('400 invalid_request at the token endpoint for two content types', async () => {
    const form = 'grant_type=client_credentials';
    const type = 'Content-Type: application/x-www-form-urlencoded';
    const head = ['POST /oauth2/token HTTP/1.1', `Host: ${host}`, type, type, `Content-Length: ${form.length}`];
    const answer = await sendRawOnce(ledger.url, lines(...head, 'Connection: close') + form);
    expect([answer.status, JSON.parse(answer.body).error]).toEqual([400, 'invalid_request']);
  });

  test('two traceparent headers begin a trace of our own, and the payment is posted', async () => {
    const trace = '4bf92f3577b34da6a3ce929d0e0e4736';
    const twice = Array<string>(2).fill(`traceparent: 00-${trace}-00f067aa0ba902b7-01`);
    expect((await sendRawOnce(ledger.url, paymentWith(twice))).status).toBe(201);
    const raw = lines('GET /v1/nowhere HTTP/1.1', `Host: ${host}`, ...twice, 'Connection: close');
    expect(JSON.parse((await sendRawOnce(ledger.url, raw)).body).trace_id).not.toBe(trace);
  });
});

describe('methods', () => {
  const exotic = METHODS.filter((method) => method !== 'CONNECT');
  test.each(exotic)('%s: 405 with Allow where there is something, 404 where there is nothing', async (method) => {
    const raw = (path: string) => lines(`${method} ${path} HTTP/1.1`, `Host: ${host}`, 'Connection: close');
    const nowhere = await sendRawOnce(ledger.url, raw('/v1/nowhere'));
    expect(nowhere.status).toBe(404);
    if (method === 'HEAD') return;
    expectRawProblem(nowhere, 'not_found');
    for (const [path, allow] of [
      ['/v1/payments', 'POST'],
      [`/v1/loans/${loan.loanId}/balance`, 'GET, HEAD'],
      ['/v1/webhook-endpoints', 'GET, HEAD, POST'],
    ] as const) {
      if (allow.split(', ').includes(method)) continue;
      const answer = await sendRawOnce(ledger.url, raw(path));
      expectRawProblem(answer, 'method_not_allowed');
      expect(answer.headers['allow']).toBe(allow);
    }
  });

  test('CONNECT and OPTIONS * are answered or cut, and break nothing', async () => {
    expect(await sendRaw(ledger.url, lines(`CONNECT ${host} HTTP/1.1`, `Host: ${host}`))).toEqual([]);
    const asterisk = lines('OPTIONS * HTTP/1.1', `Host: ${host}`, 'Connection: close');
    expectRawProblem(await sendRawOnce(ledger.url, asterisk), 'not_found');
    expect((await ledger.api.get('/v1/health/live', { token: null })).status).toBe(200);
  });

  test('HEAD has the status and headers of GET and no body, for answers and for problems', async () => {
    for (const path of [
      `/v1/loans/${loan.loanId}/balance`,
      '/v1/loans/x/balance',
      '/docs/errors/not_found',
      '/.well-known/jwks.json',
    ]) {
      const [got, headed] = [await ledger.api.get(path), await ledger.api.request('HEAD', path)];
      const own = { date: null };
      expect([headed.status, { ...headed.headers, ...own }]).toEqual([got.status, { ...got.headers, ...own }]);
      expect(headed.text).toBe('');
    }
  });
});

describe('406 not_acceptable', () => {
  test.each([
    'text/html',
    'application/xml, text/*',
    'application/json;q=0, application/problem+json;q=0',
    '*/*;q=0',
    'image/*;q=1, */*;q=0.0',
  ])('Accept: %s', async (accept) => {
    const before = await booksOf(ledger);
    const headers = ['accept', accept];
    const read = await ledger.api.get(`/v1/loans/${loan.loanId}/balance`, { headers });
    expectProblem(read, { status: 406, code: 'not_acceptable' });
    const paid = await ledger.api.post('/v1/payments', payment(loan), { headers });
    expectProblem(paid, { status: 406, code: 'not_acceptable' });
    expect((await ledger.api.get('/v1/health/live', { token: null, headers })).status).toBe(406);
    expect(await booksOf(ledger)).toBe(before);
  });

  test.each([
    'application/json',
    'application/*',
    '*/*',
    'APPLICATION/JSON; charset=utf-8',
    'text/html, */*;q=0.1',
    'application/problem+json',
    'text/html, application/json;q=0.001',
    'application/json;q=0, */*',
    'nonsense',
    '',
    ',,;q=1',
  ])('200 for Accept: %s', async (accept) => {
    const answer = await ledger.api.get(`/v1/loans/${loan.loanId}/balance`, { headers: ['accept', accept] });
    expect(answer.status).toBe(200);
  });

  test('it comes after token and scope, and before the content type', async () => {
    const headers = ['accept', 'text/html', 'content-type', 'text/plain'];
    const without = await ledger.api.post('/v1/payments', '{}', { headers, token: null });
    const narrow = await ledger.api.post('/v1/payments', '{}', {
      headers,
      token: await ledger.api.token('hpts:fees:write'),
    });
    const both = await ledger.api.post('/v1/payments', '{}', { headers });
    expect([without.status, narrow.status, both.status]).toEqual([401, 403, 406]);
  });

  test('pages that are text are served whatever is accepted', async () => {
    const answer = await ledger.api.get('/docs/errors/not_found', { token: null, headers: ['accept', 'text/html'] });
    expect(answer.status).toBe(200);
  });
});
