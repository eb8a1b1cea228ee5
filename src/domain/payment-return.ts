import { ACCOUNT } from './account-code.ts';
import { allocationInput, creditOn } from './allocation.ts';
import { type Calendar, refuseClosedPeriod, refuseEarlier, refuseFuture } from './dating.ts';
import { decideFee } from './fee.ts';
import { type BookedEntries, type DraftLine, type EntryDraft, LoanLines } from './journal-entry.ts';
import { SETTLED } from './layer.ts';
import { componentsOn, type LoanState, type Receivables } from './loan.ts';
import { ownerOf } from './loan-identity.ts';
import { isOnNonAccrual } from './loan-standing.ts';
import {
  allowanceShare,
  debitLoss,
  type Loss,
  minus,
  NOTHING_LOST,
  plus,
  type TakenPart,
  takeInOrder,
} from './loss.ts';
import type { EntryStanding, PostedEntry } from './posted-entry.ts';
import { type ProgramVersion, versionInForce } from './program.ts';
import { type Refusal, refusalOfField } from './refusal.ts';
import { type Allocation, addAllocations, allocate, NOTHING_ALLOCATED, sumOf } from './waterfall.ts';

/** The type of the fee that is charged for a return. */
const NSF_FEE_TYPE = 'nsf';

/**
 * Money of a payment that went back (POST /v1/payments/{payment_event_id}/returns). `amountMinor` null: all that has not come
 * back yet; `nsfFeeMinor` null: no fee; `policy` null: that of the program.
 */
export type PaymentReturn = {
  readonly paymentEventId: string;
  readonly returnCode: string;
  readonly effectiveAt: string;
  readonly amountMinor: bigint | null;
  readonly nsfFeeMinor: bigint | null;
  readonly policy: ProgramVersion['policy']['returns'] | null;
};

/** What a payment or recovery brought in, on SETTLED, and what of that went back since. */
export type Receipt = {
  readonly effectiveAt: string;
  readonly allocation: Allocation;
  readonly returned: Allocation;
  /** Of a recovery: what of which losses it still brings back, the oldest first. A payment brings back none: null. */
  readonly recovers: readonly TakenPart[] | null;
};

/** What a recovery brings back of losses, by itself and by the returns of it. */
export function recoveredBy(losses: readonly Loss[], entryIds: ReadonlySet<string>): readonly TakenPart[] {
  return losses.map((loss) => ({
    lossEntryId: loss.entryId,
    amounts: loss.recovered
      .filter(({ entryId }) => entryIds.has(entryId))
      .reduce((sum, { amounts }) => plus(sum, amounts), NOTHING_LOST),
  }));
}

/**
 * What a return meets: the entry of the event named (undefined: none), what was done to it since, the money it stands for (null:
 * it is pending and has brought nothing in), its loan.
 */
export type PaymentReturnContext = {
  readonly payment: PostedEntry | undefined;
  readonly standing: EntryStanding;
  readonly receipt: Receipt | null;
  /** Where the return is decided behind the present: the same with what went back later than its place too. */
  readonly present?: Receipt | null;
  /** The standing losses of the loan, the oldest first. */
  readonly losses: readonly Loss[];
  readonly loan: (loanId: string) => {
    readonly loan: LoanState;
    readonly program: readonly ProgramVersion[];
  };
  readonly calendar: Calendar;
};

/** The types of entry by which a borrower's money came in. */
export const RECEIVED: ReadonlySet<string> = new Set(['payment_received', 'recovery']);

/**
 * Books a return: CR 1010; DR what the payment stands allocated to, its suspense first (`mirror`), or the loan's suspense and
 * then principal (`principal`). Of a recovery it mirrors what that brought back, whatever the policy. A fee for it follows
 * under the same correlation. Refuses in the order: not found, dates, already reversed, the loan's beginning and state (both
 * for the fee alone: what is returned stands), the payment's amount.
 */
