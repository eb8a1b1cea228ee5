import { chmodSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text as readText } from 'node:stream/consumers';
import { describe, expect, inject, test } from 'vitest';
import { LIMITS } from '../../src/limits.ts';
import { type EmbeddedServer, openEmbedded } from '../../src/postgres/embedded/embedded-server.ts';
import { guardFolder } from '../postgres/folder-guard.ts';
import { type LedgerServer, startLedger } from './ledger-server.ts';
import { holdLoan } from './loan-lock.ts';
import { fee, type Loan, newLoan, payment, posted } from './loan-story.ts';
import { expectProblem } from './problem.ts';
import { textAt } from './tenant-api.ts';

/** More than the queue holds, so that these at least are turned away. */
const TOO_MANY = 40;

async function withLedger<T>(options: Parameters<typeof startLedger>[0], work: (ledger: LedgerServer) => Promise<T>) {
  const ledger = await startLedger(options);
  try {
    return await work(ledger);
  } finally {
    await ledger.stop();
  }
}

test('503 too_busy at once when the queue is full; all that was accepted is answered, and the server recovers', () =>
  withLedger({}, async (ledger) => {
    const loan = await newLoan(ledger.api);
    const held = await holdLoan(ledger, loan.loanId);
    const sockets = await Promise.all([0, 1, 2, 3].map((part) => pipeline(ledger, loan, part)));
    const queued = sockets.map((socket) => readText(socket));
    const late = Array.from({ length: TOO_MANY }, () =>
      ledger.api.post('/v1/payments', payment(loan, { amount_minor: '1' })),
    );
    const turnedAway = await Promise.race(late);
    await held.release();
    expectProblem(turnedAway, { status: 503, code: 'too_busy' });
    const answered = (await Promise.all(queued)).join('').match(/HTTP\/1\.1 \d\d\d/g) ?? [];
    const statuses = [
      ...answered.map((line) => Number(line.slice(-3))),
      ...(await Promise.all(late)).map(({ status }) => status),
    ];
    const count = (wanted: number) => statuses.filter((status) => status === wanted).length;
    expect(statuses.length).toBe(LIMITS.queuedCommands + TOO_MANY);
    expect(count(201) + count(503)).toBe(statuses.length);
    expect(count(503)).toBeGreaterThanOrEqual(1);
    await posted(ledger.api.post('/v1/payments', payment(loan, { amount_minor: '1' })));
    const balance = await ledger.api.get(`/v1/loans/${loan.loanId}/balance`);
    expect(textAt(balance, 'principal_outstanding_minor')).toBe(String(1_000_000 - count(201) - 1));
  }));

test('one loan that is held does not fail its neighbours: the batch is split, and only that loan is 503 too_busy', () =>
  withLedger({ postingLanes: 1 }, async (ledger) => {
    const { api } = ledger;
    const [gate, slow, ...neighbours] = await Promise.all(Array.from({ length: 8 }, () => newLoan(api)));
    if (gate === undefined || slow === undefined) throw new Error('two loans are needed');
    const [gateHeld, slowHeld] = [await holdLoan(ledger, gate.loanId), await holdLoan(ledger, slow.loanId)];
    // While the only lane waits at the gate, the others gather behind it and become one batch.
    const first = api.post('/v1/fees', fee(gate));
    await gateHeld.untilWaiting();
    const gathered = [...neighbours.slice(0, 3), slow, ...neighbours.slice(3)];
    const answers = gathered.map((loan) => api.post('/v1/fees', fee(loan)));
    await ledger.api.get('/v1/health/live');
    await gateHeld.release();
    await posted(first);
    const settled = await Promise.all(answers);
    expect(settled.map(({ status }) => status)).toEqual([201, 201, 201, 503, 201, 201, 201]);
    const refused = settled[3];
    if (refused !== undefined) expectProblem(refused, { status: 503, code: 'too_busy' });
    await slowHeld.release();
    const balance = await api.get(`/v1/loans/${slow.loanId}/balance`);
    expect(textAt(balance, 'fees_receivable_minor')).toBe('0');
    await posted(api.post('/v1/fees', fee(slow)));
  }));

