import { ACCOUNT } from './account-code.ts';
import { type Calendar, refuseClosedPeriod, refuseFuture } from './dating.ts';
import { type EntryDraft, LoanLines } from './journal-entry.ts';
import { SETTLED } from './layer.ts';
import type { LoanState } from './loan.ts';
import { MINOR_MAX } from './money.ts';
import { type NewLoanProgram, refuseForeignCurrency, refuseUnknownProgram } from './program-of-loan.ts';
import { type Refusal, refusalOfField } from './refusal.ts';

/**
 * What a loan owes and holds when it comes from elsewhere: counted from `asOf` on, with the interest of every night up to
 * `accruedThrough` in it, which is not after `asOf`. At least one amount is not zero.
 */
export type OpeningBalance = {
  readonly asOf: string;
  readonly principalMinor: bigint;
  readonly interestMinor: bigint;
  readonly feesMinor: bigint;
  readonly suspenseMinor: bigint;
  readonly accruedThrough: string;
};

/** A loan made known before anything happens to it (POST /v1/loans). `programId` null: the tenant's default program. */
export type LoanRegistration = {
  readonly loanId: string;
  readonly borrowerId: string;
  readonly currency: string;
  readonly programId: string | null;
  /** The loan's own rate a year, a decimal text; null: its program's rates hold. */
  readonly annualRate: string | null;
  readonly maturityDate: string | null;
  readonly opening: OpeningBalance | null;
  readonly externalRef: string | null;
  readonly metadata: string | null;
};

/** What a registration meets. */
export type RegistrationContext = NewLoanProgram & { readonly loan: LoanState; readonly calendar: Calendar };

/**
 * Books a registration: DR 1100, 1200 and 1300, CR 2100 for the opening balances, the difference on 3900; without them an
 * entry that has no lines, dated on the business date and of no loan, so that no balance counts it as an event.
 */
export function decideRegistration(registration: LoanRegistration, context: RegistrationContext): Refusal | EntryDraft {
  const { loanId, borrowerId, opening } = registration;
  const refused =
    refuseUnknownProgram(context) ??
    refuseForeignCurrency(registration, context) ??
    (opening === null ? null : refuseOpeningDate(opening, context.calendar)) ??
    refuseKnownLoan(context.loan) ??
    (opening === null ? null : refuseLargeDifference(opening));
  if (refused !== null) return refused;
  return {
    eventType: 'manual_adjustment',
    effectiveAt: opening?.asOf ?? context.calendar.businessDate,
    currency: registration.currency,
    layer: SETTLED,
    loanId: opening === null ? null : loanId,
    borrowerId: opening === null ? null : borrowerId,
    lines: opening === null ? [] : openingLines(opening, { loanId, borrowerId }),
    reversesEntryId: null,
    externalRef: registration.externalRef,
    description: null,
    eventInput: {
      registered_loan_id: loanId,
      borrower_id: borrowerId,
      program_id: context.programId,
      annual_rate: registration.annualRate,
      maturity_date: registration.maturityDate,
      accrued_through: opening?.accruedThrough ?? null,
    },
    metadata: registration.metadata,
  };
}

function refuseOpeningDate({ asOf }: OpeningBalance, calendar: Calendar): Refusal | null {
  return refuseFuture(asOf, calendar, 'opening.as_of') ?? refuseClosedPeriod(asOf, calendar, 'opening.as_of');
}

function refuseKnownLoan(loan: LoanState): Refusal | null {
  if (loan.borrowerId === null) return null;
  return refusalOfField('loan_already_exists', 'loan_id', `loan ${loan.loanId} was registered or disbursed before`);
}

function openingLines(opening: OpeningBalance, owner: { loanId: string; borrowerId: string }): EntryDraft['lines'] {
  return new LoanLines(owner)
    .debit(ACCOUNT.principalReceivable, opening.principalMinor)
    .debit(ACCOUNT.interestReceivable, opening.interestMinor)
    .debit(ACCOUNT.feesReceivable, opening.feesMinor)
    .credit(ACCOUNT.borrowerSuspense, opening.suspenseMinor)
    .credit(ACCOUNT.openingBalances, owedAbove(opening)).lines;
}

/** What the loan owes more than it holds; the line on 3900 has its amount. */
function owedAbove({ principalMinor, interestMinor, feesMinor, suspenseMinor }: OpeningBalance): bigint {
  return principalMinor + interestMinor + feesMinor - suspenseMinor;
}

function refuseLargeDifference(opening: OpeningBalance): Refusal | null {
  if (owedAbove(opening) <= MINOR_MAX) return null;
  const message = `what the loan owes at its opening is more than ${MINOR_MAX} minor units`;
  return refusalOfField('amount_out_of_range', 'opening', message);
}
