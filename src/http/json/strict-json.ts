/**
 * A strict reader of JSON texts (RFC 8259) that come from strangers.
 *
 * JSON.parse keeps the last of two equal names, rounds 2^53+1 and turns 1e400 into Infinity, all in
 * silence: two parties could then read two different amounts out of one signed body. RFC 8259 section 4
 * and RFC 7493 (I-JSON) name these as the interoperability traps; this reader refuses each of them.
 */
import { isUtf8 } from 'node:buffer';
import { readExactNumber } from './exact-number.ts';

/** Any JSON value. Objects have no inherited properties, so a look-up finds only what was sent. */
export type JsonValue = null | boolean | number | string | JsonValue[] | JsonObject;

/** A JSON object, its names in the order sent (integer-like names first, as in every ECMAScript object). */
export type JsonObject = { [name: string]: JsonValue };

/**
 * Why a text was refused. `offset` counts bytes from the start of the body, 0 for its first byte; for what is wrong
 * inside a string or a number it may be the offset at which that begins.
 */
export type JsonRefusal = { readonly code: 'malformed_json'; readonly message: string; readonly offset: number };

/** What the reader answers. `raw` is the source text of the wanted member, when the text has that member. */
export type JsonReading =
  | { readonly ok: true; readonly value: JsonValue; readonly raw?: string }
  | { readonly ok: false; readonly error: JsonRefusal };

/** `rawMember`: the name of one member of the top-level object whose source text is wanted as it was sent. */
export type StrictJsonOptions = { readonly rawMember?: string };

/** Containers may be nested this deep; the outermost one is level 1. */
export const JSON_DEPTH_MAX = 32;

/** Stands for the byte behind the last one. */
const END = -1;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const PLUS = 0x2b;
const MINUS = 0x2d;
const DOT = 0x2e;
const DIGIT_0 = 0x30;
const DIGIT_9 = 0x39;
const UPPER_E = 0x45;
const LOWER_E = 0x65;
const SPACE = 0x20;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;

/** Any integer of this many digits stands exactly in a double, whose 53 bits hold every one below 9.007e15. */
const EXACT_DIGITS = 15;

/**
 * Makes objects without inherited names. `Object.create(null)` would do the same, but V8 gives those a hash
 * table from the start, three times as slow to fill as the hidden class that a constructor's objects get.
 */
const BareObject = function BareObject() {
  // Nothing to set: members are added as they are read.
} as unknown as new () => JsonObject;
BareObject.prototype = Object.freeze(Object.create(null));

/** Names that were read, for clients send the same few again and again: one for each place, the latest. */
const NAMES = { places: 256, charsMax: 64 } as const;
const remembered: string[] = Array.from({ length: NAMES.places }, () => '');

/** Carries a refusal out of the recursion; it never leaves this module, and needs no stack trace. */
class Refused {
  readonly message: string;
  readonly offset: number;
  constructor(message: string, offset: number) {
    this.message = message;
    this.offset = offset;
  }
}

/**
 * Reads one JSON text.
 *
 * Refused, all as `malformed_json`: whatever RFC 8259 does not allow; bytes that are not UTF-8; a byte order
 * mark; a name used twice in one object; the name `__proto__`; containers deeper than JSON_DEPTH_MAX; U+0000
 * and lone surrogates in a string; a number that a double does not hold (see readExactNumber).
 * Any JSON value may stand at the top: that it is an object is for the caller to check.
 */
export function parseStrictJson(bytes: Uint8Array, options?: StrictJsonOptions): JsonReading {
  if (bytes.length >= 3 && bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) {
    return refusal('a byte order mark is not allowed', 0);
  }
  if (!isUtf8(bytes)) return refusal('the text is not valid UTF-8', firstBadByte(bytes));
  const reader = new Reader(asBuffer(bytes), options?.rawMember);
  try {
    const value = reader.readText();
    return reader.raw === undefined ? { ok: true, value } : { ok: true, value, raw: reader.raw };
  } catch (cause) {
    if (!(cause instanceof Refused)) throw cause;
    return refusal(cause.message, cause.offset);
  }
}

/**
 * One pass over the bytes. Strings are cut out of `text`, in which every byte is one character; only those with a
 * byte above 0x7f are decoded from the bytes. So an index is at once a byte offset and a place in `text`.
 * A string that was cut out keeps the whole text in memory for as long as it lives: copy what outlives its request.
 */
class Reader {
  raw: string | undefined = undefined;
  private readonly bytes: Buffer;
  private readonly end: number;
  private readonly text: string;
  private readonly rawMember: string | undefined;
  private at = 0;
  private depth = 0;

