import { connect } from 'node:net';
import { text as readText } from 'node:stream/consumers';
import { beforeAll, describe, expect, test } from 'vitest';
import { serveLedger } from './ledger-server.ts';
import { NOBODY, newLoan, payment, posted, workedExample } from './loan-story.ts';
import { expectProblem, expectRefusal } from './problem.ts';
import { textAt } from './tenant-api.ts';

const ledger = await serveLedger();
const { api } = ledger;

const BALANCE_OF_NOBODY = `/v1/loans/${NOBODY}/balance`;
const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';

describe('tracing', () => {
  test('traceparent is continued into trace_id', async () => {
    for (const [path, status] of [
      [BALANCE_OF_NOBODY, 404],
      ['/v1/nowhere', 404],
      ['/v1/payments', 405],
    ] as const) {
      const answer = await api.get(path, { headers: ['traceparent', `00-${TRACE}-00f067aa0ba902b7-01`] });
      expect([answer.status, textAt(answer, 'trace_id')]).toEqual([status, TRACE]);
    }
  });

  test.each([
    ['none'],
    [`ff-${TRACE}-00f067aa0ba902b7-01`],
    [`00-${'0'.repeat(32)}-00f067aa0ba902b7-01`],
    [`00-${TRACE}-${'0'.repeat(16)}-01`],
    [`00-${TRACE.toUpperCase()}-00f067aa0ba902b7-01`],
    [`00-${TRACE}`],
  ])('a traceparent that is none begins a trace of our own: %s', async (traceparent) => {
    const answer = await api.get(BALANCE_OF_NOBODY, { headers: ['traceparent', traceparent] });
    expect(textAt(answer, 'trace_id')).toMatch(/^(?!4bf92f)[0-9a-f]{32}$/);
  });

  test('X-Trace-Id is accepted, ignored and answered with Deprecation (RFC 9745)', async () => {
    const loan = await newLoan(api);
    const headers = ['X-Trace-Id', 'my-trace-0001'];
    const paid = await api.post('/v1/payments', payment(loan), { headers });
    const read = await api.get(`/v1/loans/${loan.loanId}/balance`, { headers });
    const refused = await api.get(BALANCE_OF_NOBODY, { headers });
    expect([paid.status, read.status, refused.status]).toEqual([201, 200, 404]);
    for (const answer of [paid, read, refused]) expect(answer.headers['deprecation']).toBe('@1790812800');
    expect(Date.UTC(2026, 9, 1) / 1_000).toBe(1_790_812_800);
    expect(textAt(refused, 'trace_id')).not.toContain('my-trace');
    expect((await api.get(BALANCE_OF_NOBODY)).headers['deprecation']).toBeUndefined();
  });
});

