import { ACCOUNT } from './account-code.ts';
import { type Calendar, refuseClosedPeriod, refuseFuture } from './dating.ts';
import { type DraftLine, type EntryDraft, type EventInput, LoanLines } from './journal-entry.ts';
import { type LayerNumber, PENDING } from './layer.ts';
import type { LoanState } from './loan.ts';
import { refuseStranger } from './loan-identity.ts';
import { refuseChargedOff } from './loan-standing.ts';
import { type ProgramVersion, versionInForce } from './program.ts';
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
  // What is withheld is earned when the money goes out: a pending disbursement waits gross.
  const isPending = disbursement.layer === PENDING;
  const paidOut = isPending ? { ...disbursement, fees: [] } : disbursement;
  return {
    eventType: 'disbursement',
    effectiveAt: disbursement.effectiveAt,
    currency: disbursement.currency,
    layer: disbursement.layer,
    loanId: disbursement.loanId,
    borrowerId: disbursement.borrowerId,
    lines: paidOutLines(paidOut, disbursement, version),
    reversesEntryId: null,
    externalRef: disbursement.destinationRef,
    description: null,
    eventInput: {
      method: disbursement.method,
      program_version: version.version,
      ...withheldInput(disbursement.fees),
    },
    metadata: disbursement.metadata,
  };
}

/** What goes out, gross, and the fees kept back from it. */
export type PaidOut = Pick<Disbursement, 'amountMinor' | 'fees'>;

/** The lines of money that goes out: DR 1100, CR 2000 and the income of the fees withheld. */
export function paidOutLines(
  { amountMinor, fees }: PaidOut,
  owner: { readonly loanId: string; readonly borrowerId: string },
  { policy }: ProgramVersion,
): readonly DraftLine[] {
  const withheld = fees.reduce((sum, fee) => sum + fee.amountMinor, 0n);
  const lines = new LoanLines(owner)
    .debit(ACCOUNT.principalReceivable, amountMinor)
    .credit(ACCOUNT.disbursementClearing, amountMinor - withheld);
  for (const fee of fees) {
    lines.credit(policy.feeIncomeAccounts.get(fee.feeType) ?? ACCOUNT.feeIncome, fee.amountMinor);
  }
  return lines.lines;
}

/** Withheld fees as they are kept with the entry; nothing when there are none. */
function withheldInput(fees: readonly WithheldFee[]): EventInput {
  if (fees.length === 0) return {};
  return { fees: fees.map((fee) => ({ fee_type: fee.feeType, amount_minor: fee.amountMinor.toString() })) };
}

/** The fees that were kept with an entry. Throws when they are none, since only this program writes them. */
export function readWithheld({ fees }: EventInput): readonly WithheldFee[] {
  if (fees === undefined) return [];
  if (!Array.isArray(fees)) throw new Error('withheld fees are no list');
  return (fees as readonly EventInput[]).map(({ fee_type: feeType, amount_minor: amountMinor }) => {
    if (typeof feeType !== 'string' || typeof amountMinor !== 'string')
      throw new Error('a withheld fee is not readable');
    return { feeType, amountMinor: BigInt(amountMinor) };
  });
}

function refuseOtherProgram(disbursement: Disbursement, context: DisbursementContext): Refusal | null {
  if (disbursement.programId === null || context.loan.programId === context.programId) return null;
  return refusalOfField('program_mismatch', 'program_id', `loan ${disbursement.loanId} belongs to another program`);
}
