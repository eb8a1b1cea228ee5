import { LIMITS } from '../../limits.ts';
import type { JournalEntryView } from './entry-row.ts';

/** Newest first, or oldest first, by posting. */
export type JournalOrder = 'desc' | 'asc';

/** What entries of a list must have; null asks for nothing. Dates are inclusive, by effective date. */
export type JournalFilter = {
  readonly fromDate: string | null;
  readonly toDate: string | null;
  readonly eventType: string | null;
};

/** What a filter's dates are for SQL when it has none. */
export const FIRST_DAY = '-infinity';
export const LAST_DAY = 'infinity';

/** An entry of a list with its place, and what it adds to the size of a page. */
export type ListedEntry<Place> = { readonly entry: JournalEntryView; readonly place: Place; readonly bytes: number };

/** A page of a list; `next` is the place that the next page begins behind, null at the end of the list. */
export type JournalPage<Place> = { readonly entries: readonly JournalEntryView[]; readonly next: Place | null };

/** What one query is to look for: at most `entriesMax` entries of together `bytesMax`, behind a place of the list. */
export type WindowQuestion<Place> = {
  /** null: from the beginning. */
  readonly behind: Place | null;
  readonly entriesMax: number;
  readonly bytesMax: number;
  /** The page is empty so far: one entry is shown, whatever its size. */
  readonly isFirst: boolean;
};

/**
 * What one query found in the part of the list that it looked at: the entries to show, and whether there was a further
 * one in it. `lookedTo` is where that part ends, null when the list ends there.
 */
export type JournalWindow<Place> = {
  readonly listed: readonly ListedEntry<Place>[];
  readonly more: boolean;
  readonly lookedTo: Place | null;
};

/**
 * Fills a page from windows of a list, so that no single query looks at more than a window, whatever the filter passes
 * over. A page ends early when it is large enough in bytes, or when LIMITS.journalScanMs went by without filling it: then
 * it may be short or even empty, and `next` goes on behind what was looked at.
 */
export async function collectPage<Place>(
  begin: { readonly behind: Place | null; readonly size: number },
  read: (question: WindowQuestion<Place>) => Promise<JournalWindow<Place>>,
): Promise<JournalPage<Place>> {
  const lastCallMs = performance.now() + LIMITS.journalScanMs;
  const entries: JournalEntryView[] = [];
  let bytesMax: number = LIMITS.journalPageBytes;
  let { behind } = begin;
  for (;;) {
    const entriesMax = begin.size - entries.length;
    const { listed, more, lookedTo } = await read({ behind, entriesMax, bytesMax, isFirst: entries.length === 0 });
    for (const one of listed) {
      entries.push(one.entry);
      bytesMax -= one.bytes;
    }
    if (more) return { entries, next: listed.at(-1)?.place ?? behind };
    if (lookedTo === null) return { entries, next: null };
    behind = lookedTo;
    if (performance.now() >= lastCallMs) return { entries, next: behind };
  }
}

/**
 * What a query found: the entries that it answered, and how many there were in the part of the list up to `lookedTo`;
 * null when there was none, and its one row then has no entry.
 */
export type WindowFindings<Place> = {
  readonly found: bigint | null;
  readonly lookedTo: Place | null;
  readonly answered: () => readonly ListedEntry<Place>[];
};

/**
 * Of what a query answered, what is to be shown: a query answers the first entry that it finds in any case, and it is
 * shown when the page has room for it or nothing else.
 */
export function windowOf<Place>(
  { found, lookedTo, answered }: WindowFindings<Place>,
  { entriesMax, bytesMax, isFirst }: WindowQuestion<Place>,
): JournalWindow<Place> {
  if (found === null) return { listed: [], more: false, lookedTo };
  const all = answered();
  const fits = entriesMax > 0 && (isFirst || (all[0]?.bytes ?? 0) <= bytesMax);
  const listed = fits ? all : [];
  return { listed, more: found > BigInt(listed.length), lookedTo };
}

/** Roughly what an entry takes in an answer, apart from its metadata, and what each of its lines takes. */
const ENTRY_BYTES = 512;
const LINE_BYTES = 256;

/** SQL for the size of an entry `e` in an answer, of which `lines` lines are shown. */
export function entryBytes(lines: string): string {
  return `(${ENTRY_BYTES} + ${LINE_BYTES} * ${lines} + coalesce(octet_length(e.metadata), 0))::bigint`;
}
