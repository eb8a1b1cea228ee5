import { expect, test } from 'vitest';
import { annualRateOn } from './loan-rate.ts';

const OF_PROGRAM = [
  { from: '2026-06-01', rate: '0.09' },
  { from: '2026-01-01', rate: '0.08' },
];

test.each([
  ['2025-12-31', null, null],
  ['2026-01-01', null, '0.08'],
  ['2026-05-31', null, '0.08'],
  ['2026-06-01', null, '0.09'],
  ['2025-12-31', '0.0799', '0.0799'],
  ['2026-06-01', '0.0799', '0.0799'],
])("on %s a loan whose own rate is %s has %s: its own wins over its program's", (day, own, expected) => {
  expect(annualRateOn(day, { own, ofProgram: OF_PROGRAM })).toBe(expected);
  expect(annualRateOn(day, { own, ofProgram: OF_PROGRAM.toReversed() })).toBe(expected);
});

test('a loan whose program has no rates has none', () => {
  expect(annualRateOn('2026-06-01', { own: null, ofProgram: [] })).toBeNull();
});
