import { readFileSync } from 'node:fs';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { POSTING_ROUTES } from '../../src/http/routes/posting-routes.ts';
import { LIMITS } from '../../src/limits.ts';
import { tableBelow } from '../../tools/check/markdown-table.ts';
import { freePort } from './free-port.ts';
import { HttpClient } from './http-client.ts';
import { type LedgerServer, startLedger } from './ledger-server.ts';
import { holdLoan } from './loan-lock.ts';
import { disbursement, type Loan, newLoan, payment, posted, unmadeLoan } from './loan-story.ts';
import { sendRaw } from './raw-http.ts';
import { textAt } from './tenant-api.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const PARENT = '00f067aa0ba902b7';
const TRACED = ['traceparent', `00-${TRACE}-${PARENT}-01`];

type Line = Readonly<Record<string, unknown>>;

/** What a ledger wrote to its log. */
class Log {
  text = '';
  write(line: string): void {
    this.text += line;
  }
  get lines(): readonly Line[] {
    return this.text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line));
  }
}

describe('without an access log', () => {
  let ledger: LedgerServer;
  let loan: Loan;
  const log = new Log();
  beforeAll(async () => {
    ledger = await startLedger({ logTo: log, settings: { HPTS_LOG_LEVEL: 'info' } });
    loan = await newLoan(ledger.api);
  });
  afterAll(() => ledger.stop());

  test('answers below 500 write nothing', async () => {
    await posted(ledger.api.post('/v1/payments', payment(loan, { amount_minor: '1' })));
    await ledger.api.get('/v1/loans/x/balance');
    await ledger.api.get('/v1/nowhere');
    expect(log.text).toBe('');
  });

  test('503 and 500 write a line with the trace of the request, and what failed another', async () => {
    const lock = await holdLoan(ledger, loan.loanId);
    const busy = await ledger.api.post('/v1/payments', payment(loan), { headers: TRACED });
    await lock.release();
    expect([busy.status, textAt(busy, 'trace_id')]).toEqual([503, TRACE]);
    const [failure, line, ...more] = log.lines;
    expect(more).toEqual([]);
    expect(failure).toMatchObject({ level: 'error', err: { type: 'StoreFailure', cause: { code: '55P03' } } });
    const about = { operation: 'POST /v1/payments', tenant_id: ledger.api.tenantId, client_id: ledger.api.clientId };
    expect(line).toEqual({
      level: 'warn',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      pid: process.pid,
      hostname: expect.stringMatching(/./),
      trace_id: TRACE,
      span_id: expect.stringMatching(/^(?!00f067aa0ba902b7)[0-9a-f]{16}$/),
      parent_id: PARENT,
      ...about,
      status: 503,
      code: 'too_busy',
      duration_ms: expect.any(Number),
      msg: 'request',
    });
    log.text = '';
    await ledger.sql('ALTER TABLE hpts.account_delta RENAME COLUMN layer TO gone');
    // As bytes: the test client takes no 500, which openapi.json promises never to answer.
    const [fault] = await sendRaw(
      ledger.url,
      [
        'GET /v1/accounts/1100/balance?currency=USD HTTP/1.1',
        `Host: ${new URL(ledger.url).host}`,
        `Authorization: Bearer ${await ledger.api.token()}`,
        TRACED.join(': '),
        'Connection: close',
        '\r\n',
      ].join('\r\n'),
    );
    await ledger.sql('ALTER TABLE hpts.account_delta RENAME COLUMN gone TO layer');
    expect([fault?.status, JSON.parse(fault?.body ?? '').code]).toEqual([500, 'internal_error']);
    const account = 'GET /v1/accounts/{account_code}/balance';
    expect(log.lines).toMatchObject([
      { level: 'error', trace_id: TRACE, err: { code: '42703' } },
      { level: 'error', trace_id: TRACE, operation: account, status: 500, code: 'internal_error' },
    ]);
  });

  test('503 of what has no scope writes a line as well', async () => {
    log.text = '';
    const { database } = ledger.address;
    const elsewhere = new pg.Client({ ...ledger.address, database: 'postgres' });
    await elsewhere.connect();
    await elsewhere.query(`ALTER DATABASE ${database} ALLOW_CONNECTIONS false`);
    const ours = `datname = $1 AND application_name LIKE 'hpts %'`;
    await elsewhere.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE ${ours}`, [database]);
    const ready = await ledger.api.get('/v1/health/ready', { token: null });
    const token = await ledger.http.send({
      method: 'POST',
      path: '/oauth2/token',
      headers: ['content-type', 'application/x-www-form-urlencoded'],
      body: 'grant_type=client_credentials&client_id=a&client_secret=b',
    });
    await elsewhere.query(`ALTER DATABASE ${database} ALLOW_CONNECTIONS true`);
    await elsewhere.end();
    expect([ready.status, token.status]).toEqual([503, 503]);
    expect(log.lines.filter(({ msg }) => msg === 'request')).toMatchObject([
      { level: 'warn', operation: 'GET /v1/health/ready', status: 503 },
      { level: 'warn', operation: '* /oauth2/token', status: 503 },
    ]);
  });

  test('an overload writes so many lines a second at most, and counts the rest', async () => {
    log.text = '';
    await ledger.sql('ALTER TABLE hpts.tenant_head RENAME COLUMN config_epoch TO gone');
    const asked = Array.from({ length: 3 * LIMITS.unavailableLogLines }, () =>
      ledger.api.post('/v1/payments', payment(loan)),
    );
    const statuses = (await Promise.all(asked)).map(({ status }) => status);
    await ledger.sql('ALTER TABLE hpts.tenant_head RENAME COLUMN gone TO config_epoch');
    expect(new Set(statuses)).toEqual(new Set([503]));
    const seconds = Map.groupBy(
      log.lines.filter(({ msg }) => msg === 'request'),
      ({ time }) => String(time).slice(0, 19),
    );
    // A second of the clock may hold parts of two of those that are counted.
    for (const lines of seconds.values()) expect(lines.length).toBeLessThanOrEqual(2 * LIMITS.unavailableLogLines);
    expect([...seconds.values()].flat().length).toBeLessThan(statuses.length);
  });
});

describe('a canary in every header and body field', () => {
  const CANARY = 'canary7f3a91c2';
  const log = new Log();
  let ledger: LedgerServer;
  let metricsUrl: string;
  let loan: Loan;
  let secrets: string[];
  beforeAll(async () => {
    metricsUrl = `http://127.0.0.1:${await freePort()}`;
    const settings = { HPTS_LOG_LEVEL: 'debug', HPTS_ACCESS_LOG: 'on', HPTS_METRICS_PORT: new URL(metricsUrl).port };
    ledger = await startLedger({ logTo: log, webhookReceivers: 'loopback', settings });
    loan = await newLoan(ledger.api);
    secrets = [await ledger.api.token(), readFileSync(ledger.masterKeyFile).toString('base64')];
  });
  afterAll(() => ledger.stop());

  const HEADERS = [
    ...['x-trace-id', 'user-agent', 'cookie', 'referer', 'origin', 'x-api-key', 'x-request-id', 'client-cert', 'from'],
    ...['forwarded', 'x-forwarded-for', 'accept-language', 'if-none-match', 'dpop', 'traceparent', 'baggage'],
  ].flatMap((name) => [name, CANARY]);

  /** Nothing of it is anywhere but in what the sender gets back of the address that they sent. */
  async function expectNoTrace(answers: readonly { text: string; headers: object }[]): Promise<void> {
    for (const answer of answers) expect(`${answer.text} ${JSON.stringify(answer.headers)}`).not.toContain(CANARY);
    const scraper = new HttpClient(metricsUrl);
    const figures = (await scraper.send({ method: 'GET', path: '/metrics', headers: [] })).text;
    scraper.close();
    expect(figures).toContain('hpts_http_requests_total');
    for (const place of [log.text, figures])
      for (const secret of [CANARY, ...secrets]) expect(place).not.toContain(secret);
  }

  const operations = (
    tableBelow(readFileSync(new URL('../../docs/api.md', import.meta.url), 'utf8'), 'Operations') ?? []
  ).map(([method = '', path = '']) => ({ method, path }));

  test.each(operations)('$method $path', async ({ method, path }) => {
    const { api, http } = ledger;
    const address = path.replace('{loan_id}', loan.loanId).replaceAll(/\{\w+\}/g, CANARY);
    const fields = bodyFields(path);
    const body = JSON.stringify(Object.fromEntries(fields.map((name) => [name, CANARY])));
    const before = log.lines.length;
    const answers = [];
    const sent = method === 'POST' ? { body } : {};
    const authorization = ['authorization', `Bearer ${await api.token()}`];
    for (const own of [authorization, ['authorization', `Bearer ${CANARY}`], ['authorization', CANARY]]) {
      const headers = [...own, ...HEADERS, 'content-type', 'application/json', 'idempotency-key', `${CANARY}:0001`];
      answers.push(await http.send({ method, path: address, headers, ...sent }));
      answers.push(
        await http.send({ method, path: `${address}?as_of_date=${CANARY}&page_token=${CANARY}`, headers, ...sent }),
      );
      answers.push(
        await http.send({ method, path: address, headers: [...headers, 'accept', CANARY], body: `{"a":"${CANARY}` }),
      );
      answers.push(await http.send({ method: 'PATCH', path: address, headers, body }));
    }
    expect(log.lines.length).toBeGreaterThanOrEqual(before + answers.length);
    // What answers name of the request is its address, as RFC 9457 has it in `instance`.
    await expectNoTrace(
      answers
        .map(({ text, headers }) => ({ text: text.replaceAll(address, ''), headers }))
        .filter(() => !address.includes(CANARY)),
    );
  });

  test('POST /oauth2/token and what is nowhere', async () => {
    const { http } = ledger;
    const type = ['content-type', 'application/x-www-form-urlencoded'];
    const form = new URLSearchParams({ grant_type: 'client_credentials', client_id: CANARY, client_secret: CANARY });
    const basic = ['authorization', `Basic ${Buffer.from(`${CANARY}:${CANARY}`).toString('base64')}`];
    const ask = (headers: readonly string[], body: string) =>
      http.send({ method: 'POST', path: '/oauth2/token', headers: [...headers, ...HEADERS], body });
    const answers = [
      await ask(type, form.toString()),
      await ask([...type, ...basic], 'grant_type=client_credentials'),
      await ask(type, `grant_type=${CANARY}&scope=${CANARY}&${CANARY}=1`),
      await ask(['content-type', CANARY], CANARY),
      await http.send({ method: 'GET', path: '/v1/nowhere', headers: HEADERS }),
    ];
    for (const raw of [`${CANARY}\r\n\r\n`, `GET / HTTP/1.1\r\nHost: x\r\n${CANARY}\r\n\r\n`]) {
      answers.push(
        ...(await sendRaw(ledger.url, raw)).map(({ body, headers, status }) => ({
          text: body,
          json: null,
          headers,
          status,
        })),
      );
    }
    await expectNoTrace(answers);
  });

  test('a payment that is accepted, refused, and refused by the database itself', async () => {
    const { api } = ledger;
    const more = { external_ref: CANARY, metadata: { [CANARY]: CANARY } };
    const key = `${CANARY}:payment`;
    const answers = [
      await posted(api.post('/v1/payments', payment(loan, { amount_minor: '1', ...more }), { key, headers: HEADERS })),
      await api.post('/v1/payments', payment(loan, { amount_minor: '1', ...more }), { key }),
      await api.post('/v1/payments', payment(loan, { amount_minor: '2', ...more }), { key }),
      await posted(
        api.post('/v1/disbursements', disbursement(unmadeLoan(), { destination_ref: CANARY, metadata: { a: CANARY } })),
      ),
    ];
    await ledger.sql(`ALTER TABLE hpts.journal_entry ADD CONSTRAINT refuses_all CHECK (seq < 0) NOT VALID`);
    const refused = await api.post('/v1/payments', payment(loan, { amount_minor: '3', ...more }));
    await ledger.sql('ALTER TABLE hpts.journal_entry DROP CONSTRAINT refuses_all');
    expect(refused.status).toBeGreaterThanOrEqual(500);
    expect(log.text).toContain('refuses_all');
    await expectNoTrace([...answers, refused]);
  });

  test('the access log has a line for each request, with what is known of it', async () => {
    log.text = '';
    const { api } = ledger;
    await api.get(`/v1/loans/${loan.loanId}/balance`, { headers: TRACED });
    await api.post('/v1/payments', payment(loan, { amount_minor: '0' }));
    await api.get('/v1/nowhere', { token: null });
    expect(log.lines).toMatchObject([
      {
        level: 'info',
        operation: 'GET /v1/loans/{loan_id}/balance',
        status: 200,
        trace_id: TRACE,
        tenant_id: api.tenantId,
      },
      {
        level: 'info',
        operation: 'POST /v1/payments',
        status: 400,
        code: 'validation_failed',
        client_id: api.clientId,
      },
      { level: 'info', operation: 'none', status: 404, code: 'not_found' },
    ]);
    for (const line of log.lines) expect(line['duration_ms']).toBeGreaterThanOrEqual(0);
    expect(log.text).not.toContain(loan.loanId);
  });
});

/** The fields of a posting's body; of what administers, one that is none. */
function bodyFields(path: string): readonly string[] {
  const schema: unknown = POSTING_ROUTES.get(path)?.use(({ body }) => body.schema);
  return Object.keys(Object(Reflect.get(Object(schema), 'properties') ?? { url: null, event_types: null }));
}
