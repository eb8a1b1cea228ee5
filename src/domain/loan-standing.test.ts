import { describe, expect, test } from 'vitest';
import { decideAccrualBatch } from './accrual.ts';
import { DEFAULT_PROGRAM_POLICY } from './default-program.ts';
import { decideDisbursement } from './disbursement.ts';
import { decideFee } from './fee.ts';
import { decideGoodwillCredit } from './goodwill-credit.ts';
import type { EntryDraft } from './journal-entry.ts';
import {
  type Components,
  type LoanStanding,
  type LoanState,
  noComponents,
  PLAIN_STANDING,
  unmadeLoan,
} from './loan.ts';
import { isPlain } from './loan-standing.ts';
import { decidePayment } from './payment.ts';
import { readPolicy } from './program.ts';
import type { Refusal } from './refusal.ts';
import { decideSuspenseAllocation } from './suspense-allocation.ts';

const DAY = '2026-05-01';
const calendar = { businessDate: '2026-05-10', closedThrough: null };
const policy = readPolicy(DEFAULT_PROGRAM_POLICY);
const program = [{ programId: 'program', currency: null, version: 1, effectiveFrom: null, policy }];
const named = { loanId: 'loan', borrowerId: 'borrower', currency: 'USD', effectiveAt: DAY, metadata: null };

const CHARGED_OFF: LoanStanding = {
  ...PLAIN_STANDING,
  status: 'charged_off',
  chargedOff: { principal: 100n, interest: 0n, fees: 0n },
};
const ON_NON_ACCRUAL: LoanStanding = { ...PLAIN_STANDING, nonAccrualSince: '2026-04-30' };

function loanWith(standing: LoanStanding, components: Partial<Components> = {}): LoanState {
  const loan = unmadeLoan('tenant', 'loan');
  Object.assign(loan.layers[0], { ...noComponents(), ...components });
  return Object.assign(loan, {
    borrowerId: 'borrower',
    currency: 'USD',
    programId: 'program',
    firstDisbursedOn: '2026-03-31',
    standing,
  });
}

const PAYMENT = { ...named, amountMinor: 100n, sourceMethod: 'ach', externalRef: null, layer: 0, split: null } as const;
const FEE = { ...named, amountMinor: 5n, feeType: 'late_fee', externalRef: null, description: null };

function accrue(loans: Readonly<Record<string, LoanState>>): Refusal | EntryDraft {
  const accrued = Object.keys(loans).map((loanId) => ({ loanId, outstandingPrincipalMinor: 0n, interestMinor: 7n }));
  const batch = { programId: 'program', accrualDate: DAY, dayCountConvention: 'ACT_365', loans: accrued };
  return decideAccrualBatch(batch, {
    program,
    nightPrincipal: () => 0n,
    loan: (loanId) => loans[loanId] ?? unmadeLoan('tenant', loanId),
    accrued: () => false,
    calendar,
  });
}

function linesOf(booked: Refusal | EntryDraft): readonly (readonly [number, bigint])[] {
  if ('code' in booked) throw new Error(booked.detail);
  return booked.lines.map(({ account, amountMinor }) => [account, amountMinor]);
}

describe('a charged-off loan', () => {
  const loan = loanWith(CHARGED_OFF);
  const scene = { loan, program, calendar };
  const refused = { code: 'loan_charged_off', errors: [{ field: 'loan_id' }] };

  test('refuses payments, on PENDING too, fees and disbursements', () => {
    expect(decidePayment(PAYMENT, scene)).toMatchObject(refused);
    expect(decidePayment({ ...PAYMENT, layer: 1 }, scene)).toMatchObject(refused);
    expect(decideFee(FEE, scene)).toMatchObject(refused);
    const rest = { method: 'ach', destinationRef: null, programId: null, fees: [], layer: 0 } as const;
    expect(
      decideDisbursement({ ...named, amountMinor: 1n, ...rest }, { loan, program, programId: 'program', calendar }),
    ).toMatchObject(refused);
  });

  test('refuses accruals, named by its place in the batch', () => {
    expect(accrue({ other: loanWith(PLAIN_STANDING), loan })).toMatchObject({
      code: 'loan_charged_off',
      errors: [{ field: 'loans[1].loan_id', code: 'loan_charged_off' }],
    });
  });

  test('a date is refused before its state, its state before an amount', () => {
    expect(decidePayment({ ...PAYMENT, effectiveAt: '2026-05-11' }, scene)).toMatchObject({
      code: 'effective_date_in_future',
    });
    const split = { fees: 9n, interest: 0n, principal: 0n, suspense: 0n };
    expect(decidePayment({ ...PAYMENT, split }, scene)).toMatchObject(refused);
  });
});

