import { describe, expect, test } from 'vitest';
import { refusesInOrder } from '../../test/domain/refusal-order.ts';
import {
  bookedBy,
  DAY,
  datesWithoutBeginning,
  type Expected,
  line,
  loanWith,
  postedEntry,
  sceneWith,
} from '../../test/domain/scene.ts';
import { LIMITS } from '../limits.ts';
import type { EventType } from './event-type.ts';
import type { Loss } from './loss.ts';
import { type EntryStanding, type PostedEntry, type StandingCorrection, untouched } from './posted-entry.ts';
import { decideReversal, type ReversalContext } from './reversal.ts';

const asked = {
  reversesEntryId: 'entry',
  reasonCode: 'duplicate',
  reasonDescription: 'sent twice',
  effectiveAt: DAY,
  metadata: '{"a":1}',
};
const amounts = { principal: 40n, interest: 0n, fees: 0n };

function lossOf(entryId: string, changes: Partial<Loss> = {}): Loss {
  return { entryId, seq: 9n, amounts, principalAccount: 5000, closesLoan: true, recovered: [], ...changes };
}

function contextOf(faults: readonly string[], changes: Partial<PostedEntry> = {}): ReversalContext {
  const entry = postedEntry({
    effectiveAt: faults.includes('earlier than that') ? '2026-05-02' : DAY,
    lines: [line(1010, 100n), line(2100, -100n, 'loan')],
    ...changes,
  });
  const standing: EntryStanding = {
    ...untouched(),
    reversedBy: faults.includes('reversed') ? 'mirror' : null,
    clearedBy: faults.includes('cleared') ? 'clearing' : null,
  };
  const loan = loanWith({ suspense: faults.includes('gone') ? 99n : 100n });
  return {
    entry: faults.includes('no such entry') ? undefined : entry,
    loanIds: ['loan'],
    losses: () => (faults.includes('charged off') ? [lossOf('charge-off')] : []),
    standing,
    settledStanding: untouched(),
    corrections: [],
    loan: () => loan,
    calendar: sceneWith(faults).calendar,
    replayed: new Set(),
    isDifference: false,
  };
}

const field = 'reverses_entry_id';
const [FUTURE, CLOSED] = datesWithoutBeginning() as readonly [Expected<string>, Expected<string>];

describe('a reversal is refused in order', () => {
  const order = [
    { fault: 'no such entry', code: 'journal_entry_not_found', field, detail: 'there is no journal entry entry' },
    FUTURE,
    {
      fault: 'earlier than that',
      code: 'validation_failed',
      field: 'effective_at',
      detail: 'effective_at 2026-05-01 lies before 2026-05-02, the date of the entry it reverses',
    },
    CLOSED,
    { fault: 'reversed', code: 'already_reversed', field, detail: 'entry entry was reversed by mirror' },
    {
      fault: 'cleared',
      code: 'not_reversible',
      field,
      detail: 'entry entry was cleared by clearing; reverse that first',
    },
    {
      fault: 'charged off',
      code: 'loan_charged_off',
      field,
      detail: 'entry entry is older than entry charge-off, which charged off loan loan; reverse that first',
    },
    {
      fault: 'gone',
      code: 'balance_would_be_negative',
      field,
      detail: 'the suspense of loan loan would fall below zero; reverse what was built on it first',
    },
  ];
  refusesInOrder(order, (faults) => decideReversal(asked, contextOf(faults)));
});

/** What a reversal is told: its code, what it blames and its sentence. */
function told(context: ReversalContext): readonly (string | undefined)[] {
  const decided = decideReversal(asked, context);
  if (!('code' in decided)) return ['taken'];
  return [decided.code, decided.errors?.[0]?.field, decided.detail];
}

describe('what cannot be reversed at all', () => {
  test.each<[Partial<PostedEntry>, string]>([
    [
      { eventType: 'reversal' },
      'entry entry is itself a reversal; post the event again in place of reversing its reversal',
    ],
    [{ eventType: 'period_closed' }, 'entry entry belongs to the close of a period; reopen the period, latest first'],
    [
      { eventType: 'manual_adjustment', lines: [] },
      'entry entry registered a loan without opening balances and moved nothing',
    ],
  ])('%j', (changes, detail) => {
    expect(told(contextOf(['reversed'], changes))).toEqual(['not_reversible', field, detail]);
  });

  test('what a restatement posted to an accrual, whatever else it is', () => {
    expect(told({ ...contextOf([], { eventType: 'reversal' }), isDifference: true })).toEqual([
      'not_reversible',
      field,
      "entry entry is what a restatement posted to an accrual; reverse the accrual's own entry",
    ]);
  });

  test('an opening with balances can, and so can any other entry that has no lines', () => {
    expect(told(contextOf([], { eventType: 'manual_adjustment' }))).toEqual(['taken']);
    expect(told(contextOf([], { eventType: 'non_accrual', lines: [] }))).toEqual(['taken']);
  });
});

