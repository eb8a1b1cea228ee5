import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { equal, formatRational, product, type Rational, rational, sum, whole, ZERO } from './rational.ts';

const numerator = fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n });
const denominator = fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }).filter((value) => value !== 0n);
const fraction = fc.record({ numerator, denominator });

/** Whether the fraction is the number p/q, told without dividing. */
function isNumber(value: Rational, p: bigint, q: bigint): boolean {
  return value.numerator * q === p * value.denominator;
}

describe('a fraction', () => {
  test('keeps its value in lowest terms over a positive denominator', () => {
    fc.assert(
      fc.property(fraction, fc.integer({ min: 2, max: 50 }), (parts, prime) => {
        const value = rational(parts);
        expect(isNumber(value, parts.numerator, parts.denominator)).toBe(true);
        expect(value.denominator > 0n).toBe(true);
        const factor = BigInt(prime);
        expect(value.numerator % factor === 0n && value.denominator % factor === 0n).toBe(false);
      }),
    );
  });

  test('has one form, whatever it was written as', () => {
    fc.assert(
      fc.property(fraction, denominator, (parts, factor) => {
        const expanded = { numerator: parts.numerator * factor, denominator: parts.denominator * factor };
        expect(rational(expanded)).toEqual(rational(parts));
        expect(equal(rational(expanded), rational(parts))).toBe(true);
      }),
    );
  });

  test('is another one when either part differs', () => {
    const third = rational({ numerator: 1n, denominator: 3n });
    expect(equal(third, rational({ numerator: 2n, denominator: 3n }))).toBe(false);
    expect(equal(third, rational({ numerator: 1n, denominator: 4n }))).toBe(false);
  });

  test('over 0 is refused', () => {
    expect(() => rational({ numerator: 1n, denominator: 0n })).toThrow(RangeError);
  });
});

test('sum and product are exact, and equal whatever the order', () => {
  fc.assert(
    fc.property(fraction, fraction, fraction, (a, b, c) => {
      const values = [rational(a), rational(b), rational(c)];
      const q = a.denominator * b.denominator * c.denominator;
      const p =
        a.numerator * b.denominator * c.denominator +
        b.numerator * a.denominator * c.denominator +
        c.numerator * a.denominator * b.denominator;
      expect(isNumber(sum(...values), p, q)).toBe(true);
      expect(isNumber(product(...values), a.numerator * b.numerator * c.numerator, q)).toBe(true);
      expect(sum(...values.toReversed())).toEqual(sum(...values));
      expect(product(...values.toReversed())).toEqual(product(...values));
    }),
  );
});

test('nothing sums to 0 and multiplies to 1, and 0 changes no sum', () => {
  expect(sum()).toEqual(ZERO);
  expect(product()).toEqual(whole(1n));
  const third = rational({ numerator: 1n, denominator: 3n });
  expect(sum(ZERO, third, ZERO)).toEqual(third);
});

test.each([
  [3_720_000n, 365n, '744000/73'],
  [30n, 360n, '1/12'],
  [10n, -4n, '-5/2'],
  [365n, 365n, '1'],
  [0n, -7n, '0'],
  [-20n, 2n, '-10'],
])('%d over %d is written %s', (p, q, text) => {
  expect(formatRational(rational({ numerator: p, denominator: q }))).toBe(text);
});
