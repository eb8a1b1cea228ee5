import type { Period } from '../../domain/period.ts';
import { CLOSE_STANDS, COMBINATIONS } from '../posting/stored-periods.ts';
import type { Statement } from '../statement-train.ts';
import type { ReaderPool } from './reader-pool.ts';

/** A month of the books; `close` is null while it is open. `postedAt` is RFC 3339 with six digits. */
export type PeriodView = {
  readonly period: Period;
  readonly endsFiscalYear: boolean;
  readonly close: { readonly entryId: string; readonly postedAt: string } | null;
};

// Months before the first close are as closed as it, and are not told of unless something is dated in them.
const READ_PERIODS: Statement = {
  name: 'read_periods',
  text: `WITH RECURSIVE ${COMBINATIONS}, close AS (
      SELECT c.closed_through, c.entry_id, e.posted_at FROM hpts.period_close AS c
      JOIN hpts.journal_entry AS e ON e.tenant_id = c.tenant_id AND e.entry_id = c.entry_id
      WHERE c.tenant_id = ANY ($1::uuid[]) AND ${CLOSE_STANDS})
    SELECT to_char(month.first_day, 'YYYY-MM'), extract(month FROM month.first_day) = t.fiscal_year_end_month,
      close.entry_id, to_char(close.posted_at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
    FROM hpts.tenant AS t
    CROSS JOIN LATERAL (SELECT date_trunc('month', clock_timestamp() AT TIME ZONE t.timezone) AS first_day) AS running
    CROSS JOIN LATERAL generate_series(
      date_trunc('month', least(running.first_day, (SELECT min(c.effective_at) FROM combination AS c), (SELECT min(closed_through) FROM close))),
      least(running.first_day, to_date($2, 'YYYY-MM') - interval '1 month'), interval '1 month') AS month (first_day)
    LEFT JOIN close ON close.closed_through = (month.first_day + interval '1 month' - interval '1 day')::date
    WHERE t.tenant_id = ANY ($1::uuid[])
    ORDER BY month.first_day DESC LIMIT $3`,
};

type PeriodRow = [period: Period, endsFiscalYear: boolean, entryId: string | null, postedAt: string | null];

/** The tenant's periods, latest first, those before `before` (null: from the running month on). */
export async function readPeriods(
  reader: ReaderPool,
  page: { readonly tenantId: string; readonly before: Period | null; readonly limit: number },
): Promise<readonly PeriodView[]> {
  const { tenantId, before, limit } = page;
  const rows = (await reader.read(tenantId, READ_PERIODS, [`{${tenantId}}`, before, limit])) as PeriodRow[];
  return rows.map(([period, endsFiscalYear, entryId, postedAt]) => ({
    period,
    endsFiscalYear,
    close: entryId === null || postedAt === null ? null : { entryId, postedAt },
  }));
}
