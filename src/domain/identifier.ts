/** A UUID in lower case, the form in which ids are stored and answered. */
export type Uuid = string & { readonly __brand: 'Uuid' };

/** The key by which a client makes a POST repeatable; 8 to 255 characters, compared as it stands, case and all. */
export type IdempotencyKey = string & { readonly __brand: 'IdempotencyKey' };

const UUID_CHARS = 36;

const OTHER = 0;
const DIGIT = 1;
const CAPITAL = 2;
const HYPHEN = 3;

/** What each ASCII character is in a UUID: one look-up, where a comparison of random digits is guessed wrong every other time. */
const KIND_OF_CHAR = new Uint8Array(128).fill(OTHER);
for (const char of '0123456789abcdef') KIND_OF_CHAR[char.charCodeAt(0)] = DIGIT;
for (const char of 'ABCDEF') KIND_OF_CHAR[char.charCodeAt(0)] = CAPITAL;
KIND_OF_CHAR['-'.charCodeAt(0)] = HYPHEN;

const IDEMPOTENCY_KEY = /^[A-Za-z0-9][A-Za-z0-9._:-]{7,254}$/;

/**
 * Reads a UUID in its hyphenated form (RFC 9562 section 4), in any case, and answers it in lower case.
 * Every version and variant is taken, as ids may come from systems of any age. Undefined for any other text.
 */
export function parseUuid(text: string): Uuid | undefined {
  if (text.length !== UUID_CHARS) return undefined;
  let capitals = 0;
  for (let at = 0; at < UUID_CHARS; at++) {
    const code = text.charCodeAt(at);
    const kind = code < 128 ? KIND_OF_CHAR[code] : OTHER;
    if (at === 8 || at === 13 || at === 18 || at === 23) {
      if (kind !== HYPHEN) return undefined;
    } else if (kind === CAPITAL) capitals++;
    else if (kind !== DIGIT) return undefined;
  }
  return (capitals === 0 ? text : text.toLowerCase()) as Uuid;
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
