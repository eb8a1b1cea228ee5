import { expect, test } from 'vitest';
import { allocationOf } from './allocation.ts';
import { DEFAULT_PROGRAM_POLICY } from './default-program.ts';
import type { BookedEntries } from './journal-entry.ts';
import { type LoanStanding, PLAIN_STANDING, unmadeLoan } from './loan.ts';
import type { Loss, TakenPart } from './loss.ts';
import { decidePaymentReturn, type PaymentReturn } from './payment-return.ts';
import { type PostedEntry, untouched } from './posted-entry.ts';
import { type ProgramPolicy, readPolicy } from './program.ts';
import { NOTHING_ALLOCATED } from './waterfall.ts';

/** A payment of 5 to fees, 10 to interest, 80 to principal, 5 to suspense; the loan owes 1000 and has 7 in suspense. */
const LINES = [
  [1010, 100n],
  [1300, -5n],
  [1200, -10n],
  [1100, -80n],
  [2100, -5n],
] as const;

function returned(changes: {
  readonly policy?: Partial<ProgramPolicy>;
  readonly asked?: Partial<PaymentReturn>;
  readonly standing?: Partial<LoanStanding>;
  readonly recovers?: readonly TakenPart[];
  readonly losses?: readonly Loss[];
}): readonly string[] {
  const owner = { loanId: 'loan', borrowerId: 'borrower' };
  const lines = LINES.map(([account, amountMinor]) => ({ account, amountMinor, ...owner }));
  const ids = { entryId: 'e0', seq: 1n, eventId: 'e1', correlationId: 'e1', postedAt: '2026-05-01T00:00:00.000000Z' };
  const payment: PostedEntry = {
    ...ids,
    ...owner,
    eventType: 'payment_received',
    effectiveAt: '2026-05-01',
    currency: 'USD',
    layer: 0,
    lines,
    externalRef: null,
    eventInput: {},
  };
  const policy: ProgramPolicy = { ...readPolicy(DEFAULT_PROGRAM_POLICY), ...changes.policy };
  const loan = {
    ...unmadeLoan('tenant', 'loan'),
    borrowerId: 'borrower',
    currency: 'USD',
    firstDisbursedOn: '2026-04-01',
    standing: { ...PLAIN_STANDING, ...changes.standing },
  };
  loan.layers[0].principal = 1_000n;
  loan.layers[0].suspense = 7n;
  const asked: PaymentReturn = {
    paymentEventId: 'e1',
    returnCode: 'R01',
    effectiveAt: '2026-05-02',
    amountMinor: null,
    nsfFeeMinor: null,
    policy: null,
    ...changes.asked,
  };
  const booked = decidePaymentReturn(asked, {
    payment,
    standing: untouched(),
    receipt: {
      effectiveAt: payment.effectiveAt,
      allocation: allocationOf(lines),
      returned: NOTHING_ALLOCATED,
      recovers: changes.recovers ?? null,
    },
    losses: changes.losses ?? [],
    loan: () => ({ loan, program: [{ programId: 'p', currency: null, version: 1, effectiveFrom: null, policy }] }),
    calendar: { businessDate: '2026-05-10', closedThrough: null },
  }) as BookedEntries;
  return booked.first.lines.map(({ account, amountMinor }) => `${account} ${amountMinor}`);
}

test('the program decides where a return takes from, unless the request does', () => {
  const mirrored = ['2100 5', '1300 5', '1200 10', '1100 80', '1010 -100'];
  const byPrincipal = ['2100 7', '1100 93', '1010 -100'];
  expect(returned({})).toEqual(mirrored);
  expect(returned({ policy: { returns: 'principal' } })).toEqual(byPrincipal);
  expect(returned({ asked: { policy: 'principal' } })).toEqual(byPrincipal);
  expect(returned({ policy: { returns: 'principal' }, asked: { policy: 'mirror' } })).toEqual(mirrored);
});

test('parts come back in the order of the program', () => {
  const policy = { waterfall: ['principal', 'interest', 'fees'] } as const;
  expect(returned({ policy, asked: { amountMinor: 90n } })).toEqual(['2100 5', '1200 5', '1100 80', '1010 -90']);
});

test.each([5000, 1900, 5010])('charged off: principal is lost on %i, where the charge-off took it', (lossAccount) => {
  const standing = { status: 'charged_off', lossAccount } as const;
  expect(returned({ standing })).toEqual(['2100 5', `${lossAccount} 80`, '4900 10', '4910 5', '1010 -100']);
});

test('of a recovery: the oldest loss first, to where each was brought back; suspense that is gone is lost anew', () => {
  const amounts = (principal: bigint, interest: bigint, fees: bigint) => ({ principal, interest, fees });
  const lossOf = (entryId: string, principalAccount: number): Loss => {
    const all = amounts(100n, 100n, 100n);
    return { entryId, seq: 1n, amounts: all, principalAccount, closesLoan: false, recovered: [] };
  };
  const asked = { policy: 'principal' } as const;
  const lines = returned({
    asked,
    standing: { status: 'charged_off', lossAccount: 5010 },
    losses: [lossOf('first', 1900), lossOf('second', 5000)],
    recovers: [
      { lossEntryId: 'first', amounts: amounts(30n, 10n, 0n) },
      { lossEntryId: 'second', amounts: amounts(50n, 0n, 5n) },
    ],
  });
  expect(lines).toEqual(['2100 5', '4200 65', '1900 30', '1010 -100']);
});
