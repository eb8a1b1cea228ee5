import { randomFillSync } from 'node:crypto';

const POOL_BYTES = 8_192;
const RANDOM_BYTES_PER_ID = 10;
const pool = Buffer.alloc(POOL_BYTES);
let used = POOL_BYTES;

/**
 * A fresh entry id: a UUIDv7 (RFC 9562) on the database's clock, given in milliseconds since 1970, whose last hex digit is
 * `0`. The other fifteen digits in that place belong to the ids derived from it. Ids order nothing.
 */
export function newEntryId(databaseTimeMs: number): string {
  if (used + RANDOM_BYTES_PER_ID > POOL_BYTES) {
    randomFillSync(pool);
    used = 0;
  }
  const time = Math.trunc(databaseTimeMs).toString(16).padStart(12, '0');
  const random = pool.toString('hex', used, used + RANDOM_BYTES_PER_ID);
  used += RANDOM_BYTES_PER_ID;
  const variant = ((Number.parseInt(random[3] ?? '0', 16) & 0x3) | 0x8).toString(16);
  return `${time.slice(0, 8)}-${time.slice(8)}-7${random.slice(0, 3)}-${variant}${random.slice(4, 7)}-${random.slice(7, 18)}0`;
}

/**
 * The id of the business event that an entry was the first booking of: the entry's id with its last digit 1. So both ids
 * share one index (ENGINE.md 2a.2).
 */
export function eventIdOf(firstEntryId: string): string {
  return `${firstEntryId.slice(0, -1)}1`;
}

/** The first entry of the event with this id; the inverse of eventIdOf. */
export function firstEntryIdOf(eventId: string): string {
  return `${eventId.slice(0, -1)}0`;
}

/** Whether an entry books an event again, by its id. */
export function isRebooking(entryId: string): boolean {
  return entryId.endsWith('2');
}

/**
 * The id of an entry that books an event again, made of a fresh entry id: its last digit is 2, so that no event id derives
 * from it.
 */
export function rebookingIdOf(freshEntryId: string): string {
  return `${freshEntryId.slice(0, -1)}2`;
}
