import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readConfig } from '../../src/config.ts';
import { LIMITS } from '../../src/limits.ts';
import { QUICK, register } from '../webhooks/endpoints.ts';
import { ACCEPT, answering, Receiver } from '../webhooks/receiver.ts';
import { databaseUrl } from './database-url.ts';
import { figureIn, readExposition, type Series } from './exposition-text.ts';
import { freePort } from './free-port.ts';
import { HttpClient } from './http-client.ts';
import { type LedgerServer, startLedger } from './ledger-server.ts';
import { holdLoan } from './loan-lock.ts';
import { accrual, type Loan, newLoan, payment, posted } from './loan-story.ts';
import { sendRaw } from './raw-http.ts';

const LIGHT = { lane: 'light' } as const;
const HEAVY = { lane: 'heavy' } as const;

let ledger: LedgerServer;
let scraper: HttpClient;
let metricsUrl: string;
beforeAll(async () => {
  metricsUrl = `http://127.0.0.1:${await freePort()}`;
  ledger = await startLedger({
    postingLanes: 1,
    webhookPace: QUICK,
    settings: { HPTS_METRICS_PORT: new URL(metricsUrl).port },
  });
  scraper = new HttpClient(metricsUrl);
});
afterAll(async () => {
  scraper.close();
  await ledger.stop();
});

const ask = (method: string, path: string) => scraper.send({ method, path, headers: [] });

async function scrape(): Promise<readonly Series[]> {
  const answer = await ask('GET', '/metrics');
  expect([answer.status, answer.headers['content-type']]).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8']);
  return readExposition(answer.text);
}

/** By how much series grew while something was done. */
async function growth(work: () => Promise<unknown>) {
  const before = await scrape();
  await work();
  const after = await scrape();
  return (name: string, labels: Readonly<Record<string, string>> = {}) =>
    (figureIn(after, name, labels) ?? 0) - (figureIn(before, name, labels) ?? 0);
}

describe('the listener', () => {
  test('GET and HEAD /metrics: 200; everything else is not there', async () => {
    expect((await scrape()).length).toBeGreaterThan(100);
    const headed = await ask('HEAD', '/metrics');
    expect([headed.status, headed.text]).toEqual([200, '']);
    expect([(await ask('GET', '/')).status, (await ask('GET', '/v1/anything')).status]).toEqual([404, 404]);
    const posting = await ask('POST', '/metrics');
    expect([posting.status, posting.headers.allow]).toEqual([405, 'GET, HEAD']);
  });

  test('404 not_found on the listener of the API', async () => {
    expect((await ledger.api.get('/metrics', { token: null })).status).toBe(404);
  });

  test('it is off unless set, on loopback unless told, and never on a port of the API', () => {
    const read = (more: Record<string, string>) =>
      readConfig({ HPTS_DATABASE_URL: databaseUrl(ledger.address), HPTS_MASTER_KEY_FILE: 'k', ...more });
    expect(read({}).metrics).toBeNull();
    expect(read({ HPTS_METRICS_PORT: '9100' }).metrics).toEqual({ host: '127.0.0.1', port: 9_100 });
    expect(read({ HPTS_METRICS_PORT: '9100', HPTS_METRICS_HOST: '10.0.0.1' }).metrics?.host).toBe('10.0.0.1');
    expect(() => read({ HPTS_METRICS_PORT: '9100', HPTS_PORT: '9100' })).toThrow('another port than HPTS_PORT');
    expect(() => read({ HPTS_METRICS_HOST: '10.0.0.1' })).toThrow('without HPTS_METRICS_PORT');
    expect(() => readConfig({ HPTS_METRICS_PORT: '9100', HPTS_METRICS_HOST: '0.0.0.0' })).toThrow('loopback only');
  });

  test('a port that is taken stops the start, and says which setting it is', async () => {
    const taken = { settings: { HPTS_METRICS_PORT: new URL(metricsUrl).port } };
    await expect(startLedger(taken)).rejects.toThrow(/HPTS_METRICS_PORT.*EADDRINUSE/);
  });
});

