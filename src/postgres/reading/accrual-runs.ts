import type { Calendar } from '../../domain/dating.ts';
import { CLOSE_STANDS } from '../posting/stored-periods.ts';
import type { RunRef } from '../runs/run-registry.ts';
import type { Statement } from '../statement-train.ts';
import type { ReaderPool } from './reader-pool.ts';

/** A run as it stands. */
export type AccrualRunView = {
  readonly accrualRunId: string;
  readonly status: 'running' | 'done';
  /** Loans that accrued, and loans that were passed over, of those that were looked at. */
  readonly loanCount: number;
  readonly skippedCount: number;
  readonly totals: readonly { readonly currency: string; readonly accruedMinor: string }[];
  readonly journalEntryIds: readonly string[];
};

/** Where a run stands: the last portion that was done. */
export type RunPlace = { readonly portion: number; readonly lastLoanId: string | null; readonly isLast: boolean };

/** Loans of a program in order of id, and those of them that look as if they accrued. */
export type RunWindow = {
  readonly lookedAt: number;
  readonly lastLoanId: string | null;
  readonly loanIds: readonly string[];
};

// One statement, so that what it answers agrees with itself while the run goes on.
const READ_RUN: Statement = {
  name: 'read_accrual_run',
  text: `SELECT r.finished_at IS NOT NULL, p.looked_at, p.accrued_loans, p.entry_ids, p.currencies, p.accrued_minor
    FROM hpts.accrual_run AS r
    LEFT JOIN hpts.accrual_run_portion AS p ON p.tenant_id = r.tenant_id AND p.accrual_run_id = r.accrual_run_id
    WHERE r.tenant_id = $1 AND r.accrual_run_id = $2 ORDER BY p.portion`,
};

type RunRow = [
  isDone: boolean,
  lookedAt: number | null,
  accruedLoans: number | null,
  entryIds: string[] | null,
  currencies: string[] | null,
  accruedMinor: string[] | null,
];

const READ_RUN_CONTEXT: Statement = {
  name: 'read_accrual_run_context',
  text: `SELECT (clock_timestamp() AT TIME ZONE t.timezone)::date,
      (SELECT max(c.closed_through) FROM hpts.period_close AS c WHERE c.tenant_id = $1 AND ${CLOSE_STANDS}),
      EXISTS (SELECT FROM hpts.program AS p WHERE p.tenant_id = $1 AND p.program_id = $2)
    FROM hpts.tenant AS t WHERE t.tenant_id = $1`,
};

const READ_RUN_PLACE: Statement & { readonly brief: true } = {
  name: 'read_accrual_run_place',
  brief: true,
  text: `SELECT p.portion, p.last_loan_id, p.is_last FROM hpts.accrual_run_portion AS p
    WHERE p.tenant_id = $1 AND p.accrual_run_id = $2 ORDER BY p.portion DESC LIMIT 1`,
};

// A bit at or above a day's says that the loan accrued on that day of the month or later. The last month is looked up loan by
// loan: asked as a condition, PostgreSQL would read every month of every loan for each window.
const READ_RUN_WINDOW: Statement = {
  name: 'read_accrual_run_window',
  text: `SELECT l.loan_id, l.first_disbursed_on IS NOT NULL AND (l.standing ->> 'status' = 'charged_off') IS NOT TRUE
      AND (last.month IS NULL OR last.month < date_trunc('month', $5::date)::date
        OR (last.month <= $5::date AND last.days < 1 << (extract(day FROM $5::date)::int - 1)))
    FROM (
      SELECT l.tenant_id, l.loan_id, l.first_disbursed_on, l.standing FROM hpts.loan AS l
      WHERE l.tenant_id = $1 AND l.program_id = $2 AND l.loan_id > $3 ORDER BY l.loan_id LIMIT $4) AS l
    LEFT JOIN LATERAL (
      SELECT m.month, m.days FROM hpts.loan_accrual_month AS m
      WHERE m.tenant_id = l.tenant_id AND m.loan_id = l.loan_id AND m.days <> 0
      ORDER BY m.month DESC LIMIT 1) AS last ON true
    ORDER BY l.loan_id`,
};

const BEFORE_ALL_LOANS = '00000000-0000-0000-0000-000000000000';

/** What a run meets when it is asked for: the tenant's calendar, and whether it has the program. */
export async function readRunContext(
  reader: ReaderPool,
  { tenantId, programId }: { readonly tenantId: string; readonly programId: string },
): Promise<{ readonly calendar: Calendar; readonly programExists: boolean }> {
  const rows = (await reader.read(tenantId, READ_RUN_CONTEXT, [tenantId, programId])) as [
    string,
    string | null,
    boolean,
  ][];
  const [row] = rows;
  if (row === undefined) throw new Error(`there is no tenant ${tenantId}`);
  const [businessDate, closedThrough, programExists] = row;
  return { calendar: { businessDate, closedThrough }, programExists };
}

/** Answers undefined when the tenant has no such run. */
export async function readAccrualRun(
  reader: ReaderPool,
  { tenantId, accrualRunId }: RunRef,
): Promise<AccrualRunView | undefined> {
  const rows = (await reader.read(tenantId, READ_RUN, [tenantId, accrualRunId])) as RunRow[];
  const [first] = rows;
  if (first === undefined) return undefined;
  const [isDone] = first;
  const totals = new Map<string, bigint>();
  const journalEntryIds: string[] = [];
  let loanCount = 0;
  let lookedAt = 0;
  for (const [, portionLookedAt, accruedLoans, entryIds, currencies, accruedMinor] of rows) {
    lookedAt += portionLookedAt ?? 0;
    loanCount += accruedLoans ?? 0;
    journalEntryIds.push(...(entryIds ?? []));
    currencies?.forEach((currency, index) => {
      totals.set(currency, (totals.get(currency) ?? 0n) + BigInt(accruedMinor?.[index] ?? '0'));
    });
  }
  return {
    accrualRunId,
    status: isDone ? 'done' : 'running',
    loanCount,
    skippedCount: lookedAt - loanCount,
    totals: [...totals].sort().map(([currency, accrued]) => ({ currency, accruedMinor: accrued.toString() })),
    journalEntryIds,
  };
}

/** The last portion that a run has done; undefined when it has done none. */
export async function readRunPlace(
  reader: ReaderPool,
  { tenantId, accrualRunId }: RunRef,
): Promise<RunPlace | undefined> {
  const [row] = (await reader.read(tenantId, READ_RUN_PLACE, [tenantId, accrualRunId])) as [
    number,
    string | null,
    boolean,
  ][];
  return row === undefined ? undefined : { portion: row[0], lastLoanId: row[1], isLast: row[2] };
}

/** The next loans of a program behind one, read without locks: what they accrue is decided under them. */
export async function readRunWindow(
  reader: ReaderPool,
  of: { readonly tenantId: string; readonly programId: string; readonly accrualDate: string },
  { after, limit }: { readonly after: string | null; readonly limit: number },
): Promise<RunWindow> {
  const values = [of.tenantId, of.programId, after ?? BEFORE_ALL_LOANS, limit, of.accrualDate];
  const rows = (await reader.read(of.tenantId, READ_RUN_WINDOW, values)) as [string, boolean][];
  return {
    lookedAt: rows.length,
    lastLoanId: rows.at(-1)?.[0] ?? null,
    loanIds: rows.flatMap(([loanId, accrues]) => (accrues ? [loanId] : [])),
  };
}
