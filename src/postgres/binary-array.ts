import { type CalendarDate, dayNumber } from '../domain/calendar-date.ts';

/**
 * Arrays in PostgreSQL's binary form, a column of a batch each (the driver sends a Buffer as binary). As text, PostgreSQL
 * would read every number digit by digit and every quoted text character by character, and this process would escape them.
 * `pick` answers the element of a row; null stays NULL. The form: dimensions, a flag for nulls, the element's type, length,
 * lower bound; then per element its length (-1: NULL) and its bytes, all big-endian.
 */
type Pick<Row, Element> = (row: Row) => Element | null;

const HEADER_BYTES = 20;
const LENGTH_BYTES = 4;
const NULL_LENGTH = -1;

const OID_INT8 = 20;
const OID_INT2 = 21;
const OID_INT4 = 23;
const OID_TEXT = 25;
const OID_TID = 27;
const OID_DATE = 1082;
const OID_UUID = 2950;

const UUID_BYTES = 16;
const TID_BYTES = 6;
/** UTF-16 code units become at most so many bytes of UTF-8 each. */
const BYTES_PER_CODE_UNIT = 3;
/** PostgreSQL counts days from 2000-01-01. */
const POSTGRES_EPOCH_DAY = 10_957;

/** The value of each character as a hex digit; only lower-case UUIDs come here. */
const HEX_DIGIT = new Uint8Array(128);
for (const [value, digit] of [...'0123456789abcdef'].entries()) HEX_DIGIT[digit.charCodeAt(0)] = value;

/** Where the two digits of each byte stand in the text of a UUID. */
const DIGIT_PLACES = Uint8Array.of(0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34);

/** A uuid[]; UUIDs in lower case only. */
export function uuidArray<Row>(rows: readonly Row[], pick: Pick<Row, string>): Buffer {
  const bytes = begin(rows.length, OID_UUID, rows.length * UUID_BYTES);
  let offset = HEADER_BYTES;
  for (const row of rows) {
    const uuid = pick(row);
    offset = bytes.writeInt32BE(uuid === null ? NULL_LENGTH : UUID_BYTES, offset);
    if (uuid === null) continue;
    for (let place = 0; place < UUID_BYTES; place += 1) {
      const at = DIGIT_PLACES[place] as number;
      bytes[offset + place] =
        ((HEX_DIGIT[uuid.charCodeAt(at)] as number) << 4) | (HEX_DIGIT[uuid.charCodeAt(at + 1)] as number);
    }
    offset += UUID_BYTES;
  }
  return bytes.subarray(0, offset);
}

/** A smallint[]. */
export function int2Array<Row>(rows: readonly Row[], pick: Pick<Row, number>): Buffer {
  const bytes = begin(rows.length, OID_INT2, rows.length * 2);
  let offset = HEADER_BYTES;
  for (const row of rows) {
    const value = pick(row);
    offset = bytes.writeInt32BE(value === null ? NULL_LENGTH : 2, offset);
    if (value !== null) offset = bytes.writeInt16BE(value, offset);
  }
  return bytes.subarray(0, offset);
}

/** An integer[]. */
export function int4Array<Row>(rows: readonly Row[], pick: Pick<Row, number>): Buffer {
  return fourByteArray(rows, pick, OID_INT4);
}

/** A bigint[]. Throws RangeError for what 64 bits cannot hold. */
export function int8Array<Row>(rows: readonly Row[], pick: Pick<Row, bigint>): Buffer {
  const bytes = begin(rows.length, OID_INT8, rows.length * 8);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let offset = HEADER_BYTES;
  for (const row of rows) {
    const value = pick(row);
    view.setInt32(offset, value === null ? NULL_LENGTH : 8);
    offset += LENGTH_BYTES;
    if (value === null) continue;
    if (BigInt.asIntN(64, value) !== value) throw new RangeError(`${value} does not fit into 64 bits`);
    view.setBigInt64(offset, value);
    offset += 8;
  }
  return bytes.subarray(0, offset);
}

/** A date[] of calendar dates 'YYYY-MM-DD'. */
export function dateArray<Row>(rows: readonly Row[], pick: Pick<Row, string>): Buffer {
  // A batch knows few days and names them again and again.
  let known = '';
  let days = 0;
  const daysOf = (row: Row): number | null => {
    const date = pick(row);
    if (date === null) return null;
    if (date !== known) {
      known = date;
      days = dayNumber(date as CalendarDate) - POSTGRES_EPOCH_DAY;
    }
    return days;
  };
  return fourByteArray(rows, daysOf, OID_DATE);
}

/** A text[]. Texts must be free of U+0000 and of lone surrogates, which strict JSON refuses. */
export function textArray<Row>(rows: readonly Row[], pick: Pick<Row, string>): Buffer {
  let units = 0;
  for (const row of rows) units += pick(row)?.length ?? 0;
  const bytes = begin(rows.length, OID_TEXT, units * BYTES_PER_CODE_UNIT);
  let offset = HEADER_BYTES;
  for (const row of rows) {
    const text = pick(row);
    const length = text === null ? NULL_LENGTH : bytes.write(text, offset + LENGTH_BYTES, 'utf8');
    offset = bytes.writeInt32BE(length, offset) + Math.max(length, 0);
  }
  return bytes.subarray(0, offset);
}

/** A tid[], places of rows as PostgreSQL writes them: `(page,number)`. */
export function tidArray<Row>(rows: readonly Row[], pick: Pick<Row, string>): Buffer {
  const bytes = begin(rows.length, OID_TID, rows.length * TID_BYTES);
  let offset = HEADER_BYTES;
  for (const row of rows) {
    const place = pick(row);
    offset = bytes.writeInt32BE(place === null ? NULL_LENGTH : TID_BYTES, offset);
    if (place === null) continue;
    const comma = place.indexOf(',');
    offset = bytes.writeUInt32BE(Number(place.slice(1, comma)), offset);
    offset = bytes.writeUInt16BE(Number(place.slice(comma + 1, -1)), offset);
  }
  return bytes.subarray(0, offset);
}

/** Answers the element itself, for rows that are elements. */
export function itself<Element>(element: Element): Element {
  return element;
}

function fourByteArray<Row>(rows: readonly Row[], pick: Pick<Row, number>, oid: number): Buffer {
  const bytes = begin(rows.length, oid, rows.length * 4);
  let offset = HEADER_BYTES;
  for (const row of rows) {
    const value = pick(row);
    offset = bytes.writeInt32BE(value === null ? NULL_LENGTH : 4, offset);
    if (value !== null) offset = bytes.writeInt32BE(value, offset);
  }
  return bytes.subarray(0, offset);
}

/** The header and room behind it; whoever fills it cuts off what is left over. PostgreSQL finds the nulls by itself. */
function begin(length: number, oid: number, elementBytes: number): Buffer {
  const bytes = Buffer.allocUnsafe(HEADER_BYTES + length * LENGTH_BYTES + elementBytes);
  bytes.writeInt32BE(1, 0);
  bytes.writeInt32BE(1, 4);
  bytes.writeInt32BE(oid, 8);
  bytes.writeInt32BE(length, 12);
  bytes.writeInt32BE(1, 16);
  return bytes;
}