test('503 unavailable for a read that the head of the books keeps waiting', () =>
  withLedger({}, async (ledger) => {
    const loan = await newLoan(ledger.api);
    const holder = await ledger.connection();
    await holder.query('BEGIN');
    await holder.query('SELECT FROM hpts.tenant_head FOR UPDATE');
    const now = new Date().toISOString();
    const answer = await ledger.api.get(`/v1/loans/${loan.loanId}/balance?known_at=${now}`);
    await holder.query('ROLLBACK');
    expect(answer.status).toBe(503);
    expect(answer.headers['retry-after']).toBe('1');
    expect((await ledger.api.get(`/v1/loans/${loan.loanId}/balance?known_at=${now}`)).status).toBe(200);
  }));

describe('the database goes away and comes back', () => {
  test('503 unavailable with Retry-After for all but live; then everything works again, and the same key posts', async () => {
    const folder = mkdtempSync(join(realpathSync(tmpdir()), 'hpts-overload-'));
    chmodSync(folder, 0o711);
    const guard = guardFolder({ dataDir: join(folder, 'data'), remove: folder });
    let postgres = await openOwn(folder);
    try {
      await withLedger({ address: postgres.connection }, async (ledger) => {
        const { api } = ledger;
        const loan = await newLoan(api);
        const paid = await posted(api.post('/v1/payments', payment(loan, { amount_minor: '1' })));
        const paths = [
          `/v1/loans/${loan.loanId}/balance`,
          `/v1/journal-entries/${textAt(paid, 'journal_entry_id')}`,
          `/v1/loans/${loan.loanId}/journal-entries`,
          '/v1/journal-entries',
          '/v1/accounts/1100/balance?currency=USD',
          '/v1/reconciliation/status',
        ];
        await postgres.stop();
        const key = 'outage:payment-0001';
        for (const path of paths) expectProblem(await api.get(path), { status: 503, code: 'unavailable' });
        for (let attempt = 0; attempt < 3; attempt += 1) {
          expectProblem(await api.post('/v1/payments', payment(loan), { key }), { status: 503, code: 'unavailable' });
        }
        const ready = await api.get('/v1/health/ready', { token: null });
        expect([ready.status, ready.headers['retry-after']]).toEqual([503, '1']);
        expect(ready.json).toMatchObject({ status: 'unavailable', checks: { database: { status: 'unavailable' } } });
        expect((await api.get('/v1/health/live', { token: null })).status).toBe(200);
        await expect(api.token('hpts:fees:write')).rejects.toThrow(/503 .*temporarily_unavailable/);
        postgres = await openOwn(folder);
        const again = await api.post('/v1/payments', payment(loan), { key });
        expect(again.status).toBe(201);
        expect((await api.post('/v1/payments', payment(loan), { key })).text).toBe(again.text);
        for (const path of paths) expect((await api.get(path)).status).toBe(200);
        expect((await api.get('/v1/health/ready', { token: null })).status).toBe(200);
      });
    } finally {
      await postgres.stop();
      rmSync(folder, { recursive: true, force: true });
      guard.release();
    }
  });
});

function openOwn(folder: string): Promise<EmbeddedServer> {
  return openEmbedded({
    dataDir: join(folder, 'data'),
    runtimeDir: inject('postgresRuntimeDir'),
    settings: { shared_buffers: '32MB' },
    supervise: false,
  });
}

/** A quarter of what the queue holds, one request behind the other on one connection, without waiting for answers. */
async function pipeline(ledger: LedgerServer, loan: Loan, part: number): Promise<Socket> {
  const { hostname, port } = new URL(ledger.url);
  const count = LIMITS.queuedCommands / 4;
  const body = JSON.stringify(payment(loan, { amount_minor: '1' }));
  const token = await ledger.api.token();
  const requests = Array.from({ length: count }, (_, index) =>
    [
      'POST /v1/payments HTTP/1.1',
      `Host: ${hostname}:${port}`,
      `Authorization: Bearer ${token}`,
      'Content-Type: application/json',
      `Content-Length: ${body.length}`,
      `Idempotency-Key: queue:${part}:${index}`,
      ...(index === count - 1 ? ['Connection: close'] : []),
      '',
      body,
    ].join('\r\n'),
  );
  const socket = connect({ host: hostname, port: Number(port) });
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.write(requests.join(''), () => resolve());
  });
  return socket;
}