describe('requests', () => {
  test('are counted by operation and status and timed, whatever their ids', async () => {
    const loan = await newLoan(ledger.api);
    const grew = await growth(async () => {
      const body = payment(loan, { amount_minor: '1' });
      await posted(ledger.api.post('/v1/payments', body, { key: 'metrics:0001' }));
      expect((await ledger.api.post('/v1/payments', body, { key: 'metrics:0001' })).status).toBe(200);
      await ledger.api.post('/v1/payments', '{');
      await ledger.api.post('/v1/payments', body, { token: null });
      await ledger.api.get(`/v1/loans/${loan.loanId}/balance`);
      await ledger.api.request('HEAD', `/v1/loans/${loan.loanId}/balance`);
      await ledger.api.get(`/v1/loans/${loan.borrowerId}/balance`);
      await ledger.api.request('DELETE', '/v1/payments');
      await ledger.api.get('/v1/made-up-by-a-caller');
      await sendRaw(ledger.url, 'nonsense\r\n\r\n');
    });
    const requests = (operation: string, status: number) =>
      grew('hpts_http_requests_total', { operation, status: String(status) });
    const balance = 'GET /v1/loans/{loan_id}/balance';
    expect([201, 200, 400, 401].map((status) => requests('POST /v1/payments', status))).toEqual([1, 1, 1, 1]);
    expect([requests(balance, 200), requests(balance, 404)]).toEqual([2, 1]);
    expect([requests('* /v1/payments', 405), requests('none', 404), requests('none', 400)]).toEqual([1, 1, 1]);
    expect(grew('hpts_http_request_duration_seconds_count', { operation: 'POST /v1/payments' })).toBe(4);
    expect(grew('hpts_http_request_duration_seconds_sum', { operation: 'POST /v1/payments' })).toBeGreaterThan(0);
    const codes = [
      'malformed_json',
      'invalid_token',
      'loan_not_found',
      'method_not_allowed',
      'not_found',
      'malformed_request',
    ];
    expect(codes.map((code) => grew('hpts_http_refusals_total', { code }))).toEqual([1, 1, 1, 1, 1, 1]);
    expect([grew('hpts_replays_total', LIGHT), grew('hpts_replays_total', HEAVY)]).toEqual([1, 0]);
  });

  test('no label has anything that a caller sent: a thousand made-up requests add no series', async () => {
    await ledger.api.get('/v1/nowhere/first');
    const before = (await scrape()).map(({ name, labels }) => name + JSON.stringify(labels));
    for (let index = 0; index < 1_000; index += 1)
      await ledger.api.get(`/v1/nowhere/${index}?a=${index}`, { token: null });
    const after = (await scrape()).map(({ name, labels }) => name + JSON.stringify(labels));
    expect(after).toEqual(before);
  });
});

describe('the engine', () => {
  test('batches, their sizes and ends, and the wait for a place in one', async () => {
    const [held, other] = [await newLoan(ledger.api), await newLoan(ledger.api)];
    const grew = await growth(async () => {
      const lock = await holdLoan(ledger, held.loanId);
      const first = ledger.api.post('/v1/payments', payment(held, { amount_minor: '1' }));
      await lock.untilWaiting();
      const behind = Array.from({ length: 3 }, () =>
        ledger.api.post('/v1/payments', payment(other, { amount_minor: '1' })),
      );
      const depth = async () => figureIn(await scrape(), 'hpts_queue_depth');
      await expect.poll(depth).toBe(3);
      const now = await scrape();
      expect(['hpts_commands_in_flight', 'hpts_batches_in_flight'].map((name) => figureIn(now, name))).toEqual([4, 1]);
      expect(figureIn(now, 'hpts_database_connections', { pool: 'poster', state: 'busy' })).toBe(1);
      await lock.release();
      await Promise.all([first, ...behind].map(posted));
    });
    const decided = grew('hpts_batches_total', { ...LIGHT, end: 'decided' });
    expect([decided, grew('hpts_queue_wait_seconds_count', LIGHT)]).toEqual([2, 4]);
    const alone = grew('hpts_batch_commands_bucket', { ...LIGHT, le: '1' });
    expect([grew('hpts_batch_commands_sum', LIGHT), alone]).toEqual([4, 1]);
    expect(grew('hpts_batch_duration_seconds_count', LIGHT)).toBe(2);
    expect(grew('hpts_batch_duration_seconds_count', HEAVY)).toBe(0);
    const after = await scrape();
    const gauges = ['hpts_queue_depth', 'hpts_commands_in_flight', 'hpts_batches_in_flight', 'hpts_reads_in_flight'];
    expect(gauges.map((name) => figureIn(after, name))).toEqual([0, 0, 0, 0]);
  });

  test('a batch that waits too long for a lock ends as timeout, and its failure is counted', async () => {
    const loan = await newLoan(ledger.api);
    const grew = await growth(async () => {
      const lock = await holdLoan(ledger, loan.loanId);
      expect((await ledger.api.post('/v1/payments', payment(loan))).status).toBe(503);
      await lock.release();
    });
    const timeouts = grew('hpts_batches_total', { ...LIGHT, end: 'timeout' });
    expect([timeouts, grew('hpts_failures_total')]).toEqual([1, 1]);
    expect(grew('hpts_http_refusals_total', { code: 'too_busy' })).toBe(1);
  });
});

