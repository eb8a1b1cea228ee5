import type { RateHistory } from './annual-rate.ts';
import type { CalendarDate } from './calendar-date.ts';
import type { DayCountConvention, DaySpan } from './day-count.ts';
import { type InterestSpan, interestOfSpan, type PrincipalStep } from './interest.ts';
import { type AccrualDue, accrualDue } from './interest-accrual.ts';
import { product, type Rational, sum, whole, ZERO } from './rational.ts';
import type { Rounding } from './rounding.ts';

/** A day count that holds from the night that begins on `from` until the next one's. */
export type DayCountStep = { readonly from: CalendarDate; readonly convention: DayCountConvention };

/**
 * What the interest of a loan is counted on, night by night, as its events and its program's versions say. Principal and
 * day counts are in order of date, of several on one day the last stands; the first day count begins no later than
 * interest does.
 */
export type InterestHistory = {
  /** The first night's date: the first standing disbursement; of an opening, the day through which it was accrued. */
  readonly begins: CalendarDate;
  readonly principal: readonly PrincipalStep[];
  /** The loan's own rate, or those of its program. */
  readonly rates: RateHistory;
  readonly dayCounts: readonly DayCountStep[];
  readonly maturity: CalendarDate | null;
};

/** A standing accrual of a loan: the nights that it stands for, what they are worth exactly, and what is posted of it. */
export type StandingAccrual = {
  readonly date: CalendarDate;
  readonly covers: readonly DaySpan[];
  readonly exact: Rational;
  /** With its standing corrections. */
  readonly postedMinor: bigint;
};

/** What an accrual by the server stands for, and posts. */
export type DueInterest = AccrualDue & { readonly covers: readonly DaySpan[]; readonly exact: Rational };

/**
 * What a client's amount for a date stands for: the nights since the loan's latest standing accrual before that date, or
 * since interest began. It counts as exact at the amount sent, so that a correction of it counts as exact too. A loan that
 * was charged off accrues nothing and stands for no nights: `interestMinor` is null.
 */
export function clientAccrual(
  given: { readonly date: CalendarDate; readonly interestMinor: bigint | null; readonly correctedByMinor: bigint },
  before: { readonly begins: CalendarDate; readonly accruals: readonly StandingAccrual[] },
): StandingAccrual {
  const { date, interestMinor, correctedByMinor } = given;
  if (interestMinor === null) return { date, covers: [], exact: ZERO, postedMinor: 0n };
  let from = before.begins;
  for (const accrual of before.accruals) if (accrual.date < date && accrual.date > from) from = accrual.date;
  const postedMinor = interestMinor + correctedByMinor;
  return { date, covers: from < date ? [{ from, to: date }] : [], exact: whole(postedMinor), postedMinor };
}

/**
 * What the server's accrual of a date posts: the exact interest of all nights up to it that no standing accrual stands for,
 * with that of those which one does, rounded once, less all that is posted (ACCOUNTING.md section 4). A reversed accrual
 * stands no more, so its nights come again; what a correction changed of a server's accrual is evened out. Negative, it
 * posts nothing and the date is taken all the same.
 */
export function dueInterest(
  history: InterestHistory,
  accruals: readonly StandingAccrual[],
  { date, rounding }: { readonly date: CalendarDate; readonly rounding: Rounding },
): DueInterest {
  const covers = uncoveredNights(history.begins, accruals, date);
  const exact = sum(...covers.map((span) => interestOfNights(history, span)));
  const known = sum(...accruals.map((accrual) => accrual.exact));
  const postedMinor = accruals.reduce((total, accrual) => total + accrual.postedMinor, 0n);
  return { ...accrualDue({ exact: sum(known, exact), postedMinor, rounding }), covers, exact };
}

/** The stretches of nights up to a date that no standing accrual stands for, in order. */
export function uncoveredNights(
  begins: CalendarDate,
  accruals: readonly StandingAccrual[],
  date: CalendarDate,
): readonly DaySpan[] {
  const covered = accruals.flatMap(({ covers }) => covers).sort((one, other) => (one.from < other.from ? -1 : 1));
  const gaps: DaySpan[] = [];
  let at = begins;
  for (const { from, to } of covered) {
    const end = from < date ? from : date;
    if (at < end) gaps.push({ from: at, to: end });
    if (to > at) at = to;
  }
  if (at < date) gaps.push({ from: at, to: date });
  return gaps;
}

/**
 * The exact interest of some nights in a loan's life: that from its beginning to their end, less that to their start. A
 * segment of unchanged principal and rate is counted from its own start, wherever accruals fall in it.
 */
function interestOfNights(history: InterestHistory, { from, to }: DaySpan): Rational {
  return sum(interestUpTo(history, to), product(interestUpTo(history, from), whole(-1n)));
}

/** Exact interest from the beginning to a date; a change of day count ends a segment as one of principal does. */
function interestUpTo(history: InterestHistory, to: CalendarDate): Rational {
  const { begins, principal, rates, maturity } = history;
  const spans = dayCountSpans(history, to).map(({ convention, ...span }) => {
    const bearing: InterestSpan = { ...span, principal, rates };
    return interestOfSpan(bearing, { convention, maturity }).exact;
  });
  return begins < to ? sum(...spans) : ZERO;
}

/** The spans from the beginning to a date, each of one day count; steps that change nothing end none. */
function dayCountSpans(
  { begins, dayCounts }: InterestHistory,
  to: CalendarDate,
): readonly (DaySpan & { readonly convention: DayCountConvention })[] {
  const spans: (DaySpan & { readonly convention: DayCountConvention })[] = [];
  const first = dayCounts.findLast((step) => step.from <= begins);
  if (first === undefined) throw new RangeError(`no day count holds on ${begins}, when interest begins`);
  let open = { from: begins, convention: first.convention };
  for (const { from, convention } of dayCounts) {
    if (from <= begins || from >= to || convention === open.convention) continue;
    spans.push({ ...open, to: from });
    open = { from, convention };
  }
  spans.push({ ...open, to: to < begins ? begins : to });
  return spans;
}
