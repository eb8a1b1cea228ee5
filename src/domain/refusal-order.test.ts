import { describe, expect, test } from 'vitest';
import { refusalOf, refusesInOrder } from '../../test/domain/refusal-order.ts';
import {
  DAY,
  datesOf,
  datesWithoutBeginning,
  type Expected,
  IDENTITY,
  loanWith,
  programOf,
  STATE,
  sceneWith,
  UNKNOWN,
} from '../../test/domain/scene.ts';
import { decideAccrualBatch } from './accrual.ts';
import { decideChargeOff } from './charge-off.ts';
import { decideDisbursement } from './disbursement.ts';
import { decideFee } from './fee.ts';
import { decideFeeWaiver } from './fee-waiver.ts';
import { decideGoodwillCredit } from './goodwill-credit.ts';
import type { Booked } from './journal-entry.ts';
import { PLAIN_STANDING, unmadeLoan } from './loan.ts';
import { decideRegistration } from './loan-registration.ts';
import { decideNonAccrual } from './non-accrual.ts';
import { decidePayment } from './payment.ts';
import { decideRecovery } from './recovery.ts';
import { decideRefinance } from './refinance.ts';
import type { Refusal } from './refusal.ts';
import { decideRestructure, type Restructure } from './restructure.ts';
import { decideSuspenseAllocation } from './suspense-allocation.ts';
import { decideSuspenseRefund } from './suspense-refund.ts';

/** What is asked of an event about a loan; the order is that in which it is refused (CONTRACT.md section 2). */
type Event = {
  readonly event: string;
  readonly order: readonly Expected<string>[];
  readonly decide: (faults: readonly string[]) => Refusal | Booked;
};

const named = { loanId: 'loan', borrowerId: 'borrower', currency: 'USD', effectiveAt: DAY, metadata: null };
const loanAlone = { loanId: 'loan', effectiveAt: DAY, description: null, metadata: null };
const WRONG_SUM: Expected<string> = {
  fault: 'wrong sum',
  code: 'allocation_mismatch',
  field: 'allocation',
  detail: 'the parts of allocation sum to 9, not to amount_minor 10',
};
const splitOf = (faults: readonly string[]) =>
  faults.includes('wrong sum') ? { fees: 1n, interest: 2n, principal: 3n, suspense: 3n } : null;
const owed = { principal: 6n, interest: 3n, fees: 1n, suspense: 5n };
const tooMuch = (faults: readonly string[], most: bigint) => (faults.includes('too much') ? most + 1n : most);
const excess = (code: string, detail: string, field = 'amount_minor'): Expected<string> => {
  return { fault: 'too much', code, field, detail };
};
const NO_PROGRAM: Expected<string> = {
  fault: 'no such program',
  code: 'program_not_found',
  field: 'program_id',
  detail: 'there is no program program',
};
const FOREIGN: Expected<string> = {
  fault: 'a program of another currency',
  code: 'currency_mismatch',
  field: 'currency',
  detail: 'program program is for loans in GBP, not USD',
};
const programFor = (faults: readonly string[]) => ({
  programId: 'program',
  program: faults.includes(NO_PROGRAM.fault)
    ? undefined
    : programOf({}, faults.includes(FOREIGN.fault) ? 'GBP' : 'USD'),
});

const PAYMENT_ORDER = [...IDENTITY, ...datesOf(), STATE, WRONG_SUM];
const payment = { ...named, amountMinor: 10n, sourceMethod: 'ach', externalRef: null };

