import type { NonAccrualAction, StandingNonAccrual } from '../../domain/non-accrual.ts';
import { scopedKey } from '../../posting/ledger-state.ts';
import type { Statement } from '../statement-train.ts';

/** Changes of marks of non-accrual that no reversal took back, in the order in which they were posted. */
export const READ_STANDING_NON_ACCRUALS: Statement = {
  name: 'read_standing_non_accruals',
  text: `SELECT n.tenant_id, n.loan_id, n.entry_id, n.effective_at, n.action
    FROM unnest($1::uuid[], $2::uuid[]) AS asked (tenant_id, loan_id)
    JOIN hpts.non_accrual AS n USING (tenant_id, loan_id)
    JOIN hpts.journal_entry AS e USING (tenant_id, entry_id)
    WHERE NOT EXISTS (SELECT FROM hpts.reversal AS r WHERE r.tenant_id = n.tenant_id AND r.reversed_entry_id = n.entry_id)
    ORDER BY e.tenant_id, e.seq`,
};

export type NonAccrualRow = [
  tenantId: string,
  loanId: string,
  entryId: string,
  effectiveAt: string,
  action: NonAccrualAction,
];

/** The same by loan. */
export function nonAccrualsOf(rows: readonly NonAccrualRow[]): Map<string, StandingNonAccrual[]> {
  const standing = new Map<string, StandingNonAccrual[]>();
  for (const [tenantId, loanId, entryId, effectiveAt, action] of rows) {
    const key = scopedKey(tenantId, loanId);
    const known = standing.get(key);
    if (known === undefined) standing.set(key, [{ entryId, effectiveAt, action }]);
    else known.push({ entryId, effectiveAt, action });
  }
  return standing;
}
