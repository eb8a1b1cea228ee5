import { type StandingDisbursement, scopedKey } from '../../posting/ledger-state.ts';
import type { Statement } from '../statement-train.ts';
import { stands } from './entry-lookup.ts';

/** What begins loans and was not reversed. */
export const READ_STANDING_DISBURSEMENTS: Statement = {
  name: 'read_standing_disbursements',
  text: `SELECT d.tenant_id, d.loan_id, d.entry_id, d.effective_at
    FROM unnest($1::uuid[], $2::uuid[]) AS asked (tenant_id, loan_id)
    CROSS JOIN LATERAL (
      SELECT * FROM hpts.disbursement AS a WHERE a.tenant_id = asked.tenant_id AND a.loan_id = asked.loan_id OFFSET 0) AS d
    WHERE ${stands('d')}`,
};

/** The same by loan. */
export function disbursementsOf(
  rows: readonly [string, string, string, string][],
): Map<string, StandingDisbursement[]> {
  const standing = new Map<string, StandingDisbursement[]>();
  for (const [tenantId, loanId, entryId, effectiveAt] of rows) {
    const key = scopedKey(tenantId, loanId);
    const known = standing.get(key);
    if (known === undefined) standing.set(key, [{ entryId, effectiveAt }]);
    else known.push({ entryId, effectiveAt });
  }
  return standing;
}
