import type pg from 'pg';
import { scopedKey } from '../../posting/ledger-state.ts';
import type { ReadSet } from '../../posting/read-set.ts';
import { uuidArray } from '../binary-array.ts';
import { type Statement, sendTrain } from '../statement-train.ts';
import { BEGIN, SET_TENANTS } from './read-state.ts';

const FIND_LOANS: Statement = {
  name: 'find_loans',
  text: `SELECT asked.place
    FROM (SELECT unnest($1::uuid[]) AS tenant_id, unnest($2::uuid[]) AS loan_id,
        generate_subscripts($2::uuid[], 1) AS place) AS asked
    JOIN hpts.loan AS l USING (tenant_id, loan_id)
    ORDER BY l.tenant_id, l.loan_id`,
};

const FIND_FREE_LOANS: Statement = {
  name: 'find_free_loans',
  text: `${FIND_LOANS.text} FOR NO KEY UPDATE OF l SKIP LOCKED`,
};

/** The statements of this file, for a connection to prepare. */
export const HELD_LOAN_STATEMENTS: readonly Statement[] = [FIND_LOANS, FIND_FREE_LOANS];

/**
 * Which loans of a batch another transaction holds at this moment, by scopedKey. Waits for none of them; what it locks itself
 * it lets go of again. Rejects with what the driver throws.
 */
export async function heldLoans(client: pg.Client, { tenantIds, loans }: ReadSet): Promise<ReadonlySet<string>> {
  const columns = [uuidArray(loans, (loan) => loan.tenantId), uuidArray(loans, (loan) => loan.loanId)];
  const [, , free, there] = await sendTrain(client, [
    [BEGIN, []],
    [SET_TENANTS, [tenantIds.join(',')]],
    [FIND_FREE_LOANS, columns],
    [FIND_LOANS, columns],
  ]);
  await client.query('ROLLBACK');
  const isFree = new Set(free?.rows.map(([place]) => place));
  const held = (there?.rows ?? []).filter(([place]) => place !== undefined && !isFree.has(place));
  return new Set(
    held.map(([place]) => {
      const loan = loans[Number(place) - 1];
      if (loan === undefined) throw new Error(`the database answered loan number ${place} of ${loans.length}`);
      return scopedKey(loan.tenantId, loan.loanId);
    }),
  );
}
