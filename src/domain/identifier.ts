/** A UUID in lower case, the form in which ids are stored and answered. */
export type Uuid = string & { readonly __brand: 'Uuid' };

/** The key by which a client makes a POST repeatable; 8 to 255 characters, compared as it stands, case and all. */
export type IdempotencyKey = string & { readonly __brand: 'IdempotencyKey' };

const LOWER_CASE_UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

const ANY_CASE_UUID = new RegExp(LOWER_CASE_UUID, 'i');

const IDEMPOTENCY_KEY = /^[A-Za-z0-9][A-Za-z0-9._:-]{7,254}$/;

/**
 * Reads a UUID in its hyphenated form (RFC 9562 section 4), in any case, and answers it in lower case.
 * Every version and variant is taken, as ids may come from systems of any age. Undefined for any other text.
 */
export function parseUuid(text: string): Uuid | undefined {
  // Most ids come in lower case already, and toLowerCase costs more than the test.
  if (LOWER_CASE_UUID.test(text)) return text as Uuid;
  return ANY_CASE_UUID.test(text) ? (text.toLowerCase() as Uuid) : undefined;
}

/**
 * Reads the value of an Idempotency-Key header: the key itself, or the key in double quotes as the IETF draft
 * "The Idempotency-Key HTTP Header Field" writes it (a String of RFC 9651). Both spellings are the same key.
 * The characters of a key never need an escape, so one inside the quotes is refused, as are parameters behind them.
 * Undefined for any other text.
 */
export function parseIdempotencyKey(text: string): IdempotencyKey | undefined {
  const quoted = text.length >= 2 && text.startsWith('"') && text.endsWith('"');
  const key = quoted ? text.slice(1, -1) : text;
  return IDEMPOTENCY_KEY.test(key) ? (key as IdempotencyKey) : undefined;
}
