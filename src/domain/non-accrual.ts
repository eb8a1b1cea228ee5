import { ACCOUNT } from './account-code.ts';
import { refuseOutOfRange } from './component-range.ts';
import { type Calendar, refuseBeforeDisbursement, refuseClosedPeriod, refuseFuture } from './dating.ts';
import { type EntryDraft, effectOfLines, LoanLines } from './journal-entry.ts';
import { SETTLED } from './layer.ts';
import { componentsOn, type LoanState } from './loan.ts';
import { currencyOf, ownerOf, refuseUnknownLoan } from './loan-identity.ts';
import { isOnNonAccrual, refuseChargedOff } from './loan-standing.ts';
import { type Refusal, refusalOfField } from './refusal.ts';

/** Where non-accrual begins and ends. */
export const NON_ACCRUAL_ACTIONS = ['enter', 'exit'] as const;

export type NonAccrualAction = (typeof NON_ACCRUAL_ACTIONS)[number];

/** A loan whose interest is no longer, or again, counted as income (POST /v1/loans/{loan_id}/non-accrual). */
export type NonAccrual = {
  readonly loanId: string;
  readonly effectiveAt: string;
  readonly action: NonAccrualAction;
  readonly description: string | null;
  readonly metadata: string | null;
};

/** What it meets. */
export type NonAccrualContext = { readonly loan: LoanState; readonly calendar: Calendar };

/**
 * Books the interest that changes sides. Enter: DR 4000 and 9100, CR 1200 and 9200, the interest accrued and unpaid; exit: DR
 * 9200 and 1200, CR 9100 and 4000, the memo balance. With nothing to move the entry has no lines; the loan's mark changes
 * all the same.
 */
export function decideNonAccrual(change: NonAccrual, { loan, calendar }: NonAccrualContext): Refusal | EntryDraft {
  const { action, effectiveAt } = change;
  const refused =
    refuseUnknownLoan(loan) ??
    refuseFuture(effectiveAt, calendar, 'effective_at') ??
    refuseBeforeDisbursement(effectiveAt, loan, 'effective_at') ??
    refuseClosedPeriod(effectiveAt, calendar, 'effective_at') ??
    refuseChargedOff(loan) ??
    refuseSameMark(action, loan);
  if (refused !== null) return refused;
  const owner = ownerOf(loan);
  const lines = action === 'enter' ? linesOfEntering(loan) : linesOfLeaving(loan);
  const outOfRange = refuseOutOfRange(loan, { layer: SETTLED, effect: effectOfLines(lines), field: 'action' });
  if (outOfRange !== null) return outOfRange;
  return {
    eventType: 'non_accrual',
    effectiveAt,
    currency: currencyOf(loan),
    layer: SETTLED,
    ...owner,
    lines,
    reversesEntryId: null,
    externalRef: null,
    description: change.description,
    eventInput: { action },
    metadata: change.metadata,
  };
}

function linesOfEntering(loan: LoanState): LoanLines['lines'] {
  const { interest } = componentsOn(loan, SETTLED);
  return new LoanLines(ownerOf(loan))
    .debit(ACCOUNT.interestIncome, interest)
    .debit(ACCOUNT.nonAccrualInterestReceivable, interest)
    .credit(ACCOUNT.interestReceivable, interest)
    .credit(ACCOUNT.nonAccrualInterestIncome, interest).lines;
}

function linesOfLeaving(loan: LoanState): LoanLines['lines'] {
  const { memoInterest } = componentsOn(loan, SETTLED);
  return new LoanLines(ownerOf(loan))
    .debit(ACCOUNT.nonAccrualInterestIncome, memoInterest)
    .debit(ACCOUNT.interestReceivable, memoInterest)
    .credit(ACCOUNT.nonAccrualInterestReceivable, memoInterest)
    .credit(ACCOUNT.interestIncome, memoInterest).lines;
}

function refuseSameMark(action: NonAccrualAction, loan: LoanState): Refusal | null {
  if (isOnNonAccrual(loan) !== (action === 'enter')) return null;
  const message =
    action === 'enter'
      ? `loan ${loan.loanId} is on non-accrual since ${loan.standing.nonAccrualSince}`
      : `loan ${loan.loanId} is not on non-accrual`;
  return refusalOfField('validation_failed', 'action', message);
}

/** A standing change of a loan's mark. */
export type StandingNonAccrual = {
  readonly entryId: string;
  readonly effectiveAt: string;
  readonly action: NonAccrualAction;
};

/** Since when a loan is on non-accrual, by its standing changes in the order in which they count; null: it is not. */
export function nonAccrualSince(standing: readonly StandingNonAccrual[]): string | null {
  const latest = standing.at(-1);
  return latest?.action === 'enter' ? latest.effectiveAt : null;
}
