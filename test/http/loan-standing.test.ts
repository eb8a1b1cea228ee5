import { createHash, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type LoanStanding, PLAIN_STANDING } from '../../src/domain/loan.ts';
import { PostgresStore } from '../../src/postgres/posting/store.ts';
import { ReaderPool } from '../../src/postgres/reading/reader-pool.ts';
import type { Command } from '../../src/posting/command.ts';
import { decideBatch } from '../../src/posting/decide-batch.ts';
import { changeStanding } from '../../src/posting/loan-standing.ts';
import { type LedgerServer, startLedger } from './ledger-server.ts';
import { DAY, type Loan, payment, posted, workedExample } from './loan-story.ts';
import type { TenantApi } from './tenant-api.ts';

let ledger: LedgerServer;
let api: TenantApi;
beforeAll(async () => {
  ledger = await startLedger();
  api = ledger.api;
});
afterAll(() => ledger.stop());

const CHARGED_OFF: LoanStanding = {
  status: 'charged_off',
  lossAccount: 5010,
  chargedOff: { principal: 999_999_999_999_999_999n, interest: 2n, fees: 1n },
  recovered: { principal: 3n, interest: 0n, fees: 0n },
  nonAccrualSince: '2026-04-01',
};

/** Posts a fee of 1 through a store of its own, by an event that changes what the loan is as well. */
async function stand(loan: Loan, standing: LoanStanding): Promise<void> {
  const reader = new ReaderPool(ledger.address, 1);
  const store = new PostgresStore({ address: ledger.address, lanes: 1, heavy: false, reader });
  const { tenantId } = api;
  const { loanId, currency } = loan;
  const key = `test:${randomUUID()}`;
  const hash = createHash('sha256').update(key).digest('hex');
  const keyHash = [hash.slice(0, 8), hash.slice(8, 12), hash.slice(12, 16), hash.slice(16, 20), hash.slice(20, 32)];
  const event = { loanId, borrowerId: null, feeType: 'late_fee', amountMinor: 1n, currency, effectiveAt: DAY.paid };
  const command: Command = {
    ...{ tenantId, actor: 'test', key, keyHash: keyHash.join('-'), payloadHash: randomUUID() },
    kind: 'fee',
    fee: { ...event, externalRef: null, description: null, metadata: null },
  };
  const { decisions } = await store.post({ commands: [command], resolved: new Map(), lane: 0 }, (state, newEntryId) => {
    const decided = decideBatch([command], state, newEntryId);
    changeStanding({ tenantId, loanId }, standing, { state, plan: decided.plan });
    return decided;
  });
  expect(decisions.map(({ outcome }) => outcome)).toEqual(['posted']);
  await store.close();
  await reader.close();
}

async function storedStanding({ loanId }: Loan): Promise<unknown> {
  const [row] = await ledger.sql<{ standing: unknown }>(
    'SELECT standing FROM hpts.loan WHERE tenant_id = $1 AND loan_id = $2',
    [api.tenantId, loanId],
  );
  return row?.standing;
}

test('what a loan is besides its balances is kept as it is, and as nothing when there is nothing to say', async () => {
  const loan = await workedExample(api);
  expect(await storedStanding(loan)).toBeNull();
  await stand(loan, { ...CHARGED_OFF, status: 'active', lossAccount: null });
  expect(await storedStanding(loan)).toEqual({
    status: 'active',
    loss_account: null,
    charged_off_minor: { principal: '999999999999999999', interest: '2', fees: '1' },
    recovered_minor: { principal: '3', interest: '0', fees: '0' },
    non_accrual_since: '2026-04-01',
  });
  await posted(api.post('/v1/payments', payment(loan)));
  expect(await storedStanding(loan)).toMatchObject({ non_accrual_since: '2026-04-01' });
  await stand(loan, { ...PLAIN_STANDING });
  expect(await storedStanding(loan)).toBeNull();
});

test('hpts.loan takes no standing that is not whole', async () => {
  const loan = await workedExample(api);
  for (const standing of ['{}', '{"status":"charged_off"}', '7']) {
    const changed = ledger.sql('UPDATE hpts.loan SET standing = $2 WHERE loan_id = $1', [loan.loanId, standing]);
    await expect(changed).rejects.toThrow(/standing_is_complete/);
  }
});
