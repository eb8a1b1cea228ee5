import { text as readText } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { LIMITS } from '../../src/limits.ts';
import { HttpClient } from './http-client.ts';
import { type LedgerServer, withLedger } from './ledger-server.ts';
import { holdLoan } from './loan-lock.ts';
import { accrual, type Loan, newLoan, payment, posted } from './loan-story.ts';
import { expectProblem } from './problem.ts';
import { isRefused, openSocket } from './raw-http.ts';
import { startServerProcess } from './server-process.ts';
import { TenantApi, textAt } from './tenant-api.ts';

/** What a drain without work may take on a busy machine; it takes some milliseconds. */
const AT_ONCE_MS = 3_000;
/** What a busy machine adds to the server's own bounds. */
const LATE_MS = 3_000;
/** Answers of the API's document: together more than lies between two sockets. */
const LARGE_ANSWERS = 20;

async function timed(work: Promise<unknown>): Promise<number> {
  const beganMs = performance.now();
  await work;
  return performance.now() - beganMs;
}

/** A batch of one loan that travels as the large ones do, for its size. */
function largeBatch(ledger: LedgerServer, loan: Loan, date: string): string {
  return (
    JSON.stringify(accrual(ledger.api, [[loan, '10']], { accrual_date: date })) + ' '.repeat(LIMITS.eventBodyBytes)
  );
}

test('a stop closes connections without a request at once: those that were used, and those that never were', () =>
  withLedger(async (ledger) => {
    const silent = await openSocket(ledger.url);
    const begun = await openSocket(ledger.url);
    begun.write('GET /v1/health/live HTTP/1.1\r\n');
    await ledger.api.get('/v1/accounts/1100/balance?currency=USD');
    expect(await timed(ledger.stopServing())).toBeLessThan(AT_ONCE_MS);
    silent.destroy();
    begun.destroy();
  }));

test('what was accepted before a stop is answered with Connection: close, and the stop ends with the last answer', () =>
  withLedger(async (ledger) => {
    const loan = await newLoan(ledger.api);
    const held = await holdLoan(ledger, loan.loanId);
    const batch = ledger.api.post('/v1/accruals/batch', largeBatch(ledger, loan, '2026-04-30'));
    const another = ledger.api.post('/v1/accruals/batch', largeBatch(ledger, loan, '2026-05-31'));
    await held.untilWaiting();
    const stopping = timed(ledger.stopServing());
    await expect.poll(() => isRefused(ledger.url)).toBe(true);
    await held.release();
    for (const answer of [await batch, await another])
      expect([answer.status, answer.headers.connection]).toEqual([201, 'close']);
    expect(await stopping).toBeLessThan(LIMITS.drainBeginMs);
  }));

test('heavy commands that a stop leaves no time for are answered 503 too_busy, and nothing of them is posted', () =>
  withLedger(async (ledger) => {
    const loan = await newLoan(ledger.api);
    const free = await newLoan(ledger.api);
    const held = await holdLoan(ledger, loan.loanId);
    const begun = ledger.api.post('/v1/accruals/batch', largeBatch(ledger, loan, '2026-04-30'));
    await held.untilWaiting();
    const waiting = ['2026-05-31', '2026-06-30', '2026-07-31'].map((date) =>
      ledger.api.post('/v1/accruals/batch', largeBatch(ledger, loan, date)),
    );
    const behind = ledger.api.post('/v1/accruals/batch', largeBatch(ledger, free, '2026-04-30'));
    // Answered behind them, so they have arrived.
    await ledger.api.get(`/v1/loans/${free.loanId}/balance`);
    const stopMs = await timed(ledger.stopServing());
    for (const one of await Promise.all([begun, ...waiting, behind])) {
      expectProblem(one, { status: 503, code: 'too_busy' });
      expect(one.headers.connection).toBe('close');
    }
    // The one that was begun waits for its lock as long as it may.
    expect(stopMs).toBeLessThan(LIMITS.heavyLockTimeoutMs + LATE_MS);
    await held.release();
    const entries = await ledger.sql(`SELECT FROM hpts.journal_entry WHERE event_type <> 'disbursement'`);
    expect(entries).toHaveLength(0);
  }));

