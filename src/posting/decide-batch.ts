import { refuseClosedPeriod } from '../domain/dating.ts';
import type { Booked, BookedEntries, EntryDraft } from '../domain/journal-entry.ts';
import type { Refusal } from '../domain/refusal.ts';
import { applyBooked } from './apply-entry.ts';
import type { Command } from './command.ts';
import { kindOf } from './command-kinds.ts';
import type { PostedEntries } from './kinds/command-kind.ts';
import { type LedgerState, scopedKey, type TenantState } from './ledger-state.ts';
import { emptyPlan, type PostingPlan } from './posting-plan.ts';
import { tenantOf } from './scene.ts';

/** What became of one command of a batch. `following` are the entries that it booked besides the one its key names. */
export type Decision =
  | (PostedEntries & { readonly outcome: 'posted'; readonly receiptVersion: number })
  | { readonly outcome: 'replayed'; readonly entryId: string; readonly receiptVersion: number }
  | { readonly outcome: 'refused'; readonly refusal: Refusal };

/** Decisions in the order of the commands, and the rows that make them so. */
export type DecidedBatch = { readonly decisions: readonly Decision[]; readonly plan: PostingPlan };

/**
 * Decides a batch in arrival order, each command on the state that those before it leave: exactly as if they had run one
 * at a time. Pure but for `newEntryId`, which the caller gives. Nothing has been written yet, so a refused command harms
 * none of its neighbours.
 */
export function decideBatch(commands: readonly Command[], state: LedgerState, newEntryId: () => string): DecidedBatch {
  const plan = emptyPlan();
  const decisions = commands.map((command): Decision => {
    const used = state.keys.get(scopedKey(command.tenantId, command.keyHash));
    if (used !== undefined) {
      if (used.payloadHash !== command.payloadHash) return { outcome: 'refused', refusal: keyMismatch() };
      return { outcome: 'replayed', entryId: used.entryId, receiptVersion: used.receiptVersion };
    }
    const decided = kindOf(command).decide(command, state);
    if ('code' in decided) return { outcome: 'refused', refusal: decided };
    const closed = refuseBookedInClosedPeriod(decided, tenantOf(state, command.tenantId));
    if (closed !== null) return { outcome: 'refused', refusal: closed };
    return applyBooked({ command, booked: decided, newEntryId, state, plan });
  });
  return { decisions, plan };
}

/**
 * What is closed stays as it is, whatever the event and however many entries it became: an event asks of its own date in
 * its place among its refusals, and this asks it of everything that is about to be booked.
 */
function refuseBookedInClosedPeriod(booked: Booked, calendar: TenantState): Refusal | null {
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

function keyMismatch(): Refusal {
  return {
    code: 'idempotency_mismatch',
    detail: 'the Idempotency-Key was used for another request; send the first request again, or choose a new key',
  };
}
