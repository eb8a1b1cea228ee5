import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { dateOf, dayOf, INTEREST_SCALE, oracleInterest } from '../../test/interest/interest-oracle.ts';
import { date, drawnLoan, history, principalOf, spanOf } from '../../test/interest/random-loan.ts';
import { DAY_COUNT_CONVENTIONS, type DayCountConvention } from './day-count.ts';
import { type InterestSpan, interestOfSpan } from './interest.ts';
import { formatRational, product, rational, sum, whole } from './rational.ts';

const terms = (convention: DayCountConvention) => ({ convention, maturity: null });
const RATE_12 = history([{ from: '2020-01-01', rate: '0.12' }]);

function loan(changes: Partial<InterestSpan>): InterestSpan {
  const principal = [{ from: date('2026-01-01'), principalMinor: 1_000_000n }];
  return { from: date('2026-05-01'), to: date('2026-06-01'), principal, rates: RATE_12, ...changes };
}

const exactOf = (span: InterestSpan, convention: DayCountConvention) =>
  formatRational(interestOfSpan(span, terms(convention)).exact);

test('the worked example of the contract: 1,000,000 at 12 % for May, ACT/365, is 744000/73', () => {
  const { exact, segments } = interestOfSpan(loan({}), terms('ACT_365'));
  expect(formatRational(exact)).toBe('744000/73');
  expect(segments.map(({ from, to, days, yearFraction }) => [from, to, days, formatRational(yearFraction)])).toEqual([
    ['2026-05-01', '2026-06-01', 31, '31/365'],
  ]);
});

test('a span with a payment and a rate change is explained by its segments', () => {
  const span = loan({
    principal: [
      { from: date('2026-01-01'), principalMinor: 1_000_000n },
      { from: date('2026-05-11'), principalMinor: 400_000n },
    ],
    rates: history([
      { from: '2026-01-01', rate: '0.12' },
      { from: '2026-05-21', rate: '0.09' },
    ]),
  });
  const { exact, segments } = interestOfSpan(span, terms('ACT_360'));
  const rows = segments.map((segment) => [
    segment.from,
    segment.to,
    segment.principalMinor,
    formatRational(segment.rate),
    segment.days,
    formatRational(segment.interest),
  ]);
  expect(rows).toEqual([
    ['2026-05-01', '2026-05-11', 1_000_000n, '3/25', 10, '10000/3'],
    ['2026-05-11', '2026-05-21', 400_000n, '3/25', 10, '4000/3'],
    ['2026-05-21', '2026-06-01', 400_000n, '9/100', 11, '1100'],
  ]);
  expect(formatRational(exact)).toBe('17300/3');
});

describe('what ends a segment', () => {
  const january = { from: date('2026-01-15'), to: date('2026-02-15') };
  const changing = (principalMinor: bigint) => [
    { from: date('2026-01-01'), principalMinor: 1_000_000n },
    { from: date('2026-01-31'), principalMinor },
  ];

  test('not an event that leaves the principal as it is: 30 days of 30/360, which two parts would make 31', () => {
    const undivided = exactOf(loan(january), 'THIRTY_360_BOND_BASIS');
    expect(undivided).toBe('10000');
    expect(exactOf(loan({ ...january, principal: changing(1_000_000n) }), 'THIRTY_360_BOND_BASIS')).toBe(undivided);
    const { segments } = interestOfSpan(
      loan({ ...january, principal: changing(999_999n) }),
      terms('THIRTY_360_BOND_BASIS'),
    );
    expect(segments.map(({ days }) => days)).toEqual([16, 15]);
  });

  test('not a rate that is the same number in other digits', () => {
    const rates = history([
      { from: '2026-01-01', rate: '0.12' },
      { from: '2026-01-31', rate: '0.1200' },
    ]);
    expect(exactOf(loan({ ...january, rates }), 'THIRTY_360_BOND_BASIS')).toBe('10000');
  });

  test('not a principal that is back before the day is over; of one day the last stands', () => {
    const principal = [...changing(1n), { from: date('2026-01-31'), principalMinor: 1_000_000n }];
    expect(exactOf(loan({ ...january, principal }), 'THIRTY_360_BOND_BASIS')).toBe('10000');
  });
});

describe('which nights a step changes', () => {
  const nightly = (principal: InterestSpan['principal']) => exactOf(loan({ principal }), 'ACT_360');

  test('a step on the first day counts for the whole span, one on the last day for none of it', () => {
    expect(nightly([{ from: date('2026-05-01'), principalMinor: 3_000n }])).toBe('31');
    const paidOff = [
      { from: date('2026-05-01'), principalMinor: 3_000n },
      { from: date('2026-06-01'), principalMinor: 0n },
    ];
    expect(nightly(paidOff)).toBe('31');
    expect(interestOfSpan(loan({ principal: paidOff }), terms('ACT_360')).segments).toHaveLength(1);
  });

  test('the night that begins on the day of a payment bears interest on what is left', () => {
    const paid = [
      { from: date('2026-05-01'), principalMinor: 3_000n },
      { from: date('2026-05-02'), principalMinor: 0n },
    ];
    expect(nightly(paid)).toBe('1');
  });

  test('nights before the first principal or the first rate bear none', () => {
    expect(nightly([{ from: date('2026-05-31'), principalMinor: 3_000n }])).toBe('1');
    expect(nightly([])).toBe('0');
    const rates = history([{ from: '2026-05-31', rate: '0.12' }]);
    const principal = [{ from: date('2026-01-01'), principalMinor: 3_000n }];
    expect(exactOf(loan({ rates, principal }), 'ACT_360')).toBe('1');
  });
});

