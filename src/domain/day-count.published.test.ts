import { describe, expect, test } from 'vitest';
import { type CalendarDate, parseCalendarDate } from './calendar-date.ts';
import { countDays, type DayCountConvention } from './day-count.ts';
import { type Rational, rational, sum } from './rational.ts';

function date(text: string): CalendarDate {
  const parsed = parseCalendarDate(text);
  if (parsed === undefined) throw new Error(`${text} is not a date`);
  return parsed;
}

type Asked = { from: string; to: string; convention: DayCountConvention; maturity?: string };

function counted({ from, to, convention, maturity }: Asked): { days: number; yearFraction: Rational } {
  const terms = { convention, maturity: maturity === undefined ? null : date(maturity) };
  return countDays({ from: date(from), to: date(to) }, terms);
}

/** A published decimal holds when the exact fraction, rounded to as many digits, is written the same. */
function decimal(value: Rational, digits: number): string {
  const scaled = value.numerator * 10n ** BigInt(digits);
  const rounded = (2n * scaled + value.denominator) / (2n * value.denominator);
  const text = `${rounded}`.padStart(digits + 1, '0');
  return `${text.slice(0, -digits)}.${text.slice(-digits)}`;
}

/** Days by Bond Basis, 30E/360 and 30E/360 (ISDA); null where the publication has no such row. */
type IsdaRow = readonly [string, string, number | null, number | null, number | null];

describe('ISDA, "30/360 Day Count Conventions", examples of 22 December 2008, as QuantLib\'s DayCounterTest has them', () => {
  const tables: readonly { readonly name: string; readonly maturity: string; readonly rows: readonly IsdaRow[] }[] = [
    {
      name: 'example 1, dates that are no ends of February',
      maturity: '2009-08-20',
      rows: [
        ['2006-08-20', '2007-02-20', 180, 180, 180],
        ['2007-02-20', '2007-08-20', 180, 180, 180],
        ['2007-08-20', '2008-02-20', 180, 180, 180],
        ['2008-02-20', '2008-08-20', 180, 180, 180],
        ['2008-08-20', '2009-02-20', 180, 180, 180],
        ['2009-02-20', '2009-08-20', 180, 180, 180],
      ],
    },
    {
      name: 'example 2, ends of February, maturity 29 February 2012',
      maturity: '2012-02-29',
      rows: [
        ['2006-02-28', '2006-08-31', null, 182, 180],
        ['2006-08-31', '2007-02-28', 178, 178, 180],
        ['2007-02-28', '2007-08-31', 183, 182, 180],
        ['2007-08-31', '2008-02-29', 179, 179, 180],
        ['2008-02-29', '2008-08-31', 182, 181, 180],
        ['2008-08-31', '2009-02-28', 178, 178, 180],
        ['2009-02-28', '2009-08-31', 183, 182, 180],
        ['2009-08-31', '2010-02-28', null, 178, 180],
        ['2010-02-28', '2010-08-31', null, 182, 180],
        ['2010-08-31', '2011-02-28', null, 178, 180],
        ['2011-02-28', '2011-08-31', null, 182, 180],
        ['2011-08-31', '2012-02-29', null, 179, 179],
      ],
    },
    {
      name: 'example 3, single spans, maturity 29 February 2008',
      maturity: '2008-02-29',
      rows: [
        ['2006-01-31', '2006-02-28', 28, 28, 30],
        ['2006-01-30', '2006-02-28', 28, 28, 30],
        ['2006-02-28', '2006-03-03', 5, 5, 3],
        ['2006-02-14', '2006-02-28', 14, 14, 16],
        ['2006-09-30', '2006-10-31', 30, 30, 30],
        ['2006-10-31', '2006-11-28', 28, 28, 28],
        ['2007-08-31', '2008-02-28', 178, 178, 178],
        ['2008-02-28', '2008-08-28', 180, 180, 180],
        ['2008-02-28', '2008-08-30', 182, 182, 182],
        ['2008-02-28', '2008-08-31', 183, 182, 182],
        ['2007-02-26', '2008-02-28', 362, 362, null],
        ['2007-02-26', '2008-02-29', 363, 363, null],
        ['2007-02-28', '2008-02-28', null, null, 358],
        ['2007-02-28', '2008-02-29', null, null, 359],
        ['2008-02-29', '2009-02-28', 359, 359, 360],
        ['2008-02-28', '2008-03-30', 32, 32, null],
        ['2008-02-28', '2008-03-31', 33, 32, null],
        ['2008-02-29', '2008-03-30', null, null, 30],
        ['2008-02-29', '2008-03-31', null, null, 30],
      ],
    },
  ];
  test.each(tables)('$name', ({ maturity, rows }) => {
    for (const [from, to, bondBasis, eurobond, isda] of rows) {
      const days = (convention: DayCountConvention, published: number | null) =>
        published === null ? null : counted({ from, to, convention, maturity }).days;
      expect([
        from,
        to,
        days('THIRTY_360_BOND_BASIS', bondBasis),
        days('THIRTY_E_360', eurobond),
        days('THIRTY_E_360_ISDA', isda),
      ]).toEqual([from, to, bondBasis, eurobond, isda]);
    }
  });
});

