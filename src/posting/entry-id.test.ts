import fc from 'fast-check';
import { expect, test } from 'vitest';
import { eventIdOf, firstEntryIdOf, newEntryId } from './entry-id.ts';

const YEAR_9999_MS = 253_402_300_799_999;

test('an entry id is a UUIDv7 (RFC 9562) of the time given, whose last digit is 0', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: YEAR_9999_MS }), (timeMs) => {
      const id = newEntryId(timeMs);
      expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{11}0$/);
      expect(Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16)).toBe(timeMs);
    }),
  );
});

test('parts of a millisecond are cut off', () => {
  expect(newEntryId(1.999).slice(0, 13)).toBe('00000000-0001');
});

test('100,000 ids of one millisecond differ, in every digit that is free', () => {
  const ids = Array.from({ length: 100_000 }, () => newEntryId(1_700_000_000_000));
  expect(new Set(ids).size).toBe(ids.length);
  const digitsAt = (at: number) => new Set(ids.map((id) => id[at])).size;
  const free = [...Array(36).keys()].filter((at) => at >= 15 && at < 35 && at !== 18 && at !== 19 && at !== 23);
  for (const at of free) expect([at, digitsAt(at)]).toEqual([at, 16]);
  expect(digitsAt(19)).toBe(4);
});

test('the event id is the entry id with last digit 1, and leads back to it', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: YEAR_9999_MS }), (timeMs) => {
      const entryId = newEntryId(timeMs);
      expect(eventIdOf(entryId)).toBe(`${entryId.slice(0, -1)}1`);
      expect(firstEntryIdOf(eventIdOf(entryId))).toBe(entryId);
    }),
  );
});
