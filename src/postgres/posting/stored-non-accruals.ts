import type { NonAccrualAction, StandingNonAccrual } from '../../domain/non-accrual.ts';
import { scopedKey } from '../../posting/ledger-state.ts';
import type { Statement } from '../statement-train.ts';
import { entryOf, firstEntryOf, joinEntry, stands } from './entry-lookup.ts';

/** Changes of marks of non-accrual that no reversal took back, in the order in which they were posted. */
export const READ_STANDING_NON_ACCRUALS: Statement = {
  name: 'read_standing_non_accruals',
  text: `SELECT n.tenant_id, n.loan_id, n.entry_id, n.effective_at, n.action, o.seq
    FROM unnest($1::uuid[], $2::uuid[]) AS asked (tenant_id, loan_id)
    CROSS JOIN LATERAL (
      SELECT * FROM hpts.non_accrual AS a WHERE a.tenant_id = asked.tenant_id AND a.loan_id = asked.loan_id OFFSET 0) AS n
    ${joinEntry('e', entryOf('n'))}
    ${joinEntry('o', firstEntryOf('e'))}
    WHERE ${stands('n')} ORDER BY e.tenant_id, e.seq`,
};

/** With the place of its event's first entry, which no restatement changes. */
export type ArrivedNonAccrual = StandingNonAccrual & { readonly arrival: bigint };

export type NonAccrualRow = [
  tenantId: string,
  loanId: string,
  entryId: string,
  effectiveAt: string,
  action: NonAccrualAction,
  arrival: string,
];

/** The same by loan. */
export function nonAccrualsOf(rows: readonly NonAccrualRow[]): Map<string, ArrivedNonAccrual[]> {
  const standing = new Map<string, ArrivedNonAccrual[]>();
  for (const [tenantId, loanId, entryId, effectiveAt, action, arrival] of rows) {
    const key = scopedKey(tenantId, loanId);
    const known = standing.get(key);
    const change = { entryId, effectiveAt, action, arrival: BigInt(arrival) };
    if (known === undefined) standing.set(key, [change]);
    else known.push(change);
  }
  return standing;
}
