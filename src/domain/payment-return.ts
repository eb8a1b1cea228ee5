import { ACCOUNT } from './account-code.ts';
import { allocationOf } from './allocation.ts';
import { type Calendar, refuseBeforeDisbursement, refuseEarlier, refuseFuture } from './dating.ts';
import { decideFee } from './fee.ts';
import { type BookedEntries, type DraftLine, type EntryDraft, LoanLines } from './journal-entry.ts';
import { SETTLED } from './layer.ts';
import { componentsOn, type LoanState } from './loan.ts';
import { ownerOf } from './loan-identity.ts';
import { isOnNonAccrual, lossAccountsOf } from './loan-standing.ts';
import type { AccountLine, EntryStanding, PostedEntry } from './posted-entry.ts';
import { type ProgramVersion, versionInForce, type WaterfallComponent } from './program.ts';
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

/** What a payment brought in, on SETTLED, and what of that went back since. */
export type Receipt = {
  readonly effectiveAt: string;
  readonly lines: readonly AccountLine[];
  readonly returned: Allocation;
};

/**
 * What a return meets: the entry of the event named (undefined: none), what was done to it since, the money it stands for (null:
 * it is pending and has brought nothing in), its loan.
 */
export type PaymentReturnContext = {
  readonly payment: PostedEntry | undefined;
  readonly standing: EntryStanding;
  readonly receipt: Receipt | null;
  readonly loan: (loanId: string) => {
    readonly loan: LoanState;
    readonly program: readonly ProgramVersion[];
  };
  readonly calendar: Calendar;
};

/**
 * Books a return: CR 1010; DR what the payment stands allocated to, its suspense first (`mirror`), or the loan's suspense and
 * then principal (`principal`). A fee for it follows under the same correlation. Refuses in the order: not found, dates, already
 * reversed, the loan's state (for the fee alone), the payment's amount.
 */
export function decidePaymentReturn(asked: PaymentReturn, context: PaymentReturnContext): Refusal | BookedEntries {
  const { payment, receipt, calendar } = context;
  if (payment === undefined || payment.eventType !== 'payment_received' || payment.loanId === null) {
    return { code: 'not_found', detail: `there is no payment event ${asked.paymentEventId}` };
  }
  const { loan, program } = context.loan(payment.loanId);
  const refused =
    refuseFuture(asked.effectiveAt, calendar, 'effective_at') ??
    refuseEarlier(asked.effectiveAt, (receipt ?? payment).effectiveAt, 'the payment') ??
    refuseBeforeDisbursement(asked.effectiveAt, loan, 'effective_at') ??
    refuseReversed(payment, context.standing);
  if (refused !== null) return refused;
  const version = versionInForce(program, asked.effectiveAt);
  const fee = feeFor(asked, { loan, program, calendar });
  if (fee !== null && 'code' in fee) return fee;
  const left = leftOf(receipt);
  const amountMinor = asked.amountMinor ?? sumOf(left);
  if (amountMinor === 0n || amountMinor > sumOf(left)) return refuseTooMuch(asked, receipt, sumOf(left));
  const first = draftOf({ asked, payment, amountMinor, version, loan }, takenOf(left, amountMinor, version));
  return { first, following: fee === null ? [] : [{ draft: fee, eventId: null }] };
}

/** What of each part of a payment a return of `amountMinor` takes, whatever accounts it debits for it. */
export function partsTaken(receipt: Receipt, amountMinor: bigint, version: ProgramVersion): Allocation {
  return takenOf(leftOf(receipt), amountMinor, version);
}

function leftOf(receipt: Receipt | null): Allocation {
  if (receipt === null) return NOTHING_ALLOCATED;
  return addAllocations(allocationOf(receipt.lines), receipt.returned, -1n);
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
};

function draftOf({ asked, payment, amountMinor, version, loan }: Return, taken: Allocation): EntryDraft {
  const owner = ownerOf(loan);
  const policy = asked.policy ?? version.policy.returns;
  const wanted = policy === 'mirror' ? taken : { ...NOTHING_ALLOCATED, suspense: amountMinor };
  const lines = debitReturned(new LoanLines(owner), coveredBySuspense(wanted, loan), { loan, version });
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
    },
    metadata: null,
  };
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
function debitReturned(
  lines: LoanLines,
  { fees, interest, principal, suspense }: Allocation,
  { loan, version }: { readonly loan: LoanState; readonly version: ProgramVersion },
): LoanLines {
  lines.debit(ACCOUNT.borrowerSuspense, suspense);
  const lost = lossAccountsOf(loan, version);
  if (lost !== null) {
    return lines.debit(lost.fees, fees).debit(lost.interest, interest).debit(lost.principal, principal);
  }
  lines.debit(ACCOUNT.feesReceivable, fees);
  if (isOnNonAccrual(loan)) {
    lines
      .debit(ACCOUNT.interestIncome, interest)
      .debit(ACCOUNT.nonAccrualInterestReceivable, interest)
      .credit(ACCOUNT.nonAccrualInterestIncome, interest);
  } else lines.debit(ACCOUNT.interestReceivable, interest);
  return lines.debit(ACCOUNT.principalReceivable, principal);
}

/** What of an entry's debits a charged-off loan lost, by component. */
export function lostBy(lines: readonly DraftLine[]): Record<WaterfallComponent, bigint> {
  const lost = { fees: 0n, interest: 0n, principal: 0n };
  for (const { account, amountMinor } of lines) {
    const component = LOST_COMPONENT.get(account);
    if (component !== undefined) lost[component] += amountMinor;
  }
  return lost;
}

const LOST_COMPONENT: ReadonlyMap<number, WaterfallComponent> = new Map([
  [ACCOUNT.feesChargedOff, 'fees'],
  [ACCOUNT.interestChargedOff, 'interest'],
  [ACCOUNT.creditLossExpense, 'principal'],
  [ACCOUNT.fraudLossExpense, 'principal'],
  [ACCOUNT.creditLossAllowance, 'principal'],
]);

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
