import { ACCOUNT } from './account-code.ts';
import { rangeProblem } from './component-range.ts';
import { type Calendar, refuseBeforeDisbursement, refuseFuture } from './dating.ts';
import type { DraftLine, EntryDraft } from './journal-entry.ts';
import { SETTLED } from './layer.ts';
import { type LoanState, noComponents } from './loan.ts';
import { isOnNonAccrual, refuseChargedOff } from './loan-standing.ts';
import { MINOR_MAX } from './money.ts';
import type { FieldProblem, Refusal, RefusalCode } from './refusal.ts';

/** One loan of a client's batch; interest may be 0, it is counted and gets no line. */
export type AccruedLoan = {
  readonly loanId: string;
  readonly outstandingPrincipalMinor: bigint;
  readonly interestMinor: bigint;
};

/** A day's interest for many loans as its client computed it (POST /v1/accruals/batch). */
export type AccrualBatch = {
  readonly programId: string;
  readonly accrualDate: string;
  readonly dayCountConvention: string;
  readonly loans: readonly AccruedLoan[];
};

/** What a batch meets. `programExists` is for the tenant; `accrued` tells whether a loan's date is taken. */
export type AccrualContext = {
  readonly programExists: boolean;
  readonly loan: (loanId: string) => LoanState;
  readonly accrued: (loanId: string) => boolean;
  readonly calendar: Calendar;
};

/**
 * Books a batch as one entry: DR 1200 one line per loan, CR 4000 one line, the sum; of loans on non-accrual DR 9100 and
 * CR 9200 (ACCOUNTING.md section 2). All or nothing: status and code are those of the first refused loan, errors[] names
 * every one.
 */
export function decideAccrualBatch(batch: AccrualBatch, context: AccrualContext): Refusal | EntryDraft {
  if (!context.programExists) {
    const message = `there is no program ${batch.programId}`;
    return {
      code: 'program_not_found',
      detail: message,
      errors: [{ field: 'program_id', code: 'program_not_found', message }],
    };
  }
  const currency = batch.loans[0] === undefined ? null : context.loan(batch.loans[0].loanId).currency;
  const errors: (FieldProblem & { code: RefusalCode })[] = [];
  const lines: DraftLine[] = [];
  let [total, memoTotal] = [0n, 0n];
  batch.loans.forEach((accrued, index) => {
    const loan = context.loan(accrued.loanId);
    const problem = refuseLoan({ batch, accrued, loan, currency, context });
    if (problem !== null) {
      errors.push({ ...problem, field: `loans[${index}].${problem.field}` });
      return;
    }
    const memo = isOnNonAccrual(loan);
    if (memo) memoTotal += accrued.interestMinor;
    else total += accrued.interestMinor;
    if (accrued.interestMinor !== 0n) {
      lines.push({
        account: memo ? ACCOUNT.nonAccrualInterestReceivable : ACCOUNT.interestReceivable,
        amountMinor: accrued.interestMinor,
        loanId: accrued.loanId,
        borrowerId: loan.borrowerId,
      });
    }
  });
  const first = errors[0];
  if (first !== undefined) {
    const detail = `${errors.length} of ${batch.loans.length} loans were refused and nothing was posted; the first: ${first.message}`;
    return { code: first.code, detail, errors };
  }
  if (total + memoTotal > MINOR_MAX) {
    const message =
      'the interest of the batch sums to more than 999999999999999999 minor units; send it as several batches';
    return {
      code: 'amount_out_of_range',
      detail: message,
      errors: [{ field: 'loans', code: 'amount_out_of_range', message }],
    };
  }
  lines.push(...incomeLine(ACCOUNT.interestIncome, total), ...incomeLine(ACCOUNT.nonAccrualInterestIncome, memoTotal));
  if (currency === null) throw new Error('an accrual batch without a loan was not refused');
  return {
    eventType: 'accrual',
    effectiveAt: batch.accrualDate,
    currency,
    layer: SETTLED,
    loanId: null,
    borrowerId: null,
    lines,
    reversesEntryId: null,
    externalRef: null,
    description: null,
    eventInput: {
      program_id: batch.programId,
      day_count_convention: batch.dayCountConvention,
      loan_count: batch.loans.length,
    },
    metadata: null,
  };
}

function incomeLine(account: number, amountMinor: bigint): readonly DraftLine[] {
  return amountMinor === 0n ? [] : [{ account, amountMinor: -amountMinor, loanId: null, borrowerId: null }];
}

type LoanToAccrue = {
  readonly batch: AccrualBatch;
  readonly accrued: AccruedLoan;
  readonly loan: LoanState;
  readonly currency: string | null;
  readonly context: AccrualContext;
};

function refuseLoan({
  batch,
  accrued,
  loan,
  currency,
  context,
}: LoanToAccrue): (FieldProblem & { code: RefusalCode }) | null {
  const { loanId } = accrued;
  if (loan.borrowerId === null) {
    return { field: 'loan_id', code: 'loan_not_found', message: `there is no loan ${loanId}` };
  }
  if (currency !== null && loan.currency !== currency) {
    const message = `loan ${loanId} is kept in ${loan.currency}, the first loan of the batch in ${currency}`;
    return { field: 'loan_id', code: 'currency_mismatch', message };
  }
  if (loan.programId !== batch.programId) {
    return { field: 'loan_id', code: 'program_mismatch', message: `loan ${loanId} belongs to another program` };
  }
  const refused =
    refuseFuture(batch.accrualDate, context.calendar, 'accrual_date') ??
    refuseBeforeDisbursement(batch.accrualDate, loan, 'accrual_date') ??
    refuseChargedOff(loan);
  if (refused !== null) return { field: 'loan_id', code: refused.code, message: refused.detail };
  if (context.accrued(loanId)) {
    const message = `loan ${loanId} has accrued for ${batch.accrualDate} already; leave it out, or reverse that batch`;
    return { field: 'loan_id', code: 'accrual_already_posted', message };
  }
  const component = isOnNonAccrual(loan) ? 'memoInterest' : 'interest';
  const effect = { ...noComponents(), [component]: accrued.interestMinor };
  const range = rangeProblem(loan, { layer: SETTLED, effect, field: 'interest_minor' });
  return range === null ? null : { ...range, code: 'amount_out_of_range' };
}