  /** @param bytes valid UTF-8 */
  constructor(bytes: Buffer, rawMember: string | undefined) {
    this.bytes = bytes;
    this.end = bytes.length;
    this.text = bytes.toString('latin1');
    this.rawMember = rawMember;
  }

  readText(): JsonValue {
    const value = this.readValue(this.skipSpace());
    if (this.skipSpace() !== END) this.refuse('only one JSON value is allowed');
    return value;
  }

  private byteAt(at: number): number {
    return at < this.end ? (this.bytes[at] ?? END) : END;
  }

  /** Moves to the next byte that is not white space and answers it, END behind the last one. */
  private skipSpace(): number {
    let code = this.byteAt(this.at);
    while (code === SPACE || code === 0x0a || code === 0x0d || code === 0x09) {
      code = this.byteAt(++this.at);
    }
    return code;
  }

  /** Reads the value that starts at `at`, whose first byte is `code`; leaves `at` just behind it. */
  private readValue(code: number): JsonValue {
    if (code === QUOTE) return this.readString();
    if (code === MINUS || (code >= DIGIT_0 && code <= DIGIT_9)) return this.readNumber(code);
    if (code === OPEN_BRACE) return this.readObject();
    if (code === OPEN_BRACKET) return this.readArray();
    if (code === 0x74) return this.readWord('true', true);
    if (code === 0x66) return this.readWord('false', false);
    if (code === 0x6e) return this.readWord('null', null);
    return this.refuse(code === END ? 'the text ends too early' : 'a JSON value is expected');
  }

  private readWord<T extends JsonValue>(word: string, value: T): T {
    if (!this.text.startsWith(word, this.at)) this.refuse('a JSON value is expected');
    this.at += word.length;
    return value;
  }

  private readObject(): JsonObject {
    const wanted = this.depth === 0 ? this.rawMember : undefined;
    this.enter();
    const object = new BareObject();
    let code = this.skipSpace();
    if (code === CLOSE_BRACE) return this.leave(object);
    for (;;) {
      if (code !== QUOTE) this.refuse('a name in double quotes is expected');
      const nameAt = this.at;
      const name = this.readName();
      // A member never holds undefined, so this asks "was it sent before?" at a fraction of the cost of hasOwn.
      if (object[name] !== undefined) this.refuse('a name is used twice in one object', nameAt);
      if (name === '__proto__') this.refuse('the name __proto__ is not allowed', nameAt);
      if (this.skipSpace() !== COLON) this.refuse('a colon is expected');
      this.at++;
      code = this.skipSpace();
      const valueAt = this.at;
      object[name] = this.readValue(code);
      if (name === wanted) this.raw = this.bytes.toString('utf8', valueAt, this.at);
      code = this.skipSpace();
      if (code === CLOSE_BRACE) return this.leave(object);
      if (code !== COMMA) this.refuse('a comma or a closing brace is expected');
      this.at++;
      code = this.skipSpace();
    }
  }

  private readArray(): JsonValue[] {
    this.enter();
    const array: JsonValue[] = [];
    let code = this.skipSpace();
    if (code === CLOSE_BRACKET) return this.leave(array);
    for (;;) {
      array.push(this.readValue(code));
      code = this.skipSpace();
      if (code === CLOSE_BRACKET) return this.leave(array);
      if (code !== COMMA) this.refuse('a comma or a closing bracket is expected');
      this.at++;
      code = this.skipSpace();
    }
  }

  private enter(): void {
    if (++this.depth > JSON_DEPTH_MAX) this.refuse(`more than ${JSON_DEPTH_MAX} levels are not allowed`);
    this.at++;
  }

  private leave<T>(container: T): T {
    this.depth--;
    this.at++;
    return container;
  }

  /** Reads a string that is a name. One that was read before is neither cut out nor looked up among all strings again. */
  private readName(): string {
    const { bytes } = this;
    const start = this.at + 1;
    const limit = Math.min(this.end, start + NAMES.charsMax + 1);
    let place = 0;
    let at = start;
    for (; at < limit && bytes[at] !== QUOTE; at++) place = (place * 31 + (bytes[at] ?? 0)) % NAMES.places;
    const known = remembered[place] as string;
    if (at < limit && at - start === known.length && this.spells(known, start)) {
      this.at = at + 1;
      return known;
    }
    const name = this.readString();
    // As many bytes as characters: it is ASCII and has no escapes, so these bytes mean this name wherever they stand.
    const isPlain = name.length === at - start && this.at === at + 1;
    // Read anew, for a part of the text would keep all of it in memory. A longer name than is looked for takes no place.
    if (isPlain && at < limit) remembered[place] = bytes.toString('latin1', start, at);
    return name;
  }

