import { ACCOUNT } from './account-code.ts';
import { rangeProblem } from './component-range.ts';
import { type Calendar, refuseBeforeDisbursement, refuseClosedPeriod, refuseFuture } from './dating.ts';
import type { DraftLine, EntryDraft } from './journal-entry.ts';
import { SETTLED } from './layer.ts';
import { type LoanState, noComponents } from './loan.ts';
import { isOnNonAccrual, refuseChargedOff } from './loan-standing.ts';
import { MINOR_MAX } from './money.ts';
import { type ProgramPolicy, type ProgramVersion, versionInForce } from './program.ts';
import { type FieldProblem, type Refusal, type RefusalCode, refusalOfField } from './refusal.ts';

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

/**
 * What a batch meets: the program that it names (undefined: the tenant has none of this id), whether a loan's date is taken,
 * and the principal that the ledger has for the night.
 */
export type AccrualContext = {
  readonly program: readonly ProgramVersion[] | undefined;
  readonly nightPrincipal: (loanId: string) => bigint;
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
  if (context.program === undefined) return refuseProgram(batch.programId);
  const { principalCheck } = versionInForce(context.program, batch.accrualDate).policy;
  const currency = currencyOf(batch, context);
  const errors: (FieldProblem & { code: RefusalCode })[] = [];
  const lines: DraftLine[] = [];
  let [total, memoTotal] = [0n, 0n];
  batch.loans.forEach((accrued, index) => {
    const loan = context.loan(accrued.loanId);
    const problem = refuseLoan({ batch, accrued, loan, currency, context, principalCheck });
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
    return refusalOfField('amount_out_of_range', 'loans', message);
  }
  lines.push(...incomeLine(ACCOUNT.interestIncome, total), ...incomeLine(ACCOUNT.nonAccrualInterestIncome, memoTotal));
  if (currency === null) throw new Error('an accrual batch without a loan was not refused');
  const differences = principalDifferences(batch, context.nightPrincipal).length;
  return {
    eventType: 'accrual',
    effectiveAt: batch.accrualDate,
    currency,
    layer: SETTLED,
    loanId: null,
    borrowerId: null,
    lines,
    unmovedLoanIds: unmovedBy(batch),
    reversesEntryId: null,
    externalRef: null,
    description: null,
    eventInput: {
      program_id: batch.programId,
      day_count_convention: batch.dayCountConvention,
      loan_count: batch.loans.length,
      ...(differences === 0 ? {} : { principal_differences: differences }),
    },
    metadata: null,
  };
}

function unmovedBy({ loans }: AccrualBatch): readonly string[] {
  return loans.flatMap(({ loanId, interestMinor }) => (interestMinor === 0n ? [loanId] : []));
}

/** That of the first loan which there is: loans behind one that is missing are judged all the same. */
function currencyOf({ loans }: AccrualBatch, context: AccrualContext): string | null {
  for (const { loanId } of loans) {
    const { currency } = context.loan(loanId);
    if (currency !== null) return currency;
  }
  return null;
}

function refuseProgram(programId: string): Refusal {
  return refusalOfField('program_not_found', 'program_id', `there is no program ${programId}`);
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
  readonly principalCheck: ProgramPolicy['principalCheck'];
};

function refuseLoan({
  batch,
  accrued,
  loan,
  currency,
  context,
  principalCheck,
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
    refuseClosedPeriod(batch.accrualDate, context.calendar, 'accrual_date') ??
    refuseChargedOff(loan);
  if (refused !== null) return { field: 'loan_id', code: refused.code, message: refused.detail };
  if (context.accrued(loanId)) {
    const message = `loan ${loanId} has accrued for ${batch.accrualDate} already; leave it out, or reverse that batch`;
    return { field: 'loan_id', code: 'accrual_already_posted', message };
  }
  const component = isOnNonAccrual(loan) ? 'memoInterest' : 'interest';
  const effect = { ...noComponents(), [component]: accrued.interestMinor };
  const range = rangeProblem(loan, { layer: SETTLED, effect, field: 'interest_minor' });
  if (range !== null) return { ...range, code: 'amount_out_of_range' };
  return principalCheck === 'record' ? null : refuseOtherPrincipal(accrued, context.nightPrincipal(loanId));
}

function refuseOtherPrincipal(
  { loanId, outstandingPrincipalMinor }: AccruedLoan,
  ledgerMinor: bigint,
): (FieldProblem & { code: RefusalCode }) | null {
  if (outstandingPrincipalMinor === ledgerMinor) return null;
  const message = `loan ${loanId} has a principal of ${ledgerMinor} for that night, not ${outstandingPrincipalMinor}`;
  return { field: 'outstanding_principal_minor', code: 'principal_mismatch', message };
}

/** A loan of a batch whose interest was computed on another principal than the ledger has for the night. */
export type PrincipalDifference = { readonly loanId: string; readonly sentMinor: bigint; readonly ledgerMinor: bigint };

/** The differences that policy `record` keeps with a batch, in the order of its loans. */
export function principalDifferences(
  batch: AccrualBatch,
  nightPrincipal: AccrualContext['nightPrincipal'],
): readonly PrincipalDifference[] {
  return batch.loans.flatMap(({ loanId, outstandingPrincipalMinor: sentMinor }) => {
    const ledgerMinor = nightPrincipal(loanId);
    return sentMinor === ledgerMinor ? [] : [{ loanId, sentMinor, ledgerMinor }];
  });
}
