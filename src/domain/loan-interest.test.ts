import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { dateOf, INTEREST_SCALE, oracleInterest, oracleRounded } from '../../test/interest/interest-oracle.ts';
import { date, drawnLoan, history, principalOf, spanOf } from '../../test/interest/random-loan.ts';
import {
  clientAccrual,
  dueInterest,
  type InterestHistory,
  type StandingAccrual,
  uncoveredNights,
} from './loan-interest.ts';
import { formatRational, rational, whole } from './rational.ts';

const may = (day: number) => date(`2026-05-${day.toString().padStart(2, '0')}`);
const HALF_EVEN = 'half_even';

/** 50.00 at 7.99 %, as in ACCOUNTING.md section 4. */
const SMALL_LOAN: InterestHistory = {
  begins: may(1),
  principal: [{ from: may(1), principalMinor: 5_000n }],
  rates: history([{ from: '2020-01-01', rate: '0.0799' }]),
  dayCounts: [{ from: date('2020-01-01'), convention: 'ACT_360' }],
  maturity: null,
};

/** Runs the server's accrual of a date and answers the accruals with it. */
function run(of: InterestHistory, accruals: readonly StandingAccrual[], on: string): readonly StandingAccrual[] {
  const due = dueInterest(of, accruals, { date: date(on), rounding: HALF_EVEN });
  return [...accruals, { date: date(on), covers: due.covers, exact: due.exact, postedMinor: due.postMinor }];
}

function postedOf(accruals: readonly StandingAccrual[]): bigint {
  return accruals.reduce((sum, { postedMinor }) => sum + postedMinor, 0n);
}

describe('the nights that an accrual stands for', () => {
  test('of a client: those since its latest accrual before, or since interest began', () => {
    const begins = date('2026-03-31');
    const given = { interestMinor: 5n, correctedByMinor: 0n };
    const april = clientAccrual({ ...given, date: date('2026-04-30') }, { begins, accruals: [] });
    const next = clientAccrual({ ...given, date: may(1) }, { begins, accruals: [april] });
    expect([april.covers, next.covers]).toEqual([
      [{ from: '2026-03-31', to: '2026-04-30' }],
      [{ from: '2026-04-30', to: '2026-05-01' }],
    ]);
    // The order in which accruals came says nothing, and one of before the loan begins now is passed over.
    const again = clientAccrual({ ...given, date: may(2) }, { begins, accruals: [next, april] });
    expect(again.covers).toEqual([{ from: '2026-05-01', to: '2026-05-02' }]);
    const later = clientAccrual({ ...given, date: may(2) }, { begins: may(1), accruals: [april] });
    expect(later.covers).toEqual([{ from: '2026-05-01', to: '2026-05-02' }]);
    expect(uncoveredNights(begins, [april, next], may(3))).toEqual([{ from: '2026-05-01', to: '2026-05-03' }]);
  });

  test('of a client who fills one in between two others: those since the one before, and the later one keeps its own', () => {
    const given = { interestMinor: 5n, correctedByMinor: 0n };
    const late = clientAccrual({ ...given, date: may(10) }, { begins: may(1), accruals: [] });
    const between = clientAccrual({ ...given, date: may(5) }, { begins: may(1), accruals: [late] });
    expect([late.covers, between.covers]).toEqual([
      [{ from: '2026-05-01', to: '2026-05-10' }],
      [{ from: '2026-05-01', to: '2026-05-05' }],
    ]);
    expect(uncoveredNights(may(1), [late, between], may(12))).toEqual([{ from: '2026-05-10', to: '2026-05-12' }]);
  });

  test('of the server: all that no standing accrual stands for, those of a reversed one among them', () => {
    let daily: readonly StandingAccrual[] = [];
    for (const day of [2, 3, 4, 5]) daily = run(SMALL_LOAN, daily, may(day));
    const standing = daily.filter((accrual) => accrual.date !== may(3));
    expect(dueInterest(SMALL_LOAN, standing, { date: may(6), rounding: HALF_EVEN }).covers).toEqual([
      { from: '2026-05-02', to: '2026-05-03' },
      { from: '2026-05-05', to: '2026-05-06' },
    ]);
  });

  test('none, of a client while the loan was charged off, and before interest begins', () => {
    const given = { date: may(5), interestMinor: null, correctedByMinor: 0n };
    const none = clientAccrual(given, { begins: may(1), accruals: [] });
    expect([none.covers, none.postedMinor, none.exact]).toEqual([[], 0n, whole(0n)]);
    const onTheDay = clientAccrual({ ...given, date: may(1), interestMinor: 4n }, { begins: may(1), accruals: [] });
    expect([onTheDay.covers, onTheDay.postedMinor]).toEqual([[], 4n]);
    expect(uncoveredNights(may(5), [], may(5))).toEqual([]);
    expect(dueInterest(SMALL_LOAN, [], { date: date('2026-04-20'), rounding: HALF_EVEN })).toMatchObject({
      covers: [],
      postMinor: 0n,
    });
  });
});

