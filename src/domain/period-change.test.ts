import { describe, expect, test } from 'vitest';
import { refusalOf, refusesInOrder } from '../../test/domain/refusal-order.ts';
import { line } from '../../test/domain/scene.ts';
import type { EntryDraft } from './journal-entry.ts';
import { MINOR_MAX } from './money.ts';
import type { Period } from './period.ts';
import { decidePeriodClose, type IncomeAndExpense, type PeriodCloseContext } from './period-close.ts';
import { decidePeriodReopening } from './period-reopening.ts';

const APRIL = '2026-04' as Period;
const change = { period: APRIL, description: 'books of April', metadata: '{}' };
const draftOf = (currency: string, lines: EntryDraft['lines'], reversesEntryId: string | null = null): EntryDraft => ({
  eventType: 'period_closed',
  effectiveAt: '2026-04-30',
  currency,
  layer: 0,
  loanId: null,
  borrowerId: null,
  lines,
  reversesEntryId,
  externalRef: null,
  description: 'books of April',
  eventInput: { period: APRIL },
  metadata: '{}',
});

describe('a close', () => {
  const context: PeriodCloseContext = {
    calendar: { businessDate: '2026-05-01', closedThrough: '2026-03-31' },
    currency: 'USD',
    earliestDay: '2026-01-05',
    atYearEnd: null,
  };
  const field = 'period';

  describe('is refused in order', () => {
    const order = [
      {
        fault: 'running',
        code: 'effective_date_in_future',
        field,
        detail:
          "period 2026-04 ends on 2026-04-30, and the tenant's business date is 2026-04-30; close it when it is over",
      },
      {
        fault: 'closed',
        code: 'period_closed',
        field,
        detail: 'period 2026-04 is closed already; the first open day is 2026-05-01',
      },
    ];
    refusesInOrder(order, (faults) => {
      const businessDate = faults.includes('running') ? '2026-04-30' : '2026-05-01';
      const closedThrough = faults.includes('closed') ? '2026-04-30' : '2026-03-31';
      return decidePeriodClose(change, { ...context, calendar: { businessDate, closedThrough } });
    });
  });

  test('is of the next period; the first takes what is before it along, and leaves nothing out', () => {
    const outOfOrder = (next: string) =>
      refusalOf({
        code: 'period_not_next',
        field,
        detail: `periods close in order, and ${next} is the next to be closed, before 2026-04`,
      });
    const closeAfter = (closedThrough: string | null, earliestDay: string | null = '2026-04-30') => {
      const calendar = { businessDate: '2026-05-01', closedThrough };
      return decidePeriodClose(change, { ...context, calendar, earliestDay });
    };
    expect(closeAfter('2026-02-28')).toEqual(outOfOrder('2026-03'));
    expect(closeAfter(null, '2026-03-31')).toEqual(outOfOrder('2026-03'));
    for (const earliestDay of ['2026-04-01', '2026-05-01', null])
      expect(closeAfter(null, earliestDay)).not.toHaveProperty('code');
  });

  test('of a month inside a year is one entry without lines, in the tenant’s currency', () => {
    expect(decidePeriodClose(change, context)).toEqual({ first: draftOf('USD', []), following: [] });
    const nothing: IncomeAndExpense = new Map([['EUR', new Map([[4000, 0n]])]]);
    expect(decidePeriodClose(change, { ...context, atYearEnd: nothing })).toEqual({
      first: draftOf('USD', []),
      following: [],
    });
  });

  test('at the end of a year is one entry a currency, in order, the others behind the first', () => {
    const held = new Map([
      [5000, 30n],
      [4000, -100n],
    ]);
    const one = new Map([[4000, -1n]]);
    const atYearEnd: IncomeAndExpense = new Map([
      ['USD', held],
      ['CHF', one],
      ['EUR', one],
    ]);
    const small = [line(4000, 1n), line(3000, -1n)];
    const following = [draftOf('EUR', small), draftOf('USD', [line(4000, 100n), line(5000, -30n), line(3000, -70n)])];
    expect(decidePeriodClose(change, { ...context, atYearEnd })).toEqual({
      first: draftOf('CHF', small),
      following: following.map((draft) => ({ draft, eventId: null })),
    });
  });

  test('a total of more than 18 digits takes several lines, on either side', () => {
    const balances = new Map([
      [4000, -MINOR_MAX * 2n - 5n],
      [5000, MINOR_MAX * 2n + 5n],
      [5010, MINOR_MAX],
      [5100, -MINOR_MAX],
    ]);
    const decided = decidePeriodClose(change, { ...context, atYearEnd: new Map([['USD', balances]]) });
    if ('code' in decided) throw new Error(decided.detail);
    expect(decided.first.lines).toEqual([
      line(4000, MINOR_MAX),
      line(4000, MINOR_MAX),
      line(4000, 5n),
      line(5000, -MINOR_MAX),
      line(5000, -MINOR_MAX),
      line(5000, -5n),
      line(5010, -MINOR_MAX),
      line(5100, MINOR_MAX),
    ]);
  });
});

describe('a reopening', () => {
  const closing = (entryId: string, currency: string, minor: bigint) => ({
    entryId,
    correlationId: 'close',
    currency,
    lines: [line(4000, minor), line(3000, -minor)],
  });
  const reopen = (latest: string | null) =>
    decidePeriodReopening(change, { latest: latest === null ? undefined : { period: latest as Period, entries: [] } });
  const refused = (detail: string) => refusalOf({ code: 'period_not_next', field: 'period', detail });

  test('is of the latest closed period alone', () => {
    expect(reopen(null)).toEqual(refused('period 2026-04 is not closed, and neither is any other'));
    expect(reopen('2026-03')).toEqual(refused('period 2026-04 is not closed; the latest that is closed is 2026-03'));
    expect(reopen('2026-05')).toEqual(
      refused('periods are reopened latest first, and 2026-05 is the latest that is closed'),
    );
  });

  test('mirrors every entry that closed it, on the same date', () => {
    const entries = [closing('one', 'EUR', 5n), closing('two', 'USD', -7n)];
    expect(decidePeriodReopening(change, { latest: { period: APRIL, entries } })).toEqual({
      first: draftOf('EUR', [line(4000, -5n), line(3000, 5n)], 'one'),
      following: [{ draft: draftOf('USD', [line(4000, 7n), line(3000, -7n)], 'two'), eventId: null }],
    });
  });

  test('of a close whose entries were not read is a fault of ours', () => {
    expect(() => reopen('2026-04')).toThrow('the close of 2026-04 is to be reopened and was not read');
  });
});
