import { type CalendarDate, parseCalendarDate } from './calendar-date.ts';
import { type Rational, rational } from './rational.ts';

const RATE = /^(0|[1-9][0-9]{0,2})(?:\.([0-9]{1,12}))?$/;

/** A rate a year that holds from the night that begins on `from` until the next one's. */
export type RateStep = { readonly from: CalendarDate; readonly rate: Rational };

/** Rates a year, each from a later date than the one before it. Nights before the first have no rate. */
export type RateHistory = readonly RateStep[];

/** Why a history cannot be read: the place of the entry that is wrong, its field, and a sentence for people. */
export type RateHistoryProblem = { readonly index: number; readonly field: 'from' | 'rate'; readonly message: string };

/**
 * Reads a rate a year as a decimal text, `"0.0799"` for 7.99 %: up to three digits before the point and twelve behind it,
 * no sign, no leading zero (ACCOUNTING.md section 4). Exactly what is written; undefined for any other text.
 */
export function parseAnnualRate(text: string): Rational | undefined {
  const match = RATE.exec(text);
  if (match === null) return undefined;
  const [, units = '', decimals = ''] = match;
  return rational({ numerator: BigInt(units + decimals), denominator: 10n ** BigInt(decimals.length) });
}

/** Reads a rate history as programs hold it, in whatever order it was sent; the first entry that is wrong is named. */
export function parseRateHistory(
  entries: readonly { readonly from: string; readonly rate: string }[],
): { readonly history: RateHistory } | { readonly problem: RateHistoryProblem } {
  const steps = new Map<CalendarDate, RateStep>();
  for (const [index, entry] of entries.entries()) {
    const from = parseCalendarDate(entry.from);
    if (from === undefined) return { problem: { index, field: 'from', message: `${entry.from} is not a date` } };
    if (steps.has(from)) return { problem: { index, field: 'from', message: `${from} has a rate already` } };
    const rate = parseAnnualRate(entry.rate);
    if (rate === undefined) {
      const message = `${entry.rate} is not a rate a year such as 0.0799, with up to 12 decimals`;
      return { problem: { index, field: 'rate', message } };
    }
    steps.set(from, { from, rate });
  }
  return { history: [...steps.values()].sort((one, other) => (one.from < other.from ? -1 : 1)) };
}