const EVENTS: readonly Event[] = [
  {
    event: 'a payment',
    order: PAYMENT_ORDER,
    decide: (faults) => decidePayment({ ...payment, layer: 0, split: splitOf(faults) }, sceneWith(faults, owed)),
  },
  {
    event: 'a pending payment',
    order: PAYMENT_ORDER,
    decide: (faults) => decidePayment({ ...payment, layer: 1, split: splitOf(faults) }, sceneWith(faults, owed)),
  },
  {
    event: 'a goodwill credit',
    order: PAYMENT_ORDER,
    decide: (faults) => decideGoodwillCredit({ ...payment, split: splitOf(faults) }, sceneWith(faults, owed)),
  },
  {
    event: 'a fee',
    order: [...IDENTITY, ...datesOf(), STATE],
    decide: (faults) =>
      decideFee(
        { ...named, amountMinor: 1n, feeType: 'late_fee', externalRef: null, description: null },
        sceneWith(faults),
      ),
  },
  {
    event: 'a fee of which no borrower is said',
    order: [UNKNOWN, IDENTITY.slice(2), datesOf(), STATE].flat(),
    decide: (faults) =>
      decideFee(
        { ...named, borrowerId: null, amountMinor: 1n, feeType: 'late_fee', externalRef: null, description: null },
        sceneWith([...faults, 'another borrower']),
      ),
  },
  {
    event: 'a waiver',
    order: [
      ...[UNKNOWN, IDENTITY.slice(2), datesOf(), STATE].flat(),
      excess('amount_exceeds_outstanding', '2 is more than the 1 of fees outstanding'),
    ],
    decide: (faults) =>
      decideFeeWaiver(
        { ...named, amountMinor: tooMuch(faults, 1n), reasonCode: 'other', description: null },
        sceneWith(faults, owed),
      ),
  },
  {
    event: 'an allocation of suspense',
    order: [
      ...[UNKNOWN, IDENTITY.slice(2), datesOf(), STATE].flat(),
      {
        fault: 'nothing in suspense',
        code: 'amount_exceeds_suspense',
        field: 'amount_minor',
        detail: 'loan loan has nothing in suspense',
      },
      {
        fault: 'nothing owed',
        code: 'amount_exceeds_outstanding',
        field: 'amount_minor',
        detail: 'loan loan owes nothing',
      },
    ],
    decide: (faults) =>
      decideSuspenseAllocation(
        { ...named, amountMinor: null },
        sceneWith(faults, {
          ...(faults.includes('nothing owed') ? {} : owed),
          suspense: faults.includes('nothing in suspense') ? 0n : 1n,
        }),
      ),
  },
  {
    event: 'a refund of suspense',
    order: [
      ...[UNKNOWN, IDENTITY.slice(2), datesOf()].flat(),
      excess('amount_exceeds_suspense', '6 is more than the 5 in suspense'),
    ],
    decide: (faults) =>
      decideSuspenseRefund(
        { ...named, amountMinor: tooMuch(faults, 5n), method: 'ach', externalRef: null },
        sceneWith(faults, owed),
      ),
  },
  {
    event: 'a charge-off of all',
    order: [
      ...[UNKNOWN, datesOf()].flat(),
      {
        fault: 'charged off',
        code: 'already_charged_off',
        field: 'loan_id',
        detail: 'loan loan is charged off already',
      },
      excess('amount_exceeds_outstanding', 'loan loan owes nothing', 'loan_id'),
    ],
    decide: (faults) =>
      decideChargeOff(
        { ...loanAlone, reasonCode: 'other', components: null },
        sceneWith(faults, faults.includes('too much') ? { suspense: 5n, memoInterest: 2n } : { fees: 1n }),
      ),
  },
  {
    event: 'a recovery',
    order: [
      ...[IDENTITY, datesOf()].flat(),
      {
        fault: 'nothing unrecovered',
        code: 'loan_not_charged_off',
        field: 'loan_id',
        detail: 'loan loan has nothing charged off that is not recovered; post the money as a payment',
      },
      WRONG_SUM,
    ],
    decide: (faults) => {
      const { loan, ...scene } = sceneWith(faults);
      const amounts = { principal: 10n, interest: 10n, fees: 10n };
      const recovered = faults.includes('nothing unrecovered') ? amounts : PLAIN_STANDING.recovered;
      loan.standing = { ...PLAIN_STANDING, chargedOff: amounts, recovered };
      const loss = { entryId: 'loss', seq: 1n, amounts, principalAccount: 5000, closesLoan: false, recovered: [] };
      return decideRecovery({ ...payment, split: splitOf(faults) }, { ...scene, loan, losses: [loss] });
    },
  },
  {
    event: 'a refinance',
    order: [
      { ...IDENTITY[0], field: 'old_loan_id' },
      NO_PROGRAM,
      ...IDENTITY.slice(1),
      FOREIGN,
      ...datesOf(),
      {
        fault: 'a new loan that is there',
        code: 'loan_already_exists',
        field: 'new_loan_id',
        detail: 'there is a loan new already; choose a new id',
      },
      { ...STATE, field: 'old_loan_id' },
      excess('amount_exceeds_outstanding', 'loan loan owes nothing, and no new money is lent', 'new_money_minor'),
    ] as readonly Expected<string>[],
    decide: (faults) => {
      const { loan: oldLoan, calendar } = sceneWith(faults, { suspense: 9n });
      const newLoan = unmadeLoan('tenant', 'new');
      if (faults.includes('a new loan that is there')) newLoan.borrowerId = 'borrower';
      const asked = { ...named, oldLoanId: 'loan', newLoanId: 'new', programId: null, externalRef: null };
      const newMoneyMinor = faults.includes('too much') ? 0n : 1n;
      return decideRefinance({ ...asked, newMoneyMinor }, { oldLoan, newLoan, calendar, ...programFor(faults) });
    },
  },
  {
    event: 'a change to non-accrual',
    order: [
      ...[UNKNOWN, datesOf(), STATE].flat(),
      {
        fault: 'on it already',
        code: 'validation_failed',
        field: 'action',
        detail: 'loan loan is on non-accrual since 2026-04-30',
      },
    ],
    decide: (faults) => {
      const { loan, calendar } = sceneWith(faults);
      if (faults.includes('on it already')) loan.standing = { ...loan.standing, nonAccrualSince: '2026-04-30' };
      return decideNonAccrual({ ...loanAlone, action: 'enter' }, { loan, calendar });
    },
  },
  {
    event: 'a first disbursement',
    order: [NO_PROGRAM, FOREIGN, ...datesWithoutBeginning()],
    decide: (faults) => {
      const { calendar } = sceneWith(faults);
      return decideDisbursement(disbursement, { loan: unmadeLoan('tenant', 'loan'), calendar, ...programFor(faults) });
    },
  },
  {
    event: 'a further disbursement',
    order: [
      NO_PROGRAM,
      ...IDENTITY.slice(1),
      {
        fault: 'another program',
        code: 'program_mismatch',
        field: 'program_id',
        detail: 'loan loan belongs to another program',
      },
      ...datesWithoutBeginning(),
      STATE,
    ],
    decide: (faults) => {
      const { loan, calendar } = sceneWith(faults);
      if (faults.includes('another program')) loan.programId = 'other';
      return decideDisbursement({ ...disbursement, programId: 'program' }, { loan, calendar, ...programFor(faults) });
    },
  },
  {
    event: 'a registration with an opening',
    order: [
      NO_PROGRAM,
      FOREIGN,
      ...datesWithoutBeginning('opening.as_of'),
      {
        fault: 'a loan that is there',
        code: 'loan_already_exists',
        field: 'loan_id',
        detail: 'loan loan was registered or disbursed before',
      },
      {
        fault: 'too much',
        code: 'amount_out_of_range',
        field: 'opening',
        detail: 'what the loan owes at its opening is more than 999999999999999999 minor units',
      },
    ],
    decide: (faults) => {
      const { calendar } = sceneWith(faults);
      const loan = faults.includes('a loan that is there') ? loanWith() : unmadeLoan('tenant', 'loan');
      const most = 10n ** 18n - 1n;
      const amounts = { interestMinor: most, feesMinor: 0n, suspenseMinor: most };
      const opening = { asOf: DAY, accruedThrough: DAY, ...amounts, principalMinor: tooMuch(faults, most) };
      const terms = { programId: null, annualRate: null, maturityDate: null, externalRef: null };
      return decideRegistration({ ...named, ...terms, opening }, { loan, calendar, ...programFor(faults) });
    },
  },
];

