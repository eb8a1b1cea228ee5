import { ACCOUNT } from '../../domain/account-code.ts';
import { allocationOf, creditOn, readAllocation } from '../../domain/allocation.ts';
import { SETTLED } from '../../domain/layer.ts';
import { isNothing } from '../../domain/loss.ts';
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
import { type Allocation, addAllocations } from '../../domain/waterfall.ts';
import type { CommandOf } from '../command.ts';
import { type LedgerState, scopedKey } from '../ledger-state.ts';
import { laterLoss, lossesOf, rememberLoss, rememberRecovered } from '../losses.ts';
import { RECEIPT_VERSION } from '../receipt.ts';
import { type Reference, referredEntry } from '../reference.ts';
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
    const booked = decidePaymentReturn(paymentReturn, {
      payment: entry,
      standing: entry === undefined ? untouched() : standingOf(state, tenantId, entry.entryId),
      receipt: entry === undefined ? null : (receiptOf(state, tenantId, entry)?.receipt ?? null),
      losses: entry === undefined || entry.loanId === null ? [] : lossesOf(state, tenantId, entry.loanId),
      loan: (loanId) => loanScene(state, tenantId, loanId),
      calendar: tenantOf(state, tenantId),
    });
    if ('code' in booked || entry?.loanId === null || entry === undefined) return booked;
    return inRange(loanOf(state, tenantId, entry.loanId), booked);
  },
  remember: rememberReturn,
  receiptVersion: RECEIPT_VERSION,
};

function payment({ paymentReturn }: CommandOf<'payment_return'>): Reference {
  return { id: paymentReturn.paymentEventId, to: 'event' };
}

type Received = { readonly receipt: Receipt; readonly paymentEntryId: string };

/**
 * The money that an entry of a payment or recovery stands for, and the entry under which its returns are counted: that of the
 * payment's own event, also when another settled it. Undefined while it is pending.
 */
function receiptOf(state: LedgerState, tenantId: string, entry: PostedEntry): Received | undefined {
  const standing = standingOf(state, tenantId, entry.entryId);
  const paymentEntryId = standing.settles ?? entry.entryId;
  const { returned, returnedBy } = standingOf(state, tenantId, paymentEntryId);
  const lines = linesOn(entry, SETTLED);
  const received = (effectiveAt: string, allocation: Allocation, recovers: Receipt['recovers']): Received => ({
    receipt: { effectiveAt, allocation, returned, recovers },
    paymentEntryId,
  });
  if (entry.eventType === 'recovery' && entry.loanId !== null) {
    const recovers = recoveredBy(lossesOf(state, tenantId, entry.loanId), new Set([entry.entryId, ...returnedBy]));
    return received(entry.effectiveAt, readAllocation(entry.eventInput['recovered']), recovers);
  }
  if (lines.length > 0) return received(entry.effectiveAt, allocationOf(lines), null);
  const { settledBy } = standing;
  return settledBy === null ? undefined : received(settledBy.effectiveAt, allocationOf(settledBy.lines), null);
}

function rememberReturn(command: CommandOf<'payment_return'>, { entry }: PostedEntries, target: Target): void {
  const { state, plan } = target;
  const { tenantId, entryId, draft } = entry;
  const returned = referredEntry(payment(command), { tenantId, resolved: state.entries })?.entry;
  const of = returned === undefined ? undefined : receiptOf(state, tenantId, returned);
  if (of === undefined || draft.loanId === null) throw new Error(`return ${entryId} is of no payment`);
  const { receipt, paymentEntryId } = of;
  const version = versionInForce(loanScene(state, tenantId, draft.loanId).program, draft.effectiveAt);
  const parts = partsTaken(receipt, creditOn(draft.lines, ACCOUNT.paymentClearing), version);
  const standing = standingOf(state, tenantId, paymentEntryId);
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
