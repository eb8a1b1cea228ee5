import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseAnnualRate, parseRateHistory } from './annual-rate.ts';
import { rational } from './rational.ts';

describe('a rate a year', () => {
  test.each<[string, bigint, bigint]>([
    ['0.0799', 799n, 10_000n],
    ['0.12', 3n, 25n],
    ['0.120000000000', 3n, 25n],
    ['0', 0n, 1n],
    ['1', 1n, 1n],
    ['10.5', 21n, 2n],
    ['999.999999999999', 999_999_999_999_999n, 1_000_000_000_000n],
    ['0.000000000001', 1n, 1_000_000_000_000n],
  ])('%s is exactly %d/%d', (text, numerator, denominator) => {
    expect(parseAnnualRate(text)).toEqual(rational({ numerator, denominator }));
  });

  test.each([
    '',
    '.5',
    '5.',
    '00.1',
    '01',
    '1000',
    '-0.1',
    '+0.1',
    '0,1',
    '1e-2',
    '7.99%',
    '0.0000000000001',
    ' 0.1',
    '0.1 ',
    '0.1\n',
    '0x1',
    '٠.١',
    'NaN',
  ])('%j is none', (text) => {
    expect(parseAnnualRate(text)).toBeUndefined();
  });
});

describe('a rate history', () => {
  test('is put in order, whatever order it was sent in', () => {
    const entries = ['2024-02-29', '2025-01-01', '2026-07-01'].map((from, index) => ({ from, rate: `0.0${index}` }));
    fc.assert(
      fc.property(fc.shuffledSubarray(entries, { minLength: 3 }), (sent) => {
        const read = parseRateHistory(sent);
        expect('history' in read && read.history.map(({ from }) => from)).toEqual(entries.map(({ from }) => from));
      }),
    );
    expect(parseRateHistory([])).toEqual({ history: [] });
  });

  test.each<[{ from: string; rate: string }, 'from' | 'rate', string]>([
    [{ from: '2026-02-30', rate: '0.1' }, 'from', '2026-02-30 is not a date'],
    [{ from: '2026-01-01', rate: '0.2' }, 'from', '2026-01-01 has a rate already'],
    [{ from: '2026-03-01', rate: '12 %' }, 'rate', '12 % is not a rate a year such as 0.0799, with up to 12 decimals'],
  ])('names the entry that is wrong: %j', (wrong, field, message) => {
    const read = parseRateHistory([{ from: '2026-01-01', rate: '0.1' }, wrong]);
    expect(read).toEqual({ problem: { index: 1, field, message } });
  });
});
