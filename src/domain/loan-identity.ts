import type { LoanState } from './loan.ts';
import { type Refusal, refusalOfField } from './refusal.ts';

/** Refuses an event on a loan that was never made; `field` names the loan. */
export function refuseUnknownLoan(loan: LoanState, field = 'loan_id'): Refusal | null {
  if (loan.borrowerId !== null) return null;
  return refusalOfField(
    'loan_not_found',
    field,
    `there is no loan ${loan.loanId}; a loan begins with its registration or first disbursement`,
  );
}

/** Refuses an event that names a loan, borrower or currency other than the one on file (ACCOUNTING.md rule 3). */
export function refuseStranger(
  event: { readonly loanId: string; readonly borrowerId: string | null; readonly currency: string },
  loan: LoanState,
): Refusal | null {
  const unknown = refuseUnknownLoan(loan);
  if (unknown !== null) return unknown;
  if (event.borrowerId !== null && event.borrowerId !== loan.borrowerId) {
    return refusalOfField('borrower_mismatch', 'borrower_id', `loan ${event.loanId} belongs to another borrower`);
  }
  if (event.currency !== loan.currency) {
    return refusalOfField(
      'currency_mismatch',
      'currency',
      `loan ${event.loanId} is kept in ${loan.currency}, not ${event.currency}`,
    );
  }
  return null;
}

/** Loan and borrower of an event that named the loan alone. Throws for a loan that refuseStranger should have refused. */
export function ownerOf({ loanId, borrowerId }: LoanState): { readonly loanId: string; readonly borrowerId: string } {
  if (borrowerId === null) throw new Error(`loan ${loanId} does not exist and was not refused`);
  return { loanId, borrowerId };
}

/** The currency that a loan is kept in. Throws likewise. */
export function currencyOf({ loanId, currency }: LoanState): string {
  if (currency === null) throw new Error(`loan ${loanId} does not exist and was not refused`);
  return currency;
}
