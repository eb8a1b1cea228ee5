import { describe, expect, it } from 'vitest';
import { accountBody } from './model/reference/reads.ts';
import { Desk, disbursement, fee, goodwill, LOAN, OTHER, payment, reversal, run, waiver } from './model-desk.ts';

const close = (period: string) => ({ kind: 'close', period }) as const;
const reopen = (period: string) => ({ kind: 'reopen', period }) as const;

/** A loan of 100,000 of 10 March, fees of 40 and 30 in March and April; fiscal years end with April. */
function lent(...policy: ConstructorParameters<typeof Desk>): Desk {
  const desk = new Desk(...policy);
  desk.books.fiscalYearEndMonth = '04';
  desk.event(disbursement(100_000, '2026-03-10'));
  desk.event(fee(40, '2026-03-20'));
  desk.event(fee(30, '2026-04-20'));
  return desk;
}

/** The normal balance of an account at a day. */
function held(desk: Desk, accountCode: string, asOfDate: string): string | undefined {
  const past = { asOfDate, knownAt: undefined, layer: 'SETTLED' } as const;
  return accountBody(desk.books, { accountCode, currency: 'USD' }, past)?.['normal_balance_minor'];
}

describe('periods in the model', () => {
  it('close in order, from the month of the earliest line or one before it, and only when they are over', () => {
    const desk = lent();
    expect(desk.send(close('2026-06'))).toBe('effective_date_in_future');
    expect(desk.send(close('2026-04'))).toBe('period_not_next');
    desk.event(close('2026-01'));
    expect(desk.written).toEqual([[]]);
    expect(desk.send(close('2026-01'))).toBe('period_closed');
    expect(desk.send(close('2025-12'))).toBe('period_closed');
    expect(desk.send(close('2026-03'))).toBe('period_not_next');
    for (const period of ['2026-02', '2026-03', '2026-04', '2026-05']) desk.event(close(period));
    expect(desk.send(fee(1, '2026-05-31'))).toBe('period_closed');
    expect(desk.send(fee(1, '2026-06-01'))).toBe('posted');
  });

  it('reopen latest first, by the mirror of the close under its correlation id; no close is reversed by its id', () => {
    const desk = lent();
    expect(desk.send(reopen('2026-03'))).toBe('period_not_next');
    const march = desk.entry(close('2026-03'));
    desk.event(close('2026-04'));
    expect(desk.send(reopen('2026-03'))).toBe('period_not_next');
    const [april] = desk.last?.entries ?? [];
    desk.event(reopen('2026-04'));
    expect(desk.written).toEqual([['CR 4100 70', 'DR 3000 70']]);
    const [mirror] = desk.last?.entries ?? [];
    expect(mirror).toMatchObject({
      eventType: 'period_closed',
      effectiveAt: '2026-04-30',
      reversesEntryId: april?.entryId,
      correlationId: april?.correlationId,
    });
    for (const entryId of [march, april?.entryId ?? '', mirror?.entryId ?? '']) {
      expect(desk.send(reversal(entryId, '2026-06-01'))).toBe('not_reversible');
    }
    expect(desk.send(fee(1, '2026-03-31'))).toBe('period_closed');
    expect(desk.send(fee(1, '2026-04-01'))).toBe('posted');
    desk.undoLast();
    desk.event(reopen('2026-03'));
    expect(desk.send(close('2026-04'))).toBe('period_not_next');
  });

  it('a year’s end brings 4xxx and 5xxx to 0, the remainder to 3000; the next year’s has what came since', () => {
    const desk = lent();
    desk.event(waiver(10, '2026-04-21'));
    desk.event(goodwill(90, '2026-04-22'));
    desk.event(fee(5, '2026-05-02'));
    desk.event(close('2026-03'));
    desk.event(close('2026-04'));
    // Income 70; waived 10; the credit of 90 pays fees of 60 by 4910 and principal of 30 by 5200.
    expect(desk.written).toEqual([['DR 4100 70', 'CR 4920 10', 'CR 5200 30', 'CR 4910 60', 'DR 3000 30']]);
    for (const account of ['4100', '4920', '4910', '5200']) expect(held(desk, account, '2026-04-30')).toBe('0');
    expect(held(desk, '3000', '2026-04-30')).toBe('-30');
    expect(held(desk, '4100', '2026-05-31')).toBe('5');
    desk.event(reopen('2026-04'));
    desk.event(fee(1_000, '2026-04-30'));
    desk.event(close('2026-04'));
    expect(held(desk, '3000', '2026-04-30')).toBe('970');
    desk.books.fiscalYearEndMonth = '05';
    desk.event(close('2026-05'));
    expect(desk.written).toEqual([['DR 4100 5', 'CR 3000 5']]);
  });

  it('a year’s end has an entry per currency under one correlation id, and none for what sums to nothing', () => {
    const desk = lent();
    desk.event({ ...disbursement(500, '2026-04-01'), loanId: OTHER, currency: 'EUR' } as never);
    desk.event({ ...fee(7, '2026-04-02'), loanId: OTHER, currency: 'EUR' } as never);
    desk.event({ ...payment(9, '2026-04-03', { layer: 'PENDING' }), loanId: LOAN } as never);
    desk.event(close('2026-03'));
    desk.event(close('2026-04'));
    expect(desk.written).toEqual([
      ['DR 4100 7', 'CR 3000 7'],
      ['DR 4100 70', 'CR 3000 70'],
    ]);
    const { entries = [], facts = [] } = desk.last ?? {};
    expect(entries.map(({ lines }) => lines[0]?.currency)).toEqual(['EUR', 'USD']);
    expect(new Set(entries.map(({ correlationId }) => correlationId)).size).toBe(1);
    expect(facts).toHaveLength(2);
    desk.event(reopen('2026-04'));
    expect(desk.written).toEqual([
      ['CR 4100 7', 'DR 3000 7'],
      ['CR 4100 70', 'DR 3000 70'],
    ]);
    const empty = new Desk();
    empty.books.fiscalYearEndMonth = '04';
    empty.event(disbursement(500, '2026-04-01'));
    empty.event(close('2026-04'));
    expect(empty.written).toEqual([[]]);
  });

  it('what is taken back leaves no trace: the period is open again, and closed again', () => {
    const desk = lent();
    desk.event(close('2026-03'));
    desk.undoLast();
    expect(desk.send(fee(1, '2026-03-31'))).toBe('posted');
    desk.event(close('2026-03'));
    desk.event(reopen('2026-03'));
    desk.undoLast();
    expect(desk.send(fee(1, '2026-03-31'))).toBe('period_closed');
    expect(desk.send(run('2026-03-31'))).toBe('period_closed');
  });
});
