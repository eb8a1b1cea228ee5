import { ACCOUNT } from './account-code.ts';
import { type Calendar, refuseBeforeDisbursement, refuseClosedPeriod, refuseFuture } from './dating.ts';
import { type EntryDraft, LoanLines } from './journal-entry.ts';
import { SETTLED } from './layer.ts';
import { componentsOn, type LoanState } from './loan.ts';
import { ownerOf, refuseStranger } from './loan-identity.ts';
import { type Refusal, refusalOfField } from './refusal.ts';

/** Unapplied funds paid back to the borrower (POST /v1/suspense-refunds). */
export type SuspenseRefund = {
  readonly loanId: string;
  readonly amountMinor: bigint;
  readonly currency: string;
  readonly effectiveAt: string;
  readonly method: string;
  readonly externalRef: string | null;
  readonly metadata: string | null;
};

/** What a refund meets. */
export type SuspenseRefundContext = {
  readonly loan: LoanState;
  readonly calendar: Calendar;
  /** It stands already and is decided again at its place: what suspense no longer covers is owed (ACCOUNTING.md rule 11). */
  readonly again?: boolean;
};

/**
 * Books a refund: DR 2100, CR 1010; no more than the loan has in suspense. Decided again it debits 1100 for the rest, and
 * of a charged-off loan the account of its losses.
 */
export function decideSuspenseRefund(
  refund: SuspenseRefund,
  { loan, calendar, again = false }: SuspenseRefundContext,
): Refusal | EntryDraft {
  const { amountMinor, effectiveAt } = refund;
  const refused =
    refuseStranger({ ...refund, borrowerId: null }, loan) ??
    refuseFuture(effectiveAt, calendar, 'effective_at') ??
    (again ? null : refuseBeforeDisbursement(effectiveAt, loan, 'effective_at')) ??
    refuseClosedPeriod(effectiveAt, calendar, 'effective_at');
  if (refused !== null) return refused;
  const { suspense } = componentsOn(loan, SETTLED);
  if (amountMinor > suspense && !again) {
    const message = `${amountMinor} is more than the ${suspense} in suspense`;
    return refusalOfField('amount_exceeds_suspense', 'amount_minor', message);
  }
  const owner = ownerOf(loan);
  const fromSuspense = amountMinor > suspense ? suspense : amountMinor;
  return {
    eventType: 'suspense_refunded',
    effectiveAt,
    currency: refund.currency,
    layer: SETTLED,
    ...owner,
    lines: new LoanLines(owner)
      .debit(ACCOUNT.borrowerSuspense, fromSuspense)
      .debit(loan.standing.lossAccount ?? ACCOUNT.principalReceivable, amountMinor - fromSuspense)
      .credit(ACCOUNT.paymentClearing, amountMinor).lines,
    reversesEntryId: null,
    externalRef: refund.externalRef,
    description: null,
    eventInput: { method: refund.method },
    metadata: refund.metadata,
  };
}
