import { interestByLoan } from '../../domain/accrual-correction.ts';
import type { StandingCorrection } from '../../domain/posted-entry.ts';
import { scopedKey } from '../../posting/ledger-state.ts';
import type { Statement } from '../statement-train.ts';
import { entryOf, joinEntry, stands } from './entry-lookup.ts';

// In the order in which they were posted, since they are reversed from the newest on; with what restatements posted to them.
export const READ_CORRECTIONS: Statement = {
  name: 'read_corrections',
  text: `SELECT c.tenant_id, c.accrual_entry_id, c.entry_id, e.effective_at, c.loan_ids, c.difference_minor, e.accounts, e.amounts,
      e.loan_ids, e.borrower_ids
    FROM unnest($1::uuid[], $2::uuid[]) AS asked (tenant_id, entry_id)
    CROSS JOIN LATERAL (
      SELECT k.tenant_id, k.accrual_entry_id, k.entry_id, k.loan_ids, k.difference_minor FROM hpts.accrual_correction AS k
      WHERE k.tenant_id = asked.tenant_id AND k.accrual_entry_id = asked.entry_id
      UNION ALL
      SELECT d.tenant_id, asked.entry_id, d.entry_id, NULL, NULL FROM hpts.accrual_difference AS d
      WHERE d.tenant_id = asked.tenant_id AND d.of_entry_id = ANY (asked.entry_id || ARRAY(
        SELECT k.entry_id FROM hpts.accrual_correction AS k
        WHERE k.tenant_id = asked.tenant_id AND k.accrual_entry_id = asked.entry_id))
      OFFSET 0) AS c
    ${joinEntry('e', entryOf('c'))}
    WHERE ${stands('c')} ORDER BY c.tenant_id, e.seq`,
};

/** A row of READ_CORRECTIONS, as PostgreSQL wrote it. */
export type CorrectionRow = [
  tenantId: string,
  accrualEntryId: string,
  entryId: string,
  effectiveAt: string,
  loanIds: string | null,
  differences: string | null,
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
    const linesOfEntry = elementsOf(accounts).map((account, index) => ({
      account: Number(account),
      amountMinor: BigInt(amountsMinor[index] ?? '0'),
      loanId: named[index] ?? null,
      borrowerId: borrowers[index] ?? null,
    }));
    const correction: StandingCorrection = {
      entryId,
      effectiveAt,
      differences:
        loanIds === null
          ? interestByLoan(linesOfEntry)
          : new Map(elementsOf(loanIds).map((loanId, index) => [loanId ?? '', BigInt(changed[index] ?? '0')])),
      lines: linesOfEntry,
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
