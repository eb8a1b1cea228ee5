import { readSplit } from './allocation.ts';
import { type Calendar, refuseClosedPeriod, refuseEarlier, refuseFuture } from './dating.ts';
import { paidOutLines, readWithheld } from './disbursement.ts';
import type { DraftLine, EntryDraft } from './journal-entry.ts';
import { PENDING, SETTLED } from './layer.ts';
import type { LoanState } from './loan.ts';
import { ownerOf } from './loan-identity.ts';
import { refuseChargedOff } from './loan-standing.ts';
import type { Loss } from './loss.ts';
import { receivedLines } from './payment.ts';
import { acceptedType, type EntryStanding, type PostedEntry } from './posted-entry.ts';
import { type ProgramVersion, versionInForce } from './program.ts';
import { decideRecovery } from './recovery.ts';
import type { Refusal } from './refusal.ts';

/** A wish to settle or clear what an event booked (POST /v1/payments/{id}/settlements, /v1/disbursements/{id}/settlements). */
export type Settlement = {
  /** The payment or disbursement event. */
  readonly eventId: string;
  readonly effectiveAt: string;
  readonly externalRef: string | null;
};

/** What a settlement meets: the entry of the event named (undefined: none), what was done to it since, its loan. */
export type SettlementContext = {
  readonly entry: PostedEntry | undefined;
  readonly standing: EntryStanding;
  readonly loan: (loanId: string) => {
    readonly loan: LoanState;
    readonly program: readonly ProgramVersion[];
    /** It stands already and is decided again at its place (ACCOUNTING.md rule 11). */
    readonly again?: boolean;
  };
  /** The standing losses of a loan, of which money that stands may recover some. */
  readonly losses?: (loanId: string) => readonly Loss[];
  readonly calendar: Calendar;
};

/**
 * Settles a pending payment: one entry that takes it off PENDING and books it on SETTLED, allocated now, by the split that came
 * with it or by the waterfall.
 */
export function decidePaymentSettling(asked: Settlement, context: SettlementContext): Refusal | EntryDraft {
  const { entry, standing } = context;
  if (entry === undefined || acceptedType(entry) !== 'payment_received' || standing.settles !== null) {
    return { code: 'not_found', detail: `there is no payment event ${asked.eventId}` };
  }
  const refused = refuseSettling(asked, entry, context) ?? refuseSettled(entry, standing);
  return refused ?? settle(asked, entry, context);
}

/** Dates, then a reversal: what stands in the way of every settlement of this entry. */
export function refuseSettling(
  { effectiveAt }: Settlement,
  entry: PostedEntry,
  { standing, calendar }: SettlementContext,
): Refusal | null {
  const refused =
    refuseFuture(effectiveAt, calendar, 'effective_at') ??
    refuseEarlier(effectiveAt, entry.effectiveAt, 'what it settles') ??
    refuseClosedPeriod(effectiveAt, calendar, 'effective_at');
  if (refused !== null || standing.reversedBy === null) return refused;
  return { code: 'already_reversed', detail: `entry ${entry.entryId} was reversed by ${standing.reversedBy}` };
}

/** Refuses what never was pending, or is settled. */
export function refuseSettled(entry: PostedEntry, { settledBy }: EntryStanding): Refusal | null {
  if (entry.layer !== PENDING) {
    return { code: 'already_settled', detail: `entry ${entry.entryId} was never pending` };
  }
  if (settledBy === null) return null;
  return { code: 'already_settled', detail: `entry ${entry.entryId} was settled by ${settledBy.entryId}` };
}

/** Books a pending payment or disbursement that may settle: its mirror on PENDING and its lines on SETTLED, decided now. */
export function settle(asked: Settlement, entry: PostedEntry, context: SettlementContext): Refusal | EntryDraft {
  if (entry.loanId === null) throw new Error(`pending entry ${entry.entryId} names no loan`);
  const { loan, program, again = false } = context.loan(entry.loanId);
  const { effectiveAt } = asked;
  if (again && entry.eventType === 'payment_received' && loan.standing.status === 'charged_off') {
    return settleAsRecovery(asked, entry, context);
  }
  // No beginning of the loan is asked for: what settles stands already.
  const refused = refuseStateOf(loan);
  if (refused !== null) return refused;
  const version = versionInForce(program, effectiveAt);
  const settled = settledLines(entry, { loan, version, again });
  if ('code' in settled) return settled;
  return {
    eventType: entry.eventType,
    effectiveAt,
    currency: entry.currency,
    layer: SETTLED,
    ...ownerOf(loan),
    lines: [...offPending(entry), ...settled],
    reversesEntryId: null,
    externalRef: asked.externalRef ?? entry.externalRef,
    description: null,
    eventInput: { ...entry.eventInput, settles_event_id: entry.eventId, program_version: version.version },
    metadata: null,
  };
}

/** Money that stands on a loan that is charged off by then is a recovery (ACCOUNTING.md rule 11). */
function settleAsRecovery(
  asked: Settlement,
  entry: PostedEntry,
  { loan: lookUp, losses, calendar }: SettlementContext,
): Refusal | EntryDraft {
  const { loan, program } = lookUp(entry.loanId ?? '');
  const received = {
    ...ownerOf(loan),
    amountMinor: amountOf(entry),
    currency: entry.currency,
    effectiveAt: asked.effectiveAt,
    sourceMethod: '',
    externalRef: asked.externalRef,
    split: readSplit(entry.eventInput),
    metadata: null,
  };
  const known = losses?.(loan.loanId) ?? [];
  const draft = decideRecovery(received, { loan, losses: known, program, calendar, again: true });
  return 'code' in draft ? draft : { ...draft, lines: [...offPending(entry), ...draft.lines] };
}

function offPending({ lines }: PostedEntry): DraftLine[] {
  return lines.map((line): DraftLine => ({ ...mirrored(line), layer: PENDING }));
}

function amountOf({ lines }: PostedEntry): bigint {
  return lines.reduce((sum, line) => (line.amountMinor > 0n ? sum + line.amountMinor : sum), 0n);
}

function refuseStateOf(loan: LoanState): Refusal | null {
  const refused = refuseChargedOff(loan);
  // The body names no loan.
  return refused === null ? null : { code: refused.code, detail: refused.detail };
}

function settledLines(
  entry: PostedEntry,
  { loan, version, again }: { readonly loan: LoanState; readonly version: ProgramVersion; readonly again: boolean },
): Refusal | readonly DraftLine[] {
  const amountMinor = amountOf(entry);
  const owner = ownerOf(loan);
  if (entry.eventType === 'disbursement') {
    return paidOutLines({ amountMinor, fees: readWithheld(entry.eventInput) }, owner, version);
  }
  const received = receivedLines({ amountMinor, split: readSplit(entry.eventInput) }, { owner, loan, version, again });
  // Neither does it name an allocation: that came with the payment.
  return 'code' in received ? { code: received.code, detail: received.detail } : received;
}

function mirrored({ layer: _layer, ...line }: DraftLine): DraftLine {
  return { ...line, amountMinor: -line.amountMinor };
}
