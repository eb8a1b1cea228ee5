import { describe, expect, test } from 'vitest';
import { date } from '../../test/interest/random-loan.ts';
import {
  accrualsOfLife,
  accrualsSince,
  beginningBy,
  type InterestCheckpoint,
  type InterestEvent,
  inEffectiveOrder,
  reachesBehind,
} from './loan-accruals.ts';
import { formatRational, rational, whole } from './rational.ts';

const may = (day: number) => date(`2026-05-${day.toString().padStart(2, '0')}`);
const NOTHING = {
  principalMinor: 0n,
  interestMinor: 0n,
  reversesEntryId: null,
  correctsEntryId: null,
  exact: null,
  beginsOn: null,
};
const THIRD = rational({ numerator: 1n, denominator: 3n });

function event(
  entryId: string,
  eventType: InterestEvent['eventType'],
  day: number,
  changes: object = {},
): InterestEvent {
  return { ...NOTHING, entryId, eventType, effectiveAt: may(day), ...changes };
}

const LENT = event('lent', 'disbursement', 1, { principalMinor: 100n, beginsOn: may(1) });
const byServer = (entryId: string, day: number, interestMinor: bigint) =>
  event(entryId, 'accrual', day, { interestMinor, exact: THIRD });
const byClient = (entryId: string, day: number, interestMinor: bigint) =>
  event(entryId, 'accrual', day, { interestMinor });
const undo = (reversesEntryId: string, day: number, changes: object = {}) =>
  event(`no ${reversesEntryId}`, 'reversal', day, { reversesEntryId, ...changes });

function coversOf(events: readonly InterestEvent[]): readonly string[] {
  return accrualsOfLife(events).accruals.map(({ covers }) =>
    covers.map(({ from, to }) => `${from.slice(8)}-${to.slice(8)}`).join(' '),
  );
}

describe('which nights an accrual stands for', () => {
  test('the server: all that none stood for when it was posted; a client: those since the accrual before', () => {
    expect(coversOf([LENT, byServer('a', 3, 0n), byClient('b', 5, 9n), byServer('c', 6, 0n)])).toEqual([
      '01-03',
      '03-05',
      '05-06',
    ]);
  });

  test('a reversed accrual leaves a gap, which the next run fills and no client does', () => {
    const events = [LENT, byServer('a', 2, 0n), byServer('b', 3, 1n), byServer('c', 5, 0n), undo('b', 6)];
    expect(coversOf([...events, byServer('d', 6, 1n)])).toEqual(['01-02', '03-05', '02-03 05-06']);
    expect(coversOf([...events, byClient('d', 6, 1n)])).toEqual(['01-02', '03-05', '05-06']);
  });

  test('one filled in between two others changes neither', () => {
    expect(coversOf([LENT, byClient('a', 2, 1n), byClient('b', 9, 1n), byClient('c', 5, 1n)])).toEqual([
      '01-02',
      '02-09',
      '02-05',
    ]);
  });

  test('a loan that begins earlier than it did has nights before its first accrual', () => {
    const earlier = event('earlier', 'disbursement', 1, { principalMinor: 5n, beginsOn: may(1) });
    const later = { ...LENT, effectiveAt: may(3), beginsOn: may(3) };
    expect(coversOf([later, byServer('a', 4, 1n), earlier, byServer('b', 5, 1n)])).toEqual(['03-04', '01-03 04-05']);
    expect(coversOf([later, earlier, undo('earlier', 4), byServer('a', 4, 1n)])).toEqual(['03-04']);
  });
});

describe('what an accrual is worth', () => {
  test('a correction changes what a client meant and what was posted of the server; reversed, it changes nothing', () => {
    const correct = (of: string) => event(`right ${of}`, 'accrual', 9, { interestMinor: -2n, correctsEntryId: of });
    const events = [LENT, byClient('a', 3, 9n), byServer('b', 5, 8n), correct('a'), correct('b')];
    const worth = (more: readonly InterestEvent[]) =>
      accrualsOfLife([...events, ...more]).accruals.map(
        ({ exact, postedMinor }) => `${formatRational(exact)} ${postedMinor}`,
      );
    expect(worth([])).toEqual(['7 7', '1/3 6']);
    expect(worth([undo('right a', 9, { interestMinor: 2n }), undo('right b', 9, { interestMinor: 2n })])).toEqual([
      '9 9',
      '1/3 8',
    ]);
  });
});

