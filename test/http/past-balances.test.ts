import { afterAll, beforeAll, expect, test } from 'vitest';
import { type LedgerServer, startLedger } from './ledger-server.ts';
import { disbursement, fee, posted, reversal, unmadeLoan } from './loan-story.ts';
import { textAt } from './tenant-api.ts';

const MOST = 999_999_999_999_999_990n;
const ROUNDS = 11;

let ledger: LedgerServer;
beforeAll(async () => {
  ledger = await startLedger();
});
afterAll(() => ledger.stop());

test('a past balance is a sum without a bound: what was disbursed and reversed later stands between, each time again', async () => {
  const { api } = ledger;
  const loan = unmadeLoan();
  await posted(api.post('/v1/disbursements', disbursement(loan, { amount_minor: '1', effective_at: '2026-01-01' })));
  await posted(api.post('/v1/fees', fee(loan, { effective_at: '2026-03-01' })));
  for (let round = 1; round <= ROUNDS; round += 1) {
    const paidOut = await posted(
      api.post('/v1/disbursements', disbursement(loan, { amount_minor: MOST.toString(), effective_at: '2026-02-01' })),
    );
    await posted(
      api.post('/v1/reversals', reversal(textAt(paidOut, 'journal_entry_id'), { effective_at: '2026-03-01' })),
    );
  }
  const principalOn = async (day: string) =>
    textAt(await api.get(`/v1/loans/${loan.loanId}/balance?as_of_date=${day}`), 'principal_outstanding_minor');
  // Eleven times 10^18 passes 2^63.
  expect(await principalOn('2026-02-10')).toBe((BigInt(ROUNDS) * MOST + 1n).toString());
  expect(await principalOn('2026-03-01')).toBe('1');
});