const disbursement = {
  ...named,
  amountMinor: 10n,
  method: 'ach',
  destinationRef: null,
  programId: null,
  fees: [],
  layer: 0,
} as const;

describe.each(EVENTS)('$event is refused in order', ({ order, decide }) => {
  refusesInOrder(order, decide);
});

describe('a restructure is refused in order', () => {
  const asked = { ...loanAlone, capitalizeInterestMinor: 2n, capitalizeFeesMinor: 1n };
  const none = { forgivePrincipalMinor: 0n, forgiveInterestMinor: 0n };
  const message = '2 is more than the 1 outstanding';
  const detail = 'loan loan has less outstanding than is to be capitalised or forgiven';
  const tooMuchFees = { ...excess('amount_exceeds_outstanding', detail, 'capitalize_fees_minor'), message };
  refusesInOrder([...UNKNOWN, ...datesOf(), STATE, tooMuchFees], (faults) => {
    const amounts = { forgivePrincipalMinor: 6n, forgiveInterestMinor: 1n, capitalizeFeesMinor: tooMuch(faults, 1n) };
    return decideRestructure({ ...asked, ...amounts }, sceneWith(faults, owed));
  });

  test('more than there is: every amount is named', () => {
    const fieldsOf = (amounts: Partial<Restructure>) => {
      const decided = decideRestructure({ ...asked, ...none, ...amounts }, sceneWith([], owed));
      return 'code' in decided ? decided.errors?.map((error) => [error.field, error.message]) : decided;
    };
    expect(fieldsOf({ capitalizeFeesMinor: 2n, forgivePrincipalMinor: 7n, forgiveInterestMinor: 2n })).toEqual([
      ['capitalize_fees_minor', '2 is more than the 1 outstanding'],
      ['forgive_principal_minor', '7 is more than the 6 outstanding'],
      ['forgive_interest_minor', '2 is more than the 1 outstanding'],
    ]);
    expect(fieldsOf({ capitalizeInterestMinor: 4n, forgiveInterestMinor: 1n })).toEqual([
      ['capitalize_interest_minor', '4 is more than the 3 outstanding'],
      ['forgive_interest_minor', '1 is more than the 0 outstanding'],
    ]);
  });
});

