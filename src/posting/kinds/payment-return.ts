import { ACCOUNT } from '../../domain/account-code.ts';
import { allocationOf, creditOn } from '../../domain/allocation.ts';
import { SETTLED } from '../../domain/layer.ts';
import { isNothing, NOTHING_LOST, plus } from '../../domain/loss.ts';
import {
  decidePaymentReturn,
  lostBy,
  partsTaken,
  type Receipt,
  recoveredBy,
  takenBack,
} from '../../domain/payment-return.ts';
import { linesOn, type PostedEntry, untouched } from '../../domain/posted-entry.ts';
import { versionInForce } from '../../domain/program.ts';
import { keptMinor, keptText } from '../../domain/restatement/loan-event.ts';
import { type Allocation, addAllocations } from '../../domain/waterfall.ts';
import type { CommandOf } from '../command.ts';
import { eventIdOf, firstEntryIdOf } from '../entry-id.ts';
import { type LedgerState, scopedKey } from '../ledger-state.ts';
import { laterLoss, lossesOf, rememberLoss, rememberRecovered } from '../losses.ts';
import { RECEIPT_VERSION } from '../receipt.ts';
import { type Reference, referredEntry } from '../reference.ts';
import type { Again } from '../restatement/again.ts';
import { inRange, loanOf, loanScene, standingOf, tenantOf } from '../scene.ts';
import { type CommandKind, type PostedEntries, ROWS_PER_COMMAND, type Target } from './command-kind.ts';

/** POST /v1/payments/{payment_event_id}/returns. Books one entry, or two with the fee. */
export const PAYMENT_RETURN: CommandKind<CommandOf<'payment_return'>> = {
  refersTo: payment,
  inheritsCorrelation: false,
  weight: () => 2 * ROWS_PER_COMMAND,
  reads: (_command, reads, returned) => {
    for (const loanId of returned?.loanIds ?? []) reads.losses(loanId);
  },
  place: ({ paymentReturn }, returned) =>
    returned === undefined ? null : { effectiveAt: paymentReturn.effectiveAt, loanIds: returned.loanIds },
  decide: (command, state) => {
    const { paymentReturn, tenantId } = command;
    const entry = referredEntry(payment(command), { tenantId, resolved: state.entries })?.entry;
    const { atPlace } = state;
    const receiptIn = (known: LedgerState): Receipt | null =>
      entry === undefined ? null : (receiptOf(known, tenantId, entry)?.receipt ?? null);
    const booked = decidePaymentReturn(paymentReturn, {
      payment: entry,
      standing: entry === undefined ? untouched() : standingOf(state, tenantId, entry.entryId),
      receipt: receiptIn(atPlace === undefined ? state : { ...state, standings: atPlace.standings }),
      present: receiptIn(state),
      losses: entry === undefined || entry.loanId === null ? [] : lossesOf(state, tenantId, entry.loanId),
      loan: (loanId) => loanScene(state, tenantId, loanId),
      calendar: tenantOf(state, tenantId),
    });
    if ('code' in booked || entry?.loanId === null || entry === undefined) return booked;
    return inRange(loanOf(state, tenantId, entry.loanId), booked.following.length === 0 ? booked.first : booked);
  },
  remember: rememberReturn,
  receiptVersion: RECEIPT_VERSION,
};

function payment({ paymentReturn }: CommandOf<'payment_return'>): Reference {
  return { id: paymentReturn.paymentEventId, to: 'event' };
}

type Received = {
  readonly receipt: Receipt;
  /** The entry under whose standing its returns are counted. */
  readonly countedUnder: string;
  /** The first entry of the payment's event, under which they are kept. */
  readonly paymentEntryId: string;
};

/**
 * The money that an entry of a payment or recovery stands for. Its returns are those of the payment's own event, also when
 * another settled it. What a recovery brought back, the losses say: a restatement may leave its entry and change that.
 * Undefined while it is pending.
 */
