import { dateOf, dayOf, INTEREST_SCALE, oracleFraction, oracleRounded } from '../../../interest/interest-oracle.ts';
import { type Program, policyOn, rateOn } from './program.ts';
import type { LoanState, Span } from './state.ts';

/** What a loan's interest depends on beside its principal. */
export interface InterestTerms {
  readonly program: Program;
  /** Wins over the program's rates. */
  readonly registeredRate: string | undefined;
  readonly maturity: string | undefined;
}

interface Night {
  readonly date: string;
  readonly principalMinor: bigint;
  readonly rate: string;
  readonly dayCount: string;
}

/** The rate of the night that begins on a day. */
export function rateOfNight(terms: InterestTerms, date: string): string | undefined {
  return terms.registeredRate ?? rateOn(policyOn(terms.program, date), date);
}

/** What an accrual of a day stands for: the nights not yet accrued, and their interest. */
export interface DueInterest {
  readonly covers: readonly Span[];
  readonly exactScaled: bigint;
  /** Rounded cumulative less posted; never below 0, the rest is carried. */
  readonly amountMinor: bigint;
}

/**
 * The cumulative interest of the loan up to a day, rounded once, less what was posted (ACCOUNTING.md section 4).
 * Nights that a standing accrual stands for keep the figure they had there.
 */
export function dueInterest(state: LoanState, terms: InterestTerms, date: string): DueInterest {
  let exactScaled = 0n;
  const covers = uncovered(state, date);
  for (const span of covers) {
    exactScaled += cumulative(state, terms, span.to) - cumulative(state, terms, span.from);
  }
  let soFar = exactScaled;
  let posted = 0n;
  for (const accrued of state.accrued.values()) {
    soFar += accrued.exactScaled;
    posted += accrued.postedMinor;
  }
  const { rounding } = policyOn(terms.program, date);
  const difference = oracleRounded(soFar, INTEREST_SCALE, rounding) - posted;
  return { covers, exactScaled, amountMinor: difference > 0n ? difference : 0n };
}

/** The stretches of nights up to a day that no standing accrual stands for. */
function uncovered(state: LoanState, date: string): Span[] {
  const { interestFrom } = state;
  if (interestFrom === undefined) return [];
  const spans: Span[] = [];
  const covered = [...state.accrued.values()].flatMap(({ covers }) => covers);
  covered.sort((left, right) => (left.from < right.from ? -1 : 1));
  let at = interestFrom;
  for (const { from, to } of covered) {
    if (from > at) spans.push({ from: at, to: from < date ? from : date });
    if (to > at) at = to;
    if (at >= date) return spans;
  }
  if (at < date) spans.push({ from: at, to: date });
  return spans.filter((span) => span.from < span.to);
}

/** Exact interest from the beginning to a day, segment by segment, each from its own start to its end. */
function cumulative(state: LoanState, terms: InterestTerms, to: string): bigint {
  const { interestFrom } = state;
  if (interestFrom === undefined) return 0n;
  let total = 0n;
  let segment: Night | undefined;
  for (let day = dayOf(interestFrom); day < dayOf(to); day += 1) {
    const night = nightOf(state, terms, dateOf(day));
    if (segment !== undefined && isSame(segment, night)) continue;
    if (segment !== undefined) total += interestOf(segment, night.date, terms);
    segment = night;
  }
  return segment === undefined ? total : total + interestOf(segment, to, terms);
}

function nightOf(state: LoanState, terms: InterestTerms, date: string): Night {
  let principalMinor = 0n;
  for (const move of state.principalMoves) if (move.earnsFrom <= date) principalMinor += move.deltaMinor;
  const { dayCount } = policyOn(terms.program, date);
  return { date, principalMinor, rate: rateOfNight(terms, date) ?? '0', dayCount };
}

function isSame(left: Night, right: Night): boolean {
  return (
    left.principalMinor === right.principalMinor &&
    rateScaled(left.rate) === rateScaled(right.rate) &&
    left.dayCount === right.dayCount
  );
}

function interestOf(segment: Night, to: string, { maturity }: InterestTerms): bigint {
  const terms = { convention: segment.dayCount, maturity: maturity ?? null };
  return segment.principalMinor * rateScaled(segment.rate) * oracleFraction({ from: segment.date, to }, terms);
}

function rateScaled(rate: string): bigint {
  const [units = '', decimals = ''] = rate.split('.');
  return BigInt(units + decimals.padEnd(12, '0'));
}
