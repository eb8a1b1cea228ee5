import { ACCOUNT } from './account-code.ts';
import { allocateTo, creditAllocation, cutSplit, refuseAllocation, refuseWrongSum, splitInput } from './allocation.ts';
import { type Calendar, refuseBeforeDisbursement, refuseClosedPeriod, refuseFuture } from './dating.ts';
import { type DraftLine, type EntryDraft, type EventInput, LoanLines } from './journal-entry.ts';
import { type LayerNumber, PENDING } from './layer.ts';
import type { LoanState } from './loan.ts';
import { refuseStranger } from './loan-identity.ts';
import { refuseChargedOff } from './loan-standing.ts';
import { type ProgramVersion, versionInForce } from './program.ts';
import type { Refusal } from './refusal.ts';
import type { Allocation } from './waterfall.ts';

/** A borrower's money that came in (POST /v1/payments). `split` is the caller's own allocation, or null. */
export type Payment = {
  readonly loanId: string;
  readonly borrowerId: string;
  readonly amountMinor: bigint;
  readonly currency: string;
  readonly effectiveAt: string;
  readonly sourceMethod: string;
  readonly externalRef: string | null;
  readonly layer: LayerNumber;
  readonly split: Allocation | null;
  readonly metadata: string | null;
};

/** What a payment meets: its loan (made, or not), the versions of the loan's program, the calendar. */
export type PaymentContext = {
  readonly loan: LoanState;
  readonly program: readonly ProgramVersion[];
  readonly calendar: Calendar;
  /** It stands already and is decided again at its place: money that came in never blocks (ACCOUNTING.md rule 11). */
  readonly again?: boolean;
};

/**
 * Books a payment: DR 1010, CR 1300, 1200, 1100 by the waterfall or the explicit split, the rest CR 2100. On PENDING the
 * whole amount stands as DR 1010 CR 2100 until it settles (ACCOUNTING.md section 2). Refuses in the order of
 * CONTRACT.md section 2: loan, borrower, currency, dates, the loan's state, amounts.
 */
export function decidePayment(payment: Payment, context: PaymentContext): Refusal | EntryDraft {
  const { loan, again = false } = context;
  const refused =
    refuseStranger(payment, loan) ??
    refuseFuture(payment.effectiveAt, context.calendar, 'effective_at') ??
    (again ? null : refuseBeforeDisbursement(payment.effectiveAt, loan, 'effective_at')) ??
    refuseClosedPeriod(payment.effectiveAt, context.calendar, 'effective_at') ??
    (again ? null : refuseChargedOff(loan));
  if (refused !== null) return refused;
  const version = versionInForce(context.program, payment.effectiveAt);
  const lines =
    payment.layer === PENDING
      ? waitingLines(payment)
      : receivedLines(payment, { owner: payment, loan, version, again });
  if ('code' in lines) return lines;
  return {
    eventType: 'payment_received',
    effectiveAt: payment.effectiveAt,
    currency: payment.currency,
    layer: payment.layer,
    loanId: payment.loanId,
    borrowerId: payment.borrowerId,
    lines,
    reversesEntryId: null,
    externalRef: payment.externalRef,
    description: null,
    eventInput: inputOf(payment, version),
    metadata: payment.metadata,
  };
}

/** What is received: the amount, and the caller's own allocation, which is judged against what the loan owes now. */
export type Received = Pick<Payment, 'amountMinor' | 'split'>;

/** The lines on SETTLED of money received: at once, or when a pending payment settles. */
export function receivedLines(
  { amountMinor, split }: Received,
  to: {
    readonly owner: { readonly loanId: string; readonly borrowerId: string };
    readonly loan: LoanState;
    readonly version: ProgramVersion;
    readonly again?: boolean;
  },
): Refusal | readonly DraftLine[] {
  const { owner, loan, version, again = false } = to;
  const unfit = again ? null : refuseAllocation({ split, amountMinor }, loan, version.policy);
  if (unfit !== null) return unfit;
  const fitting = split === null || !again ? split : cutSplit(split, loan);
  const lines = new LoanLines(owner).debit(ACCOUNT.paymentClearing, amountMinor);
  return creditAllocation(lines, fitting ?? allocateTo(loan, amountMinor, version.policy), loan).lines;
}

/** A pending payment waits whole in suspense; its split must sum already, and is kept until it settles. */
function waitingLines(payment: Payment): Refusal | readonly DraftLine[] {
  const { amountMinor, split } = payment;
  const unfit = split === null ? null : refuseWrongSum(split, amountMinor);
  if (unfit !== null) return unfit;
  return new LoanLines(payment)
    .debit(ACCOUNT.paymentClearing, amountMinor)
    .credit(ACCOUNT.borrowerSuspense, amountMinor).lines;
}

function inputOf({ sourceMethod, split }: Payment, version: ProgramVersion): EventInput {
  return { source_method: sourceMethod, program_version: version.version, ...splitInput(split) };
}