export function decidePaymentReturn(asked: PaymentReturn, context: PaymentReturnContext): Refusal | BookedEntries {
  const { payment, receipt, calendar } = context;
  if (payment === undefined || !RECEIVED.has(payment.eventType) || payment.loanId === null) {
    return { code: 'not_found', detail: `there is no payment event ${asked.paymentEventId}` };
  }
  const { loan, program } = context.loan(payment.loanId);
  const refused =
    refuseFuture(asked.effectiveAt, calendar, 'effective_at') ??
    refuseEarlier(asked.effectiveAt, (context.present ?? receipt ?? payment).effectiveAt, 'the payment') ??
    refuseClosedPeriod(asked.effectiveAt, calendar, 'effective_at') ??
    refuseReversed(payment, context.standing);
  if (refused !== null) return refused;
  const version = versionInForce(program, asked.effectiveAt);
  const fee = feeFor(asked, { loan, program, calendar });
  if (fee !== null && 'code' in fee) return fee;
  const leftMinor = sumOf(leftOf(context.present ?? receipt));
  const amountMinor = asked.amountMinor ?? leftMinor;
  if (receipt === null || amountMinor === 0n || amountMinor > leftMinor) {
    return refuseTooMuch(asked, receipt, leftMinor);
  }
  const of = { asked, payment, amountMinor, version, loan, losses: context.losses };
  const first = draftOf(of, receipt, takenOf(leftOf(receipt), amountMinor, version));
  return { first, following: fee === null ? [] : [{ draft: fee, eventId: null }] };
}

/** What of each part of a payment a return of `amountMinor` takes, whatever accounts it debits for it. */
export function partsTaken(receipt: Receipt, amountMinor: bigint, version: ProgramVersion): Allocation {
  return takenOf(leftOf(receipt), amountMinor, version);
}

function leftOf(receipt: Receipt | null): Allocation {
  if (receipt === null) return NOTHING_ALLOCATED;
  return addAllocations(receipt.allocation, receipt.returned, -1n);
}

/** Suspense first, then the program's order, also on non-accrual. */
function takenOf(left: Allocation, amountMinor: bigint, { policy }: ProgramVersion): Allocation {
  const suspense = least(amountMinor, left.suspense);
  const { fees, interest, principal } = allocate(amountMinor - suspense, left, policy.waterfall);
  return { fees, interest, principal, suspense };
}

function refuseReversed(payment: PostedEntry, { reversedBy }: EntryStanding): Refusal | null {
  if (reversedBy === null) return null;
  const detail = `the payment was reversed by ${reversedBy}; nothing of it is left to come back`;
  return { code: 'already_reversed', detail: `${detail} (entry ${payment.entryId})` };
}

function refuseTooMuch({ amountMinor }: PaymentReturn, receipt: Receipt | null, leftMinor: bigint): Refusal {
  const message =
    receipt === null
      ? 'the payment is pending and has brought nothing in; cancel it'
      : `${amountMinor ?? 'a return'} is more than the ${leftMinor} that has not come back yet`;
  return refusalOfField('amount_exceeds_payment', 'amount_minor', message);
}

type Return = {
  readonly asked: PaymentReturn;
  readonly payment: PostedEntry;
  readonly amountMinor: bigint;
  readonly version: ProgramVersion;
  readonly loan: LoanState;
  readonly losses: readonly Loss[];
};

function draftOf(of: Return, { recovers }: Receipt, taken: Allocation): EntryDraft {
  const { asked, payment, amountMinor, version, loan } = of;
  const owner = ownerOf(loan);
  const lines = new LoanLines(owner);
  const givenBack = recovers === null ? null : takeInOrder(recovers, taken);
  const back = coveredBySuspense(wantedOf(of, taken, givenBack !== null), loan);
  debitReturned(lines, back, loan);
  if (givenBack !== null) debitRecovered(lines, givenBack, of.losses);
  return {
    eventType: 'payment_returned',
    effectiveAt: asked.effectiveAt,
    currency: payment.currency,
    layer: SETTLED,
    ...owner,
    lines: lines.credit(ACCOUNT.paymentClearing, amountMinor).lines,
    reversesEntryId: null,
    externalRef: payment.externalRef,
    description: asked.returnCode,
    eventInput: {
      payment_event_id: asked.paymentEventId,
      return_code: asked.returnCode,
      amount_minor: amountMinor.toString(),
      policy: asked.policy,
      program_version: version.version,
      // The lines of a recovery's return do not say which component is no longer recovered.
      ...(givenBack === null ? {} : { recovered: allocationInput(shownOf(back, taken)) }),
    },
    metadata: null,
  };
}

