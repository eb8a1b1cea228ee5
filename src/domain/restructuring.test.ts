import { describe, expect, test } from 'vitest';
import { DEFAULT_PROGRAM_POLICY } from './default-program.ts';
import type { EntryDraft } from './journal-entry.ts';
import {
  type Components,
  type LoanStanding,
  type LoanState,
  noComponents,
  PLAIN_STANDING,
  unmadeLoan,
} from './loan.ts';
import { MINOR_MAX } from './money.ts';
import { decideNonAccrual, type NonAccrual, nonAccrualSince } from './non-accrual.ts';
import { readPolicy } from './program.ts';
import { decideRefinance, type Refinance, type RefinanceContext } from './refinance.ts';
import type { Refusal } from './refusal.ts';
import { decideRestructure, type Restructure } from './restructure.ts';

const DAY = '2026-05-01';
const calendar = { businessDate: '2026-05-10', closedThrough: null };
const policy = readPolicy(DEFAULT_PROGRAM_POLICY);
const version = { programId: 'program', currency: null, version: 1, effectiveFrom: null, policy };
const program = [version];

const ON_NON_ACCRUAL: LoanStanding = { ...PLAIN_STANDING, nonAccrualSince: '2026-04-30' };
const CHARGED_OFF: LoanStanding = { ...PLAIN_STANDING, status: 'charged_off' };

function loanWith(components: Partial<Components>, standing = PLAIN_STANDING): LoanState {
  const loan = unmadeLoan('tenant', 'old');
  Object.assign(loan.layers[0], { ...noComponents(), ...components });
  const known = { borrowerId: 'borrower', currency: 'USD', programId: 'program', firstDisbursedOn: '2026-03-31' };
  return Object.assign(loan, { ...known, standing });
}

type Line = readonly [loan: string, account: number, amountMinor: bigint];

function linesOf(decided: Refusal | EntryDraft): readonly Line[] {
  if ('code' in decided) throw new Error(decided.detail);
  return decided.lines.map(({ loanId, account, amountMinor }) => [loanId ?? '', account, amountMinor]);
}

function refusalOf(decided: Refusal | EntryDraft): readonly [string, string | undefined] {
  if (!('code' in decided)) throw new Error('it was not refused');
  return [decided.code, decided.errors?.map(({ field }) => field).join(' ')];
}

/** Each step mends what the refusal named, so that the order of refusals is the order of the table. */
function expectInOrder<Step>(
  steps: readonly (readonly [Step, string, string])[],
  decide: (step: Step) => Refusal | EntryDraft,
) {
  for (const [step, code, field] of steps) expect(refusalOf(decide(step))).toEqual([code, field]);
}