test('a maturity at the end of February counts two days less by THIRTY_E_360_ISDA alone', () => {
  const span = loan({ from: date('2026-01-31'), to: date('2026-02-28') });
  const both = (convention: DayCountConvention) =>
    [null, span.to].map((maturity) => interestOfSpan(span, { convention, maturity }).segments[0]?.days);
  expect(both('THIRTY_E_360_ISDA')).toEqual([30, 28]);
  for (const convention of DAY_COUNT_CONVENTIONS.filter((one) => one !== 'THIRTY_E_360_ISDA')) {
    expect(both(convention)).toEqual([28, 28]);
  }
});

test('a span of no nights bears nothing, one that ends before it begins and steps out of order are refused', () => {
  expect(exactOf(loan({ to: date('2026-05-01') }), 'ACT_365')).toBe('0');
  expect(() => exactOf(loan({ to: date('2026-04-30') }), 'ACT_365')).toThrow(RangeError);
  const principal = [
    { from: date('2026-05-03'), principalMinor: 1n },
    { from: date('2026-05-02'), principalMinor: 2n },
  ];
  expect(() => exactOf(loan({ principal }), 'ACT_365')).toThrow(
    'the step of 2026-05-02 stands behind that of 2026-05-03',
  );
  expect(() =>
    exactOf(loan({ rates: history([{ from: '2026-05-02', rate: '1' }]).concat(RATE_12) }), 'ACT_365'),
  ).toThrow(RangeError);
});

describe('for any loan', () => {
  test('the interest of every span from its start is what a second implementation makes of it, night by night', () => {
    fc.assert(
      fc.property(drawnLoan({ nights: 500, steps: 8 }), fc.integer({ min: 0, max: 500 }), (drawn, nights) => {
        const { from, to } = spanOf(drawn);
        const expected = oracleInterest(drawn, { from, to }, drawn.terms)[nights] ?? -1n;
        const span = { from, to: date(dateOf(dayOf(from) + nights)), principal: principalOf(drawn) };
        const { exact, segments } = interestOfSpan({ ...span, rates: history(drawn.rates) }, drawn.terms);
        expect(exact).toEqual(rational({ numerator: expected, denominator: INTEREST_SCALE }));
        expect(sum(...segments.map(({ interest }) => interest))).toEqual(exact);
        expect([segments[0]?.from, segments.at(-1)?.to]).toEqual([span.from, span.to]);
        segments.slice(1).forEach((segment, index) => {
          expect(segment.from).toBe(segments[index]?.to);
        });
      }),
      { numRuns: 400 },
    );
  });

  test('the parts of a span sum to it: cut at any change, and anywhere where the convention is additive', () => {
    fc.assert(
      fc.property(drawnLoan({ nights: 400, steps: 6 }), fc.integer({ min: 1, max: 399 }), (drawn, cut) => {
        const { from, to } = spanOf(drawn);
        const rest = { principal: principalOf(drawn), rates: history(drawn.rates) };
        const interest = (part: { from: typeof from; to: typeof to }) =>
          interestOfSpan({ ...part, ...rest }, { ...drawn.terms, maturity: null });
        const whole = interest({ from, to });
        const additive = !['THIRTY_360_US', 'THIRTY_360_BOND_BASIS'].includes(drawn.terms.convention);
        const changes = whole.segments.slice(1).map((segment) => segment.from);
        for (const middle of additive ? [...changes, date(dateOf(drawn.begins + cut))] : changes) {
          expect(sum(interest({ from, to: middle }).exact, interest({ from: middle, to }).exact)).toEqual(whole.exact);
        }
      }),
      { numRuns: 300 },
    );
  });

  test('three times the principal bears three times the interest, its negative the negative', () => {
    fc.assert(
      fc.property(drawnLoan({ nights: 200, steps: 4 }), fc.constantFrom(3n, -1n, 0n), (drawn, factor) => {
        const span = { ...spanOf(drawn), principal: principalOf(drawn), rates: history(drawn.rates) };
        const scaled = span.principal.map((step) => ({ ...step, principalMinor: factor * step.principalMinor }));
        const { exact } = interestOfSpan(span, drawn.terms);
        expect(interestOfSpan({ ...span, principal: scaled }, drawn.terms).exact).toEqual(
          product(exact, whole(factor)),
        );
      }),
      { numRuns: 200 },
    );
  });
});
