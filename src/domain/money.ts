/**
 * An amount of money in its currency's minor unit: 0 to MINOR_MAX. Always a bigint, as a double stops holding
 * every cent at 90 trillion.
 */
export type Minor = bigint & { readonly __brand: 'Minor' };

/** The greatest amount one event or one component of a loan may have: 18 digits, which PostgreSQL's bigint holds. */
export const MINOR_MAX: Minor = (10n ** 18n - 1n) as Minor;

const AMOUNT = /^(?:0|[1-9][0-9]{0,17})$/;

/** A double holds every whole number of so many digits. */
const EXACT_DIGITS = 15;
const DIGIT_0 = 0x30;

/**
 * Reads an amount as the API writes it: decimal digits of the minor unit, at most 18, no sign, no leading zero.
 * Answers undefined for any other text.
 */
export function parseMinor(text: string): Minor | undefined {
  const { length } = text;
  if (length === 0 || length > EXACT_DIGITS) return AMOUNT.test(text) ? (BigInt(text) as Minor) : undefined;
  if (length > 1 && text.charCodeAt(0) === DIGIT_0) return undefined;
  let whole = 0;
  for (let at = 0; at < length; at++) {
    const digit = text.charCodeAt(at) - DIGIT_0;
    if (digit < 0 || digit > 9) return undefined;
    whole = whole * 10 + digit;
  }
  return BigInt(whole) as Minor;
}

/**
 * Writes an amount for the API: plain decimal digits of the minor unit. Takes any bigint, because balances and
 * differences may be negative and totals may pass MINOR_MAX.
 */
export function formatMinor(amountMinor: bigint): string {
  return amountMinor.toString();
}
