import { SETTLED } from '../../domain/layer.ts';
import { linesOn, untouched } from '../../domain/posted-entry.ts';
import { firstEntryIdOf } from '../entry-id.ts';
import { scopedKey } from '../ledger-state.ts';
import type { PlannedEntry } from '../posting-plan.ts';
import { standingOf } from '../scene.ts';
import type { Target } from './command-kind.ts';

/** That an entry settled a pending one. */
export function rememberSettling(pendingEntryId: string, entry: PlannedEntry, { state, plan }: Target): void {
  const { tenantId, entryId, draft } = entry;
  const standing = standingOf(state, tenantId, pendingEntryId);
  standing.settlings += 1;
  const isRecovery = draft.eventType === 'recovery';
  standing.settledBy = { entryId, effectiveAt: draft.effectiveAt, lines: linesOn(draft, SETTLED), isRecovery };
  state.standings.set(scopedKey(tenantId, entryId), { ...untouched(), settles: pendingEntryId });
  plan.settlings.push({ tenantId, pendingEntryId, turn: standing.settlings, entryId });
}

/** That an entry cleared another to cash. It is kept of the event, by its first entry: a restatement keeps the money as it was. */
export function rememberClearing(
  { entryId: clearedEntryId, eventId }: { readonly entryId: string; readonly eventId?: string },
  entry: PlannedEntry,
  { state, plan }: Target,
): void {
  const { tenantId, entryId } = entry;
  const standing = standingOf(state, tenantId, clearedEntryId);
  standing.clearings += 1;
  standing.clearedBy = entryId;
  const ofEntryId = eventId === undefined ? clearedEntryId : firstEntryIdOf(eventId);
  plan.clearings.push({ tenantId, clearedEntryId: ofEntryId, turn: standing.clearings, entryId });
}
