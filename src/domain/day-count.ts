import { type CalendarDate, type DateParts, datePartsOf, dayNumber, daysInMonth } from './calendar-date.ts';
import { type Rational, rational, sum, whole } from './rational.ts';

/**
 * The day-count conventions by their exact names (CONTRACT.md section 3):
 *
 * - `ACT_365`: Actual/365 (Fixed), 2006 ISDA Definitions section 4.16(d). Calendar days over 365, in leap years too.
 * - `ACT_360`: Actual/360, section 4.16(e). Calendar days over 360.
 * - `ACT_ACT_ISDA`: Actual/Actual, section 4.16(b). Calendar days of leap years over 366, of other years over 365. The
 *   first day is counted and the last is not, so 31 December belongs to its own year as the night that begins on it.
 * - `THIRTY_360_US`: 30/360 with the end-of-February rule, Securities Industry Association, Standard Securities
 *   Calculation Methods (J. J. Lynch and J. H. Mayle). Where that book applies the rule to securities that pay at ends
 *   of months, it is applied to every loan here, which has no coupon schedule.
 * - `THIRTY_360_BOND_BASIS`: 30/360 or Bond Basis, section 4.16(f).
 * - `THIRTY_E_360`: 30E/360 or Eurobond Basis, section 4.16(g).
 * - `THIRTY_E_360_ISDA`: 30E/360 (ISDA), section 4.16(h).
 */
export const DAY_COUNT_CONVENTIONS = [
  'ACT_365',
  'ACT_360',
  'ACT_ACT_ISDA',
  'THIRTY_360_US',
  'THIRTY_360_BOND_BASIS',
  'THIRTY_E_360',
  'THIRTY_E_360_ISDA',
] as const;
export type DayCountConvention = (typeof DAY_COUNT_CONVENTIONS)[number];
type ThirtyConvention = Exclude<DayCountConvention, 'ACT_365' | 'ACT_360' | 'ACT_ACT_ISDA'>;

/** The nights from one date to another that is not before it; it holds as many nights as calendar days lie between. */
export type DaySpan = { readonly from: CalendarDate; readonly to: CalendarDate };

/** How days are counted. Only THIRTY_E_360_ISDA looks at the maturity; with null, no date is it. */
export type DayCountTerms = { readonly convention: DayCountConvention; readonly maturity: CalendarDate | null };

/** `days` is what the convention counts: calendar days, or days of months that have 30. */
export type DayCount = { readonly days: number; readonly yearFraction: Rational };

/**
 * The exact part of a year that a span is. It never falls as `to` moves on, and is 0 for a span of no nights.
 * @throws RangeError when the span ends before it begins
 */
export function countDays(span: DaySpan, { convention, maturity }: DayCountTerms): DayCount {
  if (span.to < span.from) throw new RangeError(`a span from ${span.from} to ${span.to} ends before it begins`);
  switch (convention) {
    case 'ACT_365':
      return overFixedYear(calendarDays(span), 365n);
    case 'ACT_360':
      return overFixedYear(calendarDays(span), 360n);
    case 'ACT_ACT_ISDA':
      return { days: calendarDays(span), yearFraction: fractionOfCalendarYears(span) };
    default:
      return overFixedYear(thirtyDays(span, { convention, maturity }), 360n);
  }
}

function overFixedYear(days: number, daysOfYear: bigint): DayCount {
  return { days, yearFraction: rational({ numerator: BigInt(days), denominator: daysOfYear }) };
}

function calendarDays({ from, to }: DaySpan): number {
  return dayNumber(to) - dayNumber(from);
}

/** What lies in the first year and in the last over their own lengths, and each whole year between them as 1. */
function fractionOfCalendarYears({ from, to }: DaySpan): Rational {
  const firstYear = datePartsOf(from).year;
  const lastYear = datePartsOf(to).year;
  if (firstYear === lastYear) return partOfYear(calendarDays({ from, to }), firstYear);
  const leftOfFirst = daysInYear(firstYear) - dayOfYear(from);
  return sum(
    partOfYear(leftOfFirst, firstYear),
    whole(BigInt(lastYear - firstYear - 1)),
    partOfYear(dayOfYear(to), lastYear),
  );
}

function partOfYear(days: number, year: number): Rational {
  return rational({ numerator: BigInt(days), denominator: BigInt(daysInYear(year)) });
}

function daysInYear(year: number): number {
  return daysInMonth({ year, month: 2 }) === 29 ? 366 : 365;
}

/** Days of its year that lie before a date. */
function dayOfYear(date: CalendarDate): number {
  return dayNumber(date) - dayNumber(`${date.slice(0, 4)}-01-01` as CalendarDate);
}

type Ends = { readonly start: DateParts; readonly end: DateParts; readonly endsAtMaturity: boolean };
/** The days of the month that stand in the formula in place of those of the dates: D1 and D2 of the definitions. */
type CountedDays = { readonly startDay: number; readonly endDay: number };

const COUNTED_DAYS: Readonly<Record<ThirtyConvention, (ends: Ends) => CountedDays>> = {
  THIRTY_360_US: ({ start, end }) => {
    const startsAtEndOfFebruary = isEndOfFebruary(start);
    const startDay = startsAtEndOfFebruary ? 30 : atMost30(start.day);
    // The book adjusts D1 for February before it asks whether D1 is 30: 29 February to 31 March is 30 days.
    const endDay = startsAtEndOfFebruary && isEndOfFebruary(end) ? 30 : end.day;
    return { startDay, endDay: startDay === 30 ? atMost30(endDay) : endDay };
  },
  THIRTY_360_BOND_BASIS: ({ start, end }) => {
    const startDay = atMost30(start.day);
    return { startDay, endDay: startDay === 30 ? atMost30(end.day) : end.day };
  },
  THIRTY_E_360: ({ start, end }) => ({ startDay: atMost30(start.day), endDay: atMost30(end.day) }),
  THIRTY_E_360_ISDA: ({ start, end, endsAtMaturity }) => ({
    startDay: isEndOfMonth(start) ? 30 : start.day,
    endDay: isEndOfMonth(end) && !(endsAtMaturity && end.month === 2) ? 30 : end.day,
  }),
};

/** Days between two dates as if every month had 30 (the one formula of sections 4.16(f), (g) and (h)). */
function thirtyDays(span: DaySpan, terms: { convention: ThirtyConvention; maturity: CalendarDate | null }): number {
  // At a maturity at the end of February the definition would make a span of no nights one of less than none.
  if (span.from === span.to) return 0;
  const start = datePartsOf(span.from);
  const end = datePartsOf(span.to);
  const { startDay, endDay } = COUNTED_DAYS[terms.convention]({
    start,
    end,
    endsAtMaturity: span.to === terms.maturity,
  });
  return 360 * (end.year - start.year) + 30 * (end.month - start.month) + (endDay - startDay);
}

function atMost30(day: number): number {
  return day === 31 ? 30 : day;
}

function isEndOfMonth(date: DateParts): boolean {
  return date.day === daysInMonth(date);
}

function isEndOfFebruary(date: DateParts): boolean {
  return date.month === 2 && isEndOfMonth(date);
}
