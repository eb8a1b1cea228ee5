import { describe, expect, test } from 'vitest';
import { decideChargeOff } from './charge-off.ts';
import { DEFAULT_PROGRAM_POLICY } from './default-program.ts';
import type { Booked, EntryDraft } from './journal-entry.ts';
import {
  type Components,
  type LoanStanding,
  type LoanState,
  noComponents,
  PLAIN_STANDING,
  type Receivables,
  unmadeLoan,
} from './loan.ts';
import { type Loss, standingAfterLosses, takeRecovered } from './loss.ts';
import { type PostedEntry, untouched } from './posted-entry.ts';
import { readPolicy, type StoredPolicy } from './program.ts';
import { decideRecovery, takenBy } from './recovery.ts';
import type { Refusal } from './refusal.ts';
import { decideReversal } from './reversal.ts';

const calendar = { businessDate: '2026-05-10', closedThrough: null };
const DAY = '2026-05-01';

function programOf(changes: Partial<StoredPolicy> = {}) {
  const policy = readPolicy({ ...DEFAULT_PROGRAM_POLICY, ...changes });
  return [{ programId: 'program', currency: null, version: 1, effectiveFrom: null, policy }];
}

function loanWith(components: Partial<Components>, standing: Partial<LoanStanding> = {}): LoanState {
  const loan = unmadeLoan('tenant', 'loan');
  Object.assign(loan.layers[0], { ...noComponents(), ...components });
  const made = { borrowerId: 'borrower', currency: 'USD', programId: 'program', firstDisbursedOn: '2026-03-31' };
  return Object.assign(loan, made, { standing: { ...PLAIN_STANDING, ...standing } });
}

function amountsOf(principal: bigint, interest = 0n, fees = 0n): Receivables {
  return { principal, interest, fees };
}

function lossOf(entryId: string, amounts: Receivables, changes: Partial<Loss> = {}): Loss {
  return { entryId, seq: 10n, amounts, principalAccount: 5000, closesLoan: false, recovered: [], ...changes };
}

function linesOf(booked: Refusal | EntryDraft): readonly (readonly [number, bigint])[] {
  if ('code' in booked) throw new Error(booked.detail);
  return booked.lines.map(({ account, amountMinor }) => [account, amountMinor]);
}

describe('takeRecovered', () => {
  const losses = [
    lossOf('first', amountsOf(100n, 5n), { recovered: [{ entryId: 'before', amounts: amountsOf(90n) }] }),
    lossOf('second', amountsOf(50n, 0n, 7n)),
    lossOf('third', amountsOf(50n)),
  ];

  test('takes of each component the oldest first, and of a loss no more than is left of it', () => {
    expect(takeRecovered(losses, amountsOf(30n, 5n, 7n))).toEqual([
      { lossEntryId: 'first', amounts: amountsOf(10n, 5n) },
      { lossEntryId: 'second', amounts: amountsOf(20n, 0n, 7n) },
    ]);
    expect(takeRecovered(losses, amountsOf(0n))).toEqual([]);
    expect(takeRecovered(losses, amountsOf(110n)).map(({ lossEntryId }) => lossEntryId)).toEqual([
      'first',
      'second',
      'third',
    ]);
  });

  test('what a return gave back can be taken again', () => {
    const given = lossOf('first', amountsOf(100n), {
      recovered: [
        { entryId: 'recovery', amounts: amountsOf(100n) },
        { entryId: 'return', amounts: amountsOf(-40n) },
      ],
    });
    expect(takeRecovered([given], amountsOf(40n))).toEqual([{ lossEntryId: 'first', amounts: amountsOf(40n) }]);
    expect(() => takeRecovered([given], amountsOf(41n))).toThrow('more is recovered than was lost');
  });
});

test('a standing is the sum of its losses; the one that closed the loan names the account of later losses', () => {
  const losses = [
    lossOf('part', amountsOf(10n, 2n), {
      principalAccount: 5010,
      recovered: [{ entryId: 'recovery', amounts: amountsOf(4n, 1n) }],
    }),
    lossOf('whole', amountsOf(20n, 0n, 3n), { principalAccount: 1900, closesLoan: true }),
  ];
  const marked = { ...PLAIN_STANDING, nonAccrualSince: DAY };
  expect(standingAfterLosses(marked, losses)).toEqual({
    status: 'charged_off',
    lossAccount: 1900,
    chargedOff: amountsOf(30n, 2n, 3n),
    recovered: amountsOf(4n, 1n),
    nonAccrualSince: DAY,
  });
  expect(standingAfterLosses(standingAfterLosses(marked, losses), [])).toEqual(marked);
});

describe('a charge-off', () => {
  const chargeOff = { loanId: 'loan', effectiveAt: DAY, components: null, description: null, metadata: null };

  test('leaves memo interest and suspense alone', () => {
    const loan = loanWith(
      { principal: 100n, interest: 3n, memoInterest: 9n, suspense: 7n },
      { nonAccrualSince: '2026-04-01' },
    );
    const booked = decideChargeOff({ ...chargeOff, reasonCode: 'deceased' }, { loan, program: programOf(), calendar });
    expect(linesOf(booked)).toEqual([
      [5000, 100n],
      [4900, 3n],
      [1100, -100n],
      [1200, -3n],
    ]);
  });

  test('of a loan that has suspense and memo interest alone is refused', () => {
    const loan = loanWith({ memoInterest: 9n, suspense: 7n }, { nonAccrualSince: '2026-04-01' });
    const refused = decideChargeOff({ ...chargeOff, reasonCode: 'other' }, { loan, program: programOf(), calendar });
    expect(refused).toMatchObject({ code: 'amount_exceeds_outstanding', errors: [{ field: 'loan_id' }] });
  });
});

