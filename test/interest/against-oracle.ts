import { formatRational } from '../../src/domain/rational.ts';
import type { DrawnProgram } from './drawn-program.ts';
import { dateOf, dayOf, INTEREST_SCALE, oracleInterest, oracleRounded } from './interest-oracle.ts';
import type { Accrued, LivedLoan } from './program-days.ts';

/** How many accruals of a loan were compared, and of how many of them the exact sum that is carried on was too. */
export type Compared = { readonly accruals: number; readonly exact: number };

/**
 * Compares every accrual of a loan with the second implementation: what is posted by then is the exact interest of all
 * nights up to its date, rounded once; what is carried on is that interest exactly; what is left over is at most half a
 * minor unit, less than one where a program rounds down. The last is of the program's last day. No day is without an accrual
 * but missed ones. Throws where it is not so.
 */
export function compareWithOracle(drawn: DrawnProgram, loan: LivedLoan): Compared {
  const { begins, nights, policy, rates } = drawn;
  const { beganOn, principal, accruals } = loan;
  const last = dateOf(begins + nights);
  const terms = { convention: policy.day_count_convention, maturity: loan.life.maturity };
  const upTo = oracleInterest({ principal, rates }, { from: beganOn, to: last }, terms);
  for (const accrued of accruals) {
    const scaled = upTo[dayOf(accrued.date) - dayOf(beganOn)];
    if (scaled === undefined) throw new Error(`an accrual of ${accrued.date} lies outside of the loan's life`);
    const wrong = faultOf(accrued, scaled, policy.rounding);
    if (wrong !== null) throw new Error(`${accrued.date}, of a loan of ${beganOn} by ${terms.convention}: ${wrong}`);
  }
  if (accruals.at(-1)?.date !== last) throw new Error(`a loan of ${beganOn} did not accrue on ${last}`);
  if (drawn.outages.length === 0 && accruals.length !== upTo.length) {
    throw new Error(`a loan of ${beganOn} accrued ${accruals.length} times in ${upTo.length} days`);
  }
  return { accruals: accruals.length, exact: accruals.filter(({ exact }) => exact !== null).length };
}

function faultOf({ postedMinor, exact }: Accrued, scaled: bigint, rounding: string): string | null {
  const due = oracleRounded(scaled, INTEREST_SCALE, rounding);
  if (postedMinor !== due) return `posted ${postedMinor}, due ${due}`;
  const over = scaled - postedMinor * INTEREST_SCALE;
  const off = over < 0n ? -over : over;
  if (rounding === 'down' ? off >= INTEREST_SCALE : 2n * off > INTEREST_SCALE) return `off by ${off}/${INTEREST_SCALE}`;
  if (exact !== null && exact.numerator * INTEREST_SCALE !== scaled * exact.denominator) {
    return `carried ${formatRational(exact)}, exact is ${scaled}/${INTEREST_SCALE}`;
  }
  return null;
}
