import { ACCOUNT } from './account-code.ts';
import { allocationInput, cutTo, refuseUnfitSplit, splitInput } from './allocation.ts';
import { type Calendar, refuseBeforeDisbursement, refuseClosedPeriod, refuseFuture } from './dating.ts';
import { type EntryDraft, LoanLines } from './journal-entry.ts';
import { SETTLED } from './layer.ts';
import type { LoanState, Receivables } from './loan.ts';
import { refuseStranger } from './loan-identity.ts';
import { allowanceShare, isNothing, type Loss, type TakenPart, takeRecovered, unrecoveredOf } from './loss.ts';
import { type ProgramVersion, versionInForce } from './program.ts';
import { type Refusal, refusalOfField } from './refusal.ts';
import { type Allocation, allocate } from './waterfall.ts';

/** A borrower's money that came in after a charge-off (POST /v1/recoveries). `split` is the caller's own, or null. */
export type Recovery = {
  readonly loanId: string;
  readonly borrowerId: string;
  readonly amountMinor: bigint;
  readonly currency: string;
  readonly effectiveAt: string;
  readonly sourceMethod: string;
  readonly externalRef: string | null;
  readonly split: Allocation | null;
  readonly metadata: string | null;
};

/** What a recovery meets; `losses` are the standing ones of its loan, the oldest first. */
export type RecoveryContext = {
  readonly loan: LoanState;
  readonly losses: readonly Loss[];
  readonly program: readonly ProgramVersion[];
  readonly calendar: Calendar;
  /** It stands already and is decided again at its place (ACCOUNTING.md rule 11). */
  readonly again?: boolean;
};

/**
 * Books a recovery: DR 1010; CR 4200 up to what is charged off and not yet recovered, of principal that went to the
 * allowance CR 1900; the rest CR 2100. Which component it brings back, the waterfall or the explicit split says.
 */
export function decideRecovery(recovery: Recovery, context: RecoveryContext): Refusal | EntryDraft {
  const { loan, losses, again = false } = context;
  const { amountMinor, effectiveAt, split } = recovery;
  const unrecovered = unrecoveredOf(loan.standing);
  const refused =
    refuseStranger(recovery, loan) ??
    refuseFuture(effectiveAt, context.calendar, 'effective_at') ??
    (again ? null : refuseBeforeDisbursement(effectiveAt, loan, 'effective_at')) ??
    refuseClosedPeriod(effectiveAt, context.calendar, 'effective_at') ??
    (again ? null : refuseRecovered(loan, unrecovered)) ??
    (split === null || again
      ? null
      : refuseUnfitSplit(split, amountMinor, { amounts: unrecovered, word: 'unrecovered' }));
  if (refused !== null) return refused;
  const version = versionInForce(context.program, effectiveAt);
  const fitting = split === null || !again ? split : cutTo(split, unrecovered);
  const allocation = fitting ?? allocate(amountMinor, unrecovered, version.policy.waterfall);
  const fromAllowance = allowanceShare(losses, takeRecovered(losses, allocation));
  const income = allocation.fees + allocation.interest + allocation.principal - fromAllowance;
  return {
    eventType: 'recovery',
    effectiveAt,
    currency: recovery.currency,
    layer: SETTLED,
    loanId: recovery.loanId,
    borrowerId: recovery.borrowerId,
    lines: new LoanLines(recovery)
      .debit(ACCOUNT.paymentClearing, amountMinor)
      .credit(ACCOUNT.recoveryIncome, income)
      .credit(ACCOUNT.lossAllowance, fromAllowance)
      .credit(ACCOUNT.borrowerSuspense, allocation.suspense).lines,
    reversesEntryId: null,
    externalRef: recovery.externalRef,
    description: null,
    eventInput: {
      source_method: recovery.sourceMethod,
      program_version: version.version,
      ...splitInput(split),
      // Its lines do not say which component it brought back.
      recovered: allocationInput(allocation),
    },
    metadata: recovery.metadata,
  };
}

/** What a recovery that was booked took of each loss. `losses` are those that it was decided on. */
export function takenBy(booked: EntryDraft, losses: readonly Loss[]): readonly TakenPart[] {
  const { recovered } = booked.eventInput;
  if (typeof recovered !== 'object' || recovered === null || Array.isArray(recovered)) {
    throw new Error('a recovery does not say what it recovered');
  }
  const minor = (component: string): bigint =>
    BigInt(String((recovered as Readonly<Record<string, unknown>>)[component]));
  const amounts = {
    principal: minor('principal_minor'),
    interest: minor('interest_minor'),
    fees: minor('fees_minor'),
  };
  return takeRecovered(losses, amounts);
}

function refuseRecovered(loan: LoanState, unrecovered: Receivables): Refusal | null {
  if (!isNothing(unrecovered)) return null;
  const message = `loan ${loan.loanId} has nothing charged off that is not recovered; post the money as a payment`;
  return refusalOfField('loan_not_charged_off', 'loan_id', message);
}
