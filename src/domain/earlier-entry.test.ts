import { describe, expect, test } from 'vitest';
import { refusesInOrder } from '../../test/domain/refusal-order.ts';
import {
  bookedBy,
  DAY,
  datesWithoutBeginning,
  type Expected,
  line,
  linesOf,
  loanWith,
  ON_NON_ACCRUAL,
  postedEntry,
  programOf,
  STATE,
  sceneWith,
} from '../../test/domain/scene.ts';
import { decideCancellation } from './cancellation.ts';
import { decideDisbursementSettlement, paidOutEntryId } from './disbursement-settlement.ts';
import { decidePaymentReturn, lostBy, recoveredBy, takenBack } from './payment-return.ts';
import { type EntryStanding, type PostedEntry, untouched } from './posted-entry.ts';
import { decidePaymentSettling } from './settling.ts';

const [FUTURE, CLOSED] = datesWithoutBeginning();
if (FUTURE === undefined || CLOSED === undefined) throw new Error('a date is refused for two reasons');

const earlierThan = (about: string): Expected<string> => ({
  fault: 'earlier than that',
  code: 'validation_failed',
  field: 'effective_at',
  detail: `effective_at 2026-05-01 lies before 2026-05-02, the date of ${about}`,
});
const reversed = (detail: string): Expected<string> => ({ fault: 'reversed', code: 'already_reversed', detail });
const missing = (detail: string): Expected<string> => ({ fault: 'no such event', code: 'not_found', detail });
const dateOf = (faults: readonly string[]) => (faults.includes('earlier than that') ? '2026-05-02' : DAY);
const reversedBy = (faults: readonly string[]) => (faults.includes('reversed') ? 'mirror' : null);
/** It names no loan in its body, so none is blamed. */
const STATE_ALONE: Expected<string> = { fault: STATE.fault, code: STATE.code, detail: STATE.detail };
const SETTLING = { entryId: 'settling', effectiveAt: DAY, lines: [] };

