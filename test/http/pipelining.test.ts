import { once } from 'node:events';
import { connect } from 'node:net';
import { text as readText } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { LIMITS } from '../../src/limits.ts';
import { type LedgerServer, withLedger } from './ledger-server.ts';
import { holdLoan } from './loan-lock.ts';
import { type Loan, newLoan, payment } from './loan-story.ts';
import { isRefused, sendRaw } from './raw-http.ts';

/** RFC 9112 section 9.6: whatever stands behind an answer that closes its connection is not processed. */

type Sent = { readonly token: string; readonly loan: Loan; readonly key: string };

/** The bytes of one payment of a cent. */
function bytesOf(
  { token, loan, key }: Sent,
  more: { readonly headers?: readonly string[]; readonly pad?: number } = {},
) {
  const body = JSON.stringify(payment(loan, { amount_minor: '1' })) + ' '.repeat(more.pad ?? 0);
  return [
    'POST /v1/payments HTTP/1.1',
    'Host: ledger.test',
    `Authorization: Bearer ${token}`,
    'Content-Type: application/json',
    `Content-Length: ${body.length}`,
    `Idempotency-Key: ${key}`,
    ...(more.headers ?? []),
    '',
    body,
  ].join('\r\n');
}

async function paymentsPosted(ledger: LedgerServer): Promise<number> {
  const rows = await ledger.sql(`SELECT FROM hpts.journal_entry WHERE event_type = 'payment_received'`);
  return rows.length;
}

test('behind an answer that closes the connection nothing is posted: 413, and no answer behind it', () =>
  withLedger(async (ledger) => {
    const loan = await newLoan(ledger.api);
    const token = await ledger.api.token();
    const tooLarge = bytesOf({ token, loan, key: 'pipe:large:1' }, { pad: LIMITS.eventBodyBytes });
    const answers = await sendRaw(ledger.url, tooLarge + bytesOf({ token, loan, key: 'pipe:large:2' }));
    expect(answers.map(({ status, headers }) => [status, headers['connection']])).toEqual([[413, 'close']]);
    expect(await paymentsPosted(ledger)).toBe(0);
  }));

test('an answer that would close the connection leaves that to one behind it which was accepted meanwhile', () =>
  withLedger(async (ledger) => {
    const loan = await newLoan(ledger.api);
    // Never seen before: its signature is checked while the second request is read.
    const token = await ledger.api.freshToken();
    const tooLarge = bytesOf({ token, loan, key: 'pipe:fresh:1' }, { pad: LIMITS.eventBodyBytes });
    const answers = await sendRaw(ledger.url, tooLarge + bytesOf({ token, loan, key: 'pipe:fresh:2' }));
    const accepted = answers.length - 1;
    expect(answers.map(({ status }) => status)).toEqual([413, 201].slice(0, answers.length));
    expect(answers.at(-1)?.headers['connection']).toBe('close');
    expect(await paymentsPosted(ledger)).toBe(accepted);
  }));

test('bytes behind a request that says Connection: close do not cost it its answer', () =>
  withLedger(async (ledger) => {
    const loan = await newLoan(ledger.api);
    const token = await ledger.api.token();
    const last = bytesOf({ token, loan, key: 'pipe:close:1' }, { headers: ['Connection: close'] });
    const answers = await sendRaw(ledger.url, last + bytesOf({ token, loan, key: 'pipe:close:2' }));
    expect(answers.map(({ status, headers }) => [status, headers['connection']])).toEqual([[201, 'close']]);
    expect(await paymentsPosted(ledger)).toBe(1);
  }));

test('400 malformed_request for bytes behind a request stands behind its answer', () =>
  withLedger(async (ledger) => {
    const loan = await newLoan(ledger.api);
    const token = await ledger.api.token();
    const answers = await sendRaw(ledger.url, `${bytesOf({ token, loan, key: 'pipe:broken:1' })}no request\r\n\r\n`);
    expect(answers.map(({ status }) => status)).toEqual([201, 400]);
    expect(answers[1]?.headers['connection']).toBe('close');
    expect(answers[1]?.body).toContain('"code":"malformed_request"');
  }));

test('a stop answers every request of a connection that was accepted, the last with Connection: close, and posts none behind', () =>
  withLedger(async (ledger) => {
    const [loan, free] = [await newLoan(ledger.api), await newLoan(ledger.api)];
    const token = await ledger.api.token();
    const held = await holdLoan(ledger, loan.loanId);
    const { hostname, port } = new URL(ledger.url);
    const socket = connect(Number(port), hostname);
    await once(socket, 'connect');
    socket.write([1, 2, 3].map((number) => bytesOf({ token, loan, key: `pipe:stop:${number}` })).join(''));
    await held.untilWaiting();
    const stopping = ledger.stopServing();
    await expect.poll(() => isRefused(ledger.url)).toBe(true);
    socket.write(bytesOf({ token, loan: free, key: 'pipe:stop:4' }));
    await held.release();
    const answered = await readText(socket);
    await stopping;
    expect(answered.match(/HTTP\/1\.1 \d\d\d|Connection: \S+/g)).toEqual([
      ...['HTTP/1.1 201', 'Connection: keep-alive'],
      ...['HTTP/1.1 201', 'Connection: keep-alive'],
      ...['HTTP/1.1 201', 'Connection: close'],
    ]);
    expect(await paymentsPosted(ledger)).toBe(3);
  }));

test('100 Continue stands before an answer and not within it, also behind a request under way; nothing is posted behind', () =>
  withLedger(async (ledger) => {
    const loan = await newLoan(ledger.api);
    const token = await ledger.api.token();
    const sent = [token, 'none'].map((asWhom) =>
      sendRaw(
        ledger.url,
        bytesOf({ token, loan, key: `pipe:before:${asWhom.length}` }) +
          bytesOf({ token: asWhom, loan, key: 'pipe:expect:1' }, { headers: ['Expect: 100-continue'] }) +
          bytesOf({ token, loan, key: 'pipe:behind:1' }),
      ),
    );
    const [taken = [], refused = []] = await Promise.all(sent);
    expect(taken.map(({ status }) => status).filter((status) => status !== 100)).toEqual([201, 201]);
    expect(refused.map(({ status }) => status)).toEqual([201, 401]);
    for (const answers of [taken, refused]) expect(answers.at(-1)?.headers['connection']).toBe('close');
    expect(JSON.parse(refused.at(-1)?.body ?? '')).toMatchObject({ code: 'invalid_token' });
    expect(await paymentsPosted(ledger)).toBe(3);
  }));
