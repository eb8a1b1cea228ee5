import type { LayerNumber } from '../../domain/layer.ts';
import type { Components } from '../../domain/loan.ts';
import type { Statement } from '../statement-train.ts';
import { SETTLE_KNOWN_AT } from './known-at.ts';
import type { ReaderPool, ReadStatement } from './reader-pool.ts';

/**
 * A loan's components on one layer: counting every event effective up to `asOfDate` (null: the tenant's business date),
 * as the ledger knew it at `knownAt` (null: now; RFC 3339 in UTC).
 */
export type LoanBalanceQuestion = {
  readonly tenantId: string;
  readonly loanId: string;
  readonly layer: LayerNumber;
  readonly asOfDate: string | null;
  readonly knownAt: string | null;
};

export type LoanBalance = {
  readonly currency: string;
  readonly asOfDate: string;
  readonly components: Components;
  /** RFC 3339 with six digits, or null when nothing is counted. */
  readonly lastActivityAt: string | null;
};

const SIX_DIGITS = `'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'`;

// Two index look-ups whatever the loan's length: the last movement whose frontier lies on or before the day, and what
// backdated movements add on that day.
export const READ_LOAN_BALANCE: ReadStatement = {
  brief: true,
  name: 'read_loan_balance',
  text: `SELECT l.currency, day.as_of,
      coalesce(m.principal_minor, 0)::numeric + coalesce(b.principal_minor, 0), coalesce(m.interest_minor, 0)::numeric + coalesce(b.interest_minor, 0),
      coalesce(m.fees_minor, 0)::numeric + coalesce(b.fees_minor, 0), coalesce(m.suspense_minor, 0)::numeric + coalesce(b.suspense_minor, 0),
      coalesce(m.memo_interest_minor, 0)::numeric + coalesce(b.memo_interest_minor, 0),
      to_char(greatest(m.posted_at, b.last_posted_at), ${SIX_DIGITS})
    FROM hpts.loan AS l
    JOIN hpts.tenant AS t USING (tenant_id)
    CROSS JOIN LATERAL (SELECT coalesce($4::date, (clock_timestamp() AT TIME ZONE t.timezone)::date) AS as_of) AS day
    LEFT JOIN LATERAL (
      SELECT * FROM hpts.loan_movement AS m
      WHERE m.tenant_id = l.tenant_id AND m.loan_id = l.loan_id AND m.layer = $3 AND m.frontier <= day.as_of
      ORDER BY m.frontier DESC, m.loan_seq DESC LIMIT 1) AS m ON true
    LEFT JOIN LATERAL (
      SELECT * FROM hpts.loan_backdating AS b
      WHERE b.tenant_id = l.tenant_id AND b.loan_id = l.loan_id AND b.layer = $3 AND b.from_day <= day.as_of
      ORDER BY b.from_day DESC LIMIT 1) AS b ON true
    WHERE l.tenant_id = $1 AND l.loan_id = $2 AND l.borrower_id IS NOT NULL`,
};

