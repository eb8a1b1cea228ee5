import { ACCOUNT } from './account-code.ts';
import { rangeProblem } from './component-range.ts';
import { type Calendar, refuseClosedPeriod, refuseFuture } from './dating.ts';
import { type DraftLine, type EntryDraft, effectsByLoan } from './journal-entry.ts';
import { SETTLED } from './layer.ts';
import { type LoanState, noComponents } from './loan.ts';
import { isOnNonAccrual, refuseChargedOff } from './loan-standing.ts';
import { MINOR_MAX } from './money.ts';
import type { EntryStanding, PostedEntry, StandingCorrection } from './posted-entry.ts';
import { type FieldProblem, type Refusal, type RefusalCode, refusalOfField } from './refusal.ts';

/** What the interest of some loans of an accrual batch should have been (POST /v1/accruals/{accrual_event_id}/corrections). */
export type AccrualCorrection = {
  readonly accrualEventId: string;
  readonly effectiveAt: string;
  readonly reasonCode: string;
  readonly loans: readonly CorrectedLoan[];
  readonly metadata: string | null;
};

/** `interestMinor` is the whole interest of that loan in that batch, not what is to be added to it. */
export type CorrectedLoan = { readonly loanId: string; readonly interestMinor: bigint };

/** What a correction meets: the batch's entry (undefined: there is none), its interest by loan as posted, what befell it. */
export type CorrectionContext = {
  readonly entry: PostedEntry | undefined;
  /** null for an entry that is no batch. */
  readonly accrued: ReadonlyMap<string, bigint> | null;
  readonly standing: EntryStanding;
  readonly corrections: readonly StandingCorrection[];
  /** Where it is decided behind the present: a loan's interest of the batch at that place, as far as it is another. */
  readonly standingAtPlace?: (loanId: string) => bigint | undefined;
  readonly loan: (loanId: string) => LoanState;
  readonly calendar: Calendar;
};

type LoanProblem = FieldProblem & { readonly code: RefusalCode };

/**
 * Books what the interest of each loan named differs by from what stands of that batch: DR 1200 CR 4000, or the other way
 * round; of loans on non-accrual between 9100 and 9200 (ACCOUNTING.md rule 8). One line for each loan, one for the income. A
 * loan whose interest stands as it should has no line. All or nothing: errors[] names every loan that is refused.
 */
export function decideAccrualCorrection(
  correction: AccrualCorrection,
  context: CorrectionContext,
): Refusal | EntryDraft {
  const { entry, accrued } = context;
  if (entry === undefined || accrued === null) {
    return { code: 'not_found', detail: `there is no accrual batch ${correction.accrualEventId}` };
  }
  const strangers = problemsOf(correction, ({ loanId }) => (accrued.has(loanId) ? null : notInBatch(loanId)));
  const refused =
    refusalOf(strangers, correction) ??
    refuseFuture(correction.effectiveAt, context.calendar, 'effective_at') ??
    refuseEarlier(correction.effectiveAt, entry.effectiveAt) ??
    refuseClosedPeriod(correction.effectiveAt, context.calendar, 'effective_at') ??
    refuseReversed(entry, context.standing);
  if (refused !== null) return refused;
  const differences = correction.loans.map(
    ({ loanId, interestMinor }) =>
      interestMinor - (context.standingAtPlace?.(loanId) ?? standingInterest(loanId, accrued, context.corrections)),
  );
  const problems = problemsOf(correction, ({ loanId }, index) =>
    refuseLoan(context.loan(loanId), differences[index] ?? 0n),
  );
  const unfit = refusalOf(problems, correction);
  if (unfit !== null) return unfit;
  const lines = linesOf(correction, differences, context);
  if (lines.some(({ amountMinor }) => amountMinor > MINOR_MAX || amountMinor < -MINOR_MAX)) {
    const message = 'the differences sum to more than 999999999999999999 minor units; send them as several corrections';
    return refusalOfField('amount_out_of_range', 'loans', message);
  }
  const unmovedLoanIds = correction.loans.flatMap(({ loanId }, index) => (differences[index] === 0n ? [loanId] : []));
  return { ...draftOf(correction, entry, lines), unmovedLoanIds };
}