describe('what was built on an entry', () => {
  const onIt = (standing: Partial<EntryStanding>, eventType: EventType = 'payment_received') => ({
    ...contextOf([], { eventType }),
    standing: { ...untouched(), ...standing },
  });

  test('a settling, returns and a clearing are named together', () => {
    const settledBy = { entryId: 'settling', effectiveAt: DAY, lines: [] };
    const context = {
      ...onIt({ settledBy, returnedBy: ['one', 'two'], clearedBy: 'clearing' }),
      settledStanding: { ...untouched(), returnedBy: ['three'] },
    };
    expect(told(context)).toEqual([
      'not_reversible',
      field,
      'entry entry was settled by settling and has the returns one, two, three and was cleared by clearing; reverse that first',
    ]);
  });

  test.each<EventType>(['payment_received', 'recovery', 'payment_returned', 'suspense_refunded'])(
    '%s: its clearing holds it',
    (eventType) => {
      expect(told(onIt({ clearedBy: 'clearing' }, eventType))[0]).toBe('not_reversible');
    },
  );

  test('the clearing of a disbursement does not: 2000 then shows it', () => {
    expect(told(onIt({ clearedBy: 'clearing' }, 'disbursement'))).toEqual(['taken']);
  });
});

describe('an entry under losses', () => {
  const under = (losses: readonly Loss[], changes: Partial<PostedEntry> = {}) => ({
    ...contextOf([], changes),
    losses: () => losses,
  });
  const chargeOff = { entryId: 'charge-off', eventType: 'chargeoff' as const };
  const part = (entryId: string, principal: bigint) => ({ entryId, amounts: { ...amounts, principal } });

  test('a charge-off whose amounts a recovery brought back names the recoveries', () => {
    const one = lossOf('charge-off', { recovered: [part('one', 5n), part('its return', -5n)] });
    expect(told(under([one], chargeOff))).toEqual([
      'not_reversible',
      field,
      'entry one recovered some of what entry charge-off charged off; reverse that first',
    ]);
    const two = lossOf('charge-off', { recovered: [part('one', 5n), part('two', 5n)] });
    expect(told(under([two], chargeOff))[2]).toMatch(/^entries one, two recovered some/);
  });

  test('so many are named, the others counted', () => {
    const ids = Array.from({ length: LIMITS.entriesNamed + 2 }, (_, at) => `r${at}`);
    const loss = lossOf('charge-off', { recovered: ids.map((entryId) => part(entryId, 1n)) });
    const named = ids.slice(0, LIMITS.entriesNamed).join(', ');
    expect(told(under([loss], chargeOff))[2]).toBe(
      `entries ${named} and 2 more recovered some of what entry charge-off charged off; reverse that first`,
    );
  });

  test('a return of a recovery stays while later recoveries have brought back what it gave back', () => {
    const whole = { ...amounts, principal: 9n };
    const givenBack = { entryId: 'its return', eventType: 'payment_returned' as const };
    const parts = [part('one', 9n), part('its return', -5n)];
    const loss = (...later: Parameters<typeof part>[]) =>
      lossOf('charge-off', { amounts: whole, recovered: [...parts, ...later.map((one) => part(...one))] });
    expect(told(under([loss(['two', 3n], ['three', 2n])], givenBack))).toEqual([
      'not_reversible',
      field,
      'entries two, three recovered again what entry its return gave back; reverse that first',
    ]);
    expect(told(under([loss(['two', 1n])], givenBack))[0]).toBe('not_reversible');
    expect(told(under([loss(['two', 3n], ['its return', -3n])], givenBack))).not.toContain('entry one');
    expect(told(under([loss()], { ...givenBack, seq: 99n }))).toEqual(['taken']);
  });

  test('the charge-off that closed the loan names what the loan lost since; one of components does not', () => {
    const later = lossOf('return', { closesLoan: false });
    expect(told(under([lossOf('charge-off'), later], chargeOff))).toEqual([
      'not_reversible',
      field,
      'entry return added to what is charged off since entry charge-off; reverse that first',
    ]);
    expect(told(under([lossOf('charge-off', { closesLoan: false }), later], chargeOff))).toEqual(['taken']);
    expect(told(under([lossOf('before', { closesLoan: false }), lossOf('charge-off')], chargeOff))).toEqual(['taken']);
  });

  test('an entry posted behind the charge-off is free, and what is pending; one before it is not', () => {
    expect(told(under([lossOf('charge-off', { seq: 6n })]))).toEqual(['taken']);
    expect(told(under([lossOf('charge-off', { seq: 7n })]))[0]).toBe('loan_charged_off');
    expect(told(under([lossOf('charge-off', { seq: null })]))[0]).toBe('loan_charged_off');
    expect(told(under([lossOf('charge-off', { closesLoan: false })]))).toEqual(['taken']);
    const pending = under([lossOf('charge-off')], { layer: 1, lines: [line(1010, 5n), line(2000, -5n)] });
    expect(told(pending)).toEqual(['taken']);
  });

  test('every loan that the entry is about is asked', () => {
    const losses = (loanId: string) => (loanId === 'second' ? [lossOf('charge-off')] : []);
    const context = { ...contextOf([]), loanIds: ['first', 'second'], losses };
    expect(told(context)[2]).toMatch(/which charged off loan second;/);
  });
});

