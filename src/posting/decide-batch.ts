import type { Refusal } from '../domain/refusal.ts';
import { applyBooked } from './apply-entry.ts';
import { refuseBookedInClosedPeriod } from './closed-period.ts';
import type { Command } from './command.ts';
import { kindOf, referencesOf } from './command-kinds.ts';
import type { PostedEntries, Target } from './kinds/command-kind.ts';
import { type LedgerState, type ResolvedEntry, scopedKey } from './ledger-state.ts';
import { emptyPlan, type PostingPlan } from './posting-plan.ts';
import { referredEntry } from './reference.ts';
import { type Backdated, backdatedBy } from './restatement/backdated.ts';
import { assertArrived, decideBackdated, missingHistories } from './restatement/decide-backdated.ts';
import type { HistoryRef } from './restatement/loan-history.ts';
import { tellFacts } from './restatement/restated-facts.ts';
import { loanOf, standingOf, tenantOf } from './scene.ts';

/** What became of one command of a batch. `following` are the entries that it booked besides the one its key names. */
export type Decision =
  | (PostedEntries & { readonly outcome: 'posted'; readonly receiptVersion: number })
  | { readonly outcome: 'replayed'; readonly entryId: string; readonly receiptVersion: number }
  | { readonly outcome: 'refused'; readonly refusal: Refusal }
  | Deferred;

/**
 * Not decided: it sets loans back whose lives were not read, or names an entry that was restated since it was looked up. It
 * is to be run again, by itself, with those lives read or the entry looked up anew.
 */
export type Deferred = { readonly outcome: 'deferred'; readonly histories: readonly HistoryRef[] };

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
    const named = earlierEntries(command, state);
    const earlier = kindOf(command).refersTo === null ? undefined : named[0];
    if (named.some(({ entry }) => standingOf(state, command.tenantId, entry.entryId).supersededBy !== null)) {
      return { outcome: 'deferred', histories: [] };
    }
    const backdated = backdatedBy(command, state, earlier);
    if (backdated !== null) return restate(command, backdated, { state, plan, newEntryId });
    const decided = kindOf(command).decide(command, state);
    if ('code' in decided) return { outcome: 'refused', refusal: decided };
    const closed = refuseBookedInClosedPeriod(decided, tenantOf(state, command.tenantId));
    if (closed !== null) return { outcome: 'refused', refusal: closed };
    return applyBooked({ command, booked: decided, newEntryId, state, plan });
  });
  return { decisions, plan };
}

const NOTHING: readonly ResolvedEntry[] = [];

function earlierEntries(command: Command, { entries }: LedgerState): readonly ResolvedEntry[] {
  const references = referencesOf(command);
  if (references.length === 0) return NOTHING;
  const { tenantId } = command;
  return references.flatMap((reference) => referredEntry(reference, { tenantId, resolved: entries }) ?? []);
}

function restate(
  command: Command,
  backdated: Backdated,
  { state, plan, newEntryId }: Target & { readonly newEntryId: () => string },
): Decision {
  const missing = missingHistories(command, backdated, state);
  if (missing.length > 0) return { outcome: 'deferred', histories: missing };
  const decided = decideBackdated(command, backdated, { state, newEntryId });
  if ('code' in decided) return { outcome: 'refused', refusal: decided };
  const { booked, ownIds, loans, shadow } = decided;
  // A loan that the command makes is known to the shadow alone so far.
  for (const { tenantId, loanId } of shadow.state.loans.values()) loanOf(state, tenantId, loanId);
  const ids = [...ownIds];
  const remembers = backdated.drops.length > 0;
  const target = { state, plan };
  const applied = applyBooked({ command, booked, newEntryId: () => ids.shift() ?? newEntryId(), ...target, remembers });
  tellFacts(decided, { ...target, own: applied, isOwnTold: remembers });
  for (const folded of loans) assertArrived(loanOf(state, folded.tenantId, folded.loanId), folded);
  return applied;
}

function keyMismatch(): Refusal {
  return {
    code: 'idempotency_mismatch',
    detail: 'the Idempotency-Key was used for another request; send the first request again, or choose a new key',
  };
}
