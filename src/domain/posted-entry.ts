import type { EventType } from './event-type.ts';
import type { DraftLine } from './journal-entry.ts';
import type { LayerNumber } from './layer.ts';

/** An entry that was posted before, as far as a later event that names it has to know it. It never changes. */
export type PostedEntry = {
  readonly entryId: string;
  /** Its place among its tenant's entries. */
  readonly seq: bigint;
  readonly eventId: string;
  readonly correlationId: string;
  readonly eventType: EventType;
  readonly effectiveAt: string;
  /** Of every line that names no other, as the layer. */
  readonly currency: string;
  readonly layer: LayerNumber;
  readonly loanId: string | null;
  readonly borrowerId: string | null;
  readonly lines: readonly DraftLine[];
  readonly externalRef: string | null;
  readonly postedAt: string;
};

/**
 * What was done to an entry since it was posted; read under the locks of the entry's loans, changed by each posting of the
 * batch. One member for each kind of fact, here and in the statement that reads them.
 */
export type EntryStanding = {
  /** The entry that reversed it. */
  reversedBy: string | null;
  /** The entry that a restatement posted in its place; this one was then reversed by that restatement. */
  supersededBy: string | null;
};

/** A correction of an accrual batch that was not reversed. */
export type StandingCorrection = Pick<PostedEntry, 'entryId' | 'effectiveAt' | 'lines'> & {
  /** By how much it changed the interest of each loan; one that it left as it was may be missing. */
  readonly differences: ReadonlyMap<string, bigint>;
};

/** An entry to which nothing was done, as a value of its own to change. */
export function untouched(): EntryStanding {
  return { reversedBy: null, supersededBy: null };
}