describe('a reversal books', () => {
  test('the exact mirror of every line, on the entry’s own layer', () => {
    expect(decideReversal(asked, contextOf([]))).toEqual({
      eventType: 'reversal',
      effectiveAt: DAY,
      currency: 'USD',
      layer: 0,
      loanId: 'loan',
      borrowerId: 'borrower',
      lines: [line(1010, -100n), line(2100, 100n, 'loan')],
      reversesEntryId: 'entry',
      externalRef: 'reference',
      description: 'sent twice',
      eventInput: { reason_code: 'duplicate' },
      metadata: '{"a":1}',
    });
  });

  test('the mirrors of an accrual’s corrections before it, the newest first, each not before its own date', () => {
    const correctionOf = (entryId: string, effectiveAt: string): StandingCorrection => ({
      entryId,
      effectiveAt,
      lines: [line(4000, -5n), line(1300, 5n, 'loan')],
      differences: new Map(),
    });
    const context: ReversalContext = {
      ...contextOf([], { eventType: 'accrual' }),
      corrections: [correctionOf('old', '2026-04-30'), correctionOf('new', '2026-05-04')],
      loan: () => loanWith({ suspense: 100n, fees: 10n }),
    };
    const decided = decideReversal(asked, context);
    if ('code' in decided || !('first' in decided)) throw new Error('no mirrors of corrections');
    const first = bookedBy(decided);
    expect(first.reversesEntryId).toBe('entry');
    const { eventType, currency, layer, loanId, borrowerId, description, eventInput } = first;
    const common = { eventType, currency, layer, loanId, borrowerId, description, eventInput };
    const rest = { lines: [line(4000, 5n), line(1300, -5n, 'loan')], externalRef: null, metadata: null };
    expect(decided.following).toEqual([]);
    expect(decided.preceding).toEqual([
      { draft: { ...common, ...rest, reversesEntryId: 'new', effectiveAt: '2026-05-04' }, eventId: null },
      { draft: { ...common, ...rest, reversesEntryId: 'old', effectiveAt: DAY }, eventId: null },
    ]);
    const short = { ...context, loan: () => loanWith({ suspense: 100n, fees: 9n }) };
    expect(decideReversal(asked, short)).toMatchObject({
      code: 'balance_would_be_negative',
      detail: 'the fees of loan loan would fall below zero; reverse what was built on it first',
    });
  });
});

describe('under `replay` a reversal', () => {
  const replayed = new Set(['loan']);
  const context = {
    ...contextOf(['gone'], { effectiveAt: '2026-04-29' }),
    replayed,
    calendar: { businessDate: DAY, closedThrough: '2026-04-28' },
  };

  test('counts from the entry’s own date, keeps the date sent, and leaves it to the restatement what falls below zero', () => {
    expect(decideReversal(asked, context)).toMatchObject({
      effectiveAt: '2026-04-29',
      eventInput: { reason_code: 'duplicate', requested_effective_at: DAY },
    });
    const ofAnother = decideReversal(asked, { ...context, replayed: new Set(['another']) });
    expect(ofAnother).toMatchObject({ code: 'balance_would_be_negative' });
  });

  test('is refused by a closed period that the entry lies in, naming the entry', () => {
    const calendar = { businessDate: DAY, closedThrough: '2026-04-29' };
    expect(decideReversal(asked, { ...context, calendar })).toMatchObject({
      code: 'period_closed',
      detail:
        'entry entry of 2026-04-29 would be mirrored on its own date, and lies in a closed period; the first open day is 2026-04-30',
      blockingEntryId: 'entry',
    });
  });

  test('leaves it to the restatement what rests on losses', () => {
    const losses = () => [lossOf('charge-off')];
    expect(decideReversal(asked, { ...context, losses })).not.toHaveProperty('code');
    const ofAnother = { ...context, losses, loanIds: ['loan', 'another'] };
    expect(decideReversal(asked, ofAnother)).toMatchObject({ code: 'loan_charged_off' });
  });

  test('of an older id acts on the entry that stands for it, and keeps the id sent', () => {
    expect(decideReversal({ ...asked, reversesEntryId: 'older' }, context)).toMatchObject({
      reversesEntryId: 'entry',
      eventInput: { requested_entry_id: 'older' },
    });
  });
});
