import { decideCancellation } from '../../domain/cancellation.ts';
import { untouched } from '../../domain/posted-entry.ts';
import type { CommandOf } from '../command.ts';
import { RECEIPT_VERSION } from '../receipt.ts';
import { type Reference, referredEntry } from '../reference.ts';
import { replayedLoans } from '../restatement/replayed-loans.ts';
import { loanOf, standingOf, tenantOf } from '../scene.ts';
import { type CommandKind, ROWS_PER_COMMAND } from './command-kind.ts';
import { readUndone, rememberUndone } from './reversal.ts';

/** POST /v1/payments/{payment_event_id}/cancellations and POST /v1/disbursements/{disbursement_event_id}/cancellations. */
export const CANCELLATION: CommandKind<CommandOf<'cancellation'>> = {
  refersTo: cancelled,
  inheritsCorrelation: true,
  weight: () => 2 * ROWS_PER_COMMAND,
  reads: (_command, reads, found) => readUndone(found, reads),
  place: (_command, found) =>
    found === undefined
      ? null
      : { effectiveAt: found.entry.effectiveAt, loanIds: found.loanIds, drops: [found.entry.eventId] },
  decide: (command, state) => {
    const { cancellation, tenantId } = command;
    const found = referredEntry(cancelled(command), { tenantId, resolved: state.entries });
    const entry = found?.entry;
    return decideCancellation(cancellation, {
      entry,
      standing: entry === undefined ? untouched() : standingOf(state, tenantId, entry.entryId),
      loan: (loanId) => loanOf(state, tenantId, loanId),
      calendar: tenantOf(state, tenantId),
      inPlace: replayedLoans(state, tenantId, found?.loanIds ?? []).size > 0,
    });
  },
  remember: (command, posted, target) => {
    const { tenantId } = command;
    rememberUndone(referredEntry(cancelled(command), { tenantId, resolved: target.state.entries }), posted, target);
  },
  receiptVersion: RECEIPT_VERSION,
};

function cancelled({ cancellation }: CommandOf<'cancellation'>): Reference {
  return { id: cancellation.eventId, to: 'event' };
}
