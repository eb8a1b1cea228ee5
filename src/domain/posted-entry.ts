import type { EventType } from './event-type.ts';
import type { DraftLine, EventInput } from './journal-entry.ts';
import type { LayerNumber } from './layer.ts';
import { type Allocation, NOTHING_ALLOCATED } from './waterfall.ts';

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
  /** Of every line that names no other. */
  readonly layer: LayerNumber;
  readonly loanId: string | null;
  readonly borrowerId: string | null;
  readonly lines: readonly DraftLine[];
  readonly externalRef: string | null;
  readonly eventInput: EventInput;
  readonly postedAt: string;
};

/** An account and a signed amount, debits positive. */
export type AccountLine = Pick<DraftLine, 'account' | 'amountMinor'>;

/** What settled a pending entry, and what it booked on SETTLED. */
export type Settling = {
  readonly entryId: string;
  readonly effectiveAt: string;
  readonly lines: readonly AccountLine[];
  /** The loan was charged off by then, so that it is a recovery. */
  readonly isRecovery?: boolean;
};

/** Which payment a return took money out of, and what of each of its parts; the payment by the entry of its event. */
export type ReturnedParts = { readonly paymentEntryId: string; readonly parts: Allocation };

/**
 * What was done to an entry since it was posted, and what it did itself to an earlier one; read under the locks of the
 * entry's loans, changed by each posting of the batch. One member for each kind of fact, here and in the statement that
 * reads them. What was reversed stands no more, but goes on being counted: each time has its number.
 */
export type EntryStanding = {
  /** The entry that reversed it. */
  reversedBy: string | null;
  /** The entry that a restatement posted in its place; this one was then reversed by that restatement. */
  supersededBy: string | null;
  /** Of a pending entry: what settled it and stands. */
  settledBy: Settling | null;
  settlings: number;
  /** The pending entry that it settled. */
  readonly settles: string | null;
  /** The standing entry that cleared it to cash. */
  clearedBy: string | null;
  clearings: number;
  /** Of a payment: the standing returns, what they took together, and how many there ever were. */
  returnedBy: readonly string[];
  returned: Allocation;
  returns: number;
  readonly returnOf: ReturnedParts | null;
};

/** A correction of an accrual batch that was not reversed. */
export type StandingCorrection = Pick<PostedEntry, 'entryId' | 'effectiveAt' | 'lines'> & {
  /** By how much it changed the interest of each loan; one that it left as it was may be missing. */
  readonly differences: ReadonlyMap<string, bigint>;
};

/** An entry to which nothing was done, as a value of its own to change. */
export function untouched(): EntryStanding {
  return {
    reversedBy: null,
    supersededBy: null,
    settledBy: null,
    settlings: 0,
    settles: null,
    clearedBy: null,
    clearings: 0,
    returnedBy: [],
    returned: NOTHING_ALLOCATED,
    returns: 0,
    returnOf: null,
  };
}

/** The type under which an event was accepted; a restatement may have booked it as another. */
export function acceptedType({ eventType, eventInput }: Pick<PostedEntry, 'eventType' | 'eventInput'>): string {
  const accepted = eventInput['accepted_as'];
  return typeof accepted === 'string' ? accepted : eventType;
}

/** The lines of an entry that lie on one layer. */
export function linesOn({ layer, lines }: Pick<PostedEntry, 'layer' | 'lines'>, wanted: LayerNumber): DraftLine[] {
  return lines.filter((line) => (line.layer ?? layer) === wanted);
}
