import type { RateHistory, RateStep } from './annual-rate.ts';
import type { CalendarDate } from './calendar-date.ts';
import type { DayCountStep } from './loan-interest.ts';
import { type ProgramVersion, versionInForce } from './program.ts';
import { type Rational, ZERO } from './rational.ts';

/** The first calendar date there is: from here on holds what holds from the beginning of time. */
const BEGINNING = '0001-01-01' as CalendarDate;

/** What a program says of the interest of its loans, night by night, over all its versions. */
export type ProgramTerms = { readonly rates: RateHistory; readonly dayCounts: readonly DayCountStep[] };

/**
 * The rates and day counts of a program: each night's are those of the version that is in force on the day on which the
 * night begins. A night without a rate earns nothing.
 */
export function programTerms(versions: readonly ProgramVersion[]): ProgramTerms {
  const begun = versions.flatMap(({ effectiveFrom }) => effectiveFrom ?? []) as CalendarDate[];
  const stated = versions.flatMap(({ policy }) => policy.annualRates.map(({ from }) => from));
  return {
    rates: inOrder([...begun, ...stated]).map((from) => ({ from, rate: rateOfVersions(versions, from) ?? ZERO })),
    dayCounts: inOrder([BEGINNING, ...begun]).map((from) => ({
      from,
      convention: versionInForce(versions, from).policy.dayCountConvention,
    })),
  };
}

/** One rate for every night: that of a loan which was registered with its own. */
export function ownRate(rate: Rational): RateHistory {
  const step: RateStep = { from: BEGINNING, rate };
  return [step];
}

/** The rate of the night that begins on a day; undefined when the program has none by then. */
export function rateOfVersions(versions: readonly ProgramVersion[], night: string): Rational | undefined {
  return versionInForce(versions, night).policy.annualRates.findLast(({ from }) => from <= night)?.rate;
}

function inOrder(dates: readonly CalendarDate[]): readonly CalendarDate[] {
  return [...new Set(dates)].sort();
}
