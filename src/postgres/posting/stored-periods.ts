import { lastDayOf, periodOf } from '../../domain/period.ts';
import type { ClosingEntry, StandingClose } from '../../domain/period-reopening.ts';
import { scopedKey, type TenantPeriods, type YearEnd } from '../../posting/ledger-state.ts';
import type { PostingPlan } from '../../posting/posting-plan.ts';
import type { PeriodRef, ReadSet } from '../../posting/read-set.ts';
import { dateArray, itself, uuidArray } from '../binary-array.ts';
import type { BoundStatement, Statement, TextRow } from '../statement-train.ts';
import { joinEntry, stands } from './entry-lookup.ts';
import { INSERT_PERIOD_CLOSES } from './write-statements.ts';

/** True of a row `c` of hpts.period_close whose period was not reopened since. */
export const CLOSE_STANDS = stands('c');

/**
 * Before anything of a close is read: from here to the commit nothing of these tenants is posted, and what was decided
 * before meets the epoch that the close raises. So no entry can come between the balances and the entries that close them.
 */
export const LOCK_HEADS: Statement = {
  name: 'lock_heads',
  text: `SELECT h.tenant_id FROM hpts.tenant_head AS h WHERE h.tenant_id = ANY ($1::uuid[])
    ORDER BY h.tenant_id FOR NO KEY UPDATE OF h`,
};

const READ_CLOSES: Statement = {
  name: 'read_closes',
  text: `SELECT c.tenant_id, c.closed_through FROM hpts.period_close AS c
    WHERE c.tenant_id = ANY ($1::uuid[]) AND ${CLOSE_STANDS} ORDER BY c.tenant_id, c.closed_through`,
};

const READ_CLOSING_ENTRIES: Statement = {
  name: 'read_closing_entries',
  text: `SELECT c.tenant_id, c.closed_through, e.entry_id, e.correlation_id, e.currency, e.accounts, e.amounts
    FROM unnest($1::uuid[], $2::date[]) AS asked (tenant_id, closed_through)
    CROSS JOIN LATERAL (
      SELECT * FROM hpts.period_close AS o WHERE o.tenant_id = asked.tenant_id AND o.closed_through = asked.closed_through OFFSET 0) AS c
    CROSS JOIN LATERAL (
      SELECT 0 AS place, c.entry_id
      UNION ALL SELECT f.place, f.entry_id FROM hpts.following_entry AS f WHERE f.tenant_id = c.tenant_id AND f.first_entry_id = c.entry_id
      OFFSET 0) AS own
    ${joinEntry('e', { tenantId: 'c.tenant_id', entryId: 'own.entry_id' })}
    WHERE ${CLOSE_STANDS} ORDER BY c.tenant_id, c.closed_through, own.place`,
};

/** For each account, currency and layer of the tenants $1 its earliest day: a probe of the index for each, whatever was posted. */
export const COMBINATIONS = `combination AS (
    SELECT earliest.* FROM unnest($1::uuid[]) AS asked (tenant_id) CROSS JOIN LATERAL (
      SELECT d.tenant_id, d.account_code, d.currency, d.layer, d.effective_at FROM hpts.account_delta AS d
      WHERE d.tenant_id = asked.tenant_id
      ORDER BY d.account_code, d.currency, d.layer, d.effective_at LIMIT 1) AS earliest
    UNION
    SELECT further.* FROM combination AS c CROSS JOIN LATERAL (
      SELECT d.tenant_id, d.account_code, d.currency, d.layer, d.effective_at FROM hpts.account_delta AS d
      WHERE d.tenant_id = c.tenant_id AND (d.account_code, d.currency, d.layer) > (c.account_code, c.currency, c.layer)
      ORDER BY d.account_code, d.currency, d.layer, d.effective_at LIMIT 1) AS further)`;

const READ_EARLIEST_DAYS: Statement = {
  name: 'read_earliest_days',
  text: `WITH RECURSIVE ${COMBINATIONS} SELECT tenant_id, min(effective_at) FROM combination GROUP BY tenant_id`,
};

// An account that the end of a year closed holds nothing on that day, so what is summed begins behind it.
const READ_YEAR_ENDS: Statement = {
  name: 'read_year_ends',
  text: `WITH RECURSIVE ${COMBINATIONS}
    SELECT asked.tenant_id, asked.closed_through, held.currency, held.account_code, held.amount
    FROM unnest($1::uuid[], $2::date[]) AS asked (tenant_id, closed_through)
    JOIN hpts.tenant AS t ON t.tenant_id = asked.tenant_id AND t.fiscal_year_end_month = extract(month FROM asked.closed_through)
    LEFT JOIN LATERAL (
      SELECT max(c.closed_through) AS through FROM hpts.period_close AS c
      WHERE c.tenant_id = asked.tenant_id AND c.closed_through < asked.closed_through
        AND extract(month FROM c.closed_through) = t.fiscal_year_end_month AND ${CLOSE_STANDS}) AS year_before ON true
    LEFT JOIN LATERAL (
      SELECT n.currency, n.account_code, (
        SELECT coalesce(sum(d.debit_minor), 0) - coalesce(sum(d.credit_minor), 0) FROM hpts.account_delta AS d
        WHERE d.tenant_id = asked.tenant_id AND d.account_code = n.account_code AND d.currency = n.currency AND d.layer = 0
          AND d.effective_at > coalesce(year_before.through, '-infinity') AND d.effective_at <= asked.closed_through) AS amount
      FROM combination AS n
      WHERE n.tenant_id = asked.tenant_id AND n.layer = 0 AND n.account_code BETWEEN 4000 AND 5999) AS held ON true`,
};

