import { untouched } from '../../domain/posted-entry.ts';
import { takenBy } from '../../domain/recovery.ts';
import { decidePaymentSettling } from '../../domain/settling.ts';
import type { CommandOf } from '../command.ts';
import { lossesOf, rememberRecovered } from '../losses.ts';
import { SETTLEMENT_RECEIPT_VERSION } from '../receipt.ts';
import { type Reference, referredEntry } from '../reference.ts';
import { inRangeWithoutField, loanScene, standingOf, tenantOf } from '../scene.ts';
import { type CommandKind, ROWS_PER_COMMAND } from './command-kind.ts';
import { rememberSettling } from './settling-fact.ts';

/** POST /v1/payments/{payment_event_id}/settlements. */
export const PAYMENT_SETTLING: CommandKind<CommandOf<'payment_settling'>> = {
  refersTo: payment,
  inheritsCorrelation: true,
  weight: () => 2 * ROWS_PER_COMMAND,
  reads: () => undefined,
  place: ({ settlement }, pending) =>
    pending === undefined ? null : { effectiveAt: settlement.effectiveAt, loanIds: pending.loanIds },
  decide: (command, state) => {
    const { settlement, tenantId } = command;
    const entry = referredEntry(payment(command), { tenantId, resolved: state.entries })?.entry;
    const booked = decidePaymentSettling(settlement, {
      entry,
      standing: entry === undefined ? untouched() : standingOf(state, tenantId, entry.entryId),
      loan: (loanId) => loanScene(state, tenantId, loanId),
      losses: (loanId) => lossesOf(state, tenantId, loanId),
      calendar: tenantOf(state, tenantId),
    });
    return inRangeWithoutField(state, tenantId, booked);
  },
  remember: (command, { entry }, target) => {
    const { tenantId } = command;
    const pending = referredEntry(payment(command), { tenantId, resolved: target.state.entries });
    if (pending === undefined) throw new Error(`entry ${entry.entryId} settles no payment`);
    rememberSettling(pending.entry.entryId, entry, target);
    const { entryId, draft } = entry;
    if (draft.eventType !== 'recovery' || draft.loanId === null) return;
    const ref = { tenantId, loanId: draft.loanId, entryId, effectiveAt: draft.effectiveAt };
    rememberRecovered(ref, takenBy(draft, lossesOf(target.state, tenantId, draft.loanId)), target);
  },
  receiptVersion: SETTLEMENT_RECEIPT_VERSION,
};

function payment({ settlement }: CommandOf<'payment_settling'>): Reference {
  return { id: settlement.eventId, to: 'event' };
}
