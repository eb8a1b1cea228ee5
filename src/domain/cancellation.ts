import { type Calendar, refuseClosedPeriod, refuseEarlier, refuseFuture } from './dating.ts';
import type { EntryDraft } from './journal-entry.ts';
import type { LoanState } from './loan.ts';
import { acceptedType, type EntryStanding, type PostedEntry } from './posted-entry.ts';
import type { Refusal } from './refusal.ts';
import { mirror, refuseMirror } from './reversal.ts';
import { refuseSettled } from './settling.ts';

/** A wish to take back what is still pending (POST /v1/payments/{id}/cancellations, /v1/disbursements/{id}/cancellations). */
export type Cancellation = {
  readonly of: 'payment' | 'disbursement';
  /** The payment or disbursement event. */
  readonly eventId: string;
  readonly effectiveAt: string;
  readonly reasonDescription: string | null;
};

/** What a cancellation meets: the entry of the event named (undefined: none), what was done to it since, its loan. */
export type CancellationContext = {
  readonly entry: PostedEntry | undefined;
  readonly standing: EntryStanding;
  readonly loan: (loanId: string) => LoanState;
  readonly calendar: Calendar;
  /** True: it counts from the pending event's own day, as a reversal does under `replay` (ACCOUNTING.md rule 11). */
  readonly inPlace: boolean;
};

/** Books the mirror of a pending entry, on PENDING: a reversal. What never was pending, or is settled, is refused. */
export function decideCancellation(asked: Cancellation, context: CancellationContext): Refusal | EntryDraft {
  const { entry, standing, inPlace } = context;
  const eventType = asked.of === 'payment' ? 'payment_received' : 'disbursement';
  if (entry === undefined || acceptedType(entry) !== eventType || standing.settles !== null) {
    return { code: 'not_found', detail: `there is no ${asked.of} event ${asked.eventId}` };
  }
  const effectiveAt = inPlace ? entry.effectiveAt : asked.effectiveAt;
  const refused =
    refuseFuture(asked.effectiveAt, context.calendar, 'effective_at') ??
    refuseEarlier(asked.effectiveAt, entry.effectiveAt, 'what it cancels') ??
    refuseClosedPeriod(effectiveAt, context.calendar, 'effective_at', inPlace ? entry : undefined) ??
    refuseSettled(entry, standing);
  if (refused !== null) return refused;
  if (standing.reversedBy !== null) {
    return { code: 'already_reversed', detail: `entry ${entry.entryId} was cancelled by ${standing.reversedBy}` };
  }
  const draft = mirror(entry, {
    effectiveAt,
    description: asked.reasonDescription,
    eventInput: {
      cancels_event_id: entry.eventId,
      ...(inPlace ? { requested_effective_at: asked.effectiveAt } : {}),
    },
    metadata: null,
  });
  // In its place the pending event drops out, and what stands behind it says whether it may.
  if (inPlace) return draft;
  const outOfRange = refuseMirror(draft, context.loan, 'effective_at');
  return outOfRange === null ? draft : { code: outOfRange.code, detail: outOfRange.detail };
}
