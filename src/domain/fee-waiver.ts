import { ACCOUNT } from './account-code.ts';
import { type Calendar, refuseBeforeDisbursement, refuseClosedPeriod, refuseFuture } from './dating.ts';
import { type EntryDraft, LoanLines } from './journal-entry.ts';
import { SETTLED } from './layer.ts';
import { componentsOn, type LoanState } from './loan.ts';
import { ownerOf, refuseStranger } from './loan-identity.ts';
import { refuseChargedOff } from './loan-standing.ts';
import { type Refusal, refusalOfField } from './refusal.ts';

/** Fees that the lender gives up (POST /v1/fees/waivers). */
export type FeeWaiver = {
  readonly loanId: string;
  readonly amountMinor: bigint;
  readonly currency: string;
  readonly effectiveAt: string;
  readonly reasonCode: string;
  readonly description: string | null;
  readonly metadata: string | null;
};

/** What a waiver meets. */
export type FeeWaiverContext = { readonly loan: LoanState; readonly calendar: Calendar };

/** Books a waiver: DR 4920, CR 1300; no more than the fees outstanding. */
export function decideFeeWaiver(waiver: FeeWaiver, { loan, calendar }: FeeWaiverContext): Refusal | EntryDraft {
  const { amountMinor, effectiveAt } = waiver;
  const refused =
    refuseStranger({ ...waiver, borrowerId: null }, loan) ??
    refuseFuture(effectiveAt, calendar, 'effective_at') ??
    refuseBeforeDisbursement(effectiveAt, loan, 'effective_at') ??
    refuseClosedPeriod(effectiveAt, calendar, 'effective_at') ??
    refuseChargedOff(loan);
  if (refused !== null) return refused;
  const { fees } = componentsOn(loan, SETTLED);
  if (amountMinor > fees) {
    const message = `${amountMinor} is more than the ${fees} of fees outstanding`;
    return refusalOfField('amount_exceeds_outstanding', 'amount_minor', message);
  }
  const owner = ownerOf(loan);
  return {
    eventType: 'fee_waived',
    effectiveAt,
    currency: waiver.currency,
    layer: SETTLED,
    ...owner,
    lines: new LoanLines(owner).debit(ACCOUNT.feesWaived, amountMinor).credit(ACCOUNT.feesReceivable, amountMinor)
      .lines,
    reversesEntryId: null,
    externalRef: null,
    description: waiver.description,
    eventInput: { reason_code: waiver.reasonCode },
    metadata: waiver.metadata,
  };
}
