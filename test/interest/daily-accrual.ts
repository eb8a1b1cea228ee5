import { interestOfSpan } from '../../src/domain/interest.ts';
import { accrualDue, countNights, exactInterest, interestFrom } from '../../src/domain/interest-accrual.ts';
import { type Rational, whole } from '../../src/domain/rational.ts';
import type { Rounding } from '../../src/domain/rounding.ts';
import { dateOf } from './interest-oracle.ts';
import { type DrawnLoan, date, history, principalOf, spanOf } from './random-loan.ts';

/** Whether |posted − exact| is less than one minor unit, and at most half of one unless amounts are rounded down. */
export function isNear(residual: Rational, rounding: Rounding): boolean {
  const off = residual.numerator < 0n ? -residual.numerator : residual.numerator;
  return rounding === 'down' ? off < residual.denominator : 2n * off <= residual.denominator;
}

/** Accrues a drawn loan on each day that `isRun` picks, and on the last; hands every accrual to `onAccrual`. */
export function accrueDaily(
  drawn: DrawnLoan,
  onAccrual: (day: number, posted: { postedMinor: bigint; residual: Rational }) => void,
  isRun: (day: number) => boolean = () => true,
): { postedMinor: bigint; exact: Rational } {
  const principal = principalOf(drawn);
  const rates = history(drawn.rates);
  let position = interestFrom(spanOf(drawn).from);
  let postedMinor = 0n;
  for (let day = 1; day <= drawn.nights; day += 1) {
    const night = date(dateOf(drawn.begins + day - 1));
    const principalMinor = principal.findLast((step) => step.from <= night)?.principalMinor ?? 0n;
    const rate = rates.findLast((step) => step.from <= night)?.rate ?? whole(0n);
    position = countNights(position, { to: date(dateOf(drawn.begins + day)), principalMinor, rate }, drawn.terms);
    if (!isRun(day) && day < drawn.nights) continue;
    const exact = exactInterest(position, drawn.terms);
    const due = accrualDue({ exact, postedMinor, rounding: drawn.rounding });
    postedMinor += due.postMinor;
    onAccrual(day, { postedMinor, residual: due.residual });
  }
  return { postedMinor, exact: exactInterest(position, drawn.terms) };
}

/** What one accrual of the whole span gives. */
export function exactOfSpan(drawn: DrawnLoan): Rational {
  const span = { ...spanOf(drawn), principal: principalOf(drawn), rates: history(drawn.rates) };
  return interestOfSpan(span, drawn.terms).exact;
}