describe('an accrual batch is refused in order', () => {
  const field = 'loans[0].loan_id';
  const [unknown] = UNKNOWN;
  const order = (
    [
      { fault: 'no such loan', code: unknown?.code ?? '', field, detail: 'there is no loan loan' },
      {
        fault: 'another program',
        code: 'program_mismatch',
        field,
        detail: 'loan loan belongs to another program',
      },
      ...datesOf('accrual_date').map((expected) => ({ ...expected, field })),
      { ...STATE, field },
      {
        fault: 'accrued',
        code: 'accrual_already_posted',
        field,
        detail: 'loan loan has accrued for 2026-05-01 already; leave it out, or reverse that batch',
      },
      {
        fault: 'too much',
        code: 'amount_out_of_range',
        field: 'loans[0].interest_minor',
        detail: 'the interest of loan loan would pass 999999999999999999 minor units',
      },
      {
        fault: 'another principal',
        code: 'principal_mismatch',
        field: 'loans[0].outstanding_principal_minor',
        detail: 'loan loan has a principal of 6 for that night, not 7',
      },
    ] satisfies readonly Expected<string>[]
  ).map((expected): Expected<string> => {
    const { detail: message } = expected;
    return { ...expected, message, detail: `1 of 1 loans were refused and nothing was posted; the first: ${message}` };
  });
  const decide = (faults: readonly string[]) => {
    const { loan, calendar } = sceneWith(faults, { ...owed, interest: 10n ** 18n - 6n });
    if (faults.includes('another program')) loan.programId = 'other';
    const accrued = {
      loanId: 'loan',
      outstandingPrincipalMinor: faults.includes('another principal') ? 7n : 6n,
      interestMinor: tooMuch(faults, 5n),
    };
    const batch = { programId: 'program', accrualDate: DAY, dayCountConvention: 'ACT_365', loans: [accrued] };
    return decideAccrualBatch(batch, {
      program: programOf({ principal_check: 'reject' }),
      nightPrincipal: () => 6n,
      loan: () => loan,
      accrued: () => faults.includes('accrued'),
      calendar,
    });
  };

  refusesInOrder(order, decide);
});

test('a loan that never began is told to be disbursed first', () => {
  const { loan, ...scene } = sceneWith([]);
  loan.firstDisbursedOn = null;
  const asked = { ...named, amountMinor: 1n, method: 'ach', externalRef: null };
  expect(decideSuspenseRefund(asked, { ...scene, loan })).toEqual(
    refusalOf({
      code: 'effective_date_before_disbursement',
      field: 'effective_at',
      detail: 'loan loan has no standing disbursement or opening balance; disburse it first',
    }),
  );
});

test('a loan that is not on non-accrual cannot leave it', () => {
  expect(decideNonAccrual({ ...loanAlone, action: 'exit' }, sceneWith([]))).toEqual(
    refusalOf({ code: 'validation_failed', field: 'action', detail: 'loan loan is not on non-accrual' }),
  );
});