test('a recovery credits 1900 with the principal that was lost there, the rest to 4200, by the order of the program', () => {
  const losses = [
    lossOf('whole', amountsOf(100n, 10n), { principalAccount: 1900, closesLoan: true }),
    lossOf('return', amountsOf(20n), { principalAccount: 1900 }),
  ];
  const loan = loanWith({}, standingAfterLosses(PLAIN_STANDING, losses));
  const money = { loanId: 'loan', borrowerId: 'borrower', amountMinor: 35n, currency: 'USD', effectiveAt: DAY };
  const recovery = { ...money, sourceMethod: 'ach', externalRef: null, split: null, metadata: null };
  const program = programOf({ waterfall: ['fees', 'interest', 'principal'] });
  const booked = decideRecovery(recovery, { loan, losses, program, calendar });
  expect(linesOf(booked)).toEqual([
    [1010, 35n],
    [4200, -10n],
    [1900, -25n],
  ]);
  if ('code' in booked) throw new Error(booked.detail);
  expect(takenBy(booked, losses)).toEqual([{ lossEntryId: 'whole', amounts: amountsOf(25n, 10n) }]);
  const more = decideRecovery({ ...recovery, amountMinor: 133n }, { loan, losses, program, calendar });
  expect(linesOf(more)).toEqual([
    [1010, 133n],
    [4200, -10n],
    [1900, -120n],
    [2100, -3n],
  ]);
});

describe('the reversal of an entry of a loan with losses', () => {
  const closing = lossOf('closing', amountsOf(100n), { closesLoan: true });

  function reverse(changes: Partial<PostedEntry>, losses: readonly Loss[]): Refusal | Booked {
    const entry: PostedEntry = {
      entryId: 'entry',
      seq: 5n,
      eventId: 'event',
      correlationId: 'event',
      eventType: 'fee_assessed',
      effectiveAt: DAY,
      currency: 'USD',
      layer: 0,
      loanId: 'loan',
      borrowerId: 'borrower',
      lines: [],
      externalRef: null,
      eventInput: {},
      postedAt: '2026-05-01T00:00:00.000000Z',
      ...changes,
    };
    const asked = { reversesEntryId: entry.entryId, effectiveAt: DAY, reasonCode: 'other', reasonDescription: null };
    return decideReversal(
      { ...asked, metadata: null },
      {
        entry,
        loanIds: ['loan'],
        losses: () => losses,
        standing: untouched(),
        settledStanding: untouched(),
        corrections: [],
        loan: () => loanWith({}),
        calendar,
        replayed: new Set(),
        isDifference: false,
      },
    );
  }

  test('is refused when it is older than the charge-off of the loan, and taken when it is younger', () => {
    expect(reverse({ seq: 9n }, [closing])).toMatchObject({ code: 'loan_charged_off' });
    expect(reverse({ seq: 11n }, [closing])).toMatchObject({ eventType: 'reversal' });
    expect(reverse({ seq: 9n }, [{ ...closing, closesLoan: false }])).toMatchObject({ eventType: 'reversal' });
    expect(reverse({ seq: 9n, layer: 1 }, [closing])).toMatchObject({ eventType: 'reversal' });
    // A charge-off of the same batch is younger than whatever was posted before it.
    expect(reverse({ seq: 9n }, [{ ...closing, seq: null }])).toMatchObject({ code: 'loan_charged_off' });
  });

  test('of the charge-off itself is refused while something was lost since, or recovered of it', () => {
    const itself = { entryId: 'closing', seq: 10n, eventType: 'chargeoff' } as const;
    const later = lossOf('return', amountsOf(5n), { seq: 11n });
    expect(reverse(itself, [closing])).toMatchObject({ eventType: 'reversal' });
    expect(reverse(itself, [closing, later])).toMatchObject({
      code: 'not_reversible',
      detail: expect.stringContaining('return'),
    });
    const recovered = { ...closing, recovered: [{ entryId: 'recovery', amounts: amountsOf(0n, 0n, 1n) }] };
    expect(reverse(itself, [recovered])).toMatchObject({
      code: 'not_reversible',
      detail: expect.stringContaining('entry recovery recovered'),
    });
  });

  test('of a part that was recovered and is older than the charge-off is not reversible', () => {
    const part = lossOf('part', amountsOf(1n), {
      seq: 8n,
      recovered: [{ entryId: 'recovery', amounts: amountsOf(1n) }],
    });
    expect(reverse({ entryId: 'part', seq: 8n }, [part, closing])).toMatchObject({ code: 'not_reversible' });
    expect(reverse({ entryId: 'part', seq: 8n }, [{ ...part, recovered: [] }, closing])).toMatchObject({
      code: 'loan_charged_off',
    });
  });
});