describe('a return', () => {
  const asked = {
    paymentEventId: 'event',
    returnCode: 'R01',
    effectiveAt: DAY,
    amountMinor: 10n,
    nsfFeeMinor: 3n,
    policy: null,
  };
  const allocation = { fees: 1n, interest: 2n, principal: 3n, suspense: 4n };
  const nothing = { fees: 0n, interest: 0n, principal: 0n, suspense: 0n };
  const receipt = { effectiveAt: DAY, allocation, returned: nothing, recovers: null };
  const contextOf = (faults: readonly string[], changes: Partial<PostedEntry> = {}) => {
    const { loan, program, calendar } = sceneWith(faults, { suspense: 4n });
    return {
      payment: faults.includes('no such event') ? undefined : postedEntry(changes),
      standing: { ...untouched(), reversedBy: reversedBy(faults) },
      receipt: { ...receipt, effectiveAt: dateOf(faults) },
      losses: [],
      loan: () => ({ loan, program }),
      calendar,
    };
  };

  describe('is refused in order', () => {
    const begins: Expected<string> = {
      fault: 'before the loan began',
      code: 'effective_date_before_disbursement',
      field: 'nsf_fee_minor',
      detail:
        'effective_at 2026-05-01 lies before 2026-05-02, when the loan began with its first disbursement or opening balance',
    };
    const order = [
      missing('there is no payment event event'),
      FUTURE,
      earlierThan('the payment'),
      CLOSED,
      reversed('the payment was reversed by mirror; nothing of it is left to come back (entry entry)'),
      begins,
      { ...STATE, field: 'nsf_fee_minor' },
      {
        fault: 'too much',
        code: 'amount_exceeds_payment',
        field: 'amount_minor',
        detail: '11 is more than the 10 that has not come back yet',
      },
    ];
    refusesInOrder(order, (faults) =>
      decidePaymentReturn({ ...asked, amountMinor: faults.includes('too much') ? 11n : 10n }, contextOf(faults)),
    );
  });

  test('of what is pending: 10 of it, or all of it, is more than has come in', () => {
    const context = { ...contextOf([]), receipt: null };
    const detail = 'the payment is pending and has brought nothing in; cancel it';
    for (const amountMinor of [10n, null]) {
      const refused = { code: 'amount_exceeds_payment', detail, errors: [{ field: 'amount_minor', message: detail }] };
      expect(decidePaymentReturn({ ...asked, amountMinor }, context)).toMatchObject(refused);
    }
    const later = { ...context, payment: postedEntry({ effectiveAt: '2026-05-02' }) };
    expect(decidePaymentReturn(asked, later)).toMatchObject({ code: 'validation_failed' });
  });

  test('of all, after all has come back', () => {
    const context = { ...contextOf([]), receipt: { ...receipt, returned: allocation } };
    expect(decidePaymentReturn({ ...asked, amountMinor: null }, context)).toMatchObject({
      code: 'amount_exceeds_payment',
      detail: 'a return is more than the 0 that has not come back yet',
    });
  });

  test('of an event that brought no money in, or that several loans share, is of none', () => {
    for (const changes of [{ eventType: 'goodwill_credit' }, { loanId: null }] as const)
      expect(decidePaymentReturn(asked, contextOf([], changes))).toMatchObject({ code: 'not_found' });
  });

  test('is kept with its code, its fee follows as an event of its own', () => {
    const owner = { loanId: 'loan', borrowerId: 'borrower' };
    const of = (account: number, amountMinor: bigint) => ({ account, amountMinor, ...owner });
    const common = { effectiveAt: DAY, currency: 'USD', layer: 0, ...owner, reversesEntryId: null, metadata: null };
    expect(decidePaymentReturn({ ...asked, amountMinor: null }, contextOf([]))).toEqual({
      first: {
        ...common,
        eventType: 'payment_returned',
        lines: [of(2100, 4n), of(1300, 1n), of(1200, 2n), of(1100, 3n), of(1010, -10n)],
        externalRef: 'reference',
        description: 'R01',
        eventInput: {
          payment_event_id: 'event',
          return_code: 'R01',
          amount_minor: '10',
          policy: null,
          program_version: 3,
        },
      },
      following: [
        {
          draft: {
            ...common,
            eventType: 'fee_assessed',
            lines: [of(1300, 3n), of(4100, -3n)],
            externalRef: null,
            description: 'R01',
            eventInput: { fee_type: 'nsf', program_version: 3 },
          },
          eventId: null,
        },
      ],
    });
  });

  test('without a fee asks nothing of the loan: it stands before it began, and charged off', () => {
    const context = contextOf(['before the loan began', 'charged off']);
    const decided = decidePaymentReturn({ ...asked, nsfFeeMinor: null }, context);
    expect(decided).toMatchObject({ following: [] });
    expect(linesOf(decided)).toEqual([
      [2100, 4n],
      [5000, 3n],
      [4900, 2n],
      [4910, 1n],
      [1010, -10n],
    ]);
  });

  test('on non-accrual gives interest back to the memo accounts and takes it out of income', () => {
    const loan = loanWith({ suspense: 4n }, { standing: ON_NON_ACCRUAL });
    const context = { ...contextOf([]), loan: () => ({ loan, program: programOf() }) };
    expect(linesOf(decidePaymentReturn({ ...asked, nsfFeeMinor: null }, context))).toEqual([
      [2100, 4n],
      [1300, 1n],
      [4000, 2n],
      [9100, 2n],
      [9200, -2n],
      [1100, 3n],
      [1010, -10n],
    ]);
  });

  const amounts = { principal: 9n, interest: 0n, fees: 0n };
  const lossOf = (principalAccount: number) => ({
    entryId: 'loss',
    seq: 1n,
    amounts,
    principalAccount,
    closesLoan: true,
    recovered: [
      { entryId: 'recovery', amounts },
      { entryId: 'its return', amounts: { principal: -2n, interest: 0n, fees: 0n } },
      { entryId: 'another', amounts },
    ],
  });

  test('what a recovery still brings back of a loss is its own part and those of its returns', () => {
    const ids = new Set(['recovery', 'its return']);
    expect(recoveredBy([lossOf(5000)], ids)).toEqual([
      { lossEntryId: 'loss', amounts: { principal: 7n, interest: 0n, fees: 0n } },
    ]);
  });

  test('of a payment takes back nothing of a loss, of a recovery a negative part', () => {
    const parts = { fees: 0n, interest: 0n, principal: 5n, suspense: 1n };
    expect(takenBack(receipt, parts)).toEqual([]);
    expect(takenBack({ ...receipt, recovers: [{ lossEntryId: 'loss', amounts }] }, parts)).toEqual([
      { lossEntryId: 'loss', amounts: { principal: -5n, interest: 0n, fees: 0n } },
    ]);
  });

  test('what a charged-off loan loses by it leaves out what only comes back out of the allowance', () => {
    const taken = [{ lossEntryId: 'loss', amounts: { principal: -5n, interest: 0n, fees: 0n } }];
    const lines = [line(1900, 8n), line(4900, 2n), line(4910, 1n)];
    expect(lostBy(lines, 1900, { losses: [lossOf(1900)], taken })).toEqual({ principal: 3n, interest: 2n, fees: 1n });
    const direct = [line(5000, 8n)];
    expect(lostBy(direct, 5000, { losses: [lossOf(1900)], taken })).toEqual({ principal: 8n, interest: 0n, fees: 0n });
  });
});

