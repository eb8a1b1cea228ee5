import { describe, expect, test } from 'vitest';
import { refusalOf, refusesInOrder } from '../../test/domain/refusal-order.ts';
import {
  CHARGED_OFF,
  DAY,
  datesWithoutBeginning,
  type Expected,
  line,
  linesOf,
  loanWith,
  ON_NON_ACCRUAL,
  postedEntry,
  programOf,
  sceneWith,
} from '../../test/domain/scene.ts';
import { decideAccrualBatch, principalDifferences } from './accrual.ts';
import { decideAccrualCorrection } from './accrual-correction.ts';
import { type LoanState, unmadeLoan } from './loan.ts';
import { MINOR_MAX } from './money.ts';
import { decidePaymentClearing } from './payment-clearing.ts';
import { type PostedEntry, type StandingCorrection, untouched } from './posted-entry.ts';

const [FUTURE, CLOSED] = datesWithoutBeginning() as readonly [Expected<string>, Expected<string>];

/** The same with the words that stand before the first of several. */
function firstOf(words: string, { detail, ...expected }: Expected<string>): Expected<string> {
  return { ...expected, message: detail, detail: `${words} were refused and nothing was posted; the first: ${detail}` };
}

describe('a clearing of payments', () => {
  const asked = { journalEntryIds: ['one', 'two'], bankRef: 'bank', effectiveAt: DAY };
  const received = (entryId: string, amountMinor: bigint, changes: Partial<PostedEntry> = {}) =>
    postedEntry({ entryId, eventId: entryId, lines: [line(1010, amountMinor), line(1100, -amountMinor)], ...changes });
  const meeting = (entries: readonly PostedEntry[], faults: readonly string[] = []) => ({
    entry: (entryId: string) => entries.find((entry) => entry.entryId === entryId),
    standing: (entryId: string) => ({
      ...untouched(),
      reversedBy: faults.includes('reversed') && entryId === 'two' ? 'mirror' : null,
      clearedBy: faults.includes('cleared') && entryId === 'two' ? 'clearing' : null,
    }),
    calendar: sceneWith(faults).calendar,
  });
  const one = received('one', 100n);

  describe('is refused in order', () => {
    const field = 'journal_entry_ids[1]';
    const two = (fault: string, code: string, detail: string) =>
      firstOf('1 of 2 entries', { fault, code, field, detail });
    const order = [
      two('missing', 'journal_entry_not_found', 'entry two is no payment, recovery, return or refund on SETTLED'),
      two('another currency', 'currency_mismatch', 'entry two is in EUR, the first one in USD'),
      FUTURE,
      {
        fault: 'earlier than that',
        code: 'validation_failed',
        field: 'effective_at',
        detail: 'effective_at 2026-05-01 lies before 2026-05-02, the date of entry two',
      },
      CLOSED,
      two('reversed', 'already_reversed', 'entry two was reversed by mirror'),
      two('cleared', 'already_settled', 'entry two was cleared by clearing'),
      two('the same event', 'already_settled', 'entry two is named twice, or books an event that is named before'),
      {
        fault: 'too much',
        code: 'amount_out_of_range',
        field: 'journal_entry_ids',
        detail: 'the entries sum to more than 999999999999999999 minor units; clear them in several calls',
      },
    ];
    refusesInOrder(order, (faults) => {
      const entry = received('two', MINOR_MAX - (faults.includes('too much') ? 99n : 100n), {
        eventType: faults.includes('missing') ? 'fee_assessed' : 'payment_received',
        currency: faults.includes('another currency') ? 'EUR' : 'USD',
        effectiveAt: faults.includes('earlier than that') ? '2026-05-02' : DAY,
        eventId: faults.includes('the same event') ? 'one' : 'two',
      });
      return decidePaymentClearing(asked, meeting([one, entry], faults));
    });
  });

  test('names every entry that is missing: one that is not there, one that is pending', () => {
    const decided = decidePaymentClearing(asked, meeting([received('one', 1n, { layer: 1 })]));
    expect(decided).toMatchObject({
      code: 'journal_entry_not_found',
      errors: [{ field: 'journal_entry_ids[0]' }, { field: 'journal_entry_ids[1]' }],
    });
  });

  test('the latest of the entries is the earliest day, wherever it stands', () => {
    const late = received('one', 1n, { effectiveAt: '2026-05-02' });
    expect(decidePaymentClearing(asked, meeting([late, received('two', 1n)]))).toMatchObject({
      detail: 'effective_at 2026-05-01 lies before 2026-05-02, the date of entry one',
    });
    const same = received('two', 1n, { effectiveAt: '2026-05-02' });
    expect(decidePaymentClearing(asked, meeting([late, same]))).toMatchObject({
      detail: 'effective_at 2026-05-01 lies before 2026-05-02, the date of entry one',
    });
  });

  test.each<[bigint, readonly (readonly [number, bigint])[]]>([
    [
      50n,
      [
        [1000, 150n],
        [1010, -150n],
      ],
    ],
    [
      -130n,
      [
        [1010, 30n],
        [1000, -30n],
      ],
    ],
    [-100n, []],
  ])('100 and %s on 1010: the net meets the bank, the debit first', (amountMinor, lines) => {
    const decided = decidePaymentClearing(asked, meeting([one, received('two', amountMinor)]));
    expect(linesOf(decided)).toEqual(lines);
  });

  test('takes no net of more than 18 digits on either side', () => {
    const most = received('one', -MINOR_MAX);
    expect(decidePaymentClearing(asked, meeting([most, received('two', 0n)]))).not.toHaveProperty('code');
    expect(decidePaymentClearing(asked, meeting([most, received('two', -1n)]))).toMatchObject({
      code: 'amount_out_of_range',
    });
  });

  test('counts what a settling booked on SETTLED, and is kept with the reference of the bank', () => {
    const pendingLine = { ...line(1010, -100n), layer: 1 as const };
    const settling = received('one', 0n, { lines: [pendingLine, line(1010, 100n), line(2100, -100n)] });
    expect(decidePaymentClearing({ ...asked, journalEntryIds: ['one'] }, meeting([settling]))).toEqual({
      eventType: 'payment_settled',
      effectiveAt: DAY,
      currency: 'USD',
      layer: 0,
      loanId: null,
      borrowerId: null,
      lines: [line(1000, 100n), line(1010, -100n)],
      reversesEntryId: null,
      externalRef: 'bank',
      description: null,
      eventInput: { bank_ref: 'bank' },
      metadata: null,
    });
  });
});

