import { expect, test } from 'vitest';
import type { BookedEntries } from './journal-entry.ts';
import { type LoanStanding, PLAIN_STANDING, unmadeLoan } from './loan.ts';
import { decidePaymentReturn, type PaymentReturn } from './payment-return.ts';
import { type PostedEntry, untouched } from './posted-entry.ts';
import type { ProgramPolicy } from './program.ts';
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
}): readonly string[] {
  const owner = { loanId: 'loan', borrowerId: 'borrower' };
  const lines = LINES.map(([account, amountMinor]) => ({ account, amountMinor, ...owner }));
  const ids = { entryId: 'e0', eventId: 'e1', correlationId: 'e1', postedAt: '2026-05-01T00:00:00.000000Z' };
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
  const policy: ProgramPolicy = {
    waterfall: ['fees', 'interest', 'principal'],
    returns: 'mirror',
    chargeoff: 'direct',
    feeIncomeAccounts: new Map(),
    ...changes.policy,
  };
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
    receipt: { effectiveAt: payment.effectiveAt, lines, returned: NOTHING_ALLOCATED },
    loan: () => ({ loan, program: [{ programId: 'p', version: 1, effectiveFrom: null, policy }] }),
    calendar: { businessDate: '2026-05-10' },
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

test.each([
  ['direct', false, 5000],
  ['allowance', false, 1900],
  ['allowance', true, 5010],
] as const)('charged off under %s, fraud %s: principal is lost on %i', (chargeoff, fraud, account) => {
  const standing = { status: 'charged_off', fraud } as const;
  const lost = ['4910 5', '4900 10', `${account} 80`];
  expect(returned({ policy: { chargeoff }, standing })).toEqual(['2100 5', ...lost, '1010 -100']);
});
