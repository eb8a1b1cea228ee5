/**
 * The canonical form of a JSON value by RFC 8785 (JCS), and the fingerprint that decides whether a repeated
 * Idempotency-Key came with the same payload.
 */
import { hash } from 'node:crypto';
import { CanonicalBytes } from './canonical-bytes.ts';
import { namesInOrder } from './name-order.ts';
import { quoted } from './quoted-string.ts';
import type { JsonObject, JsonValue } from './strict-json.ts';

const shortForms = new CanonicalBytes();

/** What "the same payload" means: the same method, the same route, the same path parameters, the same body. */
export type FingerprintParts = {
  readonly method: string;
  /** The route's template, not the path: `/v1/payments/:payment_event_id/returns`. */
  readonly route: string;
  /** Path parameters after parsing, so that a UUID in upper case is the same as in lower case. */
  readonly pathParams: Readonly<Record<string, string>>;
  /** The parsed body; null when the request has none. */
  readonly body: JsonValue;
};

/**
 * Writes a value in the one form RFC 8785 gives it: no white space, names sorted by UTF-16 code units, numbers as
 * ECMAScript writes them, only the necessary escapes.
 *
 * The value must come from parseStrictJson or be as clean: a number that is not finite, or anything that is not
 * JSON, is a mistake of the caller and throws TypeError.
 */
export function canonicalise(value: JsonValue): string {
  if (typeof value === 'string') return quoted(value);
  if (value === null) return 'null';
  if (typeof value === 'object') return Array.isArray(value) ? canonicalArray(value) : canonicalObject(value);
  if (typeof value === 'boolean') return value ? 'true' : 'false';
  // String(-0) is "0", as RFC 8785 section 3.2.2.3 wants it.
  if (typeof value === 'number' && Number.isFinite(value)) return String(value);
  throw new TypeError('only a JSON value has a canonical form');
}

/**
 * The SHA-256 of a request's method, route, path parameters and body: 64 hexadecimal digits.
 * It is taken over the canonical form of one JSON array of the four, in which no part can run into the next.
 */
export function fingerprint(parts: FingerprintParts): string {
  const whole = [parts.method, parts.route, parts.pathParams, parts.body];
  return hash('sha256', shortForms.bytesOf(whole) ?? canonicalise(whole), 'hex');
}

function canonicalArray(values: readonly JsonValue[]): string {
  let text = '[';
  for (let i = 0; i < values.length; i++) {
    if (i > 0) text += ',';
    text += canonicalise(values[i] as JsonValue);
  }
  return `${text}]`;
}

function canonicalObject(object: Readonly<JsonObject>): string {
  let text = '{';
  for (const name of namesInOrder(object)) {
    if (text.length > 1) text += ',';
    text += `${quoted(name)}:${canonicalise(object[name] as JsonValue)}`;
  }
  return `${text}}`;
}
