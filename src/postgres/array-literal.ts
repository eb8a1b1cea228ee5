const OID_UUID = 2950;
const HEADER_BYTES = 20;
const UUID_BYTES = 16;

/** The value of each character as a hex digit; only lower-case UUIDs come here. */
const HEX_DIGIT = new Uint8Array(128);
for (const [value, digit] of [...'0123456789abcdef'].entries()) HEX_DIGIT[digit.charCodeAt(0)] = value;

/** Where the two digits of each byte stand in the text of a UUID. */
const DIGIT_PLACES = Uint8Array.of(0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34);

/**
 * A uuid[] in PostgreSQL's binary form (the driver sends a Buffer as binary): PostgreSQL reads the text of a UUID with
 * sixteen calls of strtoul, and a payment carries more than a dozen of them. Null stays NULL. Lower case only.
 */
export function uuidArray(elements: readonly (string | null)[]): Buffer {
  const nulls = elements.reduce((count, element) => (element === null ? count + 1 : count), 0);
  const bytes = Buffer.allocUnsafe(HEADER_BYTES + elements.length * 4 + (elements.length - nulls) * UUID_BYTES);
  if (elements.length === 0) return EMPTY_UUID_ARRAY;
  bytes.writeInt32BE(1, 0);
  bytes.writeInt32BE(nulls === 0 ? 0 : 1, 4);
  bytes.writeInt32BE(OID_UUID, 8);
  bytes.writeInt32BE(elements.length, 12);
  bytes.writeInt32BE(1, 16);
  let offset = HEADER_BYTES;
  for (let index = 0; index < elements.length; index += 1) {
    const element = elements[index];
    if (element === null || element === undefined) {
      bytes[offset] = bytes[offset + 1] = bytes[offset + 2] = bytes[offset + 3] = 0xff;
      offset += 4;
      continue;
    }
    bytes[offset] = bytes[offset + 1] = bytes[offset + 2] = 0;
    bytes[offset + 3] = UUID_BYTES;
    offset += 4;
    for (let place = 0; place < UUID_BYTES; place += 1) {
      const at = DIGIT_PLACES[place] as number;
      bytes[offset + place] =
        ((HEX_DIGIT[element.charCodeAt(at)] as number) << 4) | (HEX_DIGIT[element.charCodeAt(at + 1)] as number);
    }
    offset += UUID_BYTES;
  }
  return bytes;
}

const EMPTY_UUID_ARRAY = Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, OID_UUID >> 8, OID_UUID & 0xff]);

/**
 * PostgreSQL array literals, built by hand: the driver's own conversion escapes every element of every array, which was
 * the dearest part of a batch. `plainArray` is for elements that can hold no special character (ids, numbers, dates,
 * codes); `textArray` is for everything that a client wrote.
 */
export function plainArray(elements: readonly (string | number | bigint | null)[]): string {
  let literal = '{';
  for (let index = 0; index < elements.length; index += 1) {
    const element = elements[index];
    if (index > 0) literal += ',';
    literal += element === null || element === undefined ? 'NULL' : element;
  }
  return `${literal}}`;
}

const NEEDS_ESCAPE = /["\\]/g;

/** Every element quoted and escaped; null stays NULL. */
export function textArray(elements: readonly (string | null)[]): string {
  let literal = '{';
  for (let index = 0; index < elements.length; index += 1) {
    const element = elements[index];
    if (index > 0) literal += ',';
    if (element === null || element === undefined) literal += 'NULL';
    else literal += `"${element.replace(NEEDS_ESCAPE, '\\$&')}"`;
  }
  return `${literal}}`;
}