describe('what an accrual posts', () => {
  test('33 cents in 30 nights, never 30, whatever runs were left out or reversed', () => {
    let daily: readonly StandingAccrual[] = [];
    for (let day = 2; day <= 31; day += 1) daily = run(SMALL_LOAN, daily, may(day));
    expect(postedOf(daily)).toBe(33n);
    expect(postedOf(run(SMALL_LOAN, [], may(31)))).toBe(33n);
    const withoutSome = daily.filter((_, index) => index % 3 !== 0 && index < 25);
    expect(postedOf(run(SMALL_LOAN, withoutSome, may(31)))).toBe(33n);
  });

  test('a client’s amount counts as exact, with its corrections, and what follows goes on behind it', () => {
    const given = { date: may(11), interestMinor: 40n, correctedByMinor: -3n };
    const accruals = [clientAccrual(given, { begins: may(1), accruals: [] })];
    expect(accruals).toMatchObject([{ exact: whole(37n), postedMinor: 37n }]);
    const due = dueInterest(SMALL_LOAN, accruals, { date: may(31), rounding: HALF_EVEN });
    // 5,000 x 0.0799 x 20/360 = 22.19…
    expect([due.covers, due.postMinor, formatRational(due.exact)]).toEqual([
      [{ from: '2026-05-11', to: '2026-05-31' }],
      22n,
      '799/36',
    ]);
  });

  test('a correction of a server’s accrual is evened out: exact 37.2 and posted 40, corrected to 37, or to 30', () => {
    const exact = rational({ numerator: 186n, denominator: 5n });
    const corrected = (postedMinor: bigint) => [
      { date: may(2), covers: [{ from: may(1), to: may(2) }], exact, postedMinor },
    ];
    const due = (postedMinor: bigint) =>
      dueInterest(SMALL_LOAN, corrected(postedMinor), { date: may(2), rounding: HALF_EVEN });
    expect([40n, 37n, 30n].map((postedMinor) => due(postedMinor).postMinor)).toEqual([0n, 0n, 7n]);
    expect(due(40n).differenceMinor).toBe(-3n);
  });

  test('a span is counted from the start of its segment, wherever accruals fall in it', () => {
    const thirty: InterestHistory = {
      ...SMALL_LOAN,
      begins: date('2026-01-15'),
      principal: [{ from: date('2026-01-15'), principalMinor: 3_600_000n }],
      rates: history([{ from: '2020-01-01', rate: '0.1' }]),
      dayCounts: [{ from: date('2020-01-01'), convention: 'THIRTY_360_BOND_BASIS' }],
    };
    // 16 days to the end of January and 15 from there would make 31; the segment has 30.
    const january = run(thirty, [], '2026-01-31');
    expect([postedOf(january), postedOf(run(thirty, january, '2026-02-15'))]).toEqual([16_000n, 30_000n]);
  });

  test('another day count begins a segment of its own; one of the same name does not', () => {
    const changed = (dayCounts: InterestHistory['dayCounts']) =>
      postedOf(
        run({ ...SMALL_LOAN, principal: [{ from: may(1), principalMinor: 36_500_000n }], dayCounts }, [], may(21)),
      );
    const from = date('2020-01-01');
    const days = (first: string, second: string) =>
      changed([
        { from, convention: first as 'ACT_365' },
        { from: may(11), convention: second as 'ACT_365' },
      ]);
    // 36,500,000 x 0.0799 x 10/365 = 79,900 and x 10/360 = 81,009.72.
    expect(days('ACT_365', 'ACT_360')).toBe(160_910n);
    expect(days('ACT_360', 'ACT_365')).toBe(160_910n);
    expect(days('ACT_365', 'ACT_365')).toBe(159_800n);
    expect(
      changed([
        { from, convention: 'THIRTY_E_360' },
        { from: may(11), convention: 'THIRTY_E_360' },
      ]),
    ).toBe(changed([{ from, convention: 'THIRTY_E_360' }]));
    // One that holds from the first night on is the first; one that holds from the date on is none.
    const edges = changed([
      { from, convention: 'ACT_365' },
      { from: may(1), convention: 'ACT_360' },
      { from: may(21), convention: 'ACT_365' },
    ]);
    expect(edges).toBe(162_019n);
    expect(() => changed([{ from: may(2), convention: 'ACT_365' }])).toThrow(/no day count holds on 2026-05-01/);
  });
});

