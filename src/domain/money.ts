/**
 * An amount of money in its currency's minor unit: 0 to MINOR_MAX. Always a bigint, as a double stops holding
 * every cent at 90 trillion.
 */
export type Minor = bigint & { readonly __brand: 'Minor' };

/** The greatest amount one event or one component of a loan may have: 18 digits, which PostgreSQL's bigint holds. */
export const MINOR_MAX: Minor = (10n ** 18n - 1n) as Minor;

const AMOUNT = /^(?:0|[1-9][0-9]{0,17})$/;

/**
 * Reads an amount as the API writes it: decimal digits of the minor unit, at most 18, no sign, no leading zero.
 * Answers undefined for any other text.
 */
export function parseMinor(text: string): Minor | undefined {
  return AMOUNT.test(text) ? (BigInt(text) as Minor) : undefined;
}

/**
 * Writes an amount for the API: plain decimal digits of the minor unit. Takes any bigint, because balances and
 * differences may be negative and totals may pass MINOR_MAX.
 */
export function formatMinor(amountMinor: bigint): string {
  return amountMinor.toString();
}
