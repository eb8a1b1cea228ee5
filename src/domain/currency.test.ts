import { describe, expect, test } from 'vitest';
import { type Currency, isCurrency, minorDigits } from './currency.ts';

const LETTERS = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ'];

/** Of all 17,576 codes of three letters, those that are currencies with a minor unit of so many digits. */
function codesWithDigits(digits: number): string[] {
  return LETTERS.flatMap((a) => LETTERS.flatMap((b) => LETTERS.map((c) => a + b + c)))
    .filter(isCurrency)
    .filter((code) => minorDigits(code) === digits);
}

describe('the table', () => {
  test('has as many currencies as ISO 4217 list one of 2026-09-17: 178 codes, 13 without minor unit, 10 funds', () => {
    const counts = [0, 1, 2, 3, 4].map((digits) => codesWithDigits(digits).length);
    expect(counts).toEqual([16, 0, 132, 7, 0]);
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(178 - 13 - 10);
  });

  test('has the exponents that are not 2', () => {
    expect(codesWithDigits(3)).toEqual(['BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND']);
    expect(codesWithDigits(0).join(' ')).toBe('BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF');
  });
});

test.each(['USD', 'EUR', 'GBP', 'CHF', 'HUF', 'MGA', 'MRU', 'XCG', 'ZWG', 'SLE', 'VED'])(
  '%s is live, 2 digits',
  (code) => {
    expect(isCurrency(code) && minorDigits(code)).toBe(2);
  },
);

test.each(['ANG', 'BGN', 'CUC', 'HRK', 'SLL', 'ZWL', 'DEM', 'LTL', 'VEF', 'BYR'])('%s is no longer live', (code) => {
  expect(isCurrency(code)).toBe(false);
});

test.each(['XAU', 'XAG', 'XDR', 'XBA', 'XTS', 'XXX', 'CLF', 'CHE', 'USN', 'UYI', 'UYW', 'XAD'])(
  '%s is not money',
  (code) => {
    expect(isCurrency(code)).toBe(false);
  },
);

test.each(['', 'US', 'usd', 'Usd', 'USDD', ' USD', 'USD ', 'USD EUR', 'constructor', '__proto__', 'ÅED'])(
  '%j is no code',
  (text) => {
    expect(isCurrency(text)).toBe(false);
  },
);

test('of what is no currency nobody asks for the digits', () => {
  expect(() => minorDigits('XXX' as Currency)).toThrow('XXX is not a live currency of ISO 4217');
});
