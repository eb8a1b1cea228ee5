import fc from 'fast-check';
import { expect, test } from 'vitest';
import { oracleRounded } from '../../test/interest/interest-oracle.ts';
import { product, rational, whole } from './rational.ts';
import { ROUNDINGS, type Rounding, roundToMinor } from './rounding.ts';

const halves = (numerator: bigint) => rational({ numerator, denominator: 2n });

test.each<[Rounding, readonly (readonly [bigint, bigint])[]]>([
  [
    'half_even',
    [
      [1n, 0n],
      [3n, 2n],
      [5n, 2n],
      [7n, 4n],
      [-1n, 0n],
      [-3n, -2n],
      [-5n, -2n],
    ],
  ],
  [
    'half_up',
    [
      [1n, 1n],
      [3n, 2n],
      [5n, 3n],
      [7n, 4n],
      [-1n, -1n],
      [-3n, -2n],
      [-5n, -3n],
    ],
  ],
  [
    'down',
    [
      [1n, 0n],
      [3n, 1n],
      [5n, 2n],
      [7n, 3n],
      [-1n, 0n],
      [-3n, -1n],
      [-5n, -2n],
    ],
  ],
])('%s: halves of a minor unit', (rounding, cases) => {
  for (const [numerator, minor] of cases) {
    expect({ numerator, minor: roundToMinor(halves(numerator), rounding) }).toEqual({ numerator, minor });
  }
});

test.each<[Rounding, bigint, bigint]>([
  ['half_even', 2n, 3n],
  ['half_up', 2n, 3n],
  ['down', 2n, 2n],
])('%s: just under and just over a half', (rounding, under, over) => {
  const near = (numerator: bigint) => rational({ numerator, denominator: 10n ** 12n });
  expect(roundToMinor(near(2_499_999_999_999n), rounding)).toBe(under);
  expect(roundToMinor(near(2_500_000_000_001n), rounding)).toBe(over);
});

test('each rounding agrees with a second way of rounding, to less than one minor unit, alike for both signs', () => {
  const denominator = fc.oneof(
    fc.constantFrom(2n, 4n, 10n, 730n, 365n * 10n ** 12n),
    fc.bigInt({ min: 1n, max: 10n ** 9n }),
  );
  fc.assert(
    fc.property(
      fc.bigInt({ min: -(10n ** 16n), max: 10n ** 16n }),
      denominator,
      fc.constantFrom(...ROUNDINGS),
      (p, q, how) => {
        const exact = rational({ numerator: p, denominator: q });
        const minor = roundToMinor(exact, how);
        expect(minor).toBe(oracleRounded(2n * p, 2n * q, how));
        expect(roundToMinor(product(exact, whole(-1n)), how)).toBe(-minor);
        const off = minor * q - p;
        expect((off < 0n ? -off : off) < q).toBe(true);
      },
    ),
    { numRuns: 2_000 },
  );
});

test('whole amounts stay what they are', () => {
  for (const how of ROUNDINGS) expect(roundToMinor(whole(-7n), how)).toBe(-7n);
});
