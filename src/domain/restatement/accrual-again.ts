import { ACCOUNT } from '../account-code.ts';
import { refuseOutOfRange } from '../component-range.ts';
import { refuseBeforeDisbursement } from '../dating.ts';
import { type DraftLine, effectOfLines } from '../journal-entry.ts';
import { SETTLED } from '../layer.ts';
import type { LoanState } from '../loan.ts';
import { isOnNonAccrual } from '../loan-standing.ts';
import type { Refusal } from '../refusal.ts';
import type { KeptCorrection, LoanEvent } from './loan-event.ts';

/** A client's accrual again, or the correction of any. `standingMinor`: the loan's interest of that accrual before the event. */
export function decideInterestAgain(
  event: LoanEvent,
  loan: LoanState,
  standingMinor: bigint,
): Refusal | readonly DraftLine[] {
  return event.correction === null
    ? decideAccrualAgain(event, loan)
    : decideCorrectionAgain(event.correction, loan, standingMinor);
}

/**
 * One loan's part of a correction: the difference to what stands of the batch is taken anew, on memo interest while the loan
 * is on non-accrual, 0 while it is charged off (decisions/0016 answers 32 and 33). Refused where interest would fall below 0.
 */
function decideCorrectionAgain(
  { interestMinor }: KeptCorrection,
  loan: LoanState,
  standingMinor: bigint,
): Refusal | readonly DraftLine[] {
  const amountMinor = interestMinor - standingMinor;
  return loan.standing.status !== 'active' || amountMinor === 0n ? [] : interestLines(loan, amountMinor);
}

function interestLines(loan: LoanState, amountMinor: bigint): Refusal | readonly DraftLine[] {
  const lines = [interestLine(loan, amountMinor)];
  return refuseOutOfRange(loan, { layer: SETTLED, effect: effectOfLines(lines), field: 'interest_minor' }) ?? lines;
}

/**
 * One loan's part of a client's accrual batch, decided again at its place: the amount stays as it was sent, is memo
 * interest while the loan is on non-accrual, and 0 while it is charged off (ACCOUNTING.md rule 11). Answers the lines that
 * name the loan; what stands against them is one sum for the whole entry. Refused before the loan begins.
 */
function decideAccrualAgain({ entry, accrual }: LoanEvent, loan: LoanState): Refusal | readonly DraftLine[] {
  if (accrual === null) throw new Error(`entry ${entry.entryId} is an accrual without a batch`);
  if (loan.standing.status !== 'active') return [];
  const early = refuseBeforeDisbursement(entry.effectiveAt, loan, 'accrual_date');
  if (early !== null) return early;
  const amountMinor = accrual.interestMinor;
  return amountMinor === 0n ? [] : interestLines(loan, amountMinor);
}

/** One loan's part of an accrual by the server, computed anew: the lines that name the loan, which the interest fits in. */
export function runLines(loan: LoanState, interestMinor: bigint): readonly DraftLine[] {
  return interestMinor === 0n ? [] : [interestLine(loan, interestMinor)];
}

function interestLine(loan: LoanState, amountMinor: bigint): DraftLine {
  const account = isOnNonAccrual(loan) ? ACCOUNT.nonAccrualInterestReceivable : ACCOUNT.interestReceivable;
  return { account, amountMinor, loanId: loan.loanId, borrowerId: loan.borrowerId };
}

/** The account against which interest on a receivable stands. */
export function incomeAgainst(receivable: number): number {
  return receivable === ACCOUNT.nonAccrualInterestReceivable
    ? ACCOUNT.nonAccrualInterestIncome
    : ACCOUNT.interestIncome;
}