describe('a correction of an accrual batch', () => {
  const asked = {
    accrualEventId: 'event',
    effectiveAt: DAY,
    reasonCode: 'rate_error',
    loans: [{ loanId: 'loan', interestMinor: 12n }],
    metadata: '{}',
  };
  const contextOf = (faults: readonly string[], loan: LoanState = loanWith({ interest: 1n })) => ({
    entry: faults.includes('no such event')
      ? undefined
      : postedEntry({ eventType: 'accrual', effectiveAt: faults.includes('earlier than that') ? '2026-05-02' : DAY }),
    accrued: new Map(faults.includes('not in it') ? [] : [['loan', 10n]]),
    standing: { ...untouched(), reversedBy: faults.includes('reversed') ? 'mirror' : null },
    corrections: [] as readonly StandingCorrection[],
    loan: () => loan,
    calendar: sceneWith(faults).calendar,
  });
  const correct = (loans: readonly (readonly [string, bigint])[], context: ReturnType<typeof contextOf>) =>
    decideAccrualCorrection(
      { ...asked, loans: loans.map(([loanId, interestMinor]) => ({ loanId, interestMinor })) },
      context,
    );

  describe('is refused in order', () => {
    const words = '1 of 1 loans';
    const order = [
      { fault: 'no such event', code: 'not_found', detail: 'there is no accrual batch event' },
      firstOf(words, {
        fault: 'not in it',
        code: 'loan_not_found',
        field: 'loans[0].loan_id',
        detail: 'loan loan is not in the batch',
      }),
      FUTURE,
      {
        fault: 'earlier than that',
        code: 'validation_failed',
        field: 'effective_at',
        detail: 'effective_at 2026-05-01 lies before 2026-05-02, the date of the batch it corrects',
      },
      CLOSED,
      {
        fault: 'reversed',
        code: 'already_reversed',
        detail: 'batch event was reversed by mirror, with its corrections; its dates are free to be accrued again',
      },
      firstOf(words, {
        fault: 'charged off',
        code: 'loan_charged_off',
        field: 'loans[0].loan_id',
        detail: 'loan loan is charged off; money that still comes in is posted to /v1/recoveries',
      }),
      firstOf(words, {
        fault: 'gone',
        code: 'balance_would_be_negative',
        field: 'loans[0].interest_minor',
        detail: 'the interest of loan loan would fall below zero; reverse what was built on it first',
      }),
    ];
    refusesInOrder(order, (faults) => {
      const standing = faults.includes('charged off') ? { standing: CHARGED_OFF } : {};
      const loan = loanWith({ interest: faults.includes('gone') ? 1n : 2n }, standing);
      return correct([['loan', 8n]], contextOf(faults, loan));
    });
  });

  test('of an entry that is no batch is of none', () => {
    expect(decideAccrualCorrection(asked, { ...contextOf([]), accrued: null })).toMatchObject({ code: 'not_found' });
  });

  test('posts the difference to what now stands, one line a loan and one for the income', () => {
    const differences = new Map([['loan', -3n]]);
    const before = { entryId: 'before', effectiveAt: DAY, lines: [], differences };
    const another = { ...before, entryId: 'another', differences: new Map([['other', 5n]]) };
    const decided = decideAccrualCorrection(asked, { ...contextOf([]), corrections: [before, another] });
    expect(decided).toEqual({
      eventType: 'accrual',
      effectiveAt: DAY,
      currency: 'USD',
      layer: 0,
      loanId: null,
      borrowerId: null,
      lines: [line(1200, 5n, 'loan'), line(4000, -5n)],
      unmovedLoanIds: [],
      reversesEntryId: null,
      externalRef: null,
      description: null,
      eventInput: { corrected_event_id: 'event', reason_code: 'rate_error' },
      metadata: '{}',
    });
  });

  test('has no line for what stands as it should, nor for income that stays as it is', () => {
    expect(correct([['loan', 10n]], contextOf([]))).toMatchObject({ lines: [], unmovedLoanIds: ['loan'] });
    const accrued = new Map([
      ['loan', 10n],
      ['other', 10n],
      ['third', 10n],
    ]);
    const context = { ...contextOf([]), accrued };
    const evened = correct(
      [
        ['loan', 11n],
        ['other', 9n],
        ['third', 10n],
      ],
      context,
    );
    expect(linesOf(evened)).toEqual([
      [1200, 1n],
      [1200, -1n],
    ]);
  });

  test('on non-accrual moves 9100 and 9200', () => {
    const loan = loanWith({ memoInterest: 4n }, { standing: ON_NON_ACCRUAL });
    expect(linesOf(correct([['loan', 6n]], contextOf([], loan)))).toEqual([
      [9100, -4n],
      [9200, 4n],
    ]);
    expect(correct([['loan', 5n]], contextOf([], loan))).toMatchObject({
      code: 'balance_would_be_negative',
      errors: [{ message: 'the memo interest of loan loan would fall below zero; reverse what was built on it first' }],
    });
  });

  test('names a component that would grow too large as such', () => {
    const loan = loanWith({ interest: MINOR_MAX });
    expect(correct([['loan', 11n]], contextOf([], loan))).toMatchObject({
      code: 'amount_out_of_range',
      errors: [{ field: 'loans[0].interest_minor', code: 'amount_out_of_range' }],
    });
  });

  test('the income of one entry has no more than 18 digits, either way round', () => {
    const accrued = (minor: bigint) =>
      new Map([
        ['loan', minor],
        ['other', minor],
      ]);
    const half = MINOR_MAX / 2n;
    const tooMuch = {
      ...refusalOf({
        code: 'amount_out_of_range',
        field: 'loans',
        detail: 'the differences sum to more than 999999999999999999 minor units; send them as several corrections',
      }),
    };
    const up = { ...contextOf([], loanWith()), accrued: accrued(0n) };
    const both = (one: bigint, other: bigint): readonly (readonly [string, bigint])[] => [
      ['loan', one],
      ['other', other],
    ];
    expect(correct(both(half, half + 1n), up)).not.toHaveProperty('code');
    expect(correct(both(half + 1n, half + 1n), up)).toEqual(tooMuch);
    const down = { ...contextOf([], loanWith({ interest: MINOR_MAX })), accrued: accrued(half + 1n) };
    expect(correct(both(1n, 0n), down)).not.toHaveProperty('code');
    expect(correct(both(0n, 0n), down)).toEqual(tooMuch);
  });
});

