import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compareWithOracle } from '../../test/interest/against-oracle.ts';
import { type DrawnProgram, drawnProgram } from '../../test/interest/drawn-program.ts';
import { liveThrough } from '../../test/interest/program-days.ts';
import { date } from '../../test/interest/random-loan.ts';
import { DAY_COUNT_CONVENTIONS } from './day-count.ts';
import { interestOfSpan } from './interest.ts';
import { BACKDATING_POLICIES } from './program.ts';
import { rational } from './rational.ts';
import { ROUNDINGS, roundToMinor } from './rounding.ts';

/** 50.00 at 7.99 %, lent on the first of 30 nights (ACCOUNTING.md section 4). */
const SMALL_LOAN: DrawnProgram = {
  begins: Date.parse('2026-05-01') / 86_400_000,
  nights: 30,
  policy: {
    day_count_convention: 'ACT_360',
    rounding: 'half_even',
    backdating: 'append',
    waterfall: ['fees', 'interest', 'principal'],
  },
  rates: [{ from: '2026-01-01', rate: '0.0799' }],
  revisedOn: null,
  outages: [],
  lives: [{ begins: 0, lentMinor: 5_000n, maturity: null, acts: [] }],
};

/** What the runs of the 30 nights posted, one after the other. */
function postedBy(outages: DrawnProgram['outages']): readonly bigint[] {
  const accruals = liveThrough({ ...SMALL_LOAN, outages }).loans[0]?.accruals ?? [];
  return accruals.map(({ postedMinor }, place) => postedMinor - (accruals[place - 1]?.postedMinor ?? 0n));
}

const sum = (posted: readonly bigint[]) => posted.reduce((total, minor) => total + minor, 0n);

describe('50.00 at 7.99 % ACT/360 over 30 nights (ACCOUNTING.md section 4)', () => {
  test('makes 33 cents in runs night by night, never 30', () => {
    const [onTheDay, ...nights] = postedBy([]);
    expect([onTheDay, nights.length, sum(nights)]).toEqual([0n, 30, 33n]);
    expect(nights.filter((minor) => minor === 2n)).toHaveLength(3);
    expect(nights.filter((minor) => minor === 1n)).toHaveLength(27);
  });

  test('makes the same 33 in one run, with runs left out, and with these caught up day by day', () => {
    const outage = (from: number, days: number, isCaughtUpDayByDay = false) => ({ from, days, isCaughtUpDayByDay });
    expect(postedBy([outage(1, 29)])).toEqual([0n, 33n]);
    const some = postedBy([outage(3, 6), outage(12, 1), outage(20, 8)]);
    expect([some.length, sum(some)]).toEqual([16, 33n]);
    expect(postedBy([outage(3, 20, true)])).toEqual(postedBy([]));
  });

  test('would make 30 if each night were rounded by itself', () => {
    const rate = rational({ numerator: 799n, denominator: 10_000n });
    const from = date('2026-05-01');
    const night = {
      from,
      to: date('2026-05-02'),
      principal: [{ from, principalMinor: 5_000n }],
      rates: [{ from, rate }],
    };
    const { exact } = interestOfSpan(night, { convention: 'ACT_360', maturity: null });
    expect(30n * roundToMinor(exact, 'half_even')).toBe(30n);
  });
});

test('any program: after every run the posted sum is the exact interest of a second implementation, rounded once', () => {
  const policy = fc.record({
    day_count_convention: fc.constantFrom(...DAY_COUNT_CONVENTIONS),
    rounding: fc.constantFrom(...ROUNDINGS),
    backdating: fc.constantFrom(...BACKDATING_POLICIES),
  });
  const drawing = (misses: boolean) => drawnProgram({ nights: 250, loans: 2, misses }, policy);
  fc.assert(
    fc.property(fc.oneof(drawing(false), drawing(true)), (drawn) => {
      for (const loan of liveThrough(drawn).loans) compareWithOracle(drawn, loan);
    }),
    { numRuns: 100 },
  );
});
