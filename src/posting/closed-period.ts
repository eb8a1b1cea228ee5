import { refuseClosedPeriod } from '../domain/dating.ts';
import type { Booked, BookedEntries, EntryDraft } from '../domain/journal-entry.ts';
import type { Refusal } from '../domain/refusal.ts';
import type { TenantState } from './ledger-state.ts';

/**
 * What is closed stays as it is, whatever the event and however many entries it became: an event asks of its own date in
 * its place among its refusals, and this asks it of everything that is about to be booked. What it restates is asked
 * elsewhere, since there an entry stands in the way.
 */
export function refuseBookedInClosedPeriod(booked: Booked, calendar: TenantState): Refusal | null {
  if (calendar.closedThrough === null) return null;
  const drafts = 'first' in booked ? draftsOf(booked) : [booked];
  for (const { eventType, effectiveAt } of drafts) {
    const closed = eventType === 'period_closed' ? null : refuseClosedPeriod(effectiveAt, calendar, 'effective_at');
    if (closed !== null) return closed;
  }
  return null;
}

function draftsOf({ preceding = [], first, following }: BookedEntries): readonly EntryDraft[] {
  return [first, ...[...preceding, ...following].map(({ draft }) => draft)];
}