describe('the principal', () => {
  test('of each day after all of its events, and steps that change nothing are none', () => {
    const moves = [event('p', 'payment_received', 4, { principalMinor: -30n }), undo('p', 4, { principalMinor: 30n })];
    const backdated = event('q', 'payment_received', 2, { principalMinor: -10n });
    expect(accrualsOfLife([LENT, ...moves, backdated]).principal).toEqual([
      { from: '2026-05-01', principalMinor: 100n },
      { from: '2026-05-02', principalMinor: 90n },
    ]);
    expect(accrualsOfLife([LENT, moves[0] ?? LENT, undo('p', 6, { principalMinor: 30n })]).principal).toEqual([
      { from: '2026-05-01', principalMinor: 100n },
      { from: '2026-05-04', principalMinor: 70n },
      { from: '2026-05-06', principalMinor: 100n },
    ]);
  });

  test('of an opening was owed elsewhere since the day through which its interest is accrued', () => {
    const opened = event('opened', 'manual_adjustment', 10, { principalMinor: 100n, beginsOn: may(5) });
    expect(accrualsOfLife([opened]).principal).toEqual([{ from: '2026-05-05', principalMinor: 100n }]);
    expect(accrualsOfLife([opened, undo('opened', 12, { principalMinor: -100n })]).principal).toEqual([
      { from: '2026-05-05', principalMinor: 100n },
      { from: '2026-05-12', principalMinor: 0n },
    ]);
  });

  test('leaves out a charge-off that was reversed, with its reversal', () => {
    const lost = event('lost', 'chargeoff', 3, { principalMinor: -100n });
    const restored = undo('lost', 8, { principalMinor: 100n });
    expect(accrualsOfLife([LENT, lost, restored]).principal).toEqual([{ from: '2026-05-01', principalMinor: 100n }]);
  });
});

describe('from a checkpoint on', () => {
  const checkpoint: InterestCheckpoint = {
    through: may(5),
    exact: whole(4n),
    postedMinor: 4n,
    principalFrom: may(2),
    principalMinor: 90n,
  };

  test('what came before is one accrual, and what comes behind it goes on from there', () => {
    const paid = event('p', 'payment_received', 3, { principalMinor: -30n });
    const { principal, accruals } = accrualsSince(checkpoint, [paid, byClient('a', 7, 3n)], may(2));
    expect(principal).toEqual([
      { from: '2026-05-02', principalMinor: 90n },
      { from: '2026-05-03', principalMinor: 60n },
    ]);
    expect(accruals.map(({ covers }) => covers)).toEqual([
      [{ from: '2026-05-02', to: '2026-05-05' }],
      [{ from: '2026-05-05', to: '2026-05-07' }],
    ]);
  });

  test('an event that changes principal on or before its last change needs the whole life; no other does', () => {
    const on = (day: number, principalMinor: bigint) => [event('p', 'payment_received', day, { principalMinor })];
    expect([on(1, -1n), on(2, -1n), on(3, -1n), on(1, 0n)].map((events) => reachesBehind(checkpoint, events))).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });

  test('the loan may begin on the day it counts through, or behind it: then nothing of before is a night of its own', () => {
    const coversFrom = (begins: number, events: readonly InterestEvent[]) =>
      accrualsSince(checkpoint, events, may(begins)).accruals.map(({ covers }) => covers);
    expect(coversFrom(5, [byServer('a', 7, 3n)])).toEqual([[], [{ from: '2026-05-05', to: '2026-05-07' }]]);
    expect(coversFrom(6, [byServer('a', 7, 3n)])).toEqual([[], [{ from: '2026-05-06', to: '2026-05-07' }]]);
    expect(coversFrom(2, [byClient('a', 4, 3n), byServer('b', 6, 0n)])).toEqual([
      [{ from: '2026-05-02', to: '2026-05-05' }],
      [{ from: '2026-05-02', to: '2026-05-04' }],
      [{ from: '2026-05-05', to: '2026-05-06' }],
    ]);
  });

  test('a further disbursement begins nothing anew', () => {
    const more = event('more', 'disbursement', 6, { principalMinor: 10n, beginsOn: may(1) });
    const { accruals } = accrualsSince(checkpoint, [more, byServer('a', 7, 1n)], may(2));
    expect(accruals[1]?.covers).toEqual([{ from: '2026-05-05', to: '2026-05-07' }]);
  });
});

