import type { BookedEntries, DraftLine, EntryDraft } from './journal-entry.ts';
import { SETTLED } from './layer.ts';
import { lastDayOf, type Period } from './period.ts';
import type { PeriodChange } from './period-close.ts';
import { type Refusal, refusalOfField } from './refusal.ts';

/** An entry that a close posted. */
export type ClosingEntry = {
  readonly entryId: string;
  readonly correlationId: string;
  readonly currency: string;
  readonly lines: readonly DraftLine[];
};

/** A close that was not reopened. `entries` are null where nobody asks to reopen it. */
export type StandingClose = { readonly period: Period; readonly entries: readonly ClosingEntry[] | null };

/** Reopens the latest closed period: the mirror of every entry that closed it, on the same date (ACCOUNTING.md section 5). */
export function decidePeriodReopening(
  change: PeriodChange,
  { latest }: { readonly latest: StandingClose | undefined },
): Refusal | BookedEntries {
  const { period } = change;
  if (latest?.period !== period) {
    const message =
      latest === undefined
        ? `period ${period} is not closed, and neither is any other`
        : period > latest.period
          ? `period ${period} is not closed; the latest that is closed is ${latest.period}`
          : `periods are reopened latest first, and ${latest.period} is the latest that is closed`;
    return refusalOfField('period_not_next', 'period', message);
  }
  const [first, ...rest] = (latest.entries ?? []).map((entry) => mirrorOf(change, entry));
  if (first === undefined) throw new Error(`the close of ${period} is to be reopened and was not read`);
  return { first, following: rest.map((draft) => ({ draft, eventId: null })) };
}

function mirrorOf({ period, description, metadata }: PeriodChange, closing: ClosingEntry): EntryDraft {
  return {
    eventType: 'period_closed',
    effectiveAt: lastDayOf(period),
    currency: closing.currency,
    layer: SETTLED,
    loanId: null,
    borrowerId: null,
    lines: closing.lines.map((line) => ({ ...line, amountMinor: -line.amountMinor })),
    reversesEntryId: closing.entryId,
    externalRef: null,
    description,
    eventInput: { period },
    metadata,
  };
}
