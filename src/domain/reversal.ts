import { refuseOutOfRange } from './component-range.ts';
import { type Calendar, refuseFuture } from './dating.ts';
import type { EventType } from './event-type.ts';
import { type EntryDraft, effectsByLoan, linesByLayer } from './journal-entry.ts';
import type { LoanState } from './loan.ts';
import type { EntryStanding, PostedEntry } from './posted-entry.ts';
import { type Refusal, refusalOfField } from './refusal.ts';

/** A wish to undo one entry (POST /v1/reversals). */
export type Reversal = {
  readonly reversesEntryId: string;
  readonly reasonCode: string;
  readonly reasonDescription: string | null;
  readonly effectiveAt: string;
  readonly metadata: string | null;
};

/** What a reversal meets: the entry named (undefined: none), what was done to it since, and its loans. */
export type ReversalContext = {
  readonly entry: PostedEntry | undefined;
  readonly standing: EntryStanding;
  /** What was done to the pending entry that it settled; untouched where it settled none. */
  readonly settledStanding: EntryStanding;
  readonly loan: (loanId: string) => LoanState;
  readonly calendar: Calendar;
};

/** Books the exact mirror of every line of an entry, once (ACCOUNTING.md rule 6). */
export function decideReversal(reversal: Reversal, context: ReversalContext): Refusal | EntryDraft {
  const { entry } = context;
  if (entry === undefined) {
    const message = `there is no journal entry ${reversal.reversesEntryId}`;
    return refusalOfField('journal_entry_not_found', 'reverses_entry_id', message);
  }
  const refused =
    refuseDates(reversal, entry, context.calendar) ??
    refuseState(entry, context.standing) ??
    refuseBuiltUpon(entry, context);
  if (refused !== null) return refused;
  const draft = mirror(entry, {
    effectiveAt: reversal.effectiveAt,
    description: reversal.reasonDescription,
    eventInput: { reason_code: reversal.reasonCode },
    metadata: reversal.metadata,
  });
  return refuseMirror(draft, context.loan, 'reverses_entry_id') ?? draft;
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
    lines: entry.lines.map((line) => ({ ...line, amountMinor: -line.amountMinor })),
    reversesEntryId: entry.entryId,
    externalRef: entry.externalRef,
    ...of,
  };
}

/** Refuses a mirror by which a component of one of its loans would leave its range. */
export function refuseMirror(draft: EntryDraft, loan: (loanId: string) => LoanState, field: string): Refusal | null {
  for (const { layer, lines } of linesByLayer(draft)) {
    for (const [loanId, effect] of effectsByLoan(lines)) {
      const outOfRange = refuseOutOfRange(loan(loanId), { layer, effect, field });
      if (outOfRange !== null) return outOfRange;
    }
  }
  return null;
}

function refuseDates(reversal: Reversal, entry: PostedEntry, calendar: Calendar): Refusal | null {
  const future = refuseFuture(reversal.effectiveAt, calendar, 'effective_at');
  if (future !== null) return future;
  if (reversal.effectiveAt >= entry.effectiveAt) return null;
  const message = `effective_at ${reversal.effectiveAt} lies before ${entry.effectiveAt}, the date of the entry it reverses`;
  return refusalOfField('validation_failed', 'effective_at', message);
}

function refuseState(entry: PostedEntry, { reversedBy }: EntryStanding): Refusal | null {
  if (entry.eventType === 'reversal') {
    const message = `entry ${entry.entryId} is itself a reversal; post the event again in place of reversing its reversal`;
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
function refuseBuiltUpon(
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