/** To the ten decimals to which QuantLib compares them. It notes that the memorandum has another figure for the fifth. */
test.each([
  ['2003-11-01', '2004-05-01', '0.4977243806'],
  ['1999-02-01', '1999-07-01', '0.4109589041'],
  ['1999-07-01', '2000-07-01', '1.0013773486'],
  ['2002-08-15', '2003-07-15', '0.9150684932'],
  ['2003-07-15', '2004-01-15', '0.5040047908'],
  ['1999-07-30', '2000-01-30', '0.5038925069'],
  ['2000-01-30', '2000-06-30', '0.4153005464'],
])(
  'ISDA, "EMU and Market Conventions", November 1998, as QuantLib\'s DayCounterTest has it: ACT_ACT_ISDA %s to %s',
  (from, to, part) => {
    expect(decimal(counted({ from, to, convention: 'ACT_ACT_ISDA' }).yearFraction, 10)).toBe(part);
  },
);

describe('OpenGamma Strata, DayCountTest', () => {
  /** Days by Bond Basis, 30U/360 with EOM, 30E/360, and 30E/360 ISDA not at and at maturity. */
  test.each([
    ['2011-12-28', '2012-02-28', 60, 60, 60, 60, 60],
    ['2011-12-28', '2012-02-29', 61, 61, 61, 62, 61],
    ['2011-12-28', '2012-03-01', 63, 63, 63, 63, 63],
    ['2011-12-28', '2016-02-29', 1501, 1501, 1501, 1502, 1501],
    ['2012-02-28', '2012-03-28', 30, 30, 30, 30, 30],
    ['2012-02-29', '2012-03-28', 29, 28, 29, 28, 28],
    ['2011-02-28', '2012-02-28', 360, 358, 360, 358, 358],
    ['2011-02-28', '2012-02-29', 361, 360, 361, 360, 359],
    ['2012-02-29', '2016-02-29', 1440, 1440, 1440, 1440, 1439],
    ['2012-03-01', '2012-03-28', 27, 27, 27, 27, 27],
    ['2012-05-30', '2013-08-29', 449, 449, 449, 449, 449],
    ['2012-05-29', '2013-08-30', 451, 451, 451, 451, 451],
    ['2012-05-30', '2013-08-30', 450, 450, 450, 450, 450],
    ['2012-05-29', '2013-08-31', 452, 452, 451, 451, 451],
    ['2012-05-30', '2013-08-31', 450, 450, 450, 450, 450],
    ['2012-05-31', '2013-08-30', 450, 450, 450, 450, 450],
    ['2012-05-31', '2013-08-31', 450, 450, 450, 450, 450],
  ])('%s to %s', (from, to, ...published) => {
    const days = (convention: DayCountConvention, maturity?: string) =>
      counted({ from, to, convention, ...(maturity === undefined ? {} : { maturity }) }).days;
    expect([
      days('THIRTY_360_BOND_BASIS'),
      days('THIRTY_360_US'),
      days('THIRTY_E_360'),
      days('THIRTY_E_360_ISDA'),
      days('THIRTY_E_360_ISDA', to),
    ]).toEqual(published);
  });

  test.each([
    ['2012-02-29', '2012-03-30', 30],
    ['2012-02-29', '2012-03-31', 30],
    ['2012-02-29', '2013-02-28', 360],
  ])('30U/360 with EOM, %s to %s', (from, to, days) => {
    expect(counted({ from, to, convention: 'THIRTY_360_US' }).days).toBe(days);
  });

  /** Days of ordinary years, of leap years, and whole years between, as the test adds them up. */
  test.each([
    ['2011-12-28', '2012-02-28', 4n, 58n, 0n],
    ['2011-12-28', '2012-02-29', 4n, 59n, 0n],
    ['2011-12-28', '2012-03-01', 4n, 60n, 0n],
    ['2011-12-28', '2016-02-28', 4n, 58n, 4n],
    ['2011-12-28', '2016-02-29', 4n, 59n, 4n],
    ['2011-12-28', '2016-03-01', 4n, 60n, 4n],
    ['2012-02-29', '2012-03-29', 0n, 29n, 0n],
    ['2012-02-29', '2012-03-28', 0n, 28n, 0n],
    ['2012-03-01', '2012-03-28', 0n, 27n, 0n],
  ])('actual days, %s to %s', (from, to, ordinary, leap, years) => {
    const days = ordinary + leap + years * 365n + (years > 0n ? 1n : 0n);
    const over = (numerator: bigint, denominator: bigint) => rational({ numerator, denominator });
    expect(counted({ from, to, convention: 'ACT_365' }).yearFraction).toEqual(over(days, 365n));
    expect(counted({ from, to, convention: 'ACT_360' }).yearFraction).toEqual(over(days, 360n));
    const parts = sum(over(ordinary, 365n), over(leap, 366n), over(years, 1n));
    expect(counted({ from, to, convention: 'ACT_ACT_ISDA' })).toEqual({ days: Number(days), yearFraction: parts });
  });
});