describe('a settling of a payment', () => {
  const asked = { eventId: 'event', effectiveAt: DAY, externalRef: null };
  const pending = (changes: Partial<PostedEntry> = {}) =>
    postedEntry({ layer: 1, lines: [line(1010, 100n, 'loan'), line(2100, -100n, 'loan')], ...changes });
  const contextOf = (faults: readonly string[], changes: Partial<PostedEntry> = {}) => {
    const { loan, program, calendar } = sceneWith(faults, { principal: 60n, suspense: 0n });
    const standing: EntryStanding = {
      ...untouched(),
      reversedBy: reversedBy(faults),
      settledBy: faults.includes('settled') ? SETTLING : null,
    };
    const settledOnly = faults.includes('never pending') ? { layer: 0 as const } : {};
    const entry = pending({ effectiveAt: dateOf(faults), ...settledOnly, ...changes });
    return {
      entry: faults.includes('no such event') ? undefined : entry,
      standing,
      loan: () => ({ loan, program }),
      calendar,
    };
  };
  const order = [
    missing('there is no payment event event'),
    FUTURE,
    earlierThan('what it settles'),
    CLOSED,
    reversed('entry entry was reversed by mirror'),
    { fault: 'never pending', code: 'already_settled', detail: 'entry entry was never pending' },
    { fault: 'settled', code: 'already_settled', detail: 'entry entry was settled by settling' },
    STATE_ALONE,
  ];

  describe('is refused in order', () => {
    refusesInOrder(order, (faults) => decidePaymentSettling(asked, contextOf(faults)));
  });

  test('names a payment, not what settled one', () => {
    const settler = { ...untouched(), settles: 'pending' };
    for (const context of [contextOf([], { eventType: 'disbursement' }), { ...contextOf([]), standing: settler }])
      expect(decidePaymentSettling(asked, context)).toMatchObject({ code: 'not_found' });
  });

  test('takes it off PENDING and allocates it on SETTLED now; the reference is the new one, else the old one', () => {
    const eventInput = { source_method: 'ach', program_version: 1 };
    const of = (account: number, amountMinor: bigint) => line(account, amountMinor, 'loan');
    expect(decidePaymentSettling(asked, contextOf([], { eventInput }))).toEqual({
      eventType: 'payment_received',
      effectiveAt: DAY,
      currency: 'USD',
      layer: 0,
      loanId: 'loan',
      borrowerId: 'borrower',
      lines: [
        { ...of(1010, -100n), layer: 1 },
        { ...of(2100, 100n), layer: 1 },
        of(1010, 100n),
        of(1100, -60n),
        of(2100, -40n),
      ],
      reversesEntryId: null,
      externalRef: 'reference',
      description: null,
      eventInput: { source_method: 'ach', program_version: 3, settles_event_id: 'event' },
      metadata: null,
    });
    const decided = bookedBy(decidePaymentSettling({ ...asked, externalRef: 'new' }, contextOf([])));
    expect(decided.externalRef).toBe('new');
  });

  test('a split that came with it is judged against what is owed now, and no field of this body is blamed', () => {
    const split = { fees_minor: '1', interest_minor: '0', principal_minor: '99', suspense_minor: '0' };
    expect(decidePaymentSettling(asked, contextOf([], { eventInput: { allocation: split } }))).toEqual({
      code: 'amount_exceeds_outstanding',
      detail: 'allocation gives a component more than it has outstanding; send what is over as suspense_minor',
    });
  });

  test('a pending entry without a loan is a fault of ours', () => {
    expect(() => decidePaymentSettling(asked, contextOf([], { loanId: null }))).toThrow('entry entry names no loan');
  });
});

