import { namesInOrder } from './name-order.ts';
import { quoted } from './quoted-string.ts';
import type { JsonObject, JsonValue } from './strict-json.ts';

/** Nearly every body of an event is shorter. */
const ROOM_BYTES = 16 * 1024;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const FIRST_PLAIN = 0x20;
const LAST_PLAIN = 0x7e;

/** UTF-8 has at most so many bytes for one UTF-16 code unit. */
const BYTES_PER_UNIT_MAX = 3;

/**
 * Writes canonical forms as bytes, where they are short: a text that is put together from a hundred pieces takes longer, and
 * must be made one before it can be hashed.
 */
export class CanonicalBytes {
  private readonly room = Buffer.allocUnsafeSlow(ROOM_BYTES);
  private at = 0;

  /** The bytes of the canonical form, good until the next call; undefined for one that is long, or that there is not. */
  bytesOf(value: JsonValue): Buffer | undefined {
    this.at = 0;
    return this.write(value) && this.at <= ROOM_BYTES ? this.room.subarray(0, this.at) : undefined;
  }

  private write(value: JsonValue): boolean {
    if (typeof value === 'string') return this.writeString(value);
    if (value === null) return this.writeWord('null');
    if (typeof value === 'object') return Array.isArray(value) ? this.writeArray(value) : this.writeObject(value);
    if (typeof value === 'boolean') return this.writeWord(value ? 'true' : 'false');
    return typeof value === 'number' && Number.isFinite(value) && this.writeWord(String(value));
  }

  private writeString(text: string): boolean {
    const { room } = this;
    let { at } = this;
    if (at + text.length + 2 > ROOM_BYTES) return false;
    room[at++] = QUOTE;
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (code < FIRST_PLAIN || code > LAST_PLAIN || code === QUOTE || code === BACKSLASH)
        return this.writeQuoted(text);
      room[at++] = code;
    }
    room[at++] = QUOTE;
    this.at = at;
    return true;
  }

  /** A string of which some characters do not stand for themselves, each as one byte. */
  private writeQuoted(text: string): boolean {
    const written = quoted(text);
    if (this.at + written.length * BYTES_PER_UNIT_MAX > ROOM_BYTES) return false;
    this.at += this.room.write(written, this.at, 'utf8');
    return true;
  }

  private writeWord(word: string): boolean {
    if (this.at + word.length > ROOM_BYTES) return false;
    this.at += this.room.write(word, this.at, 'latin1');
    return true;
  }

  private writeArray(values: readonly JsonValue[]): boolean {
    this.room[this.at++] = OPEN_BRACKET;
    for (let i = 0; i < values.length; i++) {
      if (i > 0) this.room[this.at++] = COMMA;
      if (!this.write(values[i] as JsonValue)) return false;
    }
    this.room[this.at++] = CLOSE_BRACKET;
    return true;
  }

  private writeObject(object: Readonly<JsonObject>): boolean {
    const names = namesInOrder(object);
    this.room[this.at++] = OPEN_BRACE;
    for (let i = 0; i < names.length; i++) {
      const name = names[i] as string;
      if (i > 0) this.room[this.at++] = COMMA;
      if (!this.writeString(name)) return false;
      this.room[this.at++] = COLON;
      if (!this.write(object[name] as JsonValue)) return false;
    }
    this.room[this.at++] = CLOSE_BRACE;
    return true;
  }
}