function receiptOf(state: LedgerState, tenantId: string, entry: PostedEntry): Received | undefined {
  const { settles, settledBy } = standingOf(state, tenantId, entry.entryId);
  const countedUnder = settles ?? entry.entryId;
  const { returned, returnedBy } = standingOf(state, tenantId, countedUnder);
  const own = { ...entry, lines: linesOn(entry, SETTLED), isRecovery: entry.eventType === 'recovery' };
  const booked = own.lines.length > 0 || own.isRecovery ? own : settledBy;
  if (booked === null || entry.loanId === null) return undefined;
  const { entryId, effectiveAt, lines, isRecovery = false } = booked;
  const found = { countedUnder, paymentEntryId: settles ?? firstEntryIdOf(entry.eventId) };
  if (!isRecovery) {
    return { ...found, receipt: { effectiveAt, allocation: allocationOf(lines), returned, recovers: null } };
  }
  const losses = lossesOf(state, tenantId, entry.loanId);
  const brought = recoveredBy(losses, new Set([entryId])).reduce(
    (sum, { amounts }) => plus(sum, amounts),
    NOTHING_LOST,
  );
  const allocation = { ...brought, suspense: creditOn(lines, ACCOUNT.borrowerSuspense) };
  const recovers = recoveredBy(losses, new Set([entryId, ...returnedBy]));
  return { ...found, receipt: { effectiveAt, allocation, returned, recovers } };
}

function rememberReturn(command: CommandOf<'payment_return'>, { entry }: PostedEntries, target: Target): void {
  const { state, plan } = target;
  const { tenantId, entryId, draft } = entry;
  const returned = referredEntry(payment(command), { tenantId, resolved: state.entries })?.entry;
  const of = returned === undefined ? undefined : receiptOf(state, tenantId, returned);
  if (of === undefined || draft.loanId === null) throw new Error(`return ${entryId} is of no payment`);
  const { receipt, countedUnder, paymentEntryId } = of;
  const version = versionInForce(loanScene(state, tenantId, draft.loanId).program, draft.effectiveAt);
  const parts = partsTaken(receipt, creditOn(draft.lines, ACCOUNT.paymentClearing), version);
  const standing = standingOf(state, tenantId, countedUnder);
  standing.returns += 1;
  standing.returned = addAllocations(standing.returned, parts);
  standing.returnedBy = [...standing.returnedBy, entryId];
  state.standings.set(scopedKey(tenantId, entryId), { ...untouched(), returnOf: { paymentEntryId, parts } });
  plan.paymentReturns.push({ tenantId, paymentEntryId, turn: standing.returns, entryId, parts });
  rememberLosses(entry, { loanId: draft.loanId, receipt, parts }, target);
}

/** What a recovery no longer brings back, and what a charged-off loan loses (ACCOUNTING.md rule 9). */
function rememberLosses(
  { tenantId, entryId, draft }: PostedEntries['entry'],
  { loanId, receipt, parts }: { readonly loanId: string; readonly receipt: Receipt; readonly parts: Allocation },
  target: Target,
): void {
  const losses = lossesOf(target.state, tenantId, loanId);
  const taken = takenBack(receipt, parts);
  const { lossAccount } = loanOf(target.state, tenantId, loanId).standing;
  if (taken.length > 0) rememberRecovered({ tenantId, loanId, entryId, effectiveAt: draft.effectiveAt }, taken, target);
  if (lossAccount === null) return;
  const amounts = lostBy(draft.lines, lossAccount, { losses, taken });
  if (isNothing(amounts)) return;
  rememberLoss({ tenantId, loanId }, laterLoss(entryId, draft, { amounts, principalAccount: lossAccount }), target);
}

/** A return again: the money that went out, of the payment as it stands at the return's place. Its fee is an event by itself. */
export const PAYMENT_RETURN_AGAIN: Again = {
  command: ({ entry, returnOf }) => {
    if (returnOf === null) throw new Error(`return ${entry.entryId} is of no payment`);
    return {
      kind: 'payment_return',
      paymentReturn: {
        paymentEventId: eventIdOf(returnOf),
        returnCode: keptText(entry, 'return_code'),
        effectiveAt: entry.effectiveAt,
        amountMinor: keptMinor(entry, 'amount_minor'),
        nsfFeeMinor: null,
        policy: policyOf(entry.eventInput['policy']),
      },
    };
  },
};

function policyOf(kept: unknown): 'mirror' | 'principal' | null {
  return kept === 'mirror' || kept === 'principal' ? kept : null;
}
