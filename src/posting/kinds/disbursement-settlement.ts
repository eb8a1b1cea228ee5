import { decideDisbursementSettlement, paidOutEntryId } from '../../domain/disbursement-settlement.ts';
import { untouched } from '../../domain/posted-entry.ts';
import type { CommandOf } from '../command.ts';
import { scopedKey } from '../ledger-state.ts';
import { SETTLEMENT_RECEIPT_VERSION } from '../receipt.ts';
import { type Reference, referredEntry } from '../reference.ts';
import { inRangeWithoutField, loanScene, standingOf, tenantOf } from '../scene.ts';
import { type CommandKind, type PostedEntries, ROWS_PER_COMMAND, type Target } from './command-kind.ts';
import { rememberClearing, rememberSettling } from './settling-fact.ts';

/** POST /v1/disbursements/{disbursement_event_id}/settlements: settles what is pending, then clears what is settled. */
export const DISBURSEMENT_SETTLEMENT: CommandKind<CommandOf<'disbursement_settlement'>> = {
  refersTo: disbursement,
  inheritsCorrelation: true,
  weight: () => 2 * ROWS_PER_COMMAND,
  reads: () => undefined,
  place: ({ settlement }, paid) =>
    paid === undefined ? null : { effectiveAt: settlement.effectiveAt, loanIds: paid.loanIds },
  decide: (command, state) => {
    const { settlement, tenantId } = command;
    const entry = referredEntry(disbursement(command), { tenantId, resolved: state.entries })?.entry;
    const standing = entry === undefined ? untouched() : standingOf(state, tenantId, entry.entryId);
    const booked = decideDisbursementSettlement(settlement, {
      entry,
      standing,
      paidOutStanding: entry === undefined ? standing : standingOf(state, tenantId, paidOutEntryId(entry, standing)),
      loan: (loanId) => loanScene(state, tenantId, loanId),
      calendar: tenantOf(state, tenantId),
    });
    return inRangeWithoutField(state, tenantId, booked);
  },
  remember: rememberSettlement,
  receiptVersion: SETTLEMENT_RECEIPT_VERSION,
};

function disbursement({ settlement }: CommandOf<'disbursement_settlement'>): Reference {
  return { id: settlement.eventId, to: 'event' };
}

function rememberSettlement(
  command: CommandOf<'disbursement_settlement'>,
  { entry }: PostedEntries,
  target: Target,
): void {
  const { state, plan } = target;
  const { tenantId, entryId, draft } = entry;
  const paid = referredEntry(disbursement(command), { tenantId, resolved: state.entries })?.entry;
  if (paid === undefined) throw new Error(`entry ${entryId} settles no disbursement`);
  if (draft.eventType === 'disbursement_settled') {
    rememberClearing({ entryId: paidOutEntryId(paid, standingOf(state, tenantId, paid.entryId)) }, entry, target);
    return;
  }
  rememberSettling(paid.entryId, entry, target);
  const { loanId, effectiveAt } = draft;
  if (loanId === null) throw new Error(`disbursement ${entryId} names no loan`);
  plan.disbursements.push({ tenantId, loanId, entryId, effectiveAt });
  state.disbursements.get(scopedKey(tenantId, loanId))?.push({ entryId, effectiveAt });
}
