import type { StandingCorrection } from '../../domain/posted-entry.ts';
import { scopedKey } from '../../posting/ledger-state.ts';
import type { Statement } from '../statement-train.ts';

// In the order in which they were posted, since they are reversed from the newest on.
export const READ_CORRECTIONS: Statement = {
  name: 'read_corrections',
  text: `SELECT c.tenant_id, c.accrual_entry_id, c.entry_id, e.effective_at, c.loan_ids, c.difference_minor, e.accounts, e.amounts,
      e.loan_ids, e.borrower_ids
    FROM unnest($1::uuid[], $2::uuid[]) AS asked (tenant_id, entry_id)
    JOIN hpts.accrual_correction AS c ON c.tenant_id = asked.tenant_id AND c.accrual_entry_id = asked.entry_id
    JOIN hpts.journal_entry AS e ON e.tenant_id = c.tenant_id AND e.entry_id = c.entry_id
    WHERE NOT EXISTS (SELECT FROM hpts.reversal AS r WHERE r.tenant_id = c.tenant_id AND r.reversed_entry_id = c.entry_id)
    ORDER BY c.tenant_id, e.seq`,
};

/** A row of READ_CORRECTIONS, as PostgreSQL wrote it. */
export type CorrectionRow = [
  tenantId: string,
  accrualEntryId: string,
  entryId: string,
  effectiveAt: string,
  loanIds: string,
  differences: string,
  accounts: string,
  amounts: string,
  lineLoanIds: string | null,
  lineBorrowerIds: string | null,
];

/** Standing corrections by the scopedKey of their batch's entry. */
export function correctionsOf(rows: readonly CorrectionRow[]): Map<string, StandingCorrection[]> {
  const standing = new Map<string, StandingCorrection[]>();
  for (const [tenantId, accrualEntryId, entryId, effectiveAt, loanIds, differences, ...lines] of rows) {
    const [accounts, amounts, lineLoanIds, lineBorrowerIds] = lines;
    const changed = elementsOf(differences);
    const named = elementsOf(lineLoanIds);
    const borrowers = elementsOf(lineBorrowerIds);
    const amountsMinor = elementsOf(amounts);
    const correction: StandingCorrection = {
      entryId,
      effectiveAt,
      differences: new Map(elementsOf(loanIds).map((loanId, index) => [loanId ?? '', BigInt(changed[index] ?? '0')])),
      lines: elementsOf(accounts).map((account, index) => ({
        account: Number(account),
        amountMinor: BigInt(amountsMinor[index] ?? '0'),
        loanId: named[index] ?? null,
        borrowerId: borrowers[index] ?? null,
      })),
    };
    const key = scopedKey(tenantId, accrualEntryId);
    const known = standing.get(key);
    if (known === undefined) standing.set(key, [correction]);
    else known.push(correction);
  }
  return standing;
}

/** Numbers or ids as PostgreSQL writes an array of them: `{1,2,NULL}`. */
function elementsOf(stored: string | null): readonly (string | null)[] {
  if (stored === null || stored === '{}') return [];
  return stored
    .slice(1, -1)
    .split(',')
    .map((element) => (element === 'NULL' ? null : element));
}
