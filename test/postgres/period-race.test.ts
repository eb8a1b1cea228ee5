import { createHash, randomUUID } from 'node:crypto';
import { expect, test, vi } from 'vitest';
import { verifyLedger } from '../../src/postgres/verify/ledger-verification.ts';
import { serveLedger } from '../http/ledger-server.ts';
import { fee, posted } from '../http/loan-story.ts';
import { balanceAt, close, closeAll, loanOfLastYear, reopen } from '../http/period-story.ts';
import { expectProblem } from '../http/problem.ts';

/** Nothing lands in a period that closed a moment before, and a close misses nothing that landed a moment before it. */

const ledger = await serveLedger({ postingLanes: 3 });

test('an event that was decided while its period was open is refused when the period closed before it was written', async () => {
  const api = await ledger.newTenant();
  const loan = await loanOfLastYear(api);
  await closeAll(api, ['2025-11']);
  const key = `race:${randomUUID()}`;
  // Somebody else is about to use the key: the fee waits for that, decided and not yet written.
  const holder = await ledger.connection();
  await holder.query('BEGIN');
  await holder.query(
    'INSERT INTO hpts.idempotency_key (tenant_id, key_hash, payload_hash, entry_id, receipt_version) VALUES ($1, $2, $3, $3, 1)',
    [api.tenantId, createHash('sha256').update(key).digest('hex').slice(0, 32), randomUUID()],
  );
  const late = api.post('/v1/fees', fee(loan, { effective_at: '2025-12-31' }), { key });
  await untilWaiting(1);
  await posted(close(api, '2025-12'));
  await holder.query('ROLLBACK');
  expectProblem(await late, { status: 422, code: 'period_closed', fields: ['effective_at'] });
  expect(await balanceAt(api, '4100', '2025-12-31')).toBe('0');
  expect(await balanceAt(api, '3000', '2025-12-31')).toBe('500');
});

test('a close waits for what is about to commit, and closes it too', async () => {
  const api = await ledger.newTenant();
  const loan = await loanOfLastYear(api);
  await closeAll(api, ['2025-11']);
  // What a backdated event writes last is held back: its entry is written, its tenant's head is its own, and nothing is committed.
  const holder = await ledger.connection();
  await holder.query('BEGIN');
  await holder.query('LOCK TABLE hpts.loan_backdating IN SHARE MODE');
  const inTime = api.post('/v1/fees', fee(loan, { effective_at: '2025-12-01', amount_minor: '7' }));
  await untilWaiting(1);
  const closing = close(api, '2025-12');
  await untilWaiting(2);
  await holder.query('ROLLBACK');
  await posted(inTime);
  await posted(closing);
  expect(await balanceAt(api, '4100', '2025-12-31')).toBe('0');
  expect(await balanceAt(api, '3000', '2025-12-31')).toBe('507');
});

test('fees, closes and reopenings at once: what is closed holds nothing, and what was refused is nowhere', async () => {
  const api = await ledger.newTenant();
  const loans = await Promise.all([1, 2, 3, 4].map(() => loanOfLastYear(api)));
  await closeAll(api, ['2025-11']);
  let taken = 500n * 4n;
  const seen = { taken: 0, refused: 0, closed: 0, reopened: 0 };
  const charge = async (turn: number) => {
    const loan = loans[turn % loans.length];
    if (loan === undefined) throw new Error('there is no loan');
    const answer = await api.post('/v1/fees', fee(loan, { effective_at: '2025-12-28', amount_minor: '3' }));
    if (answer.status === 201) {
      taken += 3n;
      seen.taken += 1;
    } else {
      expectProblem(answer, { status: 422, code: 'period_closed', fields: ['effective_at'] });
      seen.refused += 1;
    }
  };
  const turn = async () => {
    const closed = await close(api, '2025-12');
    if (closed.status === 201) seen.closed += 1;
    const reopened = await reopen(api, '2025-12');
    if (reopened.status === 201) seen.reopened += 1;
  };
  const charges = () => Array.from({ length: 10 }, (_, at) => charge(at));
  // Which of them comes first is for the batches to say: rounds enough that each outcome was met.
  const isMet = () => Object.values(seen).every((count) => count > 0);
  for (let round = 0; round < 10 || (round < 100 && !isMet()); round += 1) {
    await Promise.all(round % 2 === 0 ? [...charges(), turn(), turn()] : [turn(), turn(), ...charges()]);
  }
  await posted(close(api, '2025-12'));
  for (const count of Object.values(seen)) expect(count).toBeGreaterThan(0);
  expect(await balanceAt(api, '4100', '2025-12-31')).toBe('0');
  expect(await balanceAt(api, '3000', '2025-12-31')).toBe(taken.toString());
  const { checks } = await verifyLedger(ledger.address);
  expect(checks.filter(({ status }) => status === 'failed')).toEqual([]);
});

/** Resolves when so many of the ledger's transactions wait for a lock. */
async function untilWaiting(count: number): Promise<void> {
  await vi.waitFor(
    async () => {
      const waiting = await ledger.sql(
        `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
      );
      expect(waiting.length).toBeGreaterThanOrEqual(count);
    },
    { timeout: 900, interval: 5 },
  );
}
