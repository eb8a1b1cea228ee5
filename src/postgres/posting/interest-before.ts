import type pg from 'pg';
import type { Statement } from '../statement-train.ts';
import { joinEntry, stands } from './entry-lookup.ts';

// What an accrual, its corrections and the differences of both did to a loan's interest by entries of days before one.
export const READ_INTEREST_BEFORE: Statement = {
  name: 'read_interest_before',
  text: `SELECT asked.loan_id, asked.accrual_entry_id, sum(l.amount)::text
    FROM unnest($2::uuid[], $3::uuid[]) AS asked (loan_id, accrual_entry_id)
    CROSS JOIN LATERAL (
      SELECT asked.accrual_entry_id AS entry_id
      UNION ALL SELECT c.entry_id FROM hpts.accrual_correction AS c
        WHERE c.tenant_id = $1 AND c.accrual_entry_id = asked.accrual_entry_id) AS sent
    CROSS JOIN LATERAL (
      SELECT sent.entry_id
      UNION ALL SELECT d.entry_id FROM hpts.accrual_difference AS d
        WHERE d.tenant_id = $1 AND d.of_entry_id = sent.entry_id) AS part
    ${joinEntry('e', { tenantId: '$1', entryId: 'part.entry_id' })}
    CROSS JOIN LATERAL unnest(e.accounts, e.amounts, e.loan_ids) AS l (account, amount, loan_id)
    WHERE e.effective_at < $4::date AND l.loan_id = asked.loan_id AND l.account IN (1200, 9100) AND ${stands('e')}
    GROUP BY asked.loan_id, asked.accrual_entry_id`,
};

/** What stands of accruals before a day, by loan, then by the accrual's entry. */
export async function readInterestBefore(
  client: pg.Client,
  tenantId: string,
  {
    corrected,
    from,
  }: { readonly corrected: readonly (readonly [loanId: string, accrualEntryId: string])[]; readonly from: string },
): Promise<ReadonlyMap<string, ReadonlyMap<string, bigint>>> {
  const asked = [...new Map(corrected.map((one) => [one.join(), one] as const)).values()];
  const standing = new Map<string, Map<string, bigint>>();
  if (asked.length === 0) return standing;
  const { name, text } = READ_INTEREST_BEFORE;
  const values = [tenantId, asked.map(([loanId]) => loanId), asked.map(([, entryId]) => entryId), from];
  const { rows } = await client.query({ name, text, values, rowMode: 'array' });
  // Of a batch that accrued nothing for a loan there are no lines, and no row: it stands at 0, whatever it was corrected to since.
  const sums = new Map((rows as [string, string, string][]).map(([loanId, entryId, sum]) => [loanId + entryId, sum]));
  for (const [loanId, accrualEntryId] of asked) {
    const known = standing.get(loanId) ?? new Map<string, bigint>();
    known.set(accrualEntryId, BigInt(sums.get(loanId + accrualEntryId) ?? '0'));
    standing.set(loanId, known);
  }
  return standing;
}
