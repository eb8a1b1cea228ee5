import { isIncomeOrExpense } from '../../src/domain/account-code.ts';
import { lastDayOf, type Period, periodOf } from '../../src/domain/period.ts';
import type { ClosingEntry, StandingClose } from '../../src/domain/period-reopening.ts';
import { type ResolvedEntry, scopedKey, type TenantPeriods, type YearEnd } from '../../src/posting/ledger-state.ts';
import type { PlannedAccountDelta, PostingPlan } from '../../src/posting/posting-plan.ts';
import type { ReadSet } from '../../src/posting/read-set.ts';

export type ClosedPeriod = PostingPlan['periodCloses'][number];

/** What of the books says which periods are closed and what they hold. */
type PeriodBooks = {
  readonly reversals: ReadonlyMap<string, string>;
  readonly entries: ReadonlyMap<string, ResolvedEntry>;
  readonly accountDeltas: ReadonlyMap<string, PlannedAccountDelta>;
  readonly following: ReadonlyMap<string, readonly string[]>;
  readonly periodCloses: ReadonlyMap<string, ClosedPeriod>;
  readonly fiscalYearEnd: string;
};

/** Years end with it where nothing else is said. */
export const FISCAL_YEAR_END = '04';

/** The tenant's closes that were not reopened, the latest last. */
export function standingCloses(books: PeriodBooks, tenantId: string): readonly ClosedPeriod[] {
  return [...books.periodCloses.values()]
    .filter((close) => close.tenantId === tenantId && !books.reversals.has(scopedKey(tenantId, close.entryId)))
    .sort((a, b) => (a.closedThrough < b.closedThrough ? -1 : 1));
}

export function closedThrough(books: PeriodBooks, tenantId: string): string | null {
  return standingCloses(books, tenantId).at(-1)?.closedThrough ?? null;
}

/** What income and expense accounts hold on SETTLED at the end of a day, by currency. */
export function incomeAndExpense(books: PeriodBooks, tenantId: string, day: string): Map<string, Map<number, bigint>> {
  const held = new Map<string, Map<number, bigint>>();
  for (const delta of books.accountDeltas.values()) {
    if (delta.tenantId !== tenantId || delta.layer !== 0 || delta.effectiveAt > day) continue;
    if (!isIncomeOrExpense(delta.account)) continue;
    const accounts = held.get(delta.currency) ?? new Map<number, bigint>();
    held.set(delta.currency, accounts);
    accounts.set(delta.account, (accounts.get(delta.account) ?? 0n) + delta.debitMinor - delta.creditMinor);
  }
  return held;
}

/** As the database answers what a batch asks of periods. */
export function readPeriods(books: PeriodBooks, set: ReadSet): Map<string, TenantPeriods> {
  const tenants = new Set([...set.periodsToClose, ...set.periodsToReopen].map(({ tenantId }) => tenantId));
  return new Map(
    [...tenants].map((tenantId) => {
      const reopened = set.periodsToReopen.filter((one) => one.tenantId === tenantId).map(({ period }) => period);
      const days = [...books.accountDeltas.values()].filter((delta) => delta.tenantId === tenantId);
      return [
        tenantId,
        {
          closes: standingCloses(books, tenantId).map((close): StandingClose => {
            const period = periodOf(close.closedThrough);
            return { period, entries: reopened.includes(period) ? closingEntries(books, close) : null };
          }),
          earliestDay: days.map(({ effectiveAt }) => effectiveAt).sort()[0] ?? null,
          yearEnds: set.periodsToClose
            .filter((one) => one.tenantId === tenantId && one.period.endsWith(`-${books.fiscalYearEnd}`))
            .map(({ period }) => yearEnd(books, tenantId, period)),
        },
      ];
    }),
  );
}

function yearEnd(books: PeriodBooks, tenantId: string, period: Period): YearEnd {
  return { period, balances: incomeAndExpense(books, tenantId, lastDayOf(period)) };
}

function closingEntries(books: PeriodBooks, { tenantId, entryId }: ClosedPeriod): readonly ClosingEntry[] {
  return [entryId, ...(books.following.get(scopedKey(tenantId, entryId)) ?? [])].map((id) => {
    const found = books.entries.get(scopedKey(tenantId, id));
    if (found === undefined) throw new Error(`entry ${id} of a close is not there`);
    const { correlationId, currency, lines } = found.entry;
    return { entryId: id, correlationId, currency, lines };
  });
}