test('for any loan and any accruals of either side, reversed and corrected ones among them, as a second implementation says', () => {
  const acts = fc.array(fc.tuple(fc.nat(9), fc.bigInt({ min: 0n, max: 2_000n })), { minLength: 60, maxLength: 60 });
  fc.assert(
    fc.property(drawnLoan({ nights: 60, steps: 6 }), acts, (drawn, chosen) => {
      const span = spanOf(drawn);
      const expected = oracleInterest(drawn, span, drawn.terms);
      const of: InterestHistory = {
        begins: span.from,
        principal: principalOf(drawn),
        rates: history(drawn.rates),
        dayCounts: [{ from: span.from, convention: drawn.terms.convention }],
        maturity: drawn.terms.maturity,
      };
      let accruals: readonly StandingAccrual[] = [];
      // By accrual: what it is worth by the second implementation.
      const worth = new Map<StandingAccrual, bigint>();
      chosen.forEach(([act, amount], index) => {
        const on = date(dateOf(drawn.begins + index + 1));
        if (act <= 3) return;
        if (act <= 5) {
          const given = { date: on, interestMinor: amount, correctedByMinor: act === 5 ? 3n : 0n };
          const accrual = clientAccrual(given, { begins: of.begins, accruals });
          worth.set(accrual, accrual.postedMinor * INTEREST_SCALE);
          accruals = [...accruals, accrual];
          return;
        }
        if (act === 6) accruals = accruals.filter((_, place) => place !== Number(amount) % (accruals.length + 1));
        const due = dueInterest(of, accruals, { date: on, rounding: drawn.rounding });
        const at = (day: string) => expected[(Date.parse(day) - Date.parse(span.from)) / 86_400_000] ?? -1n;
        const own = due.covers.reduce((sum, { from, to }) => sum + at(to) - at(from), 0n);
        const known = accruals.reduce((sum, accrual) => sum + (worth.get(accrual) ?? 0n), own);
        const difference = oracleRounded(known, INTEREST_SCALE, drawn.rounding) - postedOf(accruals);
        expect([due.differenceMinor, due.postMinor]).toEqual([difference, difference > 0n ? difference : 0n]);
        const corrected = due.postMinor + (act === 9 ? amount - 1_000n : 0n);
        const accrual = { date: on, covers: due.covers, exact: due.exact, postedMinor: corrected };
        worth.set(accrual, own);
        accruals = [...accruals, accrual];
        // Every night up to the date has its accrual now.
        expect(uncoveredNights(of.begins, accruals, on)).toEqual([]);
      });
    }),
    { numRuns: 300 },
  );
});
