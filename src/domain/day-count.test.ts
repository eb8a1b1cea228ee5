import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { dateOf, dayOf, FRACTION_SCALE, oracleDays, oracleFraction } from '../../test/interest/interest-oracle.ts';
import { type CalendarDate, parseCalendarDate } from './calendar-date.ts';
import { countDays, DAY_COUNT_CONVENTIONS, type DayCountConvention } from './day-count.ts';
import { formatRational, type Rational, rational, sum } from './rational.ts';

function date(text: string): CalendarDate {
  const parsed = parseCalendarDate(text);
  if (parsed === undefined) throw new Error(`${text} is not a date`);
  return parsed;
}

const at = (day: number): CalendarDate => date(dateOf(day));
const FIRST = dayOf('1890-01-01');
const LAST = dayOf('2110-12-31');

/** Days that conventions treat in their own way are drawn as often as all others together. */
const anyDay = fc.oneof(
  fc.integer({ min: FIRST, max: LAST }),
  fc
    .tuple(
      fc.constantFrom(1899, 1900, 1999, 2000, 2007, 2008, 2023, 2024, 2025, 2100),
      fc.constantFrom('01-01', '01-30', '01-31', '02-27', '02-28', '03-01', '08-30', '08-31', '12-31'),
      fc.constantFrom(0, 1),
    )
    .map(([year, rest, later]) => dayOf(`${year}-${rest}`) + later),
);
const span = fc.tuple(anyDay, anyDay).map(([a, b]) => ({ from: at(Math.min(a, b)), to: at(Math.max(a, b)) }));
const convention = fc.constantFrom(...DAY_COUNT_CONVENTIONS);
const unbound = (name: DayCountConvention) => ({ convention: name, maturity: null });

describe('against a second implementation', () => {
  test('days and year fraction of every convention agree, with and without a maturity', () => {
    fc.assert(
      fc.property(span, convention, fc.constantFrom('end', 'other', 'none'), anyDay, (nights, name, which, other) => {
        const maturity = which === 'end' ? nights.to : which === 'other' ? at(other) : null;
        const terms = { convention: name, maturity };
        const { days, yearFraction } = countDays(nights, terms);
        expect(days).toBe(oracleDays(nights, terms));
        expect(yearFraction).toEqual(
          rational({ numerator: oracleFraction(nights, terms), denominator: FRACTION_SCALE }),
        );
      }),
      { numRuns: 8_000 },
    );
  });
});

describe('every convention', () => {
  test('counts nothing from a day to itself, whatever the maturity', () => {
    fc.assert(
      fc.property(anyDay, convention, fc.boolean(), (day, name, matures) => {
        const maturity = matures ? at(day) : null;
        const { days, yearFraction } = countDays({ from: at(day), to: at(day) }, { convention: name, maturity });
        expect([days, formatRational(yearFraction)]).toEqual([0, '0']);
      }),
    );
  });

  test.each(DAY_COUNT_CONVENTIONS)('%s: the night before a maturity at the end of February is the last one', (name) => {
    const maturity = date('2026-02-28');
    const { days } = countDays({ from: maturity, to: maturity }, { convention: name, maturity });
    expect(days).toBe(0);
  });

  test('never falls as the end moves on, so that no night earns less than nothing', () => {
    fc.assert(
      fc.property(anyDay, fc.nat(1500), convention, fc.nat(1500), (start, length, name, matures) => {
        const terms = { convention: name, maturity: at(start + matures) };
        const daysUpTo = (end: number) => countDays({ from: at(start), to: at(end) }, terms).days;
        expect(daysUpTo(start + length + 1)).toBeGreaterThanOrEqual(daysUpTo(start + length));
      }),
      { numRuns: 5_000 },
    );
  });

  test('repeats after 400 years, as the calendar does', () => {
    fc.assert(
      fc.property(span, convention, ({ from, to }, name) => {
        const later = (day: CalendarDate) => at(dayOf(day) + 146_097);
        expect(countDays({ from: later(from), to: later(to) }, unbound(name))).toEqual(
          countDays({ from, to }, unbound(name)),
        );
      }),
    );
  });

  test.each(DAY_COUNT_CONVENTIONS)('%s refuses a span that ends before it begins', (name) => {
    expect(() => countDays({ from: date('2026-05-02'), to: date('2026-05-01') }, unbound(name))).toThrow(
      'a span from 2026-05-02 to 2026-05-01 ends before it begins',
    );
  });
});

describe('additivity', () => {
  test.each<DayCountConvention>(['ACT_365', 'ACT_360', 'ACT_ACT_ISDA', 'THIRTY_E_360', 'THIRTY_E_360_ISDA'])(
    '%s: the parts of a span sum to it',
    (name) => {
      fc.assert(
        fc.property(fc.tuple(anyDay, anyDay, anyDay), (days) => {
          const [from, middle, to] = days.toSorted((a, b) => a - b).map(at) as [
            CalendarDate,
            CalendarDate,
            CalendarDate,
          ];
          const fractionOf = (nights: { from: CalendarDate; to: CalendarDate }): Rational =>
            countDays(nights, unbound(name)).yearFraction;
          expect(sum(fractionOf({ from, to: middle }), fractionOf({ from: middle, to }))).toEqual(
            fractionOf({ from, to }),
          );
        }),
        { numRuns: 1_000 },
      );
    },
  );

  test.each<[DayCountConvention, string, string, string, number, number]>([
    ['THIRTY_360_BOND_BASIS', '2026-01-15', '2026-01-31', '2026-02-15', 30, 31],
    ['THIRTY_360_US', '2026-01-15', '2026-01-31', '2026-02-15', 30, 31],
    ['THIRTY_360_US', '2026-01-31', '2026-02-28', '2026-03-31', 60, 58],
  ])('%s has none: %s to %s to %s', (name, from, middle, to, together, apart) => {
    const days = (a: string, b: string) => countDays({ from: date(a), to: date(b) }, unbound(name)).days;
    expect([days(from, to), days(from, middle) + days(middle, to)]).toEqual([together, apart]);
  });
});

test.each<[DayCountConvention, number, string]>([
  ['ACT_365', 366, '366/365'],
  ['ACT_360', 366, '61/60'],
  ['ACT_ACT_ISDA', 366, '1'],
  ['THIRTY_360_US', 360, '1'],
  ['THIRTY_360_BOND_BASIS', 360, '1'],
  ['THIRTY_E_360', 360, '1'],
  ['THIRTY_E_360_ISDA', 360, '1'],
])('%s: a leap year from its first day has %i days and is %s of a year', (name, days, yearFraction) => {
  const counted = countDays({ from: date('2028-01-01'), to: date('2029-01-01') }, unbound(name));
  expect([counted.days, formatRational(counted.yearFraction)]).toEqual([days, yearFraction]);
});
