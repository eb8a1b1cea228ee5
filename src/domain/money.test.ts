import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatMinor, MINOR_MAX, parseMinor } from './money.ts';

describe('parseMinor', () => {
  test.each([
    ['0', 0n],
    ['1', 1n],
    ['88849', 88_849n],
    ['999999999999999', 999_999_999_999_999n],
    ['1000000000000000', 1_000_000_000_000_000n],
    ['9007199254740993', 9_007_199_254_740_993n],
    ['999999999999999999', MINOR_MAX],
  ])('reads %s', (text, amountMinor) => {
    expect(parseMinor(text)).toBe(amountMinor);
  });

  test.each([
    '',
    ' ',
    '-1',
    '+1',
    '-0',
    '00',
    '01',
    '1.0',
    '1e3',
    '0x10',
    '1_000',
    '1,000',
    ' 1',
    '1 ',
    '1\n',
    '\u0661',
    '\uff11',
    'NaN',
    '1n',
    '1000000000000000000',
    '9'.repeat(4_000),
  ])('refuses %j', (text) => {
    expect(parseMinor(text)).toBeUndefined();
  });

  test('gives back every amount that formatMinor writes', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: MINOR_MAX }), (amountMinor) => {
        expect(parseMinor(formatMinor(amountMinor))).toBe(amountMinor);
      }),
      { numRuns: 2_000 },
    );
  });

  test('admits a text only as the one spelling of its amount', () => {
    const digits = fc.string({ unit: fc.constantFrom(...'0123456789-+. '), maxLength: 20 });
    fc.assert(
      fc.property(digits, (text) => {
        const amountMinor = parseMinor(text);
        if (amountMinor !== undefined) expect(amountMinor.toString()).toBe(text);
        else expect(/^\d{1,18}$/.test(text) && (text === '0' || !text.startsWith('0'))).toBe(false);
      }),
      { numRuns: 2_000 },
    );
  });
});

test('formatMinor writes what is negative, and totals of any size', () => {
  expect(formatMinor(-88_849n)).toBe('-88849');
  expect(formatMinor(0n)).toBe('0');
  expect(formatMinor(MINOR_MAX * 10n ** 6n)).toBe(`${'9'.repeat(18)}000000`);
});
