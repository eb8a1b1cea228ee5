import { expect, test } from 'vitest';
import { LIMITS } from '../../src/limits.ts';
import { type LedgerServer, withLedger } from './ledger-server.ts';
import { type Loan, newLoan, payment } from './loan-story.ts';
import { openSocket } from './raw-http.ts';

/** What a connection brings once nothing more of it is accepted, while an answer before that is awaited. */

const STATUS_PATH = '/v1/reconciliation/status?as_of_date=2026-06-01';
/** Many times what the kernel keeps between two sockets. */
const FLOOD_BYTES = 64 * 1024 * 1024;

/** Reconciliations wait from now on, until it is released. */
async function holdReconciliations(ledger: LedgerServer): Promise<() => Promise<unknown>> {
  const holder = await ledger.connection();
  await holder.query('BEGIN');
  await holder.query('LOCK TABLE hpts.account_delta IN ACCESS EXCLUSIVE MODE');
  return () => holder.query('ROLLBACK');
}

function statusRequest(token: string): string {
  return `GET ${STATUS_PATH} HTTP/1.1\r\nHost: ledger.test\r\nAuthorization: Bearer ${token}\r\n\r\n`;
}

function paymentRequest(token: string, loan: Loan, pad = 0): string {
  const body = JSON.stringify(payment(loan, { amount_minor: '1' })) + ' '.repeat(pad);
  return [
    'POST /v1/payments HTTP/1.1',
    'Host: ledger.test',
    `Authorization: Bearer ${token}`,
    'Content-Type: application/json',
    `Content-Length: ${body.length}`,
    'Idempotency-Key: unaccepted:0001',
    '',
    body,
  ].join('\r\n');
}

test('behind an answer that is going to close the connection nothing more is read, however much comes', () =>
  withLedger(async (ledger) => {
    const loan = await newLoan(ledger.api);
    const token = await ledger.api.token();
    const release = await holdReconciliations(ledger);
    const socket = await openSocket(ledger.url);
    socket.write(statusRequest(token) + paymentRequest(token, loan, LIMITS.eventBodyBytes));
    const behind = `GET /v1/health/live HTTP/1.1\r\nHost: a\r\nX-Pad: ${'x'.repeat(8_000)}\r\n\r\n`.repeat(100);
    let before = -1;
    // Until nothing more leaves while other requests go there and back.
    while (socket.bytesWritten - socket.writableLength > before && before < FLOOD_BYTES) {
      before = socket.bytesWritten - socket.writableLength;
      while (socket.writableLength < 2 * behind.length) socket.write(behind);
      for (let other = 0; other < 10; other += 1) await ledger.api.get(`/v1/loans/${loan.loanId}/balance`);
    }
    expect(before).toBeLessThan(FLOOD_BYTES / 2);
    socket.destroy();
    await release();
  }));