test('what has no answer LIMITS.drainMs after a stop began is answered 503, be it under way or not sent whole', () =>
  withLedger(async (ledger) => {
    const { api } = ledger;
    const loan = await newLoan(api);
    const holder = await ledger.connection();
    await holder.query('BEGIN');
    await holder.query('LOCK TABLE hpts.account_delta IN ACCESS EXCLUSIVE MODE');
    const counting = api.get('/v1/reconciliation/status?as_of_date=2026-06-01');
    const socket = await openSocket(ledger.url);
    const head = ['POST /v1/payments HTTP/1.1', 'Host: a', `Authorization: Bearer ${await api.token()}`];
    const rest = ['Content-Type: application/json', 'Idempotency-Key: unfinished-1', 'Content-Length: 500', '', '{'];
    socket.write([...head, ...rest].join('\r\n'));
    const unfinished = readText(socket);
    // A request after it on another connection is answered, so the unfinished one has arrived.
    await api.get(`/v1/loans/${loan.loanId}/balance`);
    const stopMs = await timed(ledger.stopServing());
    expect(stopMs).toBeGreaterThan(LIMITS.drainMs - 100);
    expect(stopMs).toBeLessThan(LIMITS.stopMs + LATE_MS);
    await holder.query('ROLLBACK');
    const answer = await counting;
    expectProblem(answer, { status: 503, code: 'unavailable' });
    expect(answer.headers.connection).toBe('close');
    const told = await unfinished;
    expect(told).toMatch(/^HTTP\/1\.1 503 .*\r\n/);
    expect(told).toContain('Connection: close');
    expect(told).toContain('"code":"too_busy"');
  }));

test('SIGTERM twice is as good as once: what was accepted is answered, and the process ends with 0', () =>
  withLedger(async (ledger) => {
    const { address, masterKeyFile } = ledger;
    const server = await startServerProcess({ address, masterKeyFile, issuer: 'http://ledger.test' });
    const http = new HttpClient(server.url);
    try {
      const api = await TenantApi.create(ledger.address, http);
      const loan = await newLoan(api);
      const held = await holdLoan(ledger, loan.loanId, api.tenantId);
      const paid = posted(api.post('/v1/payments', payment(loan)));
      await held.untilWaiting();
      const ended = server.stop();
      await expect.poll(() => isRefused(server.url)).toBe(true);
      process.kill(server.pid, 'SIGTERM');
      await held.release();
      expect(textAt(await paid, 'journal_entry_id')).not.toBe('');
      expect(await ended).toBe(0);
    } finally {
      http.close();
      await server.kill();
    }
  }));

test('a stop lets answers go out to a client that reads them slowly, and so what was posted behind them is answered', () =>
  withLedger(async (ledger) => {
    const loan = await newLoan(ledger.api);
    const token = await ledger.api.token();
    const body = JSON.stringify(payment(loan, { amount_minor: '1' }));
    const fields = [
      `Authorization: Bearer ${token}`,
      'Content-Type: application/json',
      `Content-Length: ${body.length}`,
    ];
    const paid = ['POST /v1/payments HTTP/1.1', 'Host: a', ...fields, 'Idempotency-Key: slow-reader-1', '', body];
    const socket = await openSocket(ledger.url);
    // In one piece, so that all of it is accepted before the first answer waits for its reader.
    socket.write('GET /v1/openapi.json HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(LARGE_ANSWERS) + paid.join('\r\n'));
    const payments = () => ledger.sql(`SELECT FROM hpts.journal_entry WHERE event_type = 'payment_received'`);
    await expect.poll(async () => (await payments()).length, { timeout: 10_000 }).toBe(1);
    const stopping = ledger.stopServing();
    await expect.poll(() => isRefused(ledger.url)).toBe(true);
    const answered = await readText(socket);
    await stopping;
    expect(answered.match(/HTTP\/1\.1 \d\d\d/g)).toEqual([
      ...Array(LARGE_ANSWERS).fill('HTTP/1.1 200'),
      'HTTP/1.1 201',
    ]);
  }));