describe('a loan on non-accrual', () => {
  test('accrues DR 9100, CR 9200, in one entry with those that accrue as ever', () => {
    const booked = accrue({
      one: loanWith(PLAIN_STANDING),
      two: loanWith(ON_NON_ACCRUAL),
      three: loanWith(ON_NON_ACCRUAL),
    });
    expect(linesOf(booked)).toEqual([
      [1200, 7n],
      [9100, 7n],
      [9100, 7n],
      [4000, -7n],
      [9200, -14n],
    ]);
  });

  const owed = { fees: 10n, principal: 50n, memoInterest: 30n };

  test('payments go to fees, then principal, then memo interest, which becomes income', () => {
    const scene = { loan: loanWith(ON_NON_ACCRUAL, owed), program, calendar };
    expect(linesOf(decidePayment(PAYMENT, scene))).toEqual([
      [1010, 100n],
      [1300, -10n],
      [4000, -30n],
      [1100, -50n],
      [2100, -10n],
      [9200, 30n],
      [9100, -30n],
    ]);
    expect(linesOf(decidePayment({ ...PAYMENT, amountMinor: 59n }, scene))).toEqual([
      [1010, 59n],
      [1300, -10n],
      [1100, -49n],
    ]);
  });

  test('what a reversal has put into 1200 is paid behind the memo interest', () => {
    const loan = loanWith(ON_NON_ACCRUAL, { fees: 5n, principal: 100n, interest: 9n, memoInterest: 10n });
    const scene = { loan, program, calendar };
    expect(linesOf(decidePayment({ ...PAYMENT, amountMinor: 112n }, scene))).toEqual([
      [1010, 112n],
      [1300, -5n],
      [4000, -7n],
      [1100, -100n],
      [9200, 7n],
      [9100, -7n],
    ]);
    expect(linesOf(decidePayment({ ...PAYMENT, amountMinor: 130n }, scene))).toEqual([
      [1010, 130n],
      [1300, -5n],
      [4000, -10n],
      [1200, -9n],
      [1100, -100n],
      [2100, -6n],
      [9200, 10n],
      [9100, -10n],
    ]);
  });

  test('the interest of an explicit split is memo interest, and no more of it than there is', () => {
    const scene = { loan: loanWith(ON_NON_ACCRUAL, owed), program, calendar };
    const split = { fees: 0n, interest: 31n, principal: 0n, suspense: 69n };
    expect(decidePayment({ ...PAYMENT, split }, scene)).toMatchObject({
      code: 'amount_exceeds_outstanding',
      errors: [{ field: 'allocation.interest_minor', message: '31 is more than the 30 outstanding' }],
    });
    const fits = { ...split, interest: 30n, suspense: 70n };
    expect(linesOf(decidePayment({ ...PAYMENT, split: fits }, scene))).toEqual([
      [1010, 100n],
      [4000, -30n],
      [2100, -70n],
      [9200, 30n],
      [9100, -30n],
    ]);
  });

  test('goodwill and suspense are allocated in the same order', () => {
    const loan = loanWith(ON_NON_ACCRUAL, { ...owed, suspense: 75n });
    const credit = { ...named, amountMinor: 95n, externalRef: null, split: null };
    expect(linesOf(decideGoodwillCredit(credit, { loan, program, calendar }))).toEqual([
      [5200, 55n],
      [4900, 30n],
      [4910, 10n],
      [1300, -10n],
      [4000, -30n],
      [1100, -50n],
      [2100, -5n],
      [9200, 30n],
      [9100, -30n],
    ]);
    const all = { ...named, amountMinor: null };
    expect(linesOf(decideSuspenseAllocation(all, { loan, program, calendar }))).toEqual([
      [2100, 75n],
      [1300, -10n],
      [4000, -15n],
      [1100, -50n],
      [9200, 15n],
      [9100, -15n],
    ]);
  });
});

test('a standing is plain when it says nothing: active, nothing charged off or recovered, accruing', () => {
  expect(isPlain(PLAIN_STANDING)).toBe(true);
  expect(isPlain({ ...PLAIN_STANDING })).toBe(true);
  const one = { principal: 0n, interest: 1n, fees: 0n };
  for (const said of [
    CHARGED_OFF,
    { ...PLAIN_STANDING, status: 'charged_off' as const },
    ON_NON_ACCRUAL,
    { ...PLAIN_STANDING, chargedOff: one },
    { ...PLAIN_STANDING, recovered: one },
  ])
    expect(isPlain(said)).toBe(false);
});
