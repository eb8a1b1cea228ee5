import { type Rational, sum, whole } from './rational.ts';
import { type Rounding, roundToMinor } from './rounding.ts';

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
