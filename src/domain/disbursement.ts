import { ACCOUNT } from './account-code.ts';
import { type Calendar, refuseClosedPeriod, refuseFuture } from './dating.ts';
import { type EntryDraft, LoanLines } from './journal-entry.ts';
import type { LayerNumber } from './layer.ts';
import type { LoanState } from './loan.ts';
import { refuseStranger } from './loan-identity.ts';
import { refuseChargedOff } from './loan-standing.ts';
import { versionInForce } from './program.ts';
import { type NewLoanProgram, refuseForeignCurrency, refuseUnknownProgram } from './program-of-loan.ts';
import { type Refusal, refusalOfField } from './refusal.ts';

/** A fee kept back out of what is paid out. */
export type WithheldFee = { readonly feeType: string; readonly amountMinor: bigint };

/** Money that goes out to a borrower (POST /v1/disbursements). `programId` null: the tenant's default program. */
export type Disbursement = {
  readonly loanId: string;
  readonly borrowerId: string;
  readonly amountMinor: bigint;
  readonly currency: string;
  readonly effectiveAt: string;
  readonly method: string;
  readonly destinationRef: string | null;
  readonly metadata: string | null;
  readonly programId: string | null;
  readonly fees: readonly WithheldFee[];
  readonly layer: LayerNumber;
};

/** What a disbursement meets. */
export type DisbursementContext = NewLoanProgram & {
  readonly loan: LoanState;
  readonly calendar: Calendar;
};

/**
 * Books a disbursement: DR 1100 gross, CR 2000 net of the fees withheld, CR their income accounts. The first one makes
 * the loan and fixes its borrower, currency and program; a later one adds principal (ACCOUNTING.md rule 3).
 */
export function decideDisbursement(disbursement: Disbursement, context: DisbursementContext): Refusal | EntryDraft {
  const { loan, program } = context;
  const refused =
    refuseUnknownProgram(context) ??
    (loan.borrowerId === null
      ? refuseForeignCurrency(disbursement, context)
      : (refuseStranger(disbursement, loan) ?? refuseOtherProgram(disbursement, context))) ??
    refuseFuture(disbursement.effectiveAt, context.calendar, 'effective_at') ??
    refuseClosedPeriod(disbursement.effectiveAt, context.calendar, 'effective_at') ??
    refuseChargedOff(loan);
  if (refused !== null) return refused;
  if (program === undefined) throw new Error('a disbursement without a program was not refused');
  const version = versionInForce(program, disbursement.effectiveAt);
  const withheld = disbursement.fees.reduce((sum, fee) => sum + fee.amountMinor, 0n);
  const lines = new LoanLines(disbursement)
    .debit(ACCOUNT.principalReceivable, disbursement.amountMinor)
    .credit(ACCOUNT.disbursementClearing, disbursement.amountMinor - withheld);
  for (const fee of disbursement.fees) {
    lines.credit(version.policy.feeIncomeAccounts.get(fee.feeType) ?? ACCOUNT.feeIncome, fee.amountMinor);
  }
  return {
    eventType: 'disbursement',
    effectiveAt: disbursement.effectiveAt,
    currency: disbursement.currency,
    layer: disbursement.layer,
    loanId: disbursement.loanId,
    borrowerId: disbursement.borrowerId,
    lines: lines.lines,
    reversesEntryId: null,
    externalRef: disbursement.destinationRef,
    description: null,
    eventInput: {
      method: disbursement.method,
      program_version: version.version,
      ...(disbursement.fees.length === 0
        ? {}
        : {
            fees: disbursement.fees.map((fee) => ({ fee_type: fee.feeType, amount_minor: fee.amountMinor.toString() })),
          }),
    },
    metadata: disbursement.metadata,
  };
}

function refuseOtherProgram(disbursement: Disbursement, context: DisbursementContext): Refusal | null {
  if (disbursement.programId === null || context.loan.programId === context.programId) return null;
  return refusalOfField('program_mismatch', 'program_id', `loan ${disbursement.loanId} belongs to another program`);
}
