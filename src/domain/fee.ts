import { ACCOUNT } from './account-code.ts';
import { type Calendar, refuseBeforeDisbursement, refuseClosedPeriod, refuseFuture } from './dating.ts';
import { type EntryDraft, LoanLines } from './journal-entry.ts';
import { SETTLED } from './layer.ts';
import type { LoanState } from './loan.ts';
import { ownerOf, refuseStranger } from './loan-identity.ts';
import { refuseChargedOff } from './loan-standing.ts';
import { type ProgramVersion, versionInForce } from './program.ts';
import type { Refusal } from './refusal.ts';

/** A fee charged to a loan (POST /v1/fees). `borrowerId` null: not stated, not compared. */
export type Fee = {
  readonly loanId: string;
  readonly borrowerId: string | null;
  readonly feeType: string;
  readonly amountMinor: bigint;
  readonly currency: string;
  readonly effectiveAt: string;
  readonly externalRef: string | null;
  readonly description: string | null;
  readonly metadata: string | null;
};

/** What a fee meets. */
export type FeeContext = {
  readonly loan: LoanState;
  readonly program: readonly ProgramVersion[];
  readonly calendar: Calendar;
};

/** Books a fee: DR 1300, CR the income account that the program names for its type, else 4100. */
export function decideFee(fee: Fee, context: FeeContext): Refusal | EntryDraft {
  const { loan } = context;
  const refused =
    refuseStranger(fee, loan) ??
    refuseFuture(fee.effectiveAt, context.calendar, 'effective_at') ??
    refuseBeforeDisbursement(fee.effectiveAt, loan, 'effective_at') ??
    refuseClosedPeriod(fee.effectiveAt, context.calendar, 'effective_at') ??
    refuseChargedOff(loan);
  if (refused !== null) return refused;
  const owner = ownerOf(loan);
  const version = versionInForce(context.program, fee.effectiveAt);
  return {
    eventType: 'fee_assessed',
    effectiveAt: fee.effectiveAt,
    currency: fee.currency,
    layer: SETTLED,
    ...owner,
    lines: new LoanLines(owner)
      .debit(ACCOUNT.feesReceivable, fee.amountMinor)
      .credit(version.policy.feeIncomeAccounts.get(fee.feeType) ?? ACCOUNT.feeIncome, fee.amountMinor).lines,
    reversesEntryId: null,
    externalRef: fee.externalRef,
    description: fee.description,
    eventInput: { fee_type: fee.feeType, program_version: version.version },
    metadata: fee.metadata,
  };
}