describe('a refinance', () => {
  const asked: Refinance = {
    oldLoanId: 'old',
    newLoanId: 'new',
    borrowerId: 'borrower',
    newMoneyMinor: 50n,
    currency: 'USD',
    effectiveAt: DAY,
    programId: null,
    externalRef: 'ref',
    metadata: null,
  };
  const owed = { principal: 100n, interest: 20n, fees: 10n, suspense: 7n, memoInterest: 3n };
  const context = (changes: Partial<RefinanceContext> = {}): RefinanceContext => ({
    oldLoan: loanWith(owed),
    newLoan: unmadeLoan('tenant', 'new'),
    program,
    programId: 'program',
    calendar,
    ...changes,
  });

  test('moves all that is owed into principal of the new loan, suspense along, memo interest not', () => {
    const decided = decideRefinance(asked, context());
    expect(linesOf(decided)).toEqual([
      ['new', 1100, 180n],
      ['old', 2100, 7n],
      ['old', 1100, -100n],
      ['old', 1200, -20n],
      ['old', 1300, -10n],
      ['new', 2000, -50n],
      ['new', 2100, -7n],
    ]);
    expect(decided).toMatchObject({
      eventType: 'refinance',
      loanId: null,
      externalRef: 'ref',
      eventInput: { old_loan_id: 'old', new_loan_id: 'new', new_money_minor: '50', program_id: 'program' },
    });
  });

  test('without new money no line on 2000; with nothing owed new money alone', () => {
    expect(
      linesOf(decideRefinance({ ...asked, newMoneyMinor: 0n }, context({ oldLoan: loanWith({ principal: 9n }) }))),
    ).toEqual([
      ['new', 1100, 9n],
      ['old', 1100, -9n],
    ]);
    expect(linesOf(decideRefinance(asked, context({ oldLoan: loanWith({}) })))).toEqual([
      ['new', 1100, 50n],
      ['new', 2000, -50n],
    ]);
    // It is part of the old loan's life all the same.
    const unmoved = (owed: bigint) => decideRefinance(asked, context({ oldLoan: loanWith({ principal: owed }) }));
    expect([unmoved(0n), unmoved(1n)]).toMatchObject([{ unmovedLoanIds: ['old'] }, { unmovedLoanIds: [] }]);
  });

  test('refuses in order: not found, program, borrower, currency, dates, state, amounts', () => {
    const charged = loanWith({ suspense: 7n }, CHARGED_OFF);
    const wrong = { ...asked, borrowerId: 'stranger', currency: 'EUR', effectiveAt: '2026-05-11', newMoneyMinor: 0n };
    const known = { oldLoan: charged, newLoan: loanWith({}) };
    expectInOrder<readonly [Partial<Refinance>, Partial<RefinanceContext>]>(
      [
        [[{}, { oldLoan: unmadeLoan('tenant', 'old'), program: undefined }], 'loan_not_found', 'old_loan_id'],
        [[{}, { ...known, program: undefined }], 'program_not_found', 'program_id'],
        [[{}, known], 'borrower_mismatch', 'borrower_id'],
        [[{ borrowerId: 'borrower' }, known], 'currency_mismatch', 'currency'],
        [
          [
            { borrowerId: 'borrower', currency: 'USD' },
            { ...known, program: [{ ...version, currency: 'EUR' }] },
          ],
          'currency_mismatch',
          'currency',
        ],
        [[{ borrowerId: 'borrower', currency: 'USD' }, known], 'effective_date_in_future', 'effective_at'],
      ],
      ([changes, met]) => decideRefinance({ ...wrong, ...changes }, context(met)),
    );
    const right = { ...asked, newMoneyMinor: 0n };
    expectInOrder<readonly [Partial<Refinance>, Partial<RefinanceContext>]>(
      [
        [[{ effectiveAt: '2026-03-30' }, known], 'effective_date_before_disbursement', 'effective_at'],
        [[{}, known], 'loan_already_exists', 'new_loan_id'],
        [[{}, { oldLoan: charged }], 'loan_charged_off', 'old_loan_id'],
        [[{}, { oldLoan: loanWith({ suspense: 7n }) }], 'amount_exceeds_outstanding', 'new_money_minor'],
        [[{ newMoneyMinor: MINOR_MAX }, {}], 'amount_out_of_range', 'new_money_minor'],
      ],
      ([changes, met]) => decideRefinance({ ...right, ...changes }, context(met)),
    );
  });

  test('a principal of 18 nines fits, and no more', () => {
    const oldLoan = loanWith({ principal: MINOR_MAX });
    const newMoney = (newMoneyMinor: bigint) => decideRefinance({ ...asked, newMoneyMinor }, context({ oldLoan }));
    expect(linesOf(newMoney(0n))).toContainEqual(['new', 1100, MINOR_MAX]);
    expect(refusalOf(newMoney(1n))).toEqual(['amount_out_of_range', 'new_money_minor']);
  });
});

describe('a restructure', () => {
  const asked: Restructure = {
    loanId: 'old',
    effectiveAt: DAY,
    capitalizeInterestMinor: 12n,
    capitalizeFeesMinor: 10n,
    forgivePrincipalMinor: 100n,
    forgiveInterestMinor: 8n,
    description: 'new terms',
    metadata: null,
  };
  const owed = { principal: 100n, interest: 20n, fees: 10n, memoInterest: 99n };
  const restructure = (changes: Partial<Restructure>, loan = loanWith(owed)) =>
    decideRestructure({ ...asked, ...changes }, { loan, calendar });

  test('capitalises and forgives all that there is', () => {
    const decided = restructure({});
    expect(linesOf(decided)).toEqual([
      ['old', 1100, 22n],
      ['old', 5100, 100n],
      ['old', 4900, 8n],
      ['old', 1200, -20n],
      ['old', 1300, -10n],
      ['old', 1100, -100n],
    ]);
    expect(decided).toMatchObject({
      eventType: 'restructure',
      currency: 'USD',
      description: 'new terms',
      eventInput: {
        capitalize_interest_minor: '12',
        capitalize_fees_minor: '10',
        forgive_principal_minor: '100',
        forgive_interest_minor: '8',
      },
    });
  });

  test.each([
    ['capitalize_fees_minor', { capitalizeFeesMinor: 11n }],
    ['forgive_principal_minor', { forgivePrincipalMinor: 101n }],
    ['forgive_interest_minor', { forgiveInterestMinor: 9n }],
    ['capitalize_interest_minor forgive_interest_minor', { capitalizeInterestMinor: 21n }],
  ])('one more than there is: %s', (fields, changes) => {
    expect(refusalOf(restructure(changes))).toEqual(['amount_exceeds_outstanding', fields]);
  });

  test('principal that is capitalised is not there to be forgiven by the same restructure', () => {
    const none = loanWith({ interest: 20n, fees: 10n });
    expect(refusalOf(restructure({ forgivePrincipalMinor: 1n }, none))).toEqual([
      'amount_exceeds_outstanding',
      'forgive_principal_minor',
    ]);
  });

  test.each([
    ['capitalize_interest_minor', { capitalizeInterestMinor: 1n, capitalizeFeesMinor: 0n }],
    ['capitalize_fees_minor', { capitalizeInterestMinor: 0n, capitalizeFeesMinor: 1n }],
  ])('principal past 18 digits: %s', (field, changes) => {
    const most = loanWith({ ...owed, principal: MINOR_MAX });
    expect(refusalOf(restructure({ ...changes, forgivePrincipalMinor: 0n }, most))).toEqual([
      'amount_out_of_range',
      field,
    ]);
    expect(linesOf(restructure({ ...changes, forgivePrincipalMinor: 1n }, most))).toContainEqual(['old', 1100, 1n]);
  });

  test('refuses in order: not found, dates, state, amounts', () => {
    const charged = loanWith({}, CHARGED_OFF);
    expectInOrder<readonly [string, LoanState]>(
      [
        [['2026-05-11', unmadeLoan('tenant', 'old')], 'loan_not_found', 'loan_id'],
        [['2026-05-11', charged], 'effective_date_in_future', 'effective_at'],
        [['2026-03-30', charged], 'effective_date_before_disbursement', 'effective_at'],
        [[DAY, charged], 'loan_charged_off', 'loan_id'],
      ],
      ([effectiveAt, loan]) => restructure({ effectiveAt }, loan),
    );
  });
});

