import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatRational } from '../../src/domain/rational.ts';
import { ROUNDINGS } from '../../src/domain/rounding.ts';
import { accrueDaily, exactOfSpan, isNear } from './daily-accrual.ts';
import { INTEREST_SCALE, oracleInterest, oracleRounded } from './interest-oracle.ts';
import { drawnLoan, spanOf } from './random-loan.ts';

test('residual carry: no drift over ten years of daily accrual, for 1,000 loans', () => {
  const loans = fc.sample(drawnLoan({ nights: 3_652, steps: 40 }), { numRuns: 1_000, seed: 20_260_501 });
  let accruals = 0;
  loans.forEach((drawn, index) => {
    // The second implementation takes its time: it is asked of every fiftieth loan.
    const expected = index % 50 === 0 ? oracleInterest(drawn, spanOf(drawn), drawn.terms) : null;
    const { exact } = accrueDaily(drawn, (day, { postedMinor, residual }) => {
      accruals += 1;
      if (!isNear(residual, drawn.rounding)) expect.fail(`day ${day}: off by ${formatRational(residual)}`);
      if (expected === null) return;
      const due = oracleRounded(expected[day] ?? -1n, INTEREST_SCALE, drawn.rounding);
      if (postedMinor !== due) expect.fail(`day ${day}: posted ${postedMinor}, due ${due}`);
    });
    expect(exact).toEqual(exactOfSpan(drawn));
  });
  expect(accruals).toBe(3_652_000);
  for (const rounding of ROUNDINGS) expect(loans.some((drawn) => drawn.rounding === rounding)).toBe(true);
});
