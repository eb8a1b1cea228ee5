import { ACCOUNT } from '../../domain/account-code.ts';
import { creditOn } from '../../domain/allocation.ts';
import { SETTLED } from '../../domain/layer.ts';
import { isPlain, withChargedOff } from '../../domain/loan-standing.ts';
import { decidePaymentReturn, lostBy, partsTaken, type Receipt } from '../../domain/payment-return.ts';
import { linesOn, type PostedEntry, untouched } from '../../domain/posted-entry.ts';
import { versionInForce } from '../../domain/program.ts';
import { addAllocations } from '../../domain/waterfall.ts';
import type { CommandOf } from '../command.ts';
import { type LedgerState, scopedKey } from '../ledger-state.ts';
import { changeStanding } from '../loan-standing.ts';
import { RECEIPT_VERSION } from '../receipt.ts';
import { type Reference, referredEntry } from '../reference.ts';
import { inRange, loanOf, loanScene, standingOf, tenantOf } from '../scene.ts';
import { type CommandKind, type PostedEntries, ROWS_PER_COMMAND, type Target } from './command-kind.ts';

/** POST /v1/payments/{payment_event_id}/returns. Books one entry, or two with the fee. */
export const PAYMENT_RETURN: CommandKind<CommandOf<'payment_return'>> = {
  refersTo: payment,
  inheritsCorrelation: false,
  weight: () => 2 * ROWS_PER_COMMAND,
  reads: () => undefined,
  decide: (command, state) => {
    const { paymentReturn, tenantId } = command;
    const entry = referredEntry(payment(command), { tenantId, resolved: state.entries })?.entry;
    const booked = decidePaymentReturn(paymentReturn, {
      payment: entry,
      standing: entry === undefined ? untouched() : standingOf(state, tenantId, entry.entryId),
      receipt: entry === undefined ? null : (receiptOf(state, tenantId, entry)?.receipt ?? null),
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

/**
 * The money that an entry of a payment stands for, and the entry under which its returns are counted: that of the payment's own
 * event, also when another settled it. Undefined while it is pending.
 */
function receiptOf(
  state: LedgerState,
  tenantId: string,
  entry: PostedEntry,
): { readonly receipt: Receipt; readonly paymentEntryId: string } | undefined {
  const standing = standingOf(state, tenantId, entry.entryId);
  const paymentEntryId = standing.settles ?? entry.entryId;
  const { returned } = standingOf(state, tenantId, paymentEntryId);
  const lines = linesOn(entry, SETTLED);
  if (lines.length > 0) return { receipt: { effectiveAt: entry.effectiveAt, lines, returned }, paymentEntryId };
  const { settledBy } = standing;
  return settledBy === null ? undefined : { receipt: { ...settledBy, returned }, paymentEntryId };
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
  addChargedOff({ tenantId, loanId: draft.loanId, lines: draft.lines, sign: 1n }, target);
}

/** What a charged-off loan lost by a return counts as charged off (ACCOUNTING.md rule 9); a return that is reversed takes it away. */
export function addChargedOff(
  by: {
    readonly tenantId: string;
    readonly loanId: string;
    readonly lines: PostedEntry['lines'];
    readonly sign: 1n | -1n;
  },
  target: Target,
): void {
  const { fees, interest, principal } = lostBy(by.lines);
  if (fees === 0n && interest === 0n && principal === 0n) return;
  const { standing } = loanOf(target.state, by.tenantId, by.loanId);
  if (isPlain(standing)) return;
  const more = { fees: by.sign * fees, interest: by.sign * interest, principal: by.sign * principal };
  changeStanding(by, withChargedOff(standing, more), target);
}
