import fc from 'fast-check';
import { parseRateHistory, type RateHistory } from '../../src/domain/annual-rate.ts';
import { type CalendarDate, parseCalendarDate } from '../../src/domain/calendar-date.ts';
import { DAY_COUNT_CONVENTIONS } from '../../src/domain/day-count.ts';
import { ROUNDINGS } from '../../src/domain/rounding.ts';
import { dateOf, dayOf } from './interest-oracle.ts';

/** A loan as tests draw it: steps by the day of the span on which they come, rates as they are sent. */
export type DrawnLoan = {
  readonly begins: number;
  readonly nights: number;
  readonly principal: readonly { readonly from: string; readonly principalMinor: bigint }[];
  readonly rates: readonly { readonly from: string; readonly rate: string }[];
  readonly terms: {
    readonly convention: (typeof DAY_COUNT_CONVENTIONS)[number];
    readonly maturity: CalendarDate | null;
  };
  readonly rounding: (typeof ROUNDINGS)[number];
};

/** A date of the domain, of a text that is one. */
export function date(text: string): CalendarDate {
  const parsed = parseCalendarDate(text);
  if (parsed === undefined) throw new Error(`${text} is not a date`);
  return parsed;
}

/** A rate history of the domain, of entries that are one. */
export function history(entries: readonly { readonly from: string; readonly rate: string }[]): RateHistory {
  const read = parseRateHistory(entries);
  if ('problem' in read) throw new Error(read.problem.message);
  return read.history;
}

/** The principal of a drawn loan in the domain's types. */
export function principalOf(loan: DrawnLoan): readonly { from: CalendarDate; principalMinor: bigint }[] {
  return loan.principal.map(({ from, principalMinor }) => ({ from: date(from), principalMinor }));
}

/** The span of a drawn loan in the domain's types. */
export function spanOf({ begins, nights }: DrawnLoan): { from: CalendarDate; to: CalendarDate } {
  return { from: date(dateOf(begins)), to: date(dateOf(begins + nights)) };
}

const digits = (length: number) => fc.stringMatching(new RegExp(`^[0-9]{1,${length}}$`));
const rate = fc.oneof(
  fc.constantFrom('0.0799', '0.12', '0', '0.05', '0.050'),
  digits(12).map((decimals) => `0.${decimals}`),
  fc.tuple(fc.integer({ min: 1, max: 999 }), digits(12)).map(([units, decimals]) => `${units}.${decimals}`),
);
/** From loans so small that a night earns a fraction of a minor unit to the largest that the ledger keeps. */
const principalMinor = fc.oneof(
  fc.bigInt({ min: 0n, max: 100_000n }),
  fc.bigInt({ min: 0n, max: 10n ** 18n - 1n }),
  fc.constantFrom(5_000n, 1_000_000n),
);

/** Loans of `nights` nights with payments and further disbursements, rate changes, days on which nothing changes. */
export function drawnLoan({ nights, steps }: { nights: number; steps: number }): fc.Arbitrary<DrawnLoan> {
  const begins = fc.integer({ min: dayOf('2019-06-01'), max: dayOf('2032-01-01') });
  const offsets = (least: number) =>
    fc.array(fc.integer({ min: -20, max: nights + 5 }), { minLength: least, maxLength: steps });
  return fc
    .record({
      begins,
      principalAt: offsets(1),
      principals: fc.array(principalMinor, { minLength: steps, maxLength: steps }),
      ratesAt: offsets(1).map((days) => [...new Set(days)]),
      rates: fc.array(rate, { minLength: steps, maxLength: steps }),
      maturity: fc.option(fc.integer({ min: 0, max: nights + 20 }), { nil: null }),
      convention: fc.constantFrom(...DAY_COUNT_CONVENTIONS),
      rounding: fc.constantFrom(...ROUNDINGS),
    })
    .map((drawn) => ({
      begins: drawn.begins,
      nights,
      principal: drawn.principalAt
        .toSorted((a, b) => a - b)
        .map((day, index) => ({ from: dateOf(drawn.begins + day), principalMinor: drawn.principals[index] ?? 0n })),
      rates: drawn.ratesAt.map((day, index) => ({ from: dateOf(drawn.begins + day), rate: drawn.rates[index] ?? '0' })),
      terms: {
        convention: drawn.convention,
        maturity: drawn.maturity === null ? null : date(dateOf(drawn.begins + drawn.maturity)),
      },
      rounding: drawn.rounding,
    }));
}
