import { LIMITS } from '../limits.ts';
import { refuseOutOfRange } from './component-range.ts';
import { type Calendar, refuseClosedPeriod, refuseFuture } from './dating.ts';
import type { EventType } from './event-type.ts';
import {
  type Booked,
  type DraftLine,
  type EntryDraft,
  effectsByLoan,
  type FollowingEntry,
  linesByLayer,
} from './journal-entry.ts';
import { PENDING } from './layer.ts';
import type { LoanState } from './loan.ts';
import { type Loss, recoveredAgain, recoveriesOf } from './loss.ts';
import type { EntryStanding, PostedEntry, StandingCorrection } from './posted-entry.ts';
import { type Refusal, refusalOfField } from './refusal.ts';

/** A wish to undo one entry (POST /v1/reversals). */
export type Reversal = {
  readonly reversesEntryId: string;
  readonly reasonCode: string;
  readonly reasonDescription: string | null;
  readonly effectiveAt: string;
  readonly metadata: string | null;
};

/**
 * What a reversal meets: the entry named (undefined: none), what was done to it since, of an accrual batch its standing
 * corrections in the order in which they were posted, and its loans, with their standing losses, the oldest first. `loanIds`
 * are all that the entry is about, those too that it moved by nothing.
 */
export type ReversalContext = {
  readonly entry: PostedEntry | undefined;
  readonly loanIds: readonly string[];
  readonly losses: (loanId: string) => readonly Loss[];
  readonly standing: EntryStanding;
  /** What was done to the pending entry that it settled; untouched where it settled none. */
  readonly settledStanding: EntryStanding;
  readonly corrections: readonly StandingCorrection[];
  readonly loan: (loanId: string) => LoanState;
  readonly calendar: Calendar;
  /**
   * Loans of the entry whose program has backdating `replay`. If there is one, the reversal counts from the entry's own date;
   * what was built on the entry is decided again for these loans, in place of refused (ACCOUNTING.md rule 11).
   */
  readonly replayed: ReadonlySet<string>;
  /** The entry is what a restatement posted to an accrual entry, and no event by itself. */
  readonly isDifference: boolean;
};

/**
 * Books the exact mirror of every line of an entry, once (ACCOUNTING.md rule 6). What corrected an accrual batch is mirrored
 * with it, the newest first and each not before its own date, since without the batch there is nothing to correct.
 */
export function decideReversal(reversal: Reversal, context: ReversalContext): Refusal | Booked {
  const { entry, replayed } = context;
  if (entry === undefined) {
    const message = `there is no journal entry ${reversal.reversesEntryId}`;
    return refusalOfField('journal_entry_not_found', 'reverses_entry_id', message);
  }
  const refused =
    refuseDates(reversal, entry, context) ??
    refuseState(entry, context) ??
    refuseBefallen(entry, context) ??
    refuseUnderLosses(entry, context);
  if (refused !== null) return refused;
  const corrections = context.corrections.toReversed();
  const lines = mirrored(entry.lines);
  const all = [...lines, ...corrections.flatMap((correction) => mirrored(correction.lines))];
  const judged = all.filter(({ loanId }) => loanId === null || !replayed.has(loanId));
  const unfit = refuseMirror({ ...entry, lines: judged }, context.loan, 'reverses_entry_id');
  if (unfit !== null) return unfit;
  const inPlace = replayed.size > 0;
  const first = mirror(entry, {
    effectiveAt: inPlace ? entry.effectiveAt : reversal.effectiveAt,
    description: reversal.reasonDescription,
    eventInput: {
      reason_code: reversal.reasonCode,
      ...(inPlace ? { requested_effective_at: reversal.effectiveAt } : {}),
      ...(reversal.reversesEntryId === entry.entryId ? {} : { requested_entry_id: reversal.reversesEntryId }),
    },
    metadata: reversal.metadata,
  });
  if (corrections.length === 0) return first;
  return { preceding: corrections.map((correction) => mirrorOf(correction, first)), first, following: [] };
}

