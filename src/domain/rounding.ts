import type { Rational } from './rational.ts';

/** How an exact amount becomes whole minor units; a program names one, the first is the default. */
export const ROUNDINGS = ['half_even', 'half_up', 'down'] as const;
export type Rounding = (typeof ROUNDINGS)[number];

/**
 * Rounds an exact amount of minor units to a whole one. All go to the nearest but `down`, which goes towards zero; of
 * two that are equally near, `half_even` takes the even one and `half_up` the one further from zero. An amount and its
 * negative round to the same figure, so that what is given back is what was taken.
 */
export function roundToMinor(amount: Rational, rounding: Rounding): bigint {
  const { numerator, denominator } = amount;
  // Division of bigints goes towards zero, and the rest has the sign of the numerator.
  const towardsZero = numerator / denominator;
  const rest = numerator % denominator;
  const twiceRest = rest < 0n ? -2n * rest : 2n * rest;
  if (rounding === 'down' || twiceRest < denominator) return towardsZero;
  const isTie = twiceRest === denominator;
  if (isTie && rounding === 'half_even' && towardsZero % 2n === 0n) return towardsZero;
  return numerator < 0n ? towardsZero - 1n : towardsZero + 1n;
}
