import type { LedgerServer } from './ledger-server.ts';

const NOTHING = { principal: '0', interest: '0', fees: '0' };

/** Puts a loan on non-accrual without the event that does so: its balances stay. */
export async function onNonAccrual(ledger: LedgerServer, loanId: string, since: string): Promise<void> {
  const standing = {
    status: 'active',
    loss_account: null,
    charged_off_minor: NOTHING,
    recovered_minor: NOTHING,
    non_accrual_since: since,
  };
  await ledger.sql('UPDATE hpts.loan SET standing = $2 WHERE loan_id = $1', [loanId, JSON.stringify(standing)]);
}
