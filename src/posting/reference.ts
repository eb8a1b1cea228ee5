import { firstEntryIdOf } from './entry-id.ts';
import { type ResolvedEntry, scopedKey } from './ledger-state.ts';

/**
 * An earlier thing that a command names: an entry by its id, or a business event by its own. Both lead to one entry, an
 * event to the first that booked it.
 */
export type Reference = { readonly id: string; readonly to: 'entry' | 'event' };

/** The id of the entry that a reference leads to, if there is such an entry at all. */
export function entryIdOf({ id, to }: Reference): string {
  return to === 'entry' ? id : firstEntryIdOf(id);
}

/** The entry that a reference leads to; undefined when nothing of that tenant has this id. */
export function referredEntry(
  reference: Reference,
  { tenantId, resolved }: { readonly tenantId: string; readonly resolved: ReadonlyMap<string, ResolvedEntry> },
): ResolvedEntry | undefined {
  const found = resolved.get(scopedKey(tenantId, entryIdOf(reference)));
  // An id that differs from an event's in its last digit leads to the same entry, and names nothing.
  return reference.to === 'event' && found?.entry.eventId !== reference.id ? undefined : found;
}