describe('a life in the order of effect', () => {
  test('events are those of their days, of one day as they were posted; what is reversed drops out with its reversal', () => {
    const events = [LENT, byServer('later', 6, 1n), byClient('one', 4, 9n), undo('one', 4), byClient('two', 4, 8n)];
    expect(inEffectiveOrder(events).map(({ entryId }) => entryId)).toEqual(['lent', 'two', 'later']);
    expect(inEffectiveOrder([byServer('later', 6, 1n), undo('unknown', 4)])).toMatchObject([
      { entryId: 'no unknown' },
      { entryId: 'later' },
    ]);
  });

  test('an opening that was reversed earns nothing in the nights before its date', () => {
    const opened = event('opened', 'manual_adjustment', 8, { principalMinor: 50n, beginsOn: may(6) });
    const events = [opened, undo('opened', 8, { principalMinor: -50n }), LENT];
    expect(accrualsOfLife(inEffectiveOrder(events)).principal).toEqual([{ from: may(1), principalMinor: 100n }]);
  });

  test('a run stands for the nights since the accrual before it, whichever was posted first', () => {
    const events = [LENT, byServer('later', 6, 1n), byClient('early', 4, 9n)];
    expect(coversOf(events)).toEqual(['01-06', '01-04']);
    expect(coversOf(inEffectiveOrder(events))).toEqual(['01-04', '04-06']);
  });

  test('what a run would have passed over stands for no nights, whoever accrues next', () => {
    const passedOver = event('none', 'accrual', 4, { isPassedOver: true });
    expect(coversOf([LENT, passedOver, byServer('next', 6, 1n)])).toEqual(['', '01-06']);
    expect(coversOf([LENT, passedOver, byClient('next', 6, 1n)])).toEqual(['', '01-06']);
    expect(coversOf([LENT, byServer('first', 2, 1n), passedOver, byServer('next', 6, 1n)])).toEqual([
      '01-02',
      '',
      '02-06',
    ]);
  });

  test('a correction of what would have been passed over is posted and nothing that is exact', () => {
    const passedOver = event('none', 'accrual', 4, { isPassedOver: true });
    const corrected = event('5 of none', 'accrual', 5, { interestMinor: 5n, correctsEntryId: 'none' });
    const [standing] = accrualsOfLife([LENT, passedOver, corrected]).accruals;
    expect(standing).toMatchObject({ date: may(4), covers: [], exact: whole(0n), postedMinor: 5n });
  });
});

test('interest begins by an opening where its own ends, by a disbursement, pending too, or a refinance that lends on its day', () => {
  const day = may(3);
  const moved = { effectiveAt: day, principalMinor: 5n } as const;
  expect(beginningBy({ ...moved, eventType: 'manual_adjustment' }, { accruedThrough: may(1) })).toBe(may(1));
  expect(beginningBy({ ...moved, eventType: 'manual_adjustment' }, { accruedThrough: null })).toBe(day);
  expect(beginningBy({ ...moved, eventType: 'manual_adjustment' }, null)).toBeNull();
  expect(beginningBy({ ...moved, eventType: 'disbursement' }, null)).toBe(day);
  expect(beginningBy({ ...moved, eventType: 'disbursement', principalMinor: 0n }, null)).toBe(day);
  expect(beginningBy({ ...moved, eventType: 'refinance' }, null)).toBe(day);
  expect(beginningBy({ ...moved, eventType: 'refinance', principalMinor: -5n }, null)).toBeNull();
});
