import { ACCOUNT } from './account-code.ts';
import { creditOn } from './allocation.ts';
import { type Calendar, refuseClosedPeriod, refuseEarlier, refuseFuture } from './dating.ts';
import type { EventType } from './event-type.ts';
import type { EntryDraft } from './journal-entry.ts';
import { PENDING, SETTLED } from './layer.ts';
import { MINOR_MAX } from './money.ts';
import { type EntryStanding, linesOn, type PostedEntry } from './posted-entry.ts';
import type { FieldProblem, Refusal, RefusalCode } from './refusal.ts';

/** Money on its way that the bank has confirmed (POST /v1/payments/settlements). */
export type PaymentClearing = {
  readonly journalEntryIds: readonly string[];
  readonly bankRef: string;
  readonly effectiveAt: string;
};

/** What a clearing meets: the entries by the ids that it names, and what was done to each. */
export type PaymentClearingContext = {
  readonly entry: (entryId: string) => PostedEntry | undefined;
  readonly standing: (entryId: string) => EntryStanding;
  readonly calendar: Calendar;
};

const CLEARED_TYPES: ReadonlySet<EventType> = new Set([
  'payment_received',
  'recovery',
  'payment_returned',
  'suspense_refunded',
]);

/**
 * Books the net of what the entries named have on 1010: DR 1000, CR 1010, sides swapped when it is negative, no lines when it is
 * 0. Each entry once. Refuses in the order: not found, currency, dates, reversed, settled; errors[] names every entry at fault.
 */
export function decidePaymentClearing(asked: PaymentClearing, context: PaymentClearingContext): Refusal | EntryDraft {
  const named = asked.journalEntryIds.map((entryId) => context.entry(entryId));
  const missing = refuseEach(asked, 'journal_entry_not_found', (entryId, index) => {
    const entry = named[index];
    return entry === undefined || !canBeCleared(entry)
      ? `entry ${entryId} is no payment, recovery, return or refund on SETTLED`
      : null;
  });
  if (missing !== null) return missing;
  const entries = named.filter((entry) => entry !== undefined);
  const currency = entries[0]?.currency ?? '';
  const refused =
    refuseCurrencies(asked, entries) ??
    refuseFuture(asked.effectiveAt, context.calendar, 'effective_at') ??
    refuseDates(asked, entries) ??
    refuseClosedPeriod(asked.effectiveAt, context.calendar, 'effective_at') ??
    refuseReversed(asked, context) ??
    refuseCleared(asked, context);
  if (refused !== null) return refused;
  let net = 0n;
  for (const entry of entries) net -= creditOn(linesOn(entry, SETTLED), ACCOUNT.paymentClearing);
  if (net > MINOR_MAX || net < -MINOR_MAX) return refuseSum();
  return draftOf(asked, currency, net);
}

function canBeCleared(entry: PostedEntry): boolean {
  return CLEARED_TYPES.has(entry.eventType) && entry.layer !== PENDING;
}

function refuseCurrencies(asked: PaymentClearing, entries: readonly PostedEntry[]): Refusal | null {
  const first = entries[0]?.currency;
  return refuseEach(asked, 'currency_mismatch', (entryId, index) => {
    const currency = entries[index]?.currency;
    return currency === first ? null : `entry ${entryId} is in ${currency}, the first one in ${first}`;
  });
}

function refuseDates({ effectiveAt }: PaymentClearing, entries: readonly PostedEntry[]): Refusal | null {
  let latest: PostedEntry | undefined;
  for (const entry of entries) if (latest === undefined || entry.effectiveAt > latest.effectiveAt) latest = entry;
  return latest === undefined ? null : refuseEarlier(effectiveAt, latest.effectiveAt, `entry ${latest.entryId}`);
}

function refuseReversed(asked: PaymentClearing, { standing }: PaymentClearingContext): Refusal | null {
  return refuseEach(asked, 'already_reversed', (entryId) => {
    const { reversedBy } = standing(entryId);
    return reversedBy === null ? null : `entry ${entryId} was reversed by ${reversedBy}`;
  });
}

function refuseCleared(asked: PaymentClearing, { entry, standing }: PaymentClearingContext): Refusal | null {
  const seen = new Set<string>();
  return refuseEach(asked, 'already_settled', (entryId) => {
    const { clearedBy } = standing(entryId);
    if (clearedBy !== null) return `entry ${entryId} was cleared by ${clearedBy}`;
    const eventId = entry(entryId)?.eventId ?? entryId;
    if (seen.has(eventId)) return `entry ${entryId} is named twice, or books an event that is named before`;
    seen.add(eventId);
    return null;
  });
}

/** A problem for each entry of which `message` has something to say; null when there is none. */
function refuseEach(
  { journalEntryIds }: PaymentClearing,
  code: RefusalCode,
  message: (entryId: string, index: number) => string | null,
): Refusal | null {
  const errors: FieldProblem[] = [];
  journalEntryIds.forEach((entryId, index) => {
    const said = message(entryId, index);
    if (said !== null) errors.push({ field: `journal_entry_ids[${index}]`, code, message: said });
  });
  const [first] = errors;
  if (first === undefined) return null;
  const detail = `${errors.length} of ${journalEntryIds.length} entries were refused and nothing was posted; the first: ${first.message}`;
  return { code, detail, errors };
}

function refuseSum(): Refusal {
  const message = 'the entries sum to more than 999999999999999999 minor units; clear them in several calls';
  const code = 'amount_out_of_range';
  return { code, detail: message, errors: [{ field: 'journal_entry_ids', code, message }] };
}

function draftOf({ effectiveAt, bankRef }: PaymentClearing, currency: string, net: bigint): EntryDraft {
  const line = (account: number, amountMinor: bigint) => ({ account, amountMinor, loanId: null, borrowerId: null });
  const [cash, clearing] = [line(ACCOUNT.cash, net), line(ACCOUNT.paymentClearing, -net)];
  const debitFirst = net > 0n ? [cash, clearing] : [clearing, cash];
  return {
    eventType: 'payment_settled',
    effectiveAt,
    currency,
    layer: SETTLED,
    loanId: null,
    borrowerId: null,
    lines: net === 0n ? [] : debitFirst,
    reversesEntryId: null,
    externalRef: bankRef,
    description: null,
    eventInput: { bank_ref: bankRef },
    metadata: null,
  };
}