  /** Whether the bytes from `start` on are those of an ASCII text, which the text must not go beyond. */
  private spells(text: string, start: number): boolean {
    for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) !== this.bytes[start + i]) return false;
    return true;
  }

  private readString(): string {
    const start = this.at + 1;
    const bytes = this.bytes;
    const end = this.end;
    let all = 0;
    for (let at = start; at < end; at++) {
      const code = bytes[at] ?? 0;
      if (code === QUOTE) {
        this.at = at + 1;
        return this.cut({ start, end: at, all });
      }
      if (code === BACKSLASH) return this.readEscapedString(start - 1);
      if (code < SPACE) return this.refuse('a control character in a string must be escaped', at);
      all |= code;
    }
    return this.refuse('the text ends inside a string', end);
  }

  /**
   * Reads a string that has escapes, from its opening quote at `quoteAt`. Finding its end is all that is done by
   * hand: JSON.parse is strict about what stands inside a string, and many times faster at decoding it.
   */
  private readEscapedString(quoteAt: number): string {
    let at = quoteAt + 1;
    let all = 0;
    for (let code = this.byteAt(at); code !== QUOTE; code = this.byteAt(at)) {
      if (code === END) return this.refuse('the text ends inside a string', this.end);
      all |= code;
      at += code === BACKSLASH ? 2 : 1;
    }
    this.at = at + 1;
    const decoded = this.decode(this.cut({ start: quoteAt, end: this.at, all }), quoteAt);
    if (decoded.includes('\u0000')) return this.refuse('U+0000 is not allowed', quoteAt);
    return decoded.isWellFormed() ? decoded : this.refuse('a lone surrogate', quoteAt);
  }

  private decode(literal: string, quoteAt: number): string {
    try {
      return String(JSON.parse(literal));
    } catch (cause) {
      if (!(cause instanceof SyntaxError)) throw cause;
      return this.refuse('a wrong escape or a control character in a string', quoteAt);
    }
  }

  /** A part of the text; `all` is the bitwise OR of its bytes, which shows if one is not ASCII. */
  private cut({ start, end, all }: { start: number; end: number; all: number }): string {
    return all < 0x80 ? this.text.slice(start, end) : this.bytes.toString('utf8', start, end);
  }

  private readNumber(first: number): number {
    const start = this.at;
    const digitsAt = first === MINUS ? start + 1 : start;
    let at = digitsAt;
    let code = this.byteAt(at);
    let whole = 0;
    while (code >= DIGIT_0 && code <= DIGIT_9) {
      whole = whole * 10 + (code - DIGIT_0);
      code = this.byteAt(++at);
    }
    if (at === digitsAt) return this.refuse('a digit is expected', at);
    if (at > digitsAt + 1 && this.bytes[digitsAt] === DIGIT_0) {
      return this.refuse('a leading zero is not allowed', digitsAt);
    }
    if (code !== DOT && code !== LOWER_E && code !== UPPER_E && at - digitsAt <= EXACT_DIGITS) {
      this.at = at;
      return first === MINUS ? -whole : whole;
    }
    if (code === DOT) {
      at = this.skipDigits(at + 1);
      code = this.byteAt(at);
    }
    if (code === LOWER_E || code === UPPER_E) {
      const sign = this.byteAt(at + 1);
      at = this.skipDigits(sign === MINUS || sign === PLUS ? at + 2 : at + 1);
    }
    this.at = at;
    return (
      readExactNumber(this.text.slice(start, at)) ?? this.refuse('a double cannot hold this number exactly', start)
    );
  }

  /** The index behind the digits that start at `from`; at least one is required. */
  private skipDigits(from: number): number {
    let at = from;
    let code = this.byteAt(at);
    while (code >= DIGIT_0 && code <= DIGIT_9) code = this.byteAt(++at);
    return at === from ? this.refuse('a digit is expected', from) : at;
  }

  private refuse(message: string, offset = this.at): never {
    throw new Refused(message, offset);
  }
}

function refusal(message: string, offset: number): JsonReading {
  return { ok: false, error: { code: 'malformed_json', message, offset } };
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** The offset at which the first character begins that is not valid UTF-8. Reads each byte about twice, no more. */
function firstBadByte(bytes: Uint8Array): number {
  let good = 0;
  let bad = bytes.length;
  while (bad - good > 8) {
    let middle = (good + bad) >>> 1;
    // A cut inside a character goes back to where the character begins, at most three bytes before.
    for (let back = 0; back < 3 && isContinuation(bytes[middle]); back++) middle--;
    if (isUtf8(bytes.subarray(good, middle))) good = middle;
    else bad = middle;
  }
  const lengths = [1, 2, 3, 4];
  for (;;) {
    const length = lengths.find((n) => good + n <= bytes.length && isUtf8(bytes.subarray(good, good + n)));
    if (length === undefined) return good;
    good += length;
  }
}

function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80;
}
