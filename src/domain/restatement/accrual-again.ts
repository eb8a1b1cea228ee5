import { ACCOUNT } from '../account-code.ts';
import { refuseOutOfRange } from '../component-range.ts';
import { refuseBeforeDisbursement } from '../dating.ts';
import { type DraftLine, effectOfLines } from '../journal-entry.ts';
import { SETTLED } from '../layer.ts';
import type { LoanState } from '../loan.ts';
import { isOnNonAccrual } from '../loan-standing.ts';
import type { Refusal } from '../refusal.ts';
import type { LoanEvent } from './loan-event.ts';

/**
 * One loan's part of a client's accrual batch, decided again at its place: the amount stays as it was sent, is memo
 * interest while the loan is on non-accrual, and 0 while it is charged off (ACCOUNTING.md rule 11). Answers the lines that
 * name the loan; what stands against them is one sum for the whole entry. Refused before the loan begins.
 */
export function decideAccrualAgain({ entry, accrual }: LoanEvent, loan: LoanState): Refusal | readonly DraftLine[] {
  if (accrual === null) throw new Error(`entry ${entry.entryId} is an accrual without a batch`);
  if (loan.standing.status !== 'active') return [];
  const early = refuseBeforeDisbursement(entry.effectiveAt, loan, 'accrual_date');
  if (early !== null) return early;
  const amountMinor = accrual.interestMinor;
  if (amountMinor === 0n) return [];
  const account = isOnNonAccrual(loan) ? ACCOUNT.nonAccrualInterestReceivable : ACCOUNT.interestReceivable;
  const lines = [{ account, amountMinor, loanId: loan.loanId, borrowerId: loan.borrowerId }];
  return refuseOutOfRange(loan, { layer: SETTLED, effect: effectOfLines(lines), field: 'interest_minor' }) ?? lines;
}

/** The account against which interest on a receivable stands. */
export function incomeAgainst(receivable: number): number {
  return receivable === ACCOUNT.nonAccrualInterestReceivable
    ? ACCOUNT.nonAccrualInterestIncome
    : ACCOUNT.interestIncome;
}