describe('the heavy thread', () => {
  /** A batch whose body is larger than the serving thread reads. */
  const largeBody = (loan: Loan) =>
    JSON.stringify(accrual(ledger.api, [[loan, '7']])) + ' '.repeat(LIMITS.eventBodyBytes);

  test('batches, sizes, waits, durations and replays have its lane, and none of the other', async () => {
    const [one, two] = [await newLoan(ledger.api), await newLoan(ledger.api)];
    const grew = await growth(async () => {
      const body = largeBody(one);
      await posted(ledger.api.post('/v1/accruals/batch', body, { key: 'heavy:0001' }));
      expect((await ledger.api.post('/v1/accruals/batch', body, { key: 'heavy:0001' })).status).toBe(200);
      await posted(ledger.api.post('/v1/accruals/batch', largeBody(two)));
    });
    const of = (lane: typeof LIGHT | typeof HEAVY) => [
      grew('hpts_batches_total', { ...lane, end: 'decided' }),
      grew('hpts_batch_commands_sum', lane),
      grew('hpts_batch_duration_seconds_count', lane),
      grew('hpts_queue_wait_seconds_count', lane),
      grew('hpts_replays_total', lane),
    ];
    expect([of(HEAVY), of(LIGHT)]).toEqual([
      [3, 3, 3, 3, 1],
      [0, 0, 0, 0, 0],
    ]);
    expect(grew('hpts_batch_duration_seconds_sum', HEAVY)).toBeGreaterThan(0);
  });

  test('a batch of it that waits too long for a lock ends as timeout', async () => {
    const loan = await newLoan(ledger.api);
    const grew = await growth(async () => {
      const lock = await holdLoan(ledger, loan.loanId);
      expect((await ledger.api.post('/v1/accruals/batch', largeBody(loan))).status).toBe(503);
      await lock.release();
    });
    expect(grew('hpts_batches_total', { ...HEAVY, end: 'timeout' })).toBe(1);
    expect(grew('hpts_failures_total')).toBe(1);
  });
});

describe('webhooks', () => {
  test('attempts by outcome, dead letters, and how far endpoints are behind', async () => {
    const api = await ledger.newTenant();
    const receiver = await Receiver.start();
    const loan = await newLoan(api);
    const grew = await growth(async () => {
      receiver.behaviour = (answer, delivery, number) => answering(number < 1 ? 500 : 200)(answer, delivery, number);
      await register(api, receiver.url());
      await posted(api.post('/v1/payments', payment(loan, { amount_minor: '1' })));
      const received = async () => figureIn(await scrape(), 'hpts_webhook_attempts_total', { outcome: 'received' });
      await expect.poll(received).toBeGreaterThanOrEqual(1);
    });
    expect(grew('hpts_webhook_attempts_total', { outcome: 'not_accepted' })).toBe(1);
    expect(grew('hpts_webhook_attempt_duration_seconds_count')).toBe(2);
    expect(grew('hpts_webhook_endpoints')).toBe(1);
    const lag = async () => figureIn(await scrape(), 'hpts_webhook_lag_entries_max');
    await expect.poll(lag).toBe(0);
    receiver.behaviour = answering(500);
    const dead = await growth(async () => {
      await posted(api.post('/v1/payments', payment(loan, { amount_minor: '1' })));
      await expect.poll(lag).toBeGreaterThanOrEqual(1);
      const letters = async () => figureIn(await scrape(), 'hpts_webhook_dead_letters_total');
      await expect.poll(letters, { timeout: 10_000 }).toBeGreaterThanOrEqual(1);
    });
    expect(dead('hpts_webhook_dead_letters_total')).toBe(1);
    receiver.behaviour = ACCEPT;
    await receiver.stop();
  });
});

test('the process, its event loop and its build', async () => {
  const now = await scrape();
  const known = (name: string) => figureIn(now, name) ?? Number.NaN;
  expect(known('process_cpu_seconds_total')).toBeGreaterThan(0);
  expect(known('process_resident_memory_bytes')).toBeGreaterThan(10_000_000);
  expect(Math.abs(known('process_start_time_seconds') - performance.timeOrigin / 1_000)).toBeLessThan(1);
  expect(known('nodejs_heap_size_used_bytes')).toBeGreaterThan(1_000_000);
  expect(known('hpts_event_loop_active_seconds_total')).toBeGreaterThan(0);
  expect(known('hpts_event_loop_delay_seconds_count')).toBeGreaterThan(0);
  expect(now.find(({ name }) => name === 'hpts_build_info')?.labels).toMatchObject({
    version: expect.stringMatching(/^\d/),
  });
});

test('the database shows which process its connections belong to', async () => {
  const rows = await ledger.sql<{ application_name: string }>(
    `SELECT DISTINCT application_name FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'hpts %'`,
  );
  const names = rows.map((row) => row.application_name);
  for (const part of ['poster', 'reader', 'access', 'webhooks']) {
    expect(names).toContainEqual(expect.stringMatching(new RegExp(`^hpts ${part} .+:${process.pid}$`)));
  }
});