// The newest movement that was posted by then bounds everything: the look-ups of the present, then less what backdated
// movements after it add to that day. Those lie behind both the bound and the day; one comparison says so, because of two
// the index would begin at the day and pass over everything up to the bound. A loan of which nothing was posted by then was not known then.
export const READ_LOAN_BALANCE_KNOWN_AT: Statement = {
  name: 'read_loan_balance_known_at',
  text: `SELECT l.currency, day.as_of,
      coalesce(m.principal_minor, 0)::numeric + coalesce(b.principal_minor, 0) - coalesce(late.principal, 0),
      coalesce(m.interest_minor, 0)::numeric + coalesce(b.interest_minor, 0) - coalesce(late.interest, 0),
      coalesce(m.fees_minor, 0)::numeric + coalesce(b.fees_minor, 0) - coalesce(late.fees, 0),
      coalesce(m.suspense_minor, 0)::numeric + coalesce(b.suspense_minor, 0) - coalesce(late.suspense, 0),
      coalesce(m.memo_interest_minor, 0)::numeric + coalesce(b.memo_interest_minor, 0) - coalesce(late.memo_interest, 0),
      to_char(greatest(m.posted_at, CASE WHEN b.last_posted_at <= $5::timestamptz THEN b.last_posted_at ELSE (
        SELECT seen.posted_at FROM hpts.loan_movement AS seen
        WHERE b.last_posted_at IS NOT NULL AND seen.tenant_id = $1 AND seen.loan_id = $2 AND seen.layer = $3
          AND (seen.frontier, seen.loan_seq) <= (known.frontier, known.loan_seq)
          AND seen.frontier > day.as_of AND seen.effective_at <= day.as_of
        ORDER BY seen.frontier DESC, seen.loan_seq DESC LIMIT 1) END), ${SIX_DIGITS})
    FROM hpts.loan AS l
    JOIN hpts.tenant AS t USING (tenant_id)
    CROSS JOIN LATERAL (SELECT coalesce($4::date, (clock_timestamp() AT TIME ZONE t.timezone)::date) AS as_of) AS day
    LEFT JOIN LATERAL (
      SELECT k.frontier, k.loan_seq FROM hpts.loan_movement AS k
      WHERE k.tenant_id = l.tenant_id AND k.loan_id = l.loan_id AND k.layer = $3 AND k.posted_at <= $5::timestamptz
      ORDER BY k.frontier DESC, k.loan_seq DESC LIMIT 1) AS known ON true
    LEFT JOIN LATERAL (
      SELECT * FROM hpts.loan_movement AS m
      WHERE m.tenant_id = l.tenant_id AND m.loan_id = l.loan_id AND m.layer = $3 AND m.frontier <= day.as_of
        AND (m.frontier, m.loan_seq) <= (known.frontier, known.loan_seq)
      ORDER BY m.frontier DESC, m.loan_seq DESC LIMIT 1) AS m ON true
    LEFT JOIN LATERAL (
      SELECT * FROM hpts.loan_backdating AS b
      WHERE b.tenant_id = l.tenant_id AND b.loan_id = l.loan_id AND b.layer = $3 AND b.from_day <= day.as_of
      ORDER BY b.from_day DESC LIMIT 1) AS b ON true
    LEFT JOIN LATERAL (
      SELECT sum(u.backdated_minor[1]) AS principal, sum(u.backdated_minor[2]) AS interest,
        sum(u.backdated_minor[3]) AS fees, sum(u.backdated_minor[4]) AS suspense,
        sum(u.backdated_minor[5]) AS memo_interest
      FROM hpts.loan_movement AS u
      WHERE u.tenant_id = l.tenant_id AND u.loan_id = l.loan_id AND u.layer = $3
        AND (u.frontier, u.loan_seq) > (greatest(known.frontier, day.as_of),
          CASE WHEN known.frontier > day.as_of THEN known.loan_seq ELSE 2147483647 END)
        AND u.effective_at <= day.as_of) AS late ON true
    WHERE l.tenant_id = $1 AND l.loan_id = $2 AND l.borrower_id IS NOT NULL
      AND EXISTS (
        SELECT FROM generate_series(0, 2) AS any_layer (number)
        CROSS JOIN LATERAL (
          SELECT f.posted_at FROM hpts.loan_movement AS f
          WHERE f.tenant_id = $1 AND f.loan_id = $2 AND f.layer = any_layer.number
          ORDER BY f.frontier, f.loan_seq LIMIT 1) AS earliest
        WHERE earliest.posted_at <= $5::timestamptz)`,
};

// Past balances are sums without a bound, so they come as numeric, which the driver answers as text.
type BalanceRow = [string, string, string, string, string, string, string, string | null];

/** Answers undefined when the tenant has no such loan (or had none by `knownAt`). */
export async function readLoanBalance(
  reader: ReaderPool,
  question: LoanBalanceQuestion,
): Promise<LoanBalance | undefined> {
  const { tenantId, loanId, layer, asOfDate, knownAt } = question;
  const rows =
    knownAt === null
      ? await reader.read(tenantId, READ_LOAN_BALANCE, [tenantId, loanId, layer, asOfDate])
      : await reader.readInOrder(tenantId, [
          [SETTLE_KNOWN_AT, [tenantId, knownAt]],
          [READ_LOAN_BALANCE_KNOWN_AT, [tenantId, loanId, layer, asOfDate, knownAt]],
        ]);
  const row = rows[0] as BalanceRow | undefined;
  if (row === undefined) return undefined;
  const [currency, asOf, principal, interest, fees, suspense, memoInterest, lastActivityAt] = row;
  const components = {
    principal: BigInt(principal),
    interest: BigInt(interest),
    fees: BigInt(fees),
    suspense: BigInt(suspense),
    memoInterest: BigInt(memoInterest),
  };
  return { currency, asOfDate: asOf, components, lastActivityAt };
}
