import { expect, test } from 'vitest';
import { refuseClosedPeriod } from './dating.ts';
import { isMonth, lastDayOf, type Period, parsePeriod, periodAfter, periodOf } from './period.ts';
import { decidePeriodClose, type PeriodCloseContext } from './period-close.ts';
import { decidePeriodReopening } from './period-reopening.ts';

const period = (text: string) => text as Period;

test.each(['2026-12', '0001-01', '9999-12', '2024-02'])('%s is a period', (text) => {
  expect(parsePeriod(text)).toBe(text);
});

test.each(['2026-13', '2026-00', '2026-1', '202612', '2026-12-01', '0000-12', '', ' 2026-12', '2026-1a'])(
  '"%s" is none',
  (text) => {
    expect(parsePeriod(text)).toBeUndefined();
  },
);

test('the last day of a month, in leap years too; the month after it, over the end of a year; the month of a day', () => {
  const days = ['2025-02', '2024-02', '1900-02', '2025-04', '2025-12'].map((text) => lastDayOf(period(text)));
  expect(days).toEqual(['2025-02-28', '2024-02-29', '1900-02-28', '2025-04-30', '2025-12-31']);
  expect(['2025-01', '2025-09', '2025-12', '0099-12'].map((text) => periodAfter(period(text)))).toEqual([
    '2025-02',
    '2025-10',
    '2026-01',
    '0100-01',
  ]);
  expect(periodOf('2025-12-31')).toBe('2025-12');
  expect([0, 1, 12, 13, 1.5].map(isMonth)).toEqual([false, true, true, false, false]);
});

const open = { businessDate: '2026-05-10', closedThrough: null };
const closed = { ...open, closedThrough: '2026-02-28' };

test('a closed period takes nothing up to its last day, and says the first open one', () => {
  expect(refuseClosedPeriod('1999-01-01', open, 'effective_at')).toBeNull();
  expect(refuseClosedPeriod('2026-03-01', closed, 'effective_at')).toBeNull();
  for (const day of ['2026-02-28', '2025-01-01']) {
    const refused = refuseClosedPeriod(day, closed, 'accrual_date');
    expect(refused).toMatchObject({ code: 'period_closed', errors: [{ field: 'accrual_date' }] });
    expect(refused?.detail).toBe(`accrual_date ${day} lies in a closed period; the first open day is 2026-03-01`);
  }
});

test('an entry in the way of a restatement is named', () => {
  const inTheWay = { entryId: '0197aaaa-bbbb-7ccc-8ddd-eeeeeeeeeee0' };
  const refused = refuseClosedPeriod('2026-02-03', closed, 'effective_at', inTheWay);
  expect(refused?.code).toBe('period_closed');
  expect(refused?.detail).toContain(inTheWay.entryId);
  expect(refused?.detail).toContain('2026-03-01');
});

const change = (text: string) => ({ period: period(text), description: null, metadata: null });
const context: PeriodCloseContext = { calendar: open, currency: 'USD', earliestDay: '2026-02-05', atYearEnd: null };

test.each([
  ['2026-02', context, null],
  ['2026-01', context, null],
  ['2026-03', context, 'period_not_next'],
  ['2026-03', { ...context, earliestDay: null }, null],
  ['2026-03', { ...context, calendar: closed }, null],
  ['2026-04', { ...context, calendar: closed }, 'period_not_next'],
  ['2026-02', { ...context, calendar: closed }, 'period_closed'],
  ['2026-05', { ...context, calendar: closed }, 'effective_date_in_future'],
  ['2026-04', { ...context, calendar: { ...closed, businessDate: '2026-04-30' } }, 'effective_date_in_future'],
] as const)('a close of %s %#', (text, met, code) => {
  const decided = decidePeriodClose(change(text), met);
  expect('code' in decided ? decided.code : null).toBe(code);
});

test('the end of a year: accounts in order on their other sides, the remainder last, nothing where nothing is held', () => {
  const balances = new Map([
    [5_000, 400n],
    [4_000, -900n],
    [4_100, 0n],
    [4_900, 500n],
  ]);
  const atYearEnd = new Map([
    ['USD', balances],
    ['EUR', new Map([[4_000, -1n]])],
    ['JPY', new Map([[4_000, 0n]])],
  ]);
  const decided = decidePeriodClose(change('2026-02'), { ...context, atYearEnd });
  if ('code' in decided) throw new Error(decided.detail);
  const drafts = [decided.first, ...decided.following.map(({ draft }) => draft)];
  expect(
    drafts.map(({ currency, lines }) => [currency, lines.map((line) => [line.account, line.amountMinor])]),
  ).toEqual([
    [
      'EUR',
      [
        [4_000, 1n],
        [3_000, -1n],
      ],
    ],
    // Income and what was lost of it are even: nothing is left for 3000.
    [
      'USD',
      [
        [4_000, 900n],
        [4_900, -500n],
        [5_000, -400n],
      ],
    ],
  ]);
  expect(new Set(drafts.map(({ effectiveAt }) => effectiveAt))).toEqual(new Set(['2026-02-28']));
});

test('a close that is to be reopened and was not read is an error, never an empty mirror', () => {
  const latest = { period: period('2026-02'), entries: null };
  expect(() => decidePeriodReopening(change('2026-02'), { latest })).toThrow(/was not read/);
});
