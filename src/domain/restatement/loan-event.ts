import type { EventType } from '../event-type.ts';
import type { DraftLine, EventInput } from '../journal-entry.ts';
import { PENDING } from '../layer.ts';
import { linesOn, type PostedEntry } from '../posted-entry.ts';
import type { Rational } from '../rational.ts';
import type { Settlement } from '../settling.ts';

/** An entry with all that is kept of the fact that it books. */
export type KeptEntry = PostedEntry & {
  readonly description: string | null;
  readonly eventInput: EventInput;
  /** JSON text as it came, or null. */
  readonly metadata: string | null;
};

/** What a client's accrual batch says of one loan. */
export type KeptAccrual = { readonly interestMinor: bigint };

/** What the server's accrual stands for of one loan: null where a run would have passed it over by now, and for no nights. */
export type KeptRun = {
  readonly exact: Rational | null;
  /** How often a restatement said so, 0 for none. */
  readonly turn: number;
};

/** What a correction says of one loan of its batch, which is named by its entry: the whole interest. */
export type KeptCorrection = { readonly accrualEntryId: string; readonly interestMinor: bigint };

/** A standing event of one loan: neither it nor its entry was reversed by request. */
export type LoanEvent = {
  readonly eventId: string;
  /** The tenant's seq of the event's first entry: its place in the order of arrival, which no restatement changes. */
  readonly arrival: bigint;
  /** The type of its first entry: what was asked for, which a restatement may book as another. */
  readonly acceptedAs: EventType;
  /** The live entry: the first one, or the last that a restatement posted in its place. */
  readonly entry: KeptEntry;
  /**
   * What the loan's sub-ledger stands at by the event: the lines of the live entry, or of an entry over several loans those
   * that name this one, with the differences that restatements posted to them.
   */
  readonly lines: readonly DraftLine[];
  /** Of the settling of a pending event: how often that was settled, with this time; else null. */
  readonly settlingTurn: number | null;
  /** Of a return: the first entry of the payment's own event; null for every other event. */
  readonly returnOf: string | null;
  /** Of a client's accrual batch; null for every other event. */
  readonly accrual: KeptAccrual | null;
  /** Of an accrual by the server; null for every other event. */
  readonly run: KeptRun | null;
  /** Of the correction of an accrual batch; null for every other event. */
  readonly correction: KeptCorrection | null;
};

/** The order of a loan's events under `replay`: effective date, then arrival (ACCOUNTING.md rule 11). */
export function byEffect(one: LoanEvent, other: LoanEvent): number {
  const [date, otherDate] = [one.entry.effectiveAt, other.entry.effectiveAt];
  if (date !== otherDate) return date < otherDate ? -1 : 1;
  return one.arrival < other.arrival ? -1 : 1;
}

/** Whether two lists hold the same lines, in whatever order (decisions/0016 answer 38). */
export function sameLines(one: readonly DraftLine[], other: readonly DraftLine[]): boolean {
  if (one.length !== other.length) return false;
  const texts = (lines: readonly DraftLine[]) =>
    lines.map(({ account, amountMinor, loanId, layer }) => `${account} ${amountMinor} ${loanId} ${layer}`).sort();
  const others = texts(other);
  return texts(one).every((text, index) => text === others[index]);
}

/** The pending entry that an event settled, out of the settling's own lines; null for every other event. */
export function pendingOf({ entry, acceptedAs }: LoanEvent): PostedEntry | null {
  const { settles_event_id: pendingEventId, ...eventInput } = entry.eventInput;
  if (typeof pendingEventId !== 'string') return null;
  const lines = linesOn(entry, PENDING).map(({ layer: _layer, ...line }) => ({
    ...line,
    amountMinor: -line.amountMinor,
  }));
  const entryId = `${pendingEventId.slice(0, -1)}0`;
  return { ...entry, entryId, eventId: pendingEventId, eventType: acceptedAs, layer: PENDING, lines, eventInput };
}

/** What was asked of a pending event, by the event that settled it; null for every other. */
export function settlementOf({ entry }: LoanEvent): Settlement | null {
  const { effectiveAt, externalRef, eventInput } = entry;
  const { settles_event_id: eventId } = eventInput;
  return typeof eventId === 'string' ? { eventId, effectiveAt, externalRef } : null;
}

/** The debits of an entry on one account. */
export function debited({ lines }: Pick<KeptEntry, 'lines'>, account: number): bigint {
  let sum = 0n;
  for (const line of lines) if (line.account === account && line.amountMinor > 0n) sum += line.amountMinor;
  return sum;
}

/** The credits of an entry on one account, as an amount without a sign. */
export function credited({ lines }: Pick<KeptEntry, 'lines'>, account: number): bigint {
  let sum = 0n;
  for (const line of lines) if (line.account === account && line.amountMinor < 0n) sum -= line.amountMinor;
  return sum;
}

/** A text that was kept with an event. Throws when there is none, since only this program writes them. */
export function keptText({ entryId, eventInput }: KeptEntry, name: string): string {
  const value = eventInput[name];
  if (typeof value !== 'string') throw new Error(`entry ${entryId} keeps no ${name}`);
  return value;
}

/** An amount in minor units that was kept with an event. */
export function keptMinor(entry: KeptEntry, name: string): bigint {
  return BigInt(keptText(entry, name));
}

/** The loan and borrower of an entry on one loan. Throws for an entry over several. */
export function keptOwner({ entryId, loanId, borrowerId }: KeptEntry): {
  readonly loanId: string;
  readonly borrowerId: string;
} {
  if (loanId === null || borrowerId === null) throw new Error(`entry ${entryId} is not of one loan`);
  return { loanId, borrowerId };
}
