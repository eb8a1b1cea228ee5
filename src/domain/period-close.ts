import { ACCOUNT } from './account-code.ts';
import { type Calendar, firstOpenDay } from './dating.ts';
import type { BookedEntries, DraftLine, EntryDraft } from './journal-entry.ts';
import { SETTLED } from './layer.ts';
import { MINOR_MAX } from './money.ts';
import { lastDayOf, type Period, periodAfter, periodOf } from './period.ts';
import { type Refusal, refusalOfField } from './refusal.ts';

/** A wish to close a period (POST /v1/periods/{YYYY-MM}/close), or to reopen it (POST …/reopen). */
export type PeriodChange = {
  readonly period: Period;
  readonly description: string | null;
  readonly metadata: string | null;
};

/** What accounts hold on SETTLED, by currency and account, debits less credits. */
export type IncomeAndExpense = ReadonlyMap<string, ReadonlyMap<number, bigint>>;

/** What a close meets. `currency` is the tenant's; `earliestDay` that of its earliest line, null when there is none. */
export type PeriodCloseContext = {
  readonly calendar: Calendar;
  readonly currency: string;
  readonly earliestDay: string | null;
  /** Every income and expense account at the end of the period; null unless a fiscal year ends with it. */
  readonly atYearEnd: IncomeAndExpense | null;
};

/**
 * Closes a period: at the end of a fiscal year by one entry per currency, every 4xxx and 5xxx account by its balance on its
 * other side, the remainder on 3000 (ACCOUNTING.md section 2); else, or when nothing is left to close, by an entry that has
 * no lines. All are dated on the period's last day.
 */
export function decidePeriodClose(change: PeriodChange, context: PeriodCloseContext): Refusal | BookedEntries {
  const { period } = change;
  const refused =
    refuseRunning(period, context.calendar) ?? refuseClosed(period, context.calendar) ?? refuseGap(period, context);
  if (refused !== null) return refused;
  const closing = [...(context.atYearEnd ?? [])]
    .map(([currency, balances]) => ({ currency, lines: closingLines(balances) }))
    .filter(({ lines }) => lines.length > 0)
    .sort((a, b) => (a.currency < b.currency ? -1 : 1));
  const [first = { currency: context.currency, lines: [] }, ...rest] = closing;
  return {
    first: draftOf(change, first),
    following: rest.map((one) => ({ draft: draftOf(change, one), eventId: null })),
  };
}

function refuseRunning(period: Period, { businessDate }: Calendar): Refusal | null {
  const lastDay = lastDayOf(period);
  if (lastDay < businessDate) return null;
  const message = `period ${period} ends on ${lastDay}, and the tenant's business date is ${businessDate}; close it when it is over`;
  return refusalOfField('effective_date_in_future', 'period', message);
}

function refuseClosed(period: Period, { closedThrough }: Calendar): Refusal | null {
  if (closedThrough === null || lastDayOf(period) > closedThrough) return null;
  const message = `period ${period} is closed already; the first open day is ${firstOpenDay(closedThrough)}`;
  return refusalOfField('period_closed', 'period', message);
}

/** The first close takes everything before its period along, so nothing may have been posted to a month before it. */
function refuseGap(period: Period, { calendar, earliestDay }: PeriodCloseContext): Refusal | null {
  const { closedThrough } = calendar;
  const next = closedThrough === null ? earliestDay && periodOf(earliestDay) : periodAfter(periodOf(closedThrough));
  if (next === null || period === next || (closedThrough === null && period < next)) return null;
  const message = `periods close in order, and ${next} is the next to be closed, before ${period}`;
  return refusalOfField('period_not_next', 'period', message);
}

function closingLines(balances: ReadonlyMap<number, bigint>): readonly DraftLine[] {
  const lines: DraftLine[] = [];
  let remainder = 0n;
  for (const [account, balance] of [...balances].sort(([a], [b]) => a - b)) {
    lines.push(...linesOf(account, -balance));
    remainder += balance;
  }
  return [...lines, ...linesOf(ACCOUNT.retainedEarnings, remainder)];
}

/** An account's total has no bound, a line has: what is more than 18 digits takes several. */
function linesOf(account: number, amountMinor: bigint): readonly DraftLine[] {
  const lines: DraftLine[] = [];
  for (let left = amountMinor; left !== 0n; ) {
    const part = left > MINOR_MAX ? MINOR_MAX : left < -MINOR_MAX ? -MINOR_MAX : left;
    lines.push({ account, amountMinor: part, loanId: null, borrowerId: null });
    left -= part;
  }
  return lines;
}

function draftOf(
  { period, description, metadata }: PeriodChange,
  { currency, lines }: { readonly currency: string; readonly lines: readonly DraftLine[] },
): EntryDraft {
  return {
    eventType: 'period_closed',
    effectiveAt: lastDayOf(period),
    currency,
    layer: SETTLED,
    loanId: null,
    borrowerId: null,
    lines,
    reversesEntryId: null,
    externalRef: null,
    description,
    eventInput: { period },
    metadata,
  };
}