/** What now stands of a loan's interest in a batch: as posted, with the standing corrections of it. */
function standingInterest(
  loanId: string,
  accrued: ReadonlyMap<string, bigint>,
  corrections: readonly StandingCorrection[],
): bigint {
  return corrections.reduce((sum, { differences }) => sum + (differences.get(loanId) ?? 0n), accrued.get(loanId) ?? 0n);
}

function linesOf(
  { loans }: AccrualCorrection,
  differences: readonly bigint[],
  { loan: loanOf }: CorrectionContext,
): DraftLine[] {
  const lines: DraftLine[] = [];
  const income = new Map<number, bigint>();
  loans.forEach(({ loanId }, index) => {
    const amountMinor = differences[index] ?? 0n;
    if (amountMinor === 0n) return;
    const loan = loanOf(loanId);
    const [account, opposite] = isOnNonAccrual(loan)
      ? [ACCOUNT.nonAccrualInterestReceivable, ACCOUNT.nonAccrualInterestIncome]
      : [ACCOUNT.interestReceivable, ACCOUNT.interestIncome];
    lines.push({ account, amountMinor, loanId, borrowerId: loan.borrowerId });
    income.set(opposite, (income.get(opposite) ?? 0n) - amountMinor);
  });
  for (const [account, amountMinor] of income) {
    if (amountMinor !== 0n) lines.push({ account, amountMinor, loanId: null, borrowerId: null });
  }
  return lines;
}

function draftOf(correction: AccrualCorrection, batch: PostedEntry, lines: readonly DraftLine[]): EntryDraft {
  return {
    eventType: 'accrual',
    effectiveAt: correction.effectiveAt,
    currency: batch.currency,
    layer: SETTLED,
    loanId: null,
    borrowerId: null,
    lines,
    reversesEntryId: null,
    externalRef: null,
    description: null,
    eventInput: { corrected_event_id: batch.eventId, reason_code: correction.reasonCode },
    metadata: correction.metadata,
  };
}

function notInBatch(loanId: string): Omit<LoanProblem, 'field'> & { field: 'loan_id' } {
  return { field: 'loan_id', code: 'loan_not_found', message: `loan ${loanId} is not in the batch` };
}

function refuseEarlier(effectiveAt: string, accrualDate: string): Refusal | null {
  if (effectiveAt >= accrualDate) return null;
  const message = `effective_at ${effectiveAt} lies before ${accrualDate}, the date of the batch it corrects`;
  return refusalOfField('validation_failed', 'effective_at', message);
}

function refuseReversed({ eventId }: PostedEntry, { reversedBy }: EntryStanding): Refusal | null {
  if (reversedBy === null) return null;
  const detail = `batch ${eventId} was reversed by ${reversedBy}, with its corrections; its dates are free to be accrued again`;
  return { code: 'already_reversed', detail };
}

function refuseLoan(loan: LoanState, differenceMinor: bigint): LoanProblem | null {
  const chargedOff = refuseChargedOff(loan);
  if (chargedOff !== null) return { field: 'loan_id', code: chargedOff.code, message: chargedOff.detail };
  const component = isOnNonAccrual(loan) ? 'memoInterest' : 'interest';
  const effect = { ...noComponents(), [component]: differenceMinor };
  const range = rangeProblem(loan, { layer: SETTLED, effect, field: 'interest_minor' });
  if (range === null) return null;
  return { ...range, code: differenceMinor < 0n ? 'balance_would_be_negative' : 'amount_out_of_range' };
}

function problemsOf(
  { loans }: AccrualCorrection,
  judge: (loan: CorrectedLoan, index: number) => LoanProblem | null,
): readonly LoanProblem[] {
  return loans.flatMap((loan, index) => {
    const problem = judge(loan, index);
    return problem === null ? [] : [{ ...problem, field: `loans[${index}].${problem.field}` }];
  });
}

function refusalOf(problems: readonly LoanProblem[], { loans }: AccrualCorrection): Refusal | null {
  const [first] = problems;
  if (first === undefined) return null;
  const detail = `${problems.length} of ${loans.length} loans were refused and nothing was posted; the first: ${first.message}`;
  return { code: first.code, detail, errors: problems };
}

/** What lines change of each loan's interest, be it a receivable or a memo. */
export function interestByLoan(lines: readonly DraftLine[]): ReadonlyMap<string, bigint> {
  return new Map(
    [...effectsByLoan(lines)].map(([loanId, { interest, memoInterest }]) => [loanId, interest + memoInterest]),
  );
}