describe('a settlement of a disbursement', () => {
  const asked = { eventId: 'event', effectiveAt: DAY, externalRef: 'bank' };
  const paidOut = (changes: Partial<PostedEntry> = {}) =>
    postedEntry({ eventType: 'disbursement', lines: [line(1100, 100n, 'loan'), line(2000, -100n)], ...changes });
  const contextOf = (faults: readonly string[], changes: Partial<PostedEntry> = {}) => {
    const { loan, program, calendar } = sceneWith(faults);
    const cleared = faults.includes('settled') ? 'clearing' : null;
    return {
      entry: faults.includes('no such event') ? undefined : paidOut({ effectiveAt: dateOf(faults), ...changes }),
      standing: { ...untouched(), reversedBy: reversedBy(faults) },
      paidOutStanding: { ...untouched(), clearedBy: cleared },
      loan: () => ({ loan, program }),
      calendar,
    };
  };

  describe('is refused in order', () => {
    const order = [
      missing('there is no disbursement event event'),
      FUTURE,
      earlierThan('what it settles'),
      CLOSED,
      reversed('entry entry was reversed by mirror'),
      { fault: 'settled', code: 'already_settled', detail: 'entry entry was cleared by clearing' },
    ];
    refusesInOrder(order, (faults) => decideDisbursementSettlement(asked, contextOf(faults)));
  });

  test('pays out what stands on 2000: DR 2000, CR 1000', () => {
    expect(decideDisbursementSettlement(asked, contextOf([]))).toEqual({
      eventType: 'disbursement_settled',
      effectiveAt: DAY,
      currency: 'USD',
      layer: 0,
      loanId: null,
      borrowerId: null,
      lines: [line(2000, 100n), line(1000, -100n)],
      reversesEntryId: null,
      externalRef: 'bank',
      description: null,
      eventInput: {},
      metadata: null,
    });
  });

  test('has no lines when everything was withheld', () => {
    const lines = [line(1100, 100n, 'loan'), line(4100, -100n)];
    expect(linesOf(decideDisbursementSettlement(asked, contextOf([], { lines })))).toEqual([]);
  });

  test('takes a refinance with new money for a disbursement, one without for none', () => {
    const eventType = 'refinance';
    expect(linesOf(decideDisbursementSettlement(asked, contextOf([], { eventType })))).toEqual([
      [2000, 100n],
      [1000, -100n],
    ]);
    const lines = [line(1100, 100n, 'new'), line(1100, -100n, 'loan')];
    for (const changes of [{ eventType, lines }, { eventType: 'payment_received' }] as const)
      expect(decideDisbursementSettlement(asked, contextOf([], changes))).toMatchObject({ code: 'not_found' });
    const settler = { ...contextOf([]), standing: { ...untouched(), settles: 'pending' } };
    expect(decideDisbursementSettlement(asked, settler)).toMatchObject({ code: 'not_found' });
  });

  test('of a pending one settles it first, fees withheld; later it pays out what that left on 2000', () => {
    const eventInput = { fees: [{ fee_type: 'late_fee', amount_minor: '30' }] };
    const pending = { layer: 1 as const, eventInput };
    expect(linesOf(decideDisbursementSettlement(asked, contextOf([], pending)))).toEqual([
      [1100, -100n],
      [2000, 100n],
      [1100, 100n],
      [2000, -70n],
      [4100, -30n],
    ]);
    const settledBy = { ...SETTLING, effectiveAt: DAY, lines: [{ account: 2000, amountMinor: -70n }] };
    const standing = { ...untouched(), settledBy };
    const settled = { ...contextOf([], pending), standing };
    expect(linesOf(decideDisbursementSettlement(asked, settled))).toEqual([
      [2000, 70n],
      [1000, -70n],
    ]);
    const later = { ...settled, standing: { ...standing, settledBy: { ...settledBy, effectiveAt: '2026-05-02' } } };
    expect(decideDisbursementSettlement(asked, later)).toMatchObject({
      code: 'validation_failed',
      detail: 'effective_at 2026-05-01 lies before 2026-05-02, the date of what it settles',
    });
    expect(paidOutEntryId(paidOut(pending), standing)).toBe('settling');
    expect(paidOutEntryId(paidOut(pending), untouched())).toBe('entry');
  });

  test('fees that were kept and cannot be read are a fault of ours', () => {
    for (const fees of ['30', [{ fee_type: 'late_fee' }], [{ amount_minor: '30' }]]) {
      const entry = { layer: 1 as const, eventInput: { fees } as PostedEntry['eventInput'] };
      expect(() => decideDisbursementSettlement(asked, contextOf([], entry))).toThrow(/withheld fee/);
    }
  });
});

