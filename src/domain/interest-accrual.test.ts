import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { accrueDaily, exactOfSpan, isNear } from '../../test/interest/daily-accrual.ts';
import { dateOf, dayOf, INTEREST_SCALE, oracleInterest, oracleRounded } from '../../test/interest/interest-oracle.ts';
import { date, drawnLoan, spanOf } from '../../test/interest/random-loan.ts';
import type { DayCountTerms } from './day-count.ts';
import { type Bearing, interestOfSpan } from './interest.ts';
import {
  accrualDue,
  countGivenNights,
  countNights,
  exactInterest,
  type InterestPosition,
  interestFrom,
} from './interest-accrual.ts';
import { formatRational, type Rational, rational, whole } from './rational.ts';
import { type Rounding, roundToMinor } from './rounding.ts';

const ACT_360: DayCountTerms = { convention: 'ACT_360', maturity: null };
const at799 = (principalMinor: bigint): Bearing => ({
  principalMinor,
  rate: rational({ numerator: 799n, denominator: 10_000n }),
});

/** Accrues on each of the days given, as a server's runs would; answers what each posted and the position after it. */
function accrue(start: string, days: readonly string[], bearing: Bearing, rounding: Rounding = 'half_even') {
  let position = interestFrom(date(start));
  let postedMinor = 0n;
  const posted = days.map((day) => {
    position = countNights(position, { to: date(day), ...bearing }, ACT_360);
    const due = accrualDue({ exact: exactInterest(position, ACT_360), postedMinor, rounding });
    postedMinor += due.postMinor;
    return due.postMinor;
  });
  return { position, postedMinor, posted };
}

const nights = (start: string, count: number) =>
  Array.from({ length: count }, (_, index) => dateOf(dayOf(start) + index + 1));

describe('50.00 at 7.99 % ACT/360 over 30 nights (ACCOUNTING.md section 4)', () => {
  const month = nights('2026-05-01', 30);

  test('makes 33 cents accrued night by night, never 30', () => {
    const { postedMinor, posted } = accrue('2026-05-01', month, at799(5_000n));
    expect(postedMinor).toBe(33n);
    expect(posted.filter((minor) => minor === 2n)).toHaveLength(3);
    expect(posted.filter((minor) => minor === 1n)).toHaveLength(27);
  });

  test('makes the same 33 accrued once, or with runs left out', () => {
    expect(accrue('2026-05-01', month.slice(-1), at799(5_000n)).postedMinor).toBe(33n);
    const now = (_: string, index: number) => index % 7 === 3 || index === 29;
    expect(accrue('2026-05-01', month.filter(now), at799(5_000n)).postedMinor).toBe(33n);
  });

  test('would make 30 if each night were rounded by itself', () => {
    const { exact } = interestOfSpan(
      {
        from: date('2026-05-01'),
        to: date('2026-05-02'),
        principal: [{ from: date('2026-05-01'), principalMinor: 5_000n }],
        rates: [{ from: date('2026-05-01'), rate: at799(0n).rate }],
      },
      ACT_360,
    );
    expect(30n * roundToMinor(exact, 'half_even')).toBe(30n);
  });
});

describe('what an accrual posts', () => {
  const half = (numerator: bigint): Rational => rational({ numerator, denominator: 2n });

  test.each<[Rounding, bigint, string]>([
    ['half_even', 2n, '1/2'],
    ['half_up', 3n, '-1/2'],
    ['down', 2n, '1/2'],
  ])('%s: the rounding is that of the sum, and what it leaves is carried', (rounding, postMinor, residual) => {
    const due = accrualDue({ exact: half(25n), postedMinor: 10n, rounding });
    expect([due.postMinor, due.differenceMinor, formatRational(due.residual)]).toEqual([
      postMinor,
      postMinor,
      residual,
    ]);
  });

  test('nothing where more was posted than is due: the negative difference is carried, until interest has caught up', () => {
    const over = accrualDue({ exact: whole(7n), postedMinor: 10n, rounding: 'half_even' });
    expect(over).toEqual({ differenceMinor: -3n, postMinor: 0n, residual: whole(-3n) });
    const later = accrualDue({ exact: whole(12n), postedMinor: 10n, rounding: 'half_even' });
    expect(later.postMinor).toBe(2n);
  });

  test('after a correction has posted the negative difference, the next accrual starts from there', () => {
    const { differenceMinor } = accrualDue({ exact: whole(7n), postedMinor: 10n, rounding: 'half_even' });
    const next = accrualDue({ exact: whole(8n), postedMinor: 10n + differenceMinor, rounding: 'half_even' });
    expect(next.postMinor).toBe(1n);
  });

  test('after a reversed accrual, all of it again', () => {
    const { posted, position } = accrue('2026-05-01', nights('2026-05-01', 5), at799(5_000_000n));
    const kept = posted.slice(0, 3).reduce((total, minor) => total + minor, 0n);
    const due = accrualDue({ exact: exactInterest(position, ACT_360), postedMinor: kept, rounding: 'half_even' });
    expect(kept + due.postMinor).toBe(posted.reduce((total, minor) => total + minor, 0n));
  });
});