test.each<[string, string, DayCountConvention, string]>([
  ['2012-01-01', '2012-07-30', 'THIRTY_360_US', '0.58055556'],
  ['2012-01-01', '2012-07-30', 'ACT_365', '0.57808219'],
])('Microsoft Excel, the example of YEARFRAC: %s to %s by %s', (from, to, convention, part) => {
  expect(decimal(counted({ from, to, convention }).yearFraction, 8)).toBe(part);
});

test.each([
  ['2006-08-20', '2007-02-20', '0.511111111', '0.504109589'],
  ['2007-02-20', '2007-08-20', '0.502777778', '0.495890411'],
  ['2008-02-20', '2008-08-20', '0.505555556', '0.498630137'],
  ['2006-02-28', '2006-08-31', '0.511111111', '0.504109589'],
  ['2006-08-31', '2007-02-28', '0.502777778', '0.495890411'],
])(
  'FinRMSoft, test report of accrual factors, April 2023: ACT_360 and ACT_365 %s to %s',
  (from, to, act360, act365) => {
    expect(decimal(counted({ from, to, convention: 'ACT_360' }).yearFraction, 9)).toBe(act360);
    expect(decimal(counted({ from, to, convention: 'ACT_365' }).yearFraction, 9)).toBe(act365);
  },
);

test('FYIcenter, "30/360 US - EOM Period Examples": a bond that pays at ends of months has 180 days from end of February', () => {
  expect(counted({ from: '2024-02-29', to: '2024-08-31', convention: 'THIRTY_360_US' }).days).toBe(180);
});
