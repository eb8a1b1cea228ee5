/**
 * An exact fraction in lowest terms with a denominator of at least 1, so that equal values have equal parts and a figure
 * has one way to be written. Interest is kept as one until it is rounded once (ACCOUNTING.md section 4).
 */
export type Rational = {
  readonly numerator: bigint;
  readonly denominator: bigint;
  readonly __brand: 'Rational';
};

/**
 * A fraction, brought to lowest terms.
 * @throws RangeError when the denominator is 0
 */
export function rational({ numerator, denominator }: { numerator: bigint; denominator: bigint }): Rational {
  if (denominator === 0n) throw new RangeError('a fraction with the denominator 0');
  const divisor = greatestCommonDivisor(magnitude(numerator), magnitude(denominator));
  const signed = denominator < 0n ? -divisor : divisor;
  return { numerator: numerator / signed, denominator: denominator / signed } as Rational;
}

/** A whole number as a fraction over 1. */
export function whole(value: bigint): Rational {
  return { numerator: value, denominator: 1n } as Rational;
}

export const ZERO: Rational = whole(0n);

/** The exact sum; 0 of no terms. */
export function sum(...terms: readonly Rational[]): Rational {
  return terms.reduce((total, term) => {
    if (term.numerator === 0n) return total;
    if (total.numerator === 0n) return term;
    return rational({
      numerator: total.numerator * term.denominator + term.numerator * total.denominator,
      denominator: total.denominator * term.denominator,
    });
  }, ZERO);
}

/** The exact product; 1 of no factors. */
export function product(...factors: readonly Rational[]): Rational {
  return rational({
    numerator: factors.reduce((all, factor) => all * factor.numerator, 1n),
    denominator: factors.reduce((all, factor) => all * factor.denominator, 1n),
  });
}

/** Whether two fractions are the same number. */
export function equal(one: Rational, other: Rational): boolean {
  return one.numerator === other.numerator && one.denominator === other.denominator;
}

/** Writes a fraction as `744000/73`, a whole number as `10000`; a minus sign stands in front. */
export function formatRational({ numerator, denominator }: Rational): string {
  return denominator === 1n ? `${numerator}` : `${numerator}/${denominator}`;
}

function magnitude(value: bigint): bigint {
  return value < 0n ? -value : value;
}

function greatestCommonDivisor(one: bigint, other: bigint): bigint {
  let [greater, less] = [one, other];
  while (less !== 0n) [greater, less] = [less, greater % less];
  return greater;
}