describe('a position', () => {
  const may = (day: string) => date(`2026-05-${day}`);
  const exactAfter = (position: InterestPosition) => formatRational(exactInterest(position, ACT_360));
  const at12 = (principalMinor: bigint): Bearing => ({
    principalMinor,
    rate: rational({ numerator: 3n, denominator: 25n }),
  });

  test('goes on with the open segment while principal and rate stay, whatever days it is counted on', () => {
    const terms: DayCountTerms = { convention: 'THIRTY_360_BOND_BASIS', maturity: null };
    let position = interestFrom(date('2026-01-15'));
    for (const to of nights('2026-01-15', 31))
      position = countNights(position, { to: date(to), ...at12(360_000n) }, terms);
    expect(formatRational(exactInterest(position, terms))).toBe('3600');
  });

  test('closes it when the principal or the rate changes', () => {
    const ten = countNights(interestFrom(may('01')), { to: may('11'), ...at12(3_000n) }, ACT_360);
    const paid = countNights(ten, { to: may('21'), ...at12(6_000n) }, ACT_360);
    const cheaper = countNights(
      paid,
      { to: may('31'), principalMinor: 6_000n, rate: rational({ numerator: 3n, denominator: 50n }) },
      ACT_360,
    );
    expect([ten, paid, cheaper].map(exactAfter)).toEqual(['10', '30', '40']);
    expect(cheaper.open?.from).toBe('2026-05-21');
  });

  test('takes the days of a client’s batch at the amount sent, and goes on from there in a segment of its own', () => {
    const ten = countNights(interestFrom(may('01')), { to: may('11'), ...at12(3_000n) }, ACT_360);
    const given = countGivenNights(ten, { to: may('12'), interestMinor: 5n }, ACT_360);
    expect(exactAfter(given)).toBe('15');
    const more = countNights(given, { to: may('22'), ...at12(3_000n) }, ACT_360);
    expect([exactAfter(more), more.open?.from]).toEqual(['25', '2026-05-12']);
  });

  test('does not count a night twice, and refuses to go back', () => {
    const ten = countNights(interestFrom(may('01')), { to: may('11'), ...at12(3_000n) }, ACT_360);
    expect(countNights(ten, { to: may('11'), ...at12(9_000n) }, ACT_360)).toBe(ten);
    const back = 'interest is counted through 2026-05-11, which is after 2026-05-10';
    expect(() => countNights(ten, { to: may('10'), ...at12(3_000n) }, ACT_360)).toThrow(back);
    expect(() => countGivenNights(ten, { to: may('10'), interestMinor: 1n }, ACT_360)).toThrow(back);
    expect(exactAfter(countGivenNights(ten, { to: may('11'), interestMinor: 1n }, ACT_360))).toBe('11');
  });

  test('before its first night is worth nothing', () => {
    expect(exactAfter(interestFrom(may('01')))).toBe('0');
  });
});

describe('residual carry, for any loan with payments, disbursements and rate changes', () => {
  test('at every day the posted sum is the exact interest of a second implementation, rounded once', () => {
    fc.assert(
      fc.property(drawnLoan({ nights: 400, steps: 8 }), (drawn) => {
        const expected = oracleInterest(drawn, spanOf(drawn), drawn.terms);
        accrueDaily(drawn, (day, { postedMinor, residual }) => {
          const exact = expected[day] ?? -1n;
          if (
            postedMinor !== oracleRounded(exact, INTEREST_SCALE, drawn.rounding) ||
            !isNear(residual, drawn.rounding)
          ) {
            expect.fail(`day ${day}: posted ${postedMinor} of ${exact}/${INTEREST_SCALE}`);
          }
        });
      }),
      { numRuns: 200 },
    );
  });

  test('daily accruals, and any runs left out, sum to what one accrual of the whole span gives', () => {
    fc.assert(
      fc.property(drawnLoan({ nights: 300, steps: 8 }), fc.infiniteStream(fc.boolean()), (drawn, runs) => {
        const isRun = () => runs.next().value === true;
        const once = exactOfSpan(drawn);
        const ofAll = { postedMinor: roundToMinor(once, drawn.rounding), exact: once };
        expect(accrueDaily(drawn, () => undefined)).toEqual(ofAll);
        expect(accrueDaily(drawn, () => undefined, isRun)).toEqual(ofAll);
      }),
      { numRuns: 200 },
    );
  });
});