describe('errors', () => {
  test('instance is the path without its query', async () => {
    const answer = await api.get(`${BALANCE_OF_NOBODY}?as_of_date=2026-05-01`);
    expect(textAt(answer, 'instance')).toBe(BALANCE_OF_NOBODY);
  });

  test('404 not_found: what is nowhere, whatever the method, with a token and without', async () => {
    for (const path of [
      '/',
      '/v1',
      '/v1/',
      '/v2/payments',
      '/v1/payments/',
      '/v1//payments',
      '/V1/payments',
      '/v1/%70ayment',
    ]) {
      for (const method of ['GET', 'DELETE', 'PUT']) {
        expectProblem(await api.request(method, path, { token: null }), { status: 404, code: 'not_found' });
      }
      expectProblem(await api.post(path, {}), { status: 404, code: 'not_found' });
    }
  });

  test('404 not_found: a path as long as Node lets through', async () => {
    expectProblem(await api.get(`/v1/${'x'.repeat(8_000)}`), { status: 404, code: 'not_found' });
    expectProblem(await api.get(`/v1/loans/${'x'.repeat(8_000)}/balance`), { status: 404, code: 'loan_not_found' });
  });

  test('404 not_found: a path that cannot be decoded', async () => {
    for (const path of ['/v1/loans/%/balance', '/v1/loans/%E0%A4%A/balance', '/v1/loans/%ff/balance', '/%']) {
      expectProblem(await api.get(path), { status: 404, code: 'not_found' });
    }
  });

  test.each([
    ['a request line that is none', 'HELLO\r\n\r\n'],
    ['a header without a colon', 'GET /v1/health/live HTTP/1.1\r\nHost: x\r\nbroken\r\n\r\n'],
    ['two lengths', 'POST /v1/payments HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{}'],
    [
      'a length and chunks',
      'POST /v1/payments HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    ],
    ['headers of 17 KiB', `GET /v1/health/live HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(17 * 1024)}\r\n\r\n`],
  ])('a 4xx for HTTP that is broken: %s', async (_title, raw) => {
    expect(await sendRaw(raw)).toMatch(/^HTTP\/1\.1 4\d\d /);
  });

  test('413 payload_too_large: a body in chunks that does not say how long it is', async () => {
    const chunk = `8000\r\n${' '.repeat(0x8000)}\r\n`;
    const head = [
      'POST /v1/payments HTTP/1.1',
      `Host: ${new URL(ledger.url).host}`,
      `Authorization: Bearer ${await api.token()}`,
      'Content-Type: application/json',
      'Idempotency-Key: chunked:0001',
      'Transfer-Encoding: chunked',
      'Connection: close',
    ].join('\r\n');
    expect(await sendRaw(`${head}\r\n\r\n${chunk}${chunk}${chunk}0\r\n\r\n`)).toMatch(/^HTTP\/1\.1 413 /);
    const small = '2\r\n{}\r\n0\r\n\r\n';
    expect(await sendRaw(`${head}\r\n\r\n${small}`)).toMatch(/^HTTP\/1\.1 400 /);
  });
});

/** In each row, a request with this fault and every fault below it; the fault that is answered is its own. */
describe('order of refusals: of several faults the first of CONTRACT.md answers', () => {
  type Wrong = {
    path?: string;
    token?: string | null;
    type?: string;
    text?: string;
    key?: string | null;
    body?: object;
  };
  let loan: Awaited<ReturnType<typeof newLoan>>;
  let usedKey: string;
  let narrow: string;
  beforeAll(async () => {
    loan = await newLoan(api, { principal: '100' });
    usedKey = 'order:used-before';
    await posted(api.post('/v1/payments', payment(loan, { amount_minor: '1' }), { key: usedKey }));
    narrow = await api.token('hpts:balances:read');
  });

  const stranger = { loan_id: NOBODY };
  const borrower = { borrower_id: NOBODY };
  const euro = { currency: 'EUR' };
  const future = { effective_at: '2999-01-01' };
  const early = { effective_at: '2026-01-01' };
  const tooMuch = { allocation: { fees_minor: '5' } };
  const steps: [code: string, status: number, wrong: Wrong][] = [
    ['method_not_allowed', 405, { path: 'PUT' }],
    ['invalid_token', 401, { token: null }],
    ['insufficient_scope', 403, { token: 'narrow' }],
    ['unsupported_media_type', 415, { type: 'text/plain' }],
    ['payload_too_large', 413, { text: 'x'.repeat(70_000) }],
    ['missing_idempotency_key', 400, { key: null }],
    ['malformed_json', 400, { text: '{' }],
    ['validation_failed', 400, { body: { amount_minor: 0 } }],
    ['idempotency_mismatch', 422, { key: 'used' }],
    ['loan_not_found', 404, { body: stranger }],
    ['borrower_mismatch', 422, { body: borrower }],
    ['currency_mismatch', 422, { body: euro }],
    ['effective_date_in_future', 422, { body: future }],
    ['effective_date_before_disbursement', 422, { body: early }],
    ['allocation_mismatch', 422, { body: tooMuch }],
  ];
  test.each(steps.map(([code, status], at) => [code, status, at] as const))('%s (%i)', async (code, status, at) => {
    // The faults of this row and of those below; of two that set the same thing, the upper one.
    const wrong: Wrong = {};
    for (const [, , below] of steps.slice(at).reverse()) {
      Object.assign(wrong, below, { body: { ...wrong.body, ...below.body } });
    }
    const body = wrong.text ?? JSON.stringify(payment(loan, wrong.body));
    const options = {
      key: wrong.key === 'used' ? usedKey : wrong.key,
      token: wrong.token === 'narrow' ? narrow : wrong.token,
      headers: ['content-type', wrong.type ?? 'application/json'],
    };
    const sent = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
    const answer =
      wrong.path === 'PUT'
        ? await api.request('PUT', '/v1/payments', sent)
        : await api.post('/v1/payments', body, sent);
    expect([answer.status, textAt(answer, 'code')]).toEqual([status, code]);
  });

  test('already_reversed comes after the dates and before amounts', async () => {
    const story = await workedExample(api);
    const paid = await posted(api.post('/v1/payments', payment(story)));
    const undo = {
      reverses_entry_id: textAt(paid, 'journal_entry_id'),
      reason_code: 'other',
      effective_at: '2026-05-02',
    };
    await posted(api.post('/v1/reversals', undo));
    const late = { ...undo, effective_at: '2999-01-01' };
    const refused = { status: 422, code: 'effective_date_in_future', fields: ['effective_at'] } as const;
    await expectRefusal(ledger, () => api.post('/v1/reversals', late), refused);
    const again = { status: 409, code: 'already_reversed', fields: ['reverses_entry_id'] } as const;
    await expectRefusal(ledger, () => api.post('/v1/reversals', undo), again);
  });
});

/** Sends bytes as they are and answers all that comes back. */
async function sendRaw(raw: string): Promise<string> {
  const { hostname, port } = new URL(ledger.url);
  const socket = connect({ host: hostname, port: Number(port) });
  // The server may close while we still send; what it answered before is what counts.
  socket.on('error', () => undefined);
  socket.write(raw);
  socket.setTimeout(5_000, () => socket.destroy());
  return readText(socket);
}
