import { expect, test } from 'vitest';
import { DAY_COUNT_CONVENTIONS } from '../../src/domain/day-count.ts';
import { lackOf, liveTenYears } from './ten-years.ts';

// 1,000 loans: `node test/interest/run.ts`.
const LOANS = 252;
/** Milliseconds; it takes some twenty seconds of a processor, which may be busy. */
const PATIENCE = 300_000;

test(
  'residual carry: no drift over ten years of daily runs, for loans with payments, disbursements, fees and rate changes',
  () => {
    const { counts, least } = liveTenYears(LOANS);
    expect(lackOf({ counts, least }, LOANS)).toEqual([]);
    for (const convention of DAY_COUNT_CONVENTIONS) expect(counts.get(`loans by ${convention}`)).toBe(36);
    expect(counts.get('accruals compared')).toBeGreaterThan(LOANS * 3_600);
  },
  PATIENCE,
);

test('of loans to whom less happens the test says what they lack', () => {
  const nothing = { counts: new Map(), least: { nights: 3_651, loweringPayments: 0, rateChanges: 0 } };
  const lacking = lackOf(nothing, LOANS);
  expect(lacking).toContain('payments that lower principal: 0 of 5040');
  expect(lacking).toContain('loans by THIRTY_E_360_ISDA: 0 of 30');
  expect(lacking.slice(-3)).toEqual([
    'a loan of 3651 nights',
    'a loan whose principal no payment lowers',
    'a loan without a rate change',
  ]);
});