/** The exact mirror of every line of an entry, before anybody judges whether it may be posted. */
export function mirror(
  entry: PostedEntry,
  of: Pick<EntryDraft, 'effectiveAt' | 'description' | 'eventInput' | 'metadata'>,
): EntryDraft {
  return {
    eventType: 'reversal',
    currency: entry.currency,
    layer: entry.layer,
    loanId: entry.loanId,
    borrowerId: entry.borrowerId,
    lines: mirrored(entry.lines),
    reversesEntryId: entry.entryId,
    externalRef: entry.externalRef,
    ...of,
  };
}

/** Refuses a mirror by which a component of one of its loans would leave its range. */
export function refuseMirror(
  mirror: Pick<EntryDraft, 'layer' | 'currency' | 'lines'>,
  loan: (loanId: string) => LoanState,
  field: string,
): Refusal | null {
  let tooLarge: Refusal | null = null;
  for (const { layer, lines } of linesByLayer(mirror)) {
    for (const [loanId, effect] of effectsByLoan(lines)) {
      const outOfRange = refuseOutOfRange(loan(loanId), { layer, effect, field });
      if (outOfRange?.code === 'balance_would_be_negative') return outOfRange;
      tooLarge ??= outOfRange;
    }
  }
  return tooLarge;
}

function mirrored(lines: readonly DraftLine[]): DraftLine[] {
  return lines.map((line) => ({ ...line, amountMinor: -line.amountMinor }));
}

function mirrorOf({ entryId, effectiveAt, lines }: StandingCorrection, reversal: EntryDraft): FollowingEntry {
  const draft: EntryDraft = {
    ...reversal,
    effectiveAt: effectiveAt > reversal.effectiveAt ? effectiveAt : reversal.effectiveAt,
    lines: mirrored(lines),
    reversesEntryId: entryId,
    externalRef: null,
    metadata: null,
  };
  return { draft, eventId: null };
}

function refuseDates(reversal: Reversal, entry: PostedEntry, { calendar, replayed }: ReversalContext): Refusal | null {
  const future = refuseFuture(reversal.effectiveAt, calendar, 'effective_at');
  if (future !== null) return future;
  if (reversal.effectiveAt >= entry.effectiveAt) {
    return replayed.size > 0
      ? refuseClosedPeriod(entry.effectiveAt, calendar, 'effective_at', entry)
      : refuseClosedPeriod(reversal.effectiveAt, calendar, 'effective_at');
  }
  const message = `effective_at ${reversal.effectiveAt} lies before ${entry.effectiveAt}, the date of the entry it reverses`;
  return refusalOfField('validation_failed', 'effective_at', message);
}

function refuseState(entry: PostedEntry, { standing, isDifference }: ReversalContext): Refusal | null {
  const { reversedBy } = standing;
  if (isDifference) {
    const message = `entry ${entry.entryId} is what a restatement posted to an accrual; reverse the accrual's own entry`;
    return refusalOfField('not_reversible', 'reverses_entry_id', message);
  }
  if (entry.eventType === 'reversal') {
    const message = `entry ${entry.entryId} is itself a reversal; post the event again in place of reversing its reversal`;
    return refusalOfField('not_reversible', 'reverses_entry_id', message);
  }
  if (entry.eventType === 'period_closed') {
    const message = `entry ${entry.entryId} belongs to the close of a period; reopen the period, latest first`;
    return refusalOfField('not_reversible', 'reverses_entry_id', message);
  }
  if (entry.eventType === 'manual_adjustment' && entry.lines.length === 0) {
    const message = `entry ${entry.entryId} registered a loan without opening balances and moved nothing`;
    return refusalOfField('not_reversible', 'reverses_entry_id', message);
  }
  if (reversedBy !== null) {
    const message = `entry ${entry.entryId} was reversed by ${reversedBy}`;
    return refusalOfField('already_reversed', 'reverses_entry_id', message);
  }
  return null;
}

/** The kinds of entry of which a clearing says that the bank has the money; a disbursement may go back to what it was. */
const HELD_BY_CLEARING: ReadonlySet<EventType> = new Set([
  'payment_received',
  'recovery',
  'payment_returned',
  'suspense_refunded',
]);

