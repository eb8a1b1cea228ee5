import type { AccrualBatch } from '../../src/domain/accrual.ts';
import { type EventInput, effectOfLines } from '../../src/domain/journal-entry.ts';
import { addComponents, noComponents } from '../../src/domain/loan.ts';
import { byEffect, type KeptEntry, type LoanEvent } from '../../src/domain/restatement/loan-event.ts';
import { firstEntryIdOf, isRebooking } from '../../src/posting/entry-id.ts';
import { type ResolvedEntry, scopedKey } from '../../src/posting/ledger-state.ts';
import type { HistoryRef, LoanHistory } from '../../src/posting/restatement/loan-history.ts';

/** The parts of books in memory that a loan's life is read from. */
type LivedBooks = {
  readonly entries: ReadonlyMap<string, ResolvedEntry>;
  readonly reversals: ReadonlyMap<string, string>;
  readonly batches: ReadonlyMap<string, AccrualBatch>;
  readonly facts: { readonly clearings: readonly { readonly tenantId: string; readonly clearedEntryId: string }[] };
};

/** A loan's life from a day on, out of the entries alone, as the database answers it out of its tables. */
export function historyOf({ tenantId, loanId, from }: HistoryRef, books: LivedBooks): LoanHistory {
  const keys = [...books.entries.keys()];
  const before: LoanHistory['before'] = [noComponents(), noComponents(), noComponents()];
  const events = new Map<string, LoanEvent>();
  for (const [key, { entry, loanIds }] of books.entries) {
    if (!key.startsWith(tenantId) || !loanIds.includes(loanId)) continue;
    const lines = entry.lines.filter((line) => line.loanId === loanId);
    if (entry.effectiveAt < from) {
      const components = before[entry.layer];
      if (components !== null) addComponents(components, effectOfLines(lines));
      continue;
    }
    if (entry.eventType === 'reversal' || books.reversals.has(key)) continue;
    const first = scopedKey(tenantId, firstEntryIdOf(entry.eventId));
    const known = events.get(entry.eventId);
    const isDifference = entry.eventType === 'accrual' && isRebooking(entry.entryId);
    const accrued = books.batches.get(first)?.loans.find((loan) => loan.loanId === loanId);
    events.set(entry.eventId, {
      eventId: entry.eventId,
      arrival: BigInt(keys.indexOf(first)),
      entry: isDifference && known !== undefined ? known.entry : keptEntry(entry),
      lines: known === undefined ? lines : [...known.lines, ...lines],
      isPinned: books.facts.clearings.some((one) => one.tenantId === tenantId && one.clearedEntryId === entry.entryId),
      isWhole: entry.lines.every(({ layer }) => layer === undefined || layer === entry.layer),
      accrual: accrued === undefined ? null : { interestMinor: accrued.interestMinor },
    });
  }
  const ordered = [...events.values()].sort(byEffect);
  return { from, before, events: ordered, truncated: false };
}

/** The books keep whole drafts, of which a resolved entry is a part. */
function keptEntry(entry: object): KeptEntry {
  const kept = entry as KeptEntry & { readonly eventInput: EventInput };
  return { ...kept };
}
