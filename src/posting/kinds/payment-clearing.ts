import { decidePaymentClearing } from '../../domain/payment-clearing.ts';
import type { CommandOf } from '../command.ts';
import { type LedgerState, scopedKey } from '../ledger-state.ts';
import { RECEIPT_VERSION } from '../receipt.ts';
import { standingOf, tenantOf } from '../scene.ts';
import { type CommandKind, ROWS_PER_COMMAND } from './command-kind.ts';
import { rememberClearing } from './settling-fact.ts';

/** POST /v1/payments/settlements. Locks the loans of the entries, so that none is reversed or returned meanwhile. */
export const PAYMENT_CLEARING: CommandKind<CommandOf<'payment_clearing'>> = {
  refersTo: null,
  refersToAll: ({ paymentClearing }) => paymentClearing.journalEntryIds.map((id) => ({ id, to: 'entry' })),
  inheritsCorrelation: false,
  weight: ({ paymentClearing }) => ROWS_PER_COMMAND + paymentClearing.journalEntryIds.length,
  reads: () => undefined,
  place: () => null,
  decide: ({ paymentClearing, tenantId }, state) =>
    decidePaymentClearing(paymentClearing, {
      entry: (entryId) => state.entries.get(scopedKey(tenantId, entryId))?.entry,
      standing: (entryId) => standingOf(state, tenantId, liveId(state, tenantId, entryId)),
      calendar: tenantOf(state, tenantId),
    }),
  remember: ({ paymentClearing, tenantId }, { entry }, target) => {
    for (const entryId of paymentClearing.journalEntryIds) {
      const cleared = target.state.entries.get(scopedKey(tenantId, entryId))?.entry;
      rememberClearing(cleared ?? { entryId }, entry, target);
    }
  },
  receiptVersion: RECEIPT_VERSION,
};

/** Of an entry that was restated, the one that stands in its place. */
function liveId(state: LedgerState, tenantId: string, entryId: string): string {
  return state.entries.get(scopedKey(tenantId, entryId))?.entry.entryId ?? entryId;
}
