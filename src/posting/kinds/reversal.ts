import type { EventType } from '../../domain/event-type.ts';
import { untouched } from '../../domain/posted-entry.ts';
import { decideReversal } from '../../domain/reversal.ts';
import type { CommandOf } from '../command.ts';
import { lossesOf, takeBackLosses } from '../losses.ts';
import { RECEIPT_VERSION } from '../receipt.ts';
import { type Reference, referredEntry } from '../reference.ts';
import { loanOf, standingOf, tenantOf } from '../scene.ts';
import { ACCRUAL_UNDOING } from './accrual.ts';
import { CHARGE_OFF_UNDOING } from './charge-off.ts';
import { type CommandKind, type PostedEntries, ROWS_PER_COMMAND, ROWS_PER_LOAN, type Target } from './command-kind.ts';
import { DISBURSEMENT_UNDOING } from './disbursement.ts';
import { OPENING_UNDOING } from './registration.ts';
import type { Undoing } from './undoing.ts';

/** By the event type that is reversed; the reversal of one that is not here takes back balances and losses alone. */
const UNDOINGS: Partial<Readonly<Record<EventType, Undoing>>> = {
  accrual: ACCRUAL_UNDOING,
  chargeoff: CHARGE_OFF_UNDOING,
  disbursement: DISBURSEMENT_UNDOING,
  manual_adjustment: OPENING_UNDOING,
};

/** POST /v1/reversals. */
export const REVERSAL: CommandKind<CommandOf<'reversal'>> = {
  refersTo: entryToReverse,
  inheritsCorrelation: true,
  weight: (_command, reversed) => ROWS_PER_COMMAND + ROWS_PER_LOAN * (reversed?.loanIds.length ?? 0),
  reads: (_command, reads, reversed) => {
    if (reversed === undefined) return;
    for (const loanId of reversed.loanIds) reads.losses(loanId);
    UNDOINGS[reversed.entry.eventType]?.reads(reversed, reads);
  },
  decide: (command, state) => {
    const { reversal, tenantId } = command;
    const reversed = referredEntry(entryToReverse(command), { tenantId, resolved: state.entries });
    const entry = reversed?.entry;
    return decideReversal(reversal, {
      entry,
      loanIds: reversed?.loanIds ?? [],
      losses: (loanId) => lossesOf(state, tenantId, loanId),
      standing: entry === undefined ? untouched() : standingOf(state, tenantId, entry.entryId),
      loan: (loanId) => loanOf(state, tenantId, loanId),
      calendar: tenantOf(state, tenantId),
    });
  },
  remember: rememberReversal,
  receiptVersion: RECEIPT_VERSION,
};

function entryToReverse({ reversal }: CommandOf<'reversal'>): Reference {
  return { id: reversal.reversesEntryId, to: 'entry' };
}

function rememberReversal(command: CommandOf<'reversal'>, { entry }: PostedEntries, { state, plan }: Target): void {
  const { tenantId } = command;
  const { entryId } = entry;
  const reversed = referredEntry(entryToReverse(command), { tenantId, resolved: state.entries });
  if (reversed === undefined) throw new Error(`an entry was reversed by ${entryId} without being read`);
  const reversedEntryId = reversed.entry.entryId;
  plan.reversals.push({ tenantId, reversedEntryId, entryId });
  standingOf(state, tenantId, reversedEntryId).reversedBy = entryId;
  for (const loanId of reversed.loanIds) {
    takeBackLosses({ tenantId, loanId, entryId: reversedEntryId }, { state, plan });
  }
  UNDOINGS[reversed.entry.eventType]?.undo(reversed, { tenantId, state, plan, reversedOn: entry.draft.effectiveAt });
}
