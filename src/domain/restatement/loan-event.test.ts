import { describe, expect, test } from 'vitest';
import { CHARGED_OFF, DAY, line, loanWith, ON_NON_ACCRUAL, postedEntry } from '../../../test/domain/scene.ts';
import { MINOR_MAX } from '../money.ts';
import { decideInterestAgain, incomeAgainst } from './accrual-again.ts';
import {
  byEffect,
  credited,
  debited,
  type KeptEntry,
  keptMinor,
  keptOwner,
  keptText,
  type LoanEvent,
  pendingOf,
  sameLines,
  settlementOf,
} from './loan-event.ts';

function kept(changes: Partial<KeptEntry> = {}): KeptEntry {
  return { ...postedEntry(), description: null, metadata: null, ...changes };
}

function eventOf(entry: KeptEntry, changes: Partial<LoanEvent> = {}): LoanEvent {
  const { eventId, eventType: acceptedAs, lines } = entry;
  return {
    eventId,
    arrival: 1n,
    acceptedAs,
    entry,
    lines,
    run: null,
    settlingTurn: null,
    returnOf: null,
    accrual: null,
    correction: null,
    ...changes,
  };
}

test('events stand in the order of their dates, those of one day in the order of their arrival', () => {
  const on = (effectiveAt: string, arrival: bigint) => eventOf(kept({ effectiveAt }), { arrival });
  const [early, first, second] = [on('2026-04-30', 9n), on(DAY, 1n), on(DAY, 2n)];
  expect([second, first, early].sort(byEffect)).toEqual([early, first, second]);
  expect([early, first, second].sort(byEffect)).toEqual([early, first, second]);
});

test('lines are the same in whatever order, and not when one differs in anything', () => {
  const [one, other] = [line(1010, 5n), line(1100, -5n, 'loan')];
  expect(sameLines([one, other], [other, one])).toBe(true);
  expect(sameLines([], [])).toBe(true);
  for (const changed of [
    [],
    [one],
    [one, other, other],
    [one, one],
    [one, { ...other, account: 1200 }],
    [one, { ...other, amountMinor: -6n }],
    [one, { ...other, loanId: 'another' }],
    [one, { ...other, layer: 1 as const }],
  ])
    expect(sameLines([one, other], changed)).toBe(false);
});

describe('the settling of a pending event', () => {
  const eventId = '0197aaaa-bbbb-7ccc-8ddd-eeeeeeeeeee1';
  const pendingLines = [line(1010, 100n, 'loan'), line(2100, -100n, 'loan')];
  const settling = kept({
    eventType: 'recovery',
    lines: [
      ...pendingLines.map((one) => ({ ...one, amountMinor: -one.amountMinor, layer: 1 as const })),
      line(1010, 100n, 'loan'),
      line(1100, -100n, 'loan'),
    ],
    eventInput: { source_method: 'ach', settles_event_id: eventId },
  });

  test('holds in its own lines the entry that it took off PENDING', () => {
    expect(pendingOf(eventOf(settling, { acceptedAs: 'payment_received' }))).toMatchObject({
      entryId: '0197aaaa-bbbb-7ccc-8ddd-eeeeeeeeeee0',
      eventId,
      eventType: 'payment_received',
      layer: 1,
      lines: pendingLines,
      eventInput: { source_method: 'ach' },
    });
    expect(settlementOf(eventOf(settling))).toEqual({ eventId, effectiveAt: DAY, externalRef: 'reference' });
  });

  test('is none of any other event', () => {
    expect(pendingOf(eventOf(kept()))).toBeNull();
    expect(settlementOf(eventOf(kept()))).toBeNull();
  });
});

describe('what was kept of an entry', () => {
  const entry = kept({
    lines: [line(1100, 7n, 'loan'), line(1100, 5n, 'loan'), line(1100, -4n, 'loan'), line(2000, -8n)],
    eventInput: { method: 'wire', amount_minor: '12', count: 1 },
  });

  test('its debits and its credits on an account', () => {
    expect([debited(entry, 1100), credited(entry, 1100)]).toEqual([12n, 4n]);
    expect([debited(entry, 2000), credited(entry, 2000), debited(entry, 1300)]).toEqual([0n, 8n, 0n]);
  });

  test('texts and amounts; one that is not there is a fault of ours', () => {
    expect([keptText(entry, 'method'), keptMinor(entry, 'amount_minor')]).toEqual(['wire', 12n]);
    for (const name of ['fees', 'count']) expect(() => keptText(entry, name)).toThrow(`entry entry keeps no ${name}`);
  });

  test('its owner, if it is of one loan', () => {
    expect(keptOwner(entry)).toEqual({ loanId: 'loan', borrowerId: 'borrower' });
    for (const changes of [{ loanId: null }, { borrowerId: null }])
      expect(() => keptOwner(kept(changes))).toThrow('entry entry is not of one loan');
  });
});

describe('a client’s accrual that is decided again', () => {
  const accrued = (interestMinor: bigint) => eventOf(kept({ eventType: 'accrual' }), { accrual: { interestMinor } });

  test('keeps its amount; on non-accrual as a memo, on a charged-off loan it is 0', () => {
    expect(decideInterestAgain(accrued(5n), loanWith(), 0n)).toEqual([line(1200, 5n, 'loan')]);
    expect(decideInterestAgain(accrued(5n), loanWith({}, { standing: ON_NON_ACCRUAL }), 0n)).toEqual([
      line(9100, 5n, 'loan'),
    ]);
    expect(
      decideInterestAgain(accrued(5n), loanWith({}, { standing: CHARGED_OFF, firstDisbursedOn: null }), 0n),
    ).toEqual([]);
    expect(decideInterestAgain(accrued(0n), loanWith(), 0n)).toEqual([]);
    expect([incomeAgainst(1200), incomeAgainst(9100)]).toEqual([4000, 9200]);
  });

  test('blocks before the loan begins, and where it would pass 18 digits', () => {
    expect(decideInterestAgain(accrued(5n), loanWith({}, { firstDisbursedOn: '2026-05-02' }), 0n)).toMatchObject({
      code: 'effective_date_before_disbursement',
      errors: [{ field: 'accrual_date' }],
    });
    expect(decideInterestAgain(accrued(5n), loanWith({ interest: MINOR_MAX }), 0n)).toMatchObject({
      code: 'amount_out_of_range',
      errors: [{ field: 'interest_minor' }],
    });
  });

  test('without what the batch said is a fault of ours', () => {
    expect(() => decideInterestAgain(eventOf(kept()), loanWith(), 0n)).toThrow(
      'entry entry is an accrual without a batch',
    );
  });
});