/** A payment with a standing return or settlement, and a pending entry that is settled, stay (ACCOUNTING.md rule 6). */
function refuseBefallen(
  entry: PostedEntry,
  { standing, settledStanding }: Pick<ReversalContext, 'standing' | 'settledStanding'>,
): Refusal | null {
  const returns = [...standing.returnedBy, ...settledStanding.returnedBy];
  const held = HELD_BY_CLEARING.has(entry.eventType) ? standing.clearedBy : null;
  const upon = [
    ...(standing.settledBy === null ? [] : [`was settled by ${standing.settledBy.entryId}`]),
    ...(returns.length === 0 ? [] : [`has the returns ${returns.join(', ')}`]),
    ...(held === null ? [] : [`was cleared by ${held}`]),
  ];
  if (upon.length === 0) return null;
  const message = `entry ${entry.entryId} ${upon.join(' and ')}; reverse that first`;
  return refusalOfField('not_reversible', 'reverses_entry_id', message);
}

/**
 * Refuses the reversal of an entry that something was built on which lives by losses (ACCOUNTING.md rules 9 and 11): a loss
 * that recoveries have brought back, what a return gave back and later recoveries brought back again, a charge-off of a loan that
 * lost more since, an entry older than the charge-off.
 */
function refuseUnderLosses(entry: PostedEntry, { loanIds, losses, replayed }: ReversalContext): Refusal | null {
  for (const loanId of loanIds) {
    if (replayed.has(loanId)) continue;
    const ofLoan = losses(loanId);
    const refused = refuseBuiltUpon(entry, ofLoan) ?? refuseOlderThanChargeOff(entry, loanId, ofLoan);
    if (refused !== null) return refused;
  }
  return null;
}

function refuseBuiltUpon({ entryId }: PostedEntry, losses: readonly Loss[]): Refusal | null {
  const again = losses.flatMap((loss) => recoveredAgain(loss, entryId));
  if (again.length > 0) {
    return notReversible(`${namedOf([...new Set(again)])} recovered again what entry ${entryId} gave back`);
  }
  const own = losses.findIndex((loss) => loss.entryId === entryId);
  const loss = losses[own];
  if (loss === undefined) return null;
  const recoveries = recoveriesOf(loss);
  if (recoveries.length > 0) {
    return notReversible(`${namedOf(recoveries)} recovered some of what entry ${entryId} charged off`);
  }
  const later = loss.closesLoan ? losses.slice(own + 1) : [];
  if (later.length === 0) return null;
  const names = namedOf(later.map((one) => one.entryId));
  return notReversible(`${names} added to what is charged off since entry ${entryId}`);
}

function notReversible(reason: string): Refusal {
  return refusalOfField('not_reversible', 'reverses_entry_id', `${reason}; reverse that first`);
}

function namedOf(entryIds: readonly string[]): string {
  const named = entryIds.slice(0, LIMITS.entriesNamed);
  const more = entryIds.length - named.length;
  const word = entryIds.length === 1 ? 'entry' : 'entries';
  return `${word} ${named.join(', ')}${more === 0 ? '' : ` and ${more} more`}`;
}

/** What stands on PENDING alone was not charged off, and may be cancelled. */
function refuseOlderThanChargeOff(entry: PostedEntry, loanId: string, losses: readonly Loss[]): Refusal | null {
  const closing = losses.find(({ closesLoan }) => closesLoan);
  if (closing === undefined || closing.entryId === entry.entryId || isPendingAlone(entry)) return null;
  if (closing.seq !== null && entry.seq > closing.seq) return null;
  // A refinance that took nothing of the old loan is nothing of its past.
  if (entry.eventType === 'refinance' && entry.lines.every((line) => line.loanId !== loanId)) return null;
  const message = `entry ${entry.entryId} is older than entry ${closing.entryId}, which charged off loan ${loanId}; reverse that first`;
  return refusalOfField('loan_charged_off', 'reverses_entry_id', message);
}

/** An adjustment may have lines on several layers: its first one's says nothing of the others. */
function isPendingAlone({ layer, lines }: PostedEntry): boolean {
  return layer === PENDING && lines.every((line) => (line.layer ?? layer) === PENDING);
}
