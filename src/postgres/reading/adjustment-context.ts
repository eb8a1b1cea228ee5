import type { Adjustment, AdjustmentContext } from '../../domain/adjustment.ts';
import { unmadeLoan } from '../../domain/loan.ts';
import { int2Array, uuidArray } from '../binary-array.ts';
import { CLOSE_STANDS } from '../posting/stored-periods.ts';
import type { Statement } from '../statement-train.ts';
import type { ReaderPool } from './reader-pool.ts';

const READ_ADJUSTMENT_CONTEXT: Statement = {
  name: 'read_adjustment_context',
  text: `SELECT (clock_timestamp() AT TIME ZONE t.timezone)::date,
      (SELECT array_agg(a.account_code) FROM hpts.account AS a
       WHERE a.tenant_id = $1 AND a.account_code = ANY ($2::smallint[])),
      l.loan_id, l.borrower_id, l.currency, l.first_disbursed_on,
      (SELECT max(c.closed_through) FROM hpts.period_close AS c WHERE c.tenant_id = $1 AND ${CLOSE_STANDS})
    FROM hpts.tenant AS t
    LEFT JOIN hpts.loan AS l ON l.tenant_id = t.tenant_id AND l.loan_id = ANY ($3::uuid[])
    WHERE t.tenant_id = $1`,
};

type ContextRow = [
  today: string,
  accounts: number[] | null,
  loanId: string | null,
  borrowerId: string | null,
  currency: string | null,
  firstDisbursedOn: string | null,
  closedThrough: string | null,
];

/** What a proposal is judged on, read without locks: whoever approves it judges it again under them. */
export async function readAdjustmentContext(
  reader: ReaderPool,
  tenantId: string,
  { lines }: Adjustment,
): Promise<AdjustmentContext> {
  const accounts = int2Array(
    lines.map(({ account }) => account),
    (account) => account,
  );
  const named = uuidArray(lines, ({ loanId }) => loanId);
  const rows = (await reader.read(tenantId, READ_ADJUSTMENT_CONTEXT, [tenantId, accounts, named])) as ContextRow[];
  const [first] = rows;
  if (first === undefined) throw new Error(`there is no tenant ${tenantId}`);
  const chart = new Set(first[1]);
  const loans = new Map(
    rows.map(([, , loanId, borrowerId, currency, firstDisbursedOn]) => [
      loanId,
      Object.assign(unmadeLoan(tenantId, loanId ?? ''), { borrowerId, currency, firstDisbursedOn }),
    ]),
  );
  return {
    accountExists: (account) => chart.has(account),
    loan: (loanId) => loans.get(loanId) ?? unmadeLoan(tenantId, loanId),
    calendar: { businessDate: first[0], closedThrough: first[6] },
  };
}
