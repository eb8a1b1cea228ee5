import type { EventType } from '../../domain/event-type.ts';
import { untouched } from '../../domain/posted-entry.ts';
import { decideReversal } from '../../domain/reversal.ts';
import type { CommandOf } from '../command.ts';
import { isRebooking } from '../entry-id.ts';
import { type ResolvedEntry, scopedKey } from '../ledger-state.ts';
import { lossesOf, takeBackLosses } from '../losses.ts';
import { RECEIPT_VERSION } from '../receipt.ts';
import { type Reference, referredEntry } from '../reference.ts';
import { replayedLoans } from '../restatement/replayed-loans.ts';
import { loanOf, standingOf, tenantOf } from '../scene.ts';
import { ACCRUAL_UNDOING } from './accrual.ts';
import { CHARGE_OFF_UNDOING } from './charge-off.ts';
import {
  type CommandKind,
  type PostedEntries,
  type Reads,
  ROWS_PER_COMMAND,
  ROWS_PER_LOAN,
  type Target,
} from './command-kind.ts';
import { DISBURSEMENT_UNDOING } from './disbursement.ts';
import { NON_ACCRUAL_UNDOING } from './non-accrual.ts';
import { REFINANCE_UNDOING } from './refinance.ts';
import { OPENING_UNDOING } from './registration.ts';
import { takeBackFacts } from './taken-back.ts';
import type { Undoing } from './undoing.ts';

/** By the event type that is reversed; the reversal of one that is not here takes back balances and losses alone. */
const UNDOINGS: Partial<Readonly<Record<EventType, Undoing>>> = {
  accrual: ACCRUAL_UNDOING,
  chargeoff: CHARGE_OFF_UNDOING,
  disbursement: DISBURSEMENT_UNDOING,
  manual_adjustment: OPENING_UNDOING,
  non_accrual: NON_ACCRUAL_UNDOING,
  refinance: REFINANCE_UNDOING,
};

/** POST /v1/reversals. */
export const REVERSAL: CommandKind<CommandOf<'reversal'>> = {
  refersTo: entryToReverse,
  inheritsCorrelation: true,
  weight: (_command, reversed) => ROWS_PER_COMMAND + ROWS_PER_LOAN * (reversed?.loanIds.length ?? 0),
  reads: (_command, reads, reversed) => readUndone(reversed, reads),
  place: (_command, reversed) =>
    reversed === undefined
      ? null
      : {
          effectiveAt: reversed.entry.effectiveAt,
          loanIds: reversed.loanIds,
          drops: [reversed.entry.eventId],
        },
  decide: (command, state) => {
    const { reversal, tenantId } = command;
    const reversed = referredEntry(entryToReverse(command), { tenantId, resolved: state.entries });
    const entry = reversed?.entry;
    const standing = entry === undefined ? untouched() : standingOf(state, tenantId, entry.entryId);
    return decideReversal(reversal, {
      entry,
      loanIds: reversed?.loanIds ?? [],
      losses: (loanId) => lossesOf(state, tenantId, loanId),
      standing,
      settledStanding: standing.settles === null ? untouched() : standingOf(state, tenantId, standing.settles),
      corrections: entry === undefined ? [] : (state.corrections.get(scopedKey(tenantId, entry.entryId)) ?? []),
      loan: (loanId) => loanOf(state, tenantId, loanId),
      calendar: tenantOf(state, tenantId),
      replayed: replayedLoans(state, tenantId, reversed?.loanIds ?? []),
      isDifference: entry?.eventType === 'accrual' && isRebooking(entry.entryId),
    });
  },
  remember: rememberReversal,
  receiptVersion: RECEIPT_VERSION,
};

function entryToReverse({ reversal }: CommandOf<'reversal'>): Reference {
  return { id: reversal.reversesEntryId, to: 'entry' };
}

function rememberReversal(command: CommandOf<'reversal'>, posted: PostedEntries, target: Target): void {
  const { tenantId } = command;
  rememberUndone(referredEntry(entryToReverse(command), { tenantId, resolved: target.state.entries }), posted, target);
}

/** Reads what the mirror of an earlier entry takes back besides balances. */
export function readUndone(earlier: ResolvedEntry | undefined, reads: Reads): void {
  if (earlier === undefined) return;
  for (const loanId of earlier.loanIds) reads.losses(loanId);
  UNDOINGS[earlier.entry.eventType]?.reads(earlier, reads);
}

/** Keeps that mirrors undid an earlier entry, and takes back what that one had made true besides balances. */
export function rememberUndone(undone: ResolvedEntry | undefined, posted: PostedEntries, target: Target): void {
  const { tenantId, entryId, draft: mirror } = posted.entry;
  if (undone === undefined) throw new Error(`an entry was reversed by ${entryId} without being read`);
  for (const { entryId: mirrorId, draft } of [posted.entry, ...posted.following]) {
    const reversedEntryId = draft.reversesEntryId;
    if (reversedEntryId === null) throw new Error(`${mirrorId} was posted by a reversal and reverses nothing`);
    target.plan.reversals.push({ tenantId, reversedEntryId, entryId: mirrorId });
    standingOf(target.state, tenantId, reversedEntryId).reversedBy = mirrorId;
  }
  for (const loanId of undone.loanIds) takeBackLosses({ tenantId, loanId, entryId: undone.entry.entryId }, target);
  UNDOINGS[undone.entry.eventType]?.undo(undone, { tenantId, ...target, reversedOn: mirror.effectiveAt });
  takeBackFacts(undone, tenantId, target);
}