describe('non-accrual', () => {
  const change = (changes: Partial<NonAccrual>, loan: LoanState) =>
    decideNonAccrual(
      { loanId: 'old', effectiveAt: DAY, action: 'enter', description: null, metadata: null, ...changes },
      { loan, calendar },
    );

  test('enter takes unpaid interest out of income and notes it beside the books', () => {
    const decided = change({}, loanWith({ principal: 100n, interest: 20n, memoInterest: 3n }));
    expect(linesOf(decided)).toEqual([
      ['old', 4000, 20n],
      ['old', 9100, 20n],
      ['old', 1200, -20n],
      ['old', 9200, -20n],
    ]);
    expect(decided).toMatchObject({ eventType: 'non_accrual', currency: 'USD', eventInput: { action: 'enter' } });
  });

  test('exit brings back the memo balance', () => {
    expect(linesOf(change({ action: 'exit' }, loanWith({ interest: 4n, memoInterest: 30n }, ON_NON_ACCRUAL)))).toEqual([
      ['old', 9200, 30n],
      ['old', 1200, 30n],
      ['old', 9100, -30n],
      ['old', 4000, -30n],
    ]);
  });

  test('with nothing to move there are no lines', () => {
    expect(linesOf(change({}, loanWith({ principal: 100n })))).toEqual([]);
    expect(linesOf(change({ action: 'exit' }, loanWith({ interest: 4n }, ON_NON_ACCRUAL)))).toEqual([]);
  });

  test('interest past 18 digits', () => {
    const full = { interest: MINOR_MAX, memoInterest: 1n };
    expect(refusalOf(change({}, loanWith(full)))).toEqual(['amount_out_of_range', 'action']);
    expect(refusalOf(change({ action: 'exit' }, loanWith(full, ON_NON_ACCRUAL)))).toEqual([
      'amount_out_of_range',
      'action',
    ]);
  });

  test('refuses in order: not found, dates, state: charged off, then the mark', () => {
    const charged = loanWith({}, { ...CHARGED_OFF, nonAccrualSince: '2026-04-30' });
    expectInOrder<readonly [Partial<NonAccrual>, LoanState]>(
      [
        [[{ effectiveAt: '2026-05-11' }, unmadeLoan('tenant', 'old')], 'loan_not_found', 'loan_id'],
        [[{ effectiveAt: '2026-05-11' }, charged], 'effective_date_in_future', 'effective_at'],
        [[{ effectiveAt: '2026-03-30' }, charged], 'effective_date_before_disbursement', 'effective_at'],
        [[{}, charged], 'loan_charged_off', 'loan_id'],
        [[{}, loanWith({}, ON_NON_ACCRUAL)], 'validation_failed', 'action'],
        [[{ action: 'exit' }, loanWith({})], 'validation_failed', 'action'],
      ],
      ([changes, loan]) => change(changes, loan),
    );
  });

  test('the mark is what the last standing change makes it', () => {
    const entered = { entryId: 'one', effectiveAt: '2026-04-01', action: 'enter' } as const;
    const left = { entryId: 'two', effectiveAt: '2026-04-02', action: 'exit' } as const;
    expect(nonAccrualSince([])).toBeNull();
    expect(nonAccrualSince([entered])).toBe('2026-04-01');
    expect(nonAccrualSince([entered, left])).toBeNull();
    expect(nonAccrualSince([entered, { ...entered, effectiveAt: '2026-04-03' }])).toBe('2026-04-03');
  });
});