/** What is to be debited besides what a recovery brought back, before suspense is looked at. */
function wantedOf({ asked, amountMinor, version }: Return, taken: Allocation, isRecovery: boolean): Allocation {
  if (isRecovery) return { ...NOTHING_ALLOCATED, suspense: taken.suspense };
  const policy = asked.policy ?? version.policy.returns;
  return policy === 'mirror' ? taken : { ...NOTHING_ALLOCATED, suspense: amountMinor };
}

function shownOf(back: Allocation, taken: Allocation): Allocation {
  return addAllocations(back, { ...taken, suspense: 0n });
}

/** What suspense no longer holds comes out of principal. */
function coveredBySuspense(wanted: Allocation, loan: LoanState): Allocation {
  const suspense = least(wanted.suspense, componentsOn(loan, SETTLED).suspense);
  return { ...wanted, suspense, principal: wanted.principal + wanted.suspense - suspense };
}

/**
 * Debits what came back to where the loan carries it now: its receivables, memo interest on non-accrual, the accounts of its
 * loss once it is charged off (ACCOUNTING.md rule 9).
 */
function debitReturned(lines: LoanLines, back: Allocation, loan: LoanState): void {
  const { fees, interest, principal, suspense } = back;
  lines.debit(ACCOUNT.borrowerSuspense, suspense);
  const { lossAccount } = loan.standing;
  if (lossAccount !== null) {
    debitLoss(lines, back, lossAccount);
    return;
  }
  lines.debit(ACCOUNT.feesReceivable, fees);
  if (isOnNonAccrual(loan)) {
    lines
      .debit(ACCOUNT.interestIncome, interest)
      .debit(ACCOUNT.nonAccrualInterestReceivable, interest)
      .credit(ACCOUNT.nonAccrualInterestIncome, interest);
  } else lines.debit(ACCOUNT.interestReceivable, interest);
  lines.debit(ACCOUNT.principalReceivable, principal);
}

/** The mirror of a recovery: what went to the allowance comes back out of it, all else out of income. */
function debitRecovered(lines: LoanLines, givenBack: readonly TakenPart[], losses: readonly Loss[]): void {
  const all = givenBack.reduce((sum, { amounts }) => plus(sum, amounts), NOTHING_LOST);
  const fromAllowance = allowanceShare(losses, givenBack);
  lines
    .debit(ACCOUNT.recoveryIncome, all.fees + all.interest + all.principal - fromAllowance)
    .debit(ACCOUNT.lossAllowance, fromAllowance);
}

/** What a return that was booked takes back of a recovery, loss by loss; nothing of a payment. Negative, as it is kept. */
export function takenBack(receipt: Receipt, parts: Allocation): readonly TakenPart[] {
  if (receipt.recovers === null) return [];
  return takeInOrder(receipt.recovers, parts).map(({ lossEntryId, amounts }) => ({
    lossEntryId,
    amounts: minus(NOTHING_LOST, amounts),
  }));
}

/** What a charged-off loan lost by a return that was booked. `taken` is what it takes back of a recovery. */
export function lostBy(
  lines: readonly DraftLine[],
  lossAccount: number,
  { losses, taken }: { readonly losses: readonly Loss[]; readonly taken: readonly TakenPart[] },
): Receivables {
  const ofRecovery = lossAccount === ACCOUNT.lossAllowance ? allowanceShare(losses, taken) : 0n;
  return {
    fees: -creditOn(lines, ACCOUNT.feesChargedOff),
    interest: -creditOn(lines, ACCOUNT.interestChargedOff),
    principal: -creditOn(lines, lossAccount) + ofRecovery,
  };
}

type FeeScene = { readonly loan: LoanState; readonly program: readonly ProgramVersion[]; readonly calendar: Calendar };

function feeFor({ nsfFeeMinor, effectiveAt, returnCode }: PaymentReturn, scene: FeeScene): Refusal | EntryDraft | null {
  if (nsfFeeMinor === null) return null;
  const { loan } = scene;
  const fee = {
    loanId: loan.loanId,
    borrowerId: null,
    feeType: NSF_FEE_TYPE,
    amountMinor: nsfFeeMinor,
    currency: loan.currency ?? '',
    effectiveAt,
    externalRef: null,
    description: returnCode,
    metadata: null,
  };
  const decided = decideFee(fee, scene);
  // The body names no loan: what the fee is refused for is the fee.
  return 'code' in decided ? refusalOfField(decided.code, 'nsf_fee_minor', decided.detail) : decided;
}

function least(one: bigint, other: bigint): bigint {
  return one < other ? one : other;
}