describe('a cancellation', () => {
  const asked = { of: 'payment', eventId: 'event', effectiveAt: DAY, reasonDescription: 'returned to sender' } as const;
  const lines = [line(1010, 100n, 'loan'), line(2100, -100n, 'loan')];
  const contextOf = (faults: readonly string[], changes: Partial<PostedEntry> = {}) => {
    const loan = loanWith();
    loan.layers[1] = { ...loan.layers[0], suspense: faults.includes('gone') ? 99n : 100n };
    const layer = faults.includes('never pending') ? 0 : 1;
    const entry = postedEntry({ layer, lines, effectiveAt: dateOf(faults), ...changes });
    return {
      entry: faults.includes('no such event') ? undefined : entry,
      standing: {
        ...untouched(),
        reversedBy: reversedBy(faults),
        settledBy: faults.includes('settled') ? SETTLING : null,
      },
      loan: () => loan,
      calendar: sceneWith(faults).calendar,
      inPlace: false,
    };
  };

  describe('is refused in order', () => {
    const order = [
      missing('there is no payment event event'),
      FUTURE,
      earlierThan('what it cancels'),
      CLOSED,
      { fault: 'settled', code: 'already_settled', detail: 'entry entry was settled by settling' },
      reversed('entry entry was cancelled by mirror'),
      {
        fault: 'gone',
        code: 'balance_would_be_negative',
        detail: 'the suspense of loan loan would fall below zero; reverse what was built on it first',
      },
    ];
    refusesInOrder(order, (faults) => decideCancellation(asked, contextOf(faults)));
  });

  test('of what never was pending, of another event, of what settled one', () => {
    expect(decideCancellation(asked, contextOf(['never pending']))).toMatchObject({ code: 'already_settled' });
    expect(decideCancellation({ ...asked, of: 'disbursement' }, contextOf([]))).toEqual({
      code: 'not_found',
      detail: 'there is no disbursement event event',
    });
    const settler = { ...contextOf([]), standing: { ...untouched(), settles: 'pending' } };
    expect(decideCancellation(asked, settler)).toMatchObject({ code: 'not_found' });
  });

  test('is the mirror on PENDING, a reversal', () => {
    const eventType = 'disbursement';
    const decided = decideCancellation({ ...asked, of: eventType }, contextOf([], { eventType }));
    expect(decided).toEqual({
      eventType: 'reversal',
      effectiveAt: DAY,
      currency: 'USD',
      layer: 1,
      loanId: 'loan',
      borrowerId: 'borrower',
      lines: [line(1010, -100n, 'loan'), line(2100, 100n, 'loan')],
      reversesEntryId: 'entry',
      externalRef: 'reference',
      description: 'returned to sender',
      eventInput: { cancels_event_id: 'event' },
      metadata: null,
    });
  });

  test('in place counts from the pending event’s own day and keeps the day that was asked for', () => {
    const context = { ...contextOf([], { effectiveAt: '2026-04-29' }), inPlace: true };
    const open = { ...context, calendar: { ...context.calendar, closedThrough: '2026-04-28' } };
    expect(decideCancellation(asked, open)).toMatchObject({
      effectiveAt: '2026-04-29',
      eventInput: { cancels_event_id: 'event', requested_effective_at: DAY },
    });
    // What stands behind it says whether it may drop out.
    const gone = contextOf(['gone'], { effectiveAt: DAY });
    expect(decideCancellation(asked, { ...gone, inPlace: true })).not.toHaveProperty('code');
    expect(decideCancellation(asked, context)).toMatchObject({
      code: 'period_closed',
      detail:
        'entry entry of 2026-04-29 would be mirrored on its own date, and lies in a closed period; the first open day is 2026-05-01',
      blockingEntryId: 'entry',
    });
  });
});
