import type { CalendarDate } from './calendar-date.ts';
import type { DayCountTerms } from './day-count.ts';
import { type Bearing, sameBearing, segmentOf } from './interest.ts';
import { type Rational, sum, whole, ZERO } from './rational.ts';
import { type Rounding, roundToMinor } from './rounding.ts';

/**
 * How far the interest of a loan has been counted: what a daily accrual needs of all the nights before it, however many.
 * The open segment is kept by its start, since its interest is not the sum of its nights' (ACCOUNTING.md section 4).
 */
export type InterestPosition = {
  /** The date up to which nights have been counted: an accrual dated D covers the nights up to the one that ends on D. */
  readonly through: CalendarDate;
  /** Exact interest, in minor units, of the segments that have ended, and of amounts that were given. */
  readonly closed: Rational;
  readonly open: (Bearing & { readonly from: CalendarDate }) | null;
};

/** A loan whose interest begins with the night that begins on `date`. */
export function interestFrom(date: CalendarDate): InterestPosition {
  return { through: date, closed: ZERO, open: null };
}

/**
 * Counts the nights up to `to`, all of one principal and rate; when those are the open segment's, it goes on.
 * @throws RangeError when `to` lies before what has been counted
 */
export function countNights(
  position: InterestPosition,
  nights: Bearing & { readonly to: CalendarDate },
  terms: DayCountTerms,
): InterestPosition {
  const { open, through } = position;
  const { to, principalMinor, rate } = nights;
  if (to < through) throw new RangeError(`interest is counted through ${through}, which is after ${to}`);
  if (to === through) return position;
  if (open !== null && sameBearing(open, nights)) return { ...position, through: to };
  return { through: to, closed: exactInterest(position, terms), open: { from: through, principalMinor, rate } };
}

/**
 * Counts the nights up to `to` at an amount that somebody else computed: days of a client's batch count as exact at the
 * amount sent (ACCOUNTING.md section 4).
 * @throws RangeError when `to` lies before what has been counted
 */
export function countGivenNights(
  position: InterestPosition,
  nights: { readonly to: CalendarDate; readonly interestMinor: bigint },
  terms: DayCountTerms,
): InterestPosition {
  const { through } = position;
  if (nights.to < through) throw new RangeError(`interest is counted through ${through}, which is after ${nights.to}`);
  const closed = sum(exactInterest(position, terms), whole(nights.interestMinor));
  return { through: nights.to, closed, open: null };
}

/** The exact interest, in minor units, of all nights that have been counted. */
export function exactInterest({ through, closed, open }: InterestPosition, terms: DayCountTerms): Rational {
  return open === null ? closed : sum(closed, segmentOf({ from: open.from, to: through }, open, terms).interest);
}

/** What an accrual finds: exact interest up to its date, and the sum that was posted for it before. */
export type AccruedSoFar = { readonly exact: Rational; readonly postedMinor: bigint; readonly rounding: Rounding };

export type AccrualDue = {
  /** Exact interest, rounded once, less what was posted; what a correction posts when it is negative. */
  readonly differenceMinor: bigint;
  /** What an accrual posts: the difference, or 0 when that is negative and so is carried. */
  readonly postMinor: bigint;
  /** What stays unposted behind it, less than one minor unit unless a negative difference is carried. */
  readonly residual: Rational;
};

/**
 * Residual carry: an accrual posts the difference between the exact interest so far, rounded once, and what was posted
 * before, so that the posted sum never drifts from the exact one (ACCOUNTING.md section 4). 50.00 at 7.99 % ACT/360
 * makes 33 cents in 30 nights; each night's 1.1097 cents rounded by itself would make 30.
 */
export function accrualDue({ exact, postedMinor, rounding }: AccruedSoFar): AccrualDue {
  const differenceMinor = roundToMinor(exact, rounding) - postedMinor;
  const postMinor = differenceMinor > 0n ? differenceMinor : 0n;
  return { differenceMinor, postMinor, residual: sum(exact, whole(-(postedMinor + postMinor))) };
}
