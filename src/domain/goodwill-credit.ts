import { ACCOUNT } from './account-code.ts';
import { allocateTo, creditAllocation, refuseAllocation, splitInput } from './allocation.ts';
import { type Calendar, refuseBeforeDisbursement, refuseClosedPeriod, refuseFuture } from './dating.ts';
import { type EntryDraft, LoanLines } from './journal-entry.ts';
import { SETTLED } from './layer.ts';
import type { LoanState } from './loan.ts';
import { refuseStranger } from './loan-identity.ts';
import { refuseChargedOff } from './loan-standing.ts';
import { type ProgramVersion, versionInForce } from './program.ts';
import type { Refusal } from './refusal.ts';
import type { Allocation } from './waterfall.ts';

/** What the lender pays for the borrower (POST /v1/goodwill-credits). `split` is the caller's own allocation, or null. */
export type GoodwillCredit = {
  readonly loanId: string;
  readonly borrowerId: string;
  readonly amountMinor: bigint;
  readonly currency: string;
  readonly effectiveAt: string;
  readonly externalRef: string | null;
  readonly split: Allocation | null;
  readonly metadata: string | null;
};

/** What a goodwill credit meets. */
export type GoodwillCreditContext = {
  readonly loan: LoanState;
  readonly program: readonly ProgramVersion[];
  readonly calendar: Calendar;
};

/**
 * Books a goodwill credit: DR 5200 for what goes to principal or suspense, DR 4900 for interest, DR 4910 for fees; CR as a
 * payment of that amount.
 */
export function decideGoodwillCredit(credit: GoodwillCredit, context: GoodwillCreditContext): Refusal | EntryDraft {
  const { loan } = context;
  const refused =
    refuseStranger(credit, loan) ??
    refuseFuture(credit.effectiveAt, context.calendar, 'effective_at') ??
    refuseBeforeDisbursement(credit.effectiveAt, loan, 'effective_at') ??
    refuseClosedPeriod(credit.effectiveAt, context.calendar, 'effective_at') ??
    refuseChargedOff(loan);
  if (refused !== null) return refused;
  const version = versionInForce(context.program, credit.effectiveAt);
  const unfit = refuseAllocation(credit, loan, version.policy);
  if (unfit !== null) return unfit;
  const allocation = credit.split ?? allocateTo(loan, credit.amountMinor, version.policy);
  const lines = new LoanLines(credit)
    .debit(ACCOUNT.goodwillExpense, allocation.principal + allocation.suspense)
    .debit(ACCOUNT.interestChargedOff, allocation.interest)
    .debit(ACCOUNT.feesChargedOff, allocation.fees);
  return {
    eventType: 'goodwill_credit',
    effectiveAt: credit.effectiveAt,
    currency: credit.currency,
    layer: SETTLED,
    loanId: credit.loanId,
    borrowerId: credit.borrowerId,
    lines: creditAllocation(lines, allocation, loan).lines,
    reversesEntryId: null,
    externalRef: credit.externalRef,
    description: null,
    eventInput: { program_version: version.version, ...splitInput(credit.split) },
    metadata: credit.metadata,
  };
}
