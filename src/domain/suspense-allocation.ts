import { ACCOUNT } from './account-code.ts';
import { allocateTo, creditAllocation } from './allocation.ts';
import { type Calendar, refuseBeforeDisbursement, refuseClosedPeriod, refuseFuture } from './dating.ts';
import { type EntryDraft, LoanLines } from './journal-entry.ts';
import { SETTLED } from './layer.ts';
import { componentsOn, type LoanState } from './loan.ts';
import { ownerOf, refuseStranger } from './loan-identity.ts';
import { refuseChargedOff } from './loan-standing.ts';
import { type ProgramVersion, versionInForce } from './program.ts';
import { type Refusal, refusalOfField } from './refusal.ts';
import { NOTHING_ALLOCATED } from './waterfall.ts';

/** Unapplied funds put to what is owed (POST /v1/payments/allocations). `amountMinor` null: all that there is. */
export type SuspenseAllocation = {
  readonly loanId: string;
  readonly amountMinor: bigint | null;
  readonly currency: string;
  readonly effectiveAt: string;
  readonly metadata: string | null;
};

/** What an allocation meets. */
export type SuspenseAllocationContext = {
  readonly loan: LoanState;
  readonly program: readonly ProgramVersion[];
  readonly calendar: Calendar;
  /** It stands already and is decided again at its place: it takes what is there, be it nothing (ACCOUNTING.md rule 11). */
  readonly again?: boolean;
};

/**
 * Books an allocation: DR 2100, CR by the waterfall. Takes min(asked, available) (ACCOUNTING.md rule 10); what the
 * components do not take stays in suspense. Refused when that leaves nothing to book.
 */
export function decideSuspenseAllocation(
  asked: SuspenseAllocation,
  context: SuspenseAllocationContext,
): Refusal | EntryDraft {
  const { loan, again = false } = context;
  const refused =
    refuseStranger({ ...asked, borrowerId: null }, loan) ??
    refuseFuture(asked.effectiveAt, context.calendar, 'effective_at') ??
    (again ? null : refuseBeforeDisbursement(asked.effectiveAt, loan, 'effective_at')) ??
    refuseClosedPeriod(asked.effectiveAt, context.calendar, 'effective_at') ??
    (again ? null : refuseChargedOff(loan));
  if (refused !== null) return refused;
  const { suspense } = componentsOn(loan, SETTLED);
  if (suspense === 0n && !again)
    return nothingToBook('amount_exceeds_suspense', `loan ${loan.loanId} has nothing in suspense`);
  const version = versionInForce(context.program, asked.effectiveAt);
  const taken = asked.amountMinor === null || asked.amountMinor > suspense ? suspense : asked.amountMinor;
  // What a charge-off by components left on a loan that it closed is not paid any more.
  const isPaid = loan.standing.status === 'active';
  const allocation = isPaid ? { ...allocateTo(loan, taken, version.policy), suspense: 0n } : NOTHING_ALLOCATED;
  const applied = allocation.fees + allocation.interest + allocation.principal;
  if (applied === 0n && !again) return nothingToBook('amount_exceeds_outstanding', `loan ${loan.loanId} owes nothing`);
  const owner = ownerOf(loan);
  const lines = new LoanLines(owner).debit(ACCOUNT.borrowerSuspense, applied);
  return {
    eventType: 'payment_allocated',
    effectiveAt: asked.effectiveAt,
    currency: asked.currency,
    layer: SETTLED,
    ...owner,
    lines: creditAllocation(lines, allocation, loan).lines,
    reversesEntryId: null,
    externalRef: null,
    description: null,
    eventInput: {
      ...(asked.amountMinor === null ? {} : { amount_minor: asked.amountMinor.toString() }),
      program_version: version.version,
    },
    metadata: asked.metadata,
  };
}

/** An event has at least one unit (CONTRACT.md "Money"), so an allocation of nothing is none. */
function nothingToBook(code: 'amount_exceeds_suspense' | 'amount_exceeds_outstanding', message: string): Refusal {
  return refusalOfField(code, 'amount_minor', message);
}
