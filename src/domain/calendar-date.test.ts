import fc from 'fast-check';
import { Temporal } from 'temporal-polyfill';
import { describe, expect, test } from 'vitest';
import { addDays, type CalendarDate, dayNumber, fromDayNumber, parseCalendarDate } from './calendar-date.ts';

const EPOCH = Temporal.PlainDate.from('1970-01-01');
const FIRST = -719_162;
const LAST = 2_932_896;
const anyDay = fc.integer({ min: FIRST, max: LAST });

function date(text: string): CalendarDate {
  const parsed = parseCalendarDate(text);
  if (parsed === undefined) throw new Error(`${text} is not a date`);
  return parsed;
}

describe('against Temporal', () => {
  test('day numbers and dates agree, both ways', () => {
    fc.assert(
      fc.property(anyDay, (days) => {
        const text = EPOCH.add({ days }).toString();
        expect(fromDayNumber(days)).toBe(text);
        expect(parseCalendarDate(text)).toBe(text);
        expect(dayNumber(date(text))).toBe(days);
      }),
      { numRuns: 3_000 },
    );
  });

  test('exactly the days that exist are read', () => {
    const near = (min: number, max: number) => fc.integer({ min, max });
    const years = fc.oneof(
      near(0, 9_999),
      fc.constantFrom(0, 1, 4, 100, 400, 1600, 1700, 1900, 2000, 2024, 2100, 9999),
    );
    fc.assert(
      fc.property(years, near(0, 13), fc.oneof(near(0, 32), near(28, 31)), (year, month, day) => {
        const pad = (part: number, length: number) => String(part).padStart(length, '0');
        const text = `${pad(year, 4)}-${pad(month, 2)}-${pad(day, 2)}`;
        const read = parseCalendarDate(text) !== undefined;
        let exists = year >= 1;
        try {
          Temporal.PlainDate.from({ year, month, day }, { overflow: 'reject' });
        } catch (cause) {
          if (!(cause instanceof RangeError)) throw cause;
          exists = false;
        }
        expect({ text, read }).toEqual({ text, read: exists });
      }),
      { numRuns: 3_000 },
    );
  });

  test('addDays agrees wherever the result exists', () => {
    fc.assert(
      fc.property(anyDay, anyDay, (from, to) => {
        expect(addDays(fromDayNumber(from), to - from)).toBe(EPOCH.add({ days: to }).toString());
      }),
      { numRuns: 1_000 },
    );
  });
});

test('each day of 800 years follows the one before it', () => {
  const start = dayNumber(date('1599-12-31'));
  let before = fromDayNumber(start);
  for (let days = start + 1; days < start + 2 * 146_097 + 2; days++) {
    const next = fromDayNumber(days);
    if (!(next > before) || dayNumber(next) !== days || parseCalendarDate(next) !== next) {
      expect.fail(`${before} is followed by ${next}, day ${days}`);
    }
    before = next;
  }
  expect(before).toBe('2400-01-01');
});

test('the order of the strings is the order of the days', () => {
  fc.assert(
    fc.property(anyDay, anyDay, (a, b) => {
      expect(fromDayNumber(a) < fromDayNumber(b)).toBe(a < b);
    }),
  );
});

test.each([
  ['1970-01-01', 0],
  ['1969-12-31', -1],
  ['2000-02-29', 11_016],
  ['2026-05-01', 20_574],
  ['0001-01-01', FIRST],
  ['9999-12-31', LAST],
])('%s is day %i', (text, days) => {
  expect(dayNumber(date(text))).toBe(days);
  expect(fromDayNumber(days)).toBe(text);
});

test.each([
  '',
  '2026-5-1',
  '2026-05-01T00:00:00Z',
  '20260501',
  '2026/05/01',
  '2026-02-29',
  '1900-02-29',
  '2026-04-31',
  '2026-00-10',
  '2026-13-01',
  '2026-01-00',
  '2026-01-32',
  '0000-01-01',
  '-001-01-01',
  '+02026-05-01',
  ' 2026-05-01',
  '2026-05-1 ',
  '2026-05-01\n',
  '２026-05-01',
  '2026-0x-01',
  '2026-05-:1',
  '2026x05-01',
  '2026-05x01',
  '2x26-05-01',
  '20x6-05-01',
  '202x-05-01',
  // The characters beside the digits, in either place of a pair: 0 and 9 have / and : as neighbours.
  '2026-0/-01',
  '2026-1/-01',
  '2026-/1-01',
  '2026-0:-01',
  '2026-05-1/',
  '2026-05-2:',
  '2026-05-/9',
  '99999-01-01',
])('%j is no date', (text) => {
  expect(parseCalendarDate(text)).toBeUndefined();
});

test.each([FIRST - 1, LAST + 1, 0.5, Number.NaN, Number.POSITIVE_INFINITY])('day %d is refused', (days) => {
  expect(() => fromDayNumber(days)).toThrow(`day number ${days} is outside the years 0001 to 9999`);
});

test('addDays does not leave the years 0001 to 9999', () => {
  expect(() => addDays(date('9999-12-31'), 1)).toThrow(RangeError);
  expect(() => addDays(date('0001-01-01'), -1)).toThrow(RangeError);
  expect(addDays(date('2024-02-28'), 1)).toBe('2024-02-29');
  expect(addDays(date('2024-03-01'), -1)).toBe('2024-02-29');
});