describe('an accrual batch', () => {
  const batchOf = (loans: readonly (readonly [string, bigint])[]) => ({
    programId: 'program',
    accrualDate: DAY,
    dayCountConvention: 'ACT_360',
    loans: loans.map(([loanId, interestMinor]) => ({ loanId, outstandingPrincipalMinor: 6n, interestMinor })),
  });
  const accrue = (
    loans: readonly (readonly [string, bigint])[],
    { made = {}, principals = {} }: { made?: Record<string, LoanState>; principals?: Record<string, bigint> } = {},
  ) => {
    const { calendar } = sceneWith([]);
    const loan = (loanId: string) => made[loanId] ?? unmadeLoan('tenant', loanId);
    const nightPrincipal = (loanId: string) => principals[loanId] ?? 6n;
    const accrued = () => false;
    return decideAccrualBatch(batchOf(loans), { program: programOf(), nightPrincipal, loan, accrued, calendar });
  };
  const a = loanWith({}, { loanId: 'a' } as Partial<LoanState>);
  const b = loanWith({}, { loanId: 'b' } as Partial<LoanState>);

  test('is kept with its program, its day count and how many loans it has; interest of 0 has no line', () => {
    expect(
      accrue(
        [
          ['a', 7n],
          ['b', 0n],
        ],
        { made: { a, b } },
      ),
    ).toEqual({
      eventType: 'accrual',
      effectiveAt: DAY,
      currency: 'USD',
      layer: 0,
      loanId: null,
      borrowerId: null,
      lines: [line(1200, 7n, 'a'), line(4000, -7n)],
      unmovedLoanIds: ['b'],
      reversesEntryId: null,
      externalRef: null,
      description: null,
      eventInput: { program_id: 'program', day_count_convention: 'ACT_360', loan_count: 2 },
      metadata: null,
    });
    expect(linesOf(accrue([['a', 0n]], { made: { a } }))).toEqual([]);
  });

  test('`record` keeps how many principals differ from the ledger’s, and which', () => {
    const loans = [
      ['a', 7n],
      ['b', 7n],
    ] as const;
    expect(accrue(loans, { made: { a, b }, principals: { b: 5n } })).toMatchObject({
      eventInput: { loan_count: 2, principal_differences: 1 },
    });
    expect(principalDifferences(batchOf(loans), (loanId) => (loanId === 'b' ? 5n : 6n))).toEqual([
      { loanId: 'b', sentMinor: 6n, ledgerMinor: 5n },
    ]);
  });

  test('names every loan at fault; the currency is that of the first loan which there is', () => {
    const euro = loanWith({}, { currency: 'EUR' });
    const decided = accrue(
      [
        ['nowhere', 1n],
        ['a', 1n],
        ['euro', 1n],
      ],
      { made: { a, euro } },
    );
    expect(decided).toEqual({
      code: 'loan_not_found',
      detail: '2 of 3 loans were refused and nothing was posted; the first: there is no loan nowhere',
      errors: [
        { field: 'loans[0].loan_id', code: 'loan_not_found', message: 'there is no loan nowhere' },
        {
          field: 'loans[2].loan_id',
          code: 'currency_mismatch',
          message: 'loan euro is kept in EUR, the first loan of the batch in USD',
        },
      ],
    });
  });

  test('of a program that there is not is refused before its loans', () => {
    const scene = { program: undefined, nightPrincipal: () => 0n, accrued: () => false };
    const loan = () => unmadeLoan('tenant', 'loan');
    expect(decideAccrualBatch(batchOf([['a', 1n]]), { ...scene, loan, calendar: sceneWith([]).calendar })).toEqual(
      refusalOf({ code: 'program_not_found', field: 'program_id', detail: 'there is no program program' }),
    );
  });

  test('its income, memo income with it, has no more than 18 digits', () => {
    const memo = loanWith({}, { standing: ON_NON_ACCRUAL });
    const both = (one: bigint, other: bigint) =>
      accrue(
        [
          ['a', one],
          ['memo', other],
        ],
        { made: { a, memo } },
      );
    const half = MINOR_MAX / 2n;
    expect(both(half, half + 1n)).not.toHaveProperty('code');
    expect(both(half + 1n, half + 1n)).toEqual(
      refusalOf({
        code: 'amount_out_of_range',
        field: 'loans',
        detail:
          'the interest of the batch sums to more than 999999999999999999 minor units; send it as several batches',
      }),
    );
  });

  test('on non-accrual the memo interest is what may not grow too large', () => {
    const memo = loanWith({ memoInterest: MINOR_MAX }, { standing: ON_NON_ACCRUAL });
    expect(accrue([['memo', 1n]], { made: { memo } })).toMatchObject({
      code: 'amount_out_of_range',
      errors: [{ message: 'the memo interest of loan loan would pass 999999999999999999 minor units' }],
    });
  });
});
