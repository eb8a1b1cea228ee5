import { ACCOUNT } from './account-code.ts';
import { refuseOutOfRange } from './component-range.ts';
import { type Calendar, refuseBeforeDisbursement, refuseClosedPeriod, refuseFuture } from './dating.ts';
import { type DraftLine, type EntryDraft, effectOfLines, LoanLines } from './journal-entry.ts';
import { SETTLED } from './layer.ts';
import { componentsOn, type LoanState, noComponents } from './loan.ts';
import { ownerOf, refuseStranger, refuseUnknownLoan } from './loan-identity.ts';
import { refuseChargedOff } from './loan-standing.ts';
import { type NewLoanProgram, refuseForeignCurrency, refuseUnknownProgram } from './program-of-loan.ts';
import { type Refusal, refusalOfField } from './refusal.ts';

/**
 * A loan that takes the place of another, with new money or without (POST /v1/refinances). The two ids differ; `programId`
 * null: the tenant's default program.
 */
export type Refinance = {
  readonly oldLoanId: string;
  readonly newLoanId: string;
  readonly borrowerId: string;
  readonly newMoneyMinor: bigint;
  readonly currency: string;
  readonly effectiveAt: string;
  readonly programId: string | null;
  readonly externalRef: string | null;
  readonly metadata: string | null;
};

/** What a refinance meets; the program is that of the new loan. */
export type RefinanceContext = NewLoanProgram & {
  readonly oldLoan: LoanState;
  readonly newLoan: LoanState;
  readonly calendar: Calendar;
};

/**
 * Books a refinance: DR 1100 of the new loan for all that the old one owes and the new money, DR 2100 of the old one; CR
 * 1100, 1200, 1300 of the old one, CR 2000 for the new money, CR 2100 of the new loan. What is PENDING, and memo interest,
 * stays with the old loan.
 */
export function decideRefinance(refinance: Refinance, context: RefinanceContext): Refusal | EntryDraft {
  const { oldLoan, newLoan } = context;
  const { oldLoanId, newLoanId, newMoneyMinor, effectiveAt } = refinance;
  const refused =
    refuseUnknownLoan(oldLoan, 'old_loan_id') ??
    refuseUnknownProgram(context) ??
    refuseStranger({ ...refinance, loanId: oldLoanId }, oldLoan) ??
    refuseForeignCurrency(refinance, context) ??
    refuseFuture(effectiveAt, context.calendar, 'effective_at') ??
    refuseBeforeDisbursement(effectiveAt, oldLoan, 'effective_at') ??
    refuseClosedPeriod(effectiveAt, context.calendar, 'effective_at') ??
    refuseKnownLoan(newLoan) ??
    refuseChargedOff(oldLoan, 'old_loan_id');
  if (refused !== null) return refused;
  const { principal, interest, fees } = componentsOn(oldLoan, SETTLED);
  const lent = principal + interest + fees + newMoneyMinor;
  if (lent === 0n) {
    const message = `loan ${oldLoanId} owes nothing, and no new money is lent`;
    return refusalOfField('amount_exceeds_outstanding', 'new_money_minor', message);
  }
  const effect = { ...noComponents(), principal: lent };
  const outOfRange = refuseOutOfRange(newLoan, { layer: SETTLED, effect, field: 'new_money_minor' });
  if (outOfRange !== null) return outOfRange;
  const lines = linesOf(refinance, oldLoan, lent);
  return {
    eventType: 'refinance',
    effectiveAt,
    currency: refinance.currency,
    layer: SETTLED,
    loanId: null,
    borrowerId: null,
    lines,
    unmovedLoanIds: lines.some(({ loanId }) => loanId === oldLoanId) ? [] : [oldLoanId],
    reversesEntryId: null,
    externalRef: refinance.externalRef,
    description: null,
    eventInput: {
      old_loan_id: oldLoanId,
      new_loan_id: newLoanId,
      new_money_minor: newMoneyMinor.toString(),
      program_id: context.programId,
    },
    metadata: refinance.metadata,
  };
}

function linesOf({ newLoanId, borrowerId, newMoneyMinor }: Refinance, oldLoan: LoanState, lent: bigint): DraftLine[] {
  const { principal, interest, fees, suspense } = componentsOn(oldLoan, SETTLED);
  const owner = { loanId: newLoanId, borrowerId };
  const taken = new LoanLines(ownerOf(oldLoan))
    .debit(ACCOUNT.borrowerSuspense, suspense)
    .credit(ACCOUNT.principalReceivable, principal)
    .credit(ACCOUNT.interestReceivable, interest)
    .credit(ACCOUNT.feesReceivable, fees);
  const given = new LoanLines(owner)
    .credit(ACCOUNT.disbursementClearing, newMoneyMinor)
    .credit(ACCOUNT.borrowerSuspense, suspense);
  return [...new LoanLines(owner).debit(ACCOUNT.principalReceivable, lent).lines, ...taken.lines, ...given.lines];
}

function refuseKnownLoan({ loanId, borrowerId }: LoanState): Refusal | null {
  if (borrowerId === null) return null;
  return refusalOfField('loan_already_exists', 'new_loan_id', `there is a loan ${loanId} already; choose a new id`);
}

/** The part of the old loan, `lines`, decided again at its place: refused unless it is what the loan then owes and holds. */
export function decideRefinanceAgain(
  effectiveAt: string,
  lines: readonly DraftLine[],
  oldLoan: LoanState,
): Refusal | null {
  const refused = refuseBeforeDisbursement(effectiveAt, oldLoan, 'effective_at') ?? refuseChargedOff(oldLoan);
  if (refused !== null) return refused;
  const { principal, interest, fees, suspense } = componentsOn(oldLoan, SETTLED);
  const paid = effectOfLines(lines);
  const isAsItWas =
    principal + paid.principal === 0n &&
    interest + paid.interest === 0n &&
    fees + paid.fees === 0n &&
    suspense + paid.suspense === 0n;
  if (isAsItWas) return null;
  return refusalOfField('amount_exceeds_outstanding', 'old_loan_id', 'it would pay off another sum, and never changes');
}