/** The statements that read periods, for a connection to prepare. */
export const PERIOD_STATEMENTS: readonly Statement[] = [
  READ_CLOSES,
  READ_CLOSING_ENTRIES,
  READ_EARLIEST_DAYS,
  READ_YEAR_ENDS,
];

/** Tenants of which the batch closes or reopens a period, in the order in which heads are locked. */
export function tenantsOfPeriods(set: ReadSet): readonly string[] {
  return [...new Set([...set.periodsToClose, ...set.periodsToReopen].map(({ tenantId }) => tenantId))].sort();
}

/** What a batch asks of periods; nothing when none is to be closed or reopened. */
export function periodQuestions(set: ReadSet): BoundStatement[] {
  const tenants = uuidArray(tenantsOfPeriods(set), itself);
  const { periodsToClose, periodsToReopen } = set;
  const statements: BoundStatement[] = [];
  if (periodsToClose.length + periodsToReopen.length > 0) statements.push([READ_CLOSES, [tenants]]);
  if (periodsToClose.length > 0) {
    statements.push([READ_EARLIEST_DAYS, [tenants]], [READ_YEAR_ENDS, periodColumns(periodsToClose)]);
  }
  if (periodsToReopen.length > 0) statements.push([READ_CLOSING_ENTRIES, periodColumns(periodsToReopen)]);
  return statements;
}

type CloseRow = [tenantId: string, closedThrough: string];
type EarliestRow = [tenantId: string, effectiveAt: string];
type YearEndRow = [
  tenantId: string,
  closedThrough: string,
  currency: string | null,
  account: string | null,
  amount: string | null,
];
type ClosingEntryRow = [
  tenantId: string,
  closedThrough: string,
  entryId: string,
  correlationId: string,
  currency: string,
  accounts: string,
  amounts: string,
];

/** The periods of each tenant of which one is to be closed or reopened. */
export function periodsOf(
  set: ReadSet,
  rowsOf: (statement: Statement) => readonly TextRow[],
): Map<string, TenantPeriods> {
  const tenants = tenantsOfPeriods(set);
  if (tenants.length === 0) return new Map();
  const earliest = new Map(rowsOf(READ_EARLIEST_DAYS) as EarliestRow[]);
  const entries = closingEntriesOf(rowsOf(READ_CLOSING_ENTRIES) as ClosingEntryRow[]);
  const closes = rowsOf(READ_CLOSES) as CloseRow[];
  const ends = rowsOf(READ_YEAR_ENDS) as YearEndRow[];
  return new Map(
    tenants.map((tenantId) => [
      tenantId,
      {
        closes: closes
          .filter(([owner]) => owner === tenantId)
          .map(([, closedThrough]): StandingClose => {
            const asked = entries.get(scopedKey(tenantId, closedThrough));
            return { period: periodOf(closedThrough), entries: asked ?? null };
          }),
        earliestDay: earliest.get(tenantId) ?? null,
        yearEnds: yearEndsOf(ends.filter(([owner]) => owner === tenantId)),
      },
    ]),
  );
}

function yearEndsOf(rows: readonly YearEndRow[]): readonly YearEnd[] {
  const ends = new Map<string, YearEnd>();
  for (const [, closedThrough, currency, account, amount] of rows) {
    const end = ends.get(closedThrough) ?? { period: periodOf(closedThrough), balances: new Map() };
    ends.set(closedThrough, end);
    if (currency === null || account === null || amount === null) continue;
    const held = end.balances.get(currency) ?? new Map<number, bigint>();
    end.balances.set(currency, held.set(Number(account), BigInt(amount)));
  }
  return [...ends.values()];
}

function closingEntriesOf(rows: readonly ClosingEntryRow[]): ReadonlyMap<string, readonly ClosingEntry[]> {
  const entries = new Map<string, ClosingEntry[]>();
  for (const [tenantId, closedThrough, entryId, correlationId, currency, accounts, amounts] of rows) {
    const key = scopedKey(tenantId, closedThrough);
    const codes = elementsOf(accounts);
    const lines = elementsOf(amounts).map((amount, index) => ({
      account: Number(codes[index]),
      amountMinor: BigInt(amount),
      loanId: null,
      borrowerId: null,
    }));
    entries.set(key, [...(entries.get(key) ?? []), { entryId, correlationId, currency, lines }]);
  }
  return entries;
}

/** A plain array of numbers as PostgreSQL writes it: `{4000,3000}`. */
function elementsOf(stored: string): readonly string[] {
  return stored === '{}' ? [] : stored.slice(1, -1).split(',');
}

/** What writes the closes of a batch; no statement when there is none. */
export function periodStatements({ periodCloses }: Pick<PostingPlan, 'periodCloses'>): BoundStatement[] {
  if (periodCloses.length === 0) return [];
  const tenantIds = uuidArray(periodCloses, (one) => one.tenantId);
  const entryIds = uuidArray(periodCloses, (one) => one.entryId);
  return [[INSERT_PERIOD_CLOSES, [tenantIds, entryIds, dateArray(periodCloses, (one) => one.closedThrough)]]];
}

function periodColumns(periods: readonly PeriodRef[]): Buffer[] {
  return [uuidArray(periods, (one) => one.tenantId), dateArray(periods, ({ period }) => lastDayOf(period))];
}
