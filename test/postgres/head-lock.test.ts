import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type LedgerServer, startLedger } from '../http/ledger-server.ts';
import { newLoan, payment } from '../http/loan-story.ts';
import { textAt } from '../http/tenant-api.ts';

let ledger: LedgerServer;
beforeAll(async () => {
  ledger = await startLedger();
});
afterAll(() => ledger.stop());

test('posted_at is computed after the head was waited for: later than every instant a reader was promised meanwhile', async () => {
  const { api } = ledger;
  const loan = await newLoan(api);
  const reader = await ledger.connection();
  await reader.query('BEGIN');
  await reader.query('SELECT FROM hpts.tenant_head WHERE tenant_id = $1 FOR SHARE', [api.tenantId]);
  const answer = api.post('/v1/payments', payment(loan));
  await vi.waitFor(
    async () => {
      const waiting = await ledger.sql(
        `SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND application_name LIKE 'hpts poster %'`,
      );
      expect(waiting.length).toBeGreaterThan(0);
    },
    { timeout: 900, interval: 5 },
  );
  const { rows } = await reader.query<{ now: string }>(
    `SELECT to_char(clock_timestamp(), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS now`,
  );
  await reader.query('COMMIT');
  expect((await answer).status).toBe(201);
  expect(textAt(await answer, 'posted_at') > (rows[0]?.now ?? '')).toBe(true);
});
