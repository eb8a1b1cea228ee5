/** One decimal number in lowest form: its value is ± 0.DIGITS × 10^scale, the digits without zeros at either end. */
type Decimal = { readonly negative: boolean; readonly digits: string; readonly scale: number };

/**
 * Reads a JSON number, or answers undefined when a double does not hold it.
 *
 * The rule: a number is held when the shortest decimal that ECMAScript writes for the double denotes the value
 * that was sent. 0.1, 1.50, 1e2 and 2^53 are held; 2^53+1, 1e400, 1e-400 and 0.1000000000000000055511 are not.
 * RFC 8785 writes numbers in just this way, so two numbers that were both accepted have one canonical form
 * only when they are equal as decimals: no two different payloads share a fingerprint by rounding.
 * A consequence: a large power of two written in full (2^64) is refused, as it would be written back with other digits.
 *
 * @param text a number by the grammar of RFC 8259 section 6, already checked
 */
export function readExactNumber(text: string): number | undefined {
  const value = Number(text);
  if (!Number.isFinite(value)) return undefined;
  const written = String(value);
  if (written === text) return value;
  const sent = decimalOf(text);
  const held = decimalOf(written);
  if (sent.digits === '' && held.digits === '') return value;
  const same = sent.digits === held.digits && sent.scale === held.scale && sent.negative === held.negative;
  return same ? value : undefined;
}

function decimalOf(text: string): Decimal {
  const negative = text.startsWith('-');
  const mantissaAt = negative ? 1 : 0;
  const exponentAt = text.search(/[eE]/);
  const mantissa = exponentAt < 0 ? text.slice(mantissaAt) : text.slice(mantissaAt, exponentAt);
  const exponent = exponentAt < 0 ? 0 : Number(text.slice(exponentAt + 1));
  const dot = mantissa.indexOf('.');
  const wholeLength = dot < 0 ? mantissa.length : dot;
  const allDigits = dot < 0 ? mantissa : mantissa.slice(0, dot) + mantissa.slice(dot + 1);
  let from = 0;
  while (from < allDigits.length && allDigits.charCodeAt(from) === 0x30) from++;
  let to = allDigits.length;
  while (to > from && allDigits.charCodeAt(to - 1) === 0x30) to--;
  return { negative, digits: allDigits.slice(from, to), scale: wholeLength - from + exponent };
}
