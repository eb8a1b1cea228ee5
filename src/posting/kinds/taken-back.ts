import { addAllocations } from '../../domain/waterfall.ts';
import { type ResolvedEntry, scopedKey } from '../ledger-state.ts';
import { standingOf } from '../scene.ts';
import type { Target } from './command-kind.ts';

/**
 * What an entry that is reversed had done to earlier ones stands no more: what it settled is pending again, what it cleared is not
 * cleared, what it returned has come back. Only of entries that the batch looks at: of others the database says it by itself.
 */
export function takeBackFacts({ entry }: ResolvedEntry, tenantId: string, target: Target): void {
  const { standings } = target.state;
  const { entryId, eventType } = entry;
  const { settles, returnOf } = standingOf(target.state, tenantId, entryId);
  if (settles !== null) {
    const pending = standings.get(scopedKey(tenantId, settles));
    if (pending?.settledBy?.entryId === entryId) pending.settledBy = null;
  }
  if (returnOf !== null) {
    const paid = standings.get(scopedKey(tenantId, returnOf.paymentEntryId));
    if (paid !== undefined) {
      paid.returned = addAllocations(paid.returned, returnOf.parts, -1n);
      paid.returnedBy = paid.returnedBy.filter((one) => one !== entryId);
    }
  }
  if (eventType === 'payment_settled' || eventType === 'disbursement_settled') {
    for (const cleared of standings.values()) if (cleared.clearedBy === entryId) cleared.clearedBy = null;
  }
}
