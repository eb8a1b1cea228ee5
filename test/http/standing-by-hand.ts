import type { LedgerServer } from './ledger-server.ts';

const NOTHING = { principal: '0', interest: '0', fees: '0' };

/** Makes a loan charged off, or puts it on non-accrual, without the events that do so: its balances stay. */
export async function standByHand(ledger: LedgerServer, loanId: string, changes: object): Promise<void> {
  const standing = {
    status: 'active',
    fraud: false,
    charged_off_minor: NOTHING,
    recovered_minor: NOTHING,
    non_accrual_since: null,
    ...changes,
  };
  await ledger.sql('UPDATE hpts.loan SET standing = $2 WHERE loan_id = $1', [loanId, JSON.stringify(standing)]);
}

/** What is charged off of a loan, by component; undefined when there is nothing to say. */
export async function chargedOff(ledger: LedgerServer, loanId: string): Promise<unknown> {
  const [row] = await ledger.sql<{ standing: { charged_off_minor: unknown } | null }>(
    'SELECT standing FROM hpts.loan WHERE loan_id = $1',
    [loanId],
  );
  return row?.standing?.charged_off_minor;
}
