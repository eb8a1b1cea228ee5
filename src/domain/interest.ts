import type { RateHistory } from './annual-rate.ts';
import type { CalendarDate } from './calendar-date.ts';
import { countDays, type DayCountTerms, type DaySpan } from './day-count.ts';
import { equal, product, type Rational, sum, whole, ZERO } from './rational.ts';

/** The principal that is outstanding from the night that begins on `from`: after all events effective up to that day. */
export type PrincipalStep = { readonly from: CalendarDate; readonly principalMinor: bigint };

/** What a night bears interest on. */
export type Bearing = { readonly principalMinor: bigint; readonly rate: Rational };

/** The nights whose interest is asked for, with the principal and the rate a year of each. */
export type InterestSpan = DaySpan & {
  /** In order of date; of several on one day the last stands. Before the first nothing is outstanding. */
  readonly principal: readonly PrincipalStep[];
  /** Nights before its first date bear no interest. */
  readonly rates: RateHistory;
};

/** Nights in a row of one principal and one rate, and their interest in exact minor units. */
export type InterestSegment = DaySpan &
  Bearing & { readonly days: number; readonly yearFraction: Rational; readonly interest: Rational };

/** Exact interest in minor units, and the segments that it is the sum of. */
export type SpanInterest = { readonly exact: Rational; readonly segments: readonly InterestSegment[] };

/**
 * The interest of a span: over segments of unchanged principal and rate, principal × rate × year fraction, the fraction
 * taken from the segment's start to its end and never as a sum of days (ACCOUNTING.md section 4). A step that changes
 * nothing ends no segment: a payment that went to fees alone must not move a 30/360 figure.
 * @throws RangeError when the span ends before it begins or steps are out of order
 */
export function interestOfSpan(span: InterestSpan, terms: DayCountTerms): SpanInterest {
  const segments: InterestSegment[] = [];
  let open = bearingOf(span, span.from);
  let openFrom = span.from;
  for (const date of changeDates(span)) {
    const bearing = bearingOf(span, date);
    if (sameBearing(open, bearing)) continue;
    segments.push(segmentOf({ from: openFrom, to: date }, open, terms));
    open = bearing;
    openFrom = date;
  }
  segments.push(segmentOf({ from: openFrom, to: span.to }, open, terms));
  return { exact: sum(...segments.map(({ interest }) => interest)), segments };
}

/** One segment: the interest of a principal at a rate from one date to another. */
export function segmentOf(
  { from, to }: DaySpan,
  { principalMinor, rate }: Bearing,
  terms: DayCountTerms,
): InterestSegment {
  const { days, yearFraction } = countDays({ from, to }, terms);
  const interest = product(whole(principalMinor), rate, yearFraction);
  return { from, to, principalMinor, rate, days, yearFraction, interest };
}

/** Whether nights belong to one segment. */
function sameBearing(one: Bearing, other: Bearing): boolean {
  return one.principalMinor === other.principalMinor && equal(one.rate, other.rate);
}

/** The dates inside a span on which principal or rate has a step, in order. */
function changeDates({ from, to, principal, rates }: InterestSpan): readonly CalendarDate[] {
  const dates = [...inOrder(principal), ...inOrder(rates)].map((step) => step.from);
  return dates.filter((date) => from < date && date < to).sort();
}

function bearingOf({ principal, rates }: InterestSpan, night: CalendarDate): Bearing {
  const principalMinor = principal.findLast((step) => step.from <= night)?.principalMinor ?? 0n;
  return { principalMinor, rate: rates.findLast((step) => step.from <= night)?.rate ?? ZERO };
}

function inOrder<Step extends { readonly from: CalendarDate }>(steps: readonly Step[]): readonly Step[] {
  steps.forEach((step, index) => {
    const before = steps[index - 1];
    if (before !== undefined && step.from < before.from) {
      throw new RangeError(`the step of ${step.from} stands behind that of ${before.from}`);
    }
  });
  return steps;
}
