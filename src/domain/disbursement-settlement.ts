import { ACCOUNT } from './account-code.ts';
import { creditOn } from './allocation.ts';
import { refuseEarlier } from './dating.ts';
import type { EntryDraft } from './journal-entry.ts';
import { PENDING, SETTLED } from './layer.ts';
import { type AccountLine, type EntryStanding, linesOn, type PostedEntry } from './posted-entry.ts';
import type { Refusal } from './refusal.ts';
import { refuseSettling, type Settlement, type SettlementContext, settle } from './settling.ts';

/** What a settlement of a disbursement meets besides: what was done to the entry that stands for the money on SETTLED. */
export type DisbursementSettlementContext = SettlementContext & { readonly paidOutStanding: EntryStanding };

/** What a disbursement paid out on SETTLED: by its own entry, or by the one that settled it. */
type PaidOut = { readonly entryId: string; readonly effectiveAt: string; readonly lines: readonly AccountLine[] };

/**
 * Settles a disbursement that is pending (event type `disbursement`). One that is on SETTLED meets the bank: DR 2000, CR 1000, what
 * stands there for it, once (`disbursement_settled`). Money lent anew by a refinance is such a disbursement.
 */
export function decideDisbursementSettlement(
  asked: Settlement,
  context: DisbursementSettlementContext,
): Refusal | EntryDraft {
  const { entry, standing, paidOutStanding } = context;
  if (entry === undefined || !paysOut(entry) || standing.settles !== null) {
    return { code: 'not_found', detail: `there is no disbursement event ${asked.eventId}` };
  }
  const refused = refuseSettling(asked, entry, context);
  if (refused !== null) return refused;
  if (entry.layer === PENDING && standing.settledBy === null) return settle(asked, entry, context);
  const paidOut = standing.settledBy ?? { ...entry, lines: linesOn(entry, SETTLED) };
  if (paidOutStanding.clearedBy !== null) {
    const detail = `entry ${paidOut.entryId} was cleared by ${paidOutStanding.clearedBy}`;
    return { code: 'already_settled', detail };
  }
  return (
    refuseEarlier(asked.effectiveAt, paidOut.effectiveAt, 'what it settles') ?? clear(asked, entry.currency, paidOut)
  );
}

/** The id of the entry that stands for a disbursement's money on SETTLED, or will. */
export function paidOutEntryId(entry: PostedEntry, { settledBy }: EntryStanding): string {
  return settledBy?.entryId ?? entry.entryId;
}

function paysOut({ eventType, lines }: PostedEntry): boolean {
  if (eventType === 'disbursement') return true;
  return eventType === 'refinance' && creditOn(lines, ACCOUNT.disbursementClearing) > 0n;
}

function clear({ effectiveAt, externalRef }: Settlement, currency: string, { lines }: PaidOut): EntryDraft {
  const amountMinor = creditOn(lines, ACCOUNT.disbursementClearing);
  const line = (account: number, signed: bigint) => ({ account, amountMinor: signed, loanId: null, borrowerId: null });
  return {
    eventType: 'disbursement_settled',
    effectiveAt,
    currency,
    layer: SETTLED,
    loanId: null,
    borrowerId: null,
    // When everything was withheld there is nothing to pay out.
    lines:
      amountMinor === 0n ? [] : [line(ACCOUNT.disbursementClearing, amountMinor), line(ACCOUNT.cash, -amountMinor)],
    reversesEntryId: null,
    externalRef,
    description: null,
    eventInput: {},
    metadata: null,
  };
}
