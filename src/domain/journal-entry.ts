import type { EventType } from './event-type.ts';
import type { LayerNumber } from './layer.ts';
import { addComponents, type Components, controlledComponent, noComponents } from './loan.ts';
import { MINOR_MAX } from './money.ts';

/** Lines of one entry are numbered 1 to 32767 (CONTRACT.md section 3). */
export const LINES_MAX = 32_767;

/**
 * One debit or credit: `amountMinor` is positive for a debit and negative for a credit, never zero. `loanId` and
 * `borrowerId` are null only on accounts that no loan controls.
 */
export type DraftLine = {
  readonly account: number;
  readonly amountMinor: bigint;
  readonly loanId: string | null;
  readonly borrowerId: string | null;
  /** Where it does not lie on the layer of its entry: a settling takes what it settles off PENDING. */
  readonly layer?: LayerNumber;
  /** Where it is not in the currency of its entry; an adjustment alone may have lines of several. */
  readonly currency?: string;
};

/** A journal entry as decided, before it has ids, a place and a time. */
export type EntryDraft = {
  readonly eventType: EventType;
  readonly effectiveAt: string;
  /** Of every line that names no other, as the layer. */
  readonly currency: string;
  /** Of every line that names no other. */
  readonly layer: LayerNumber;
  /** The one loan that every line belongs to, or null when lines belong to several. */
  readonly loanId: string | null;
  readonly borrowerId: string | null;
  readonly lines: readonly DraftLine[];
  /** Loans that it is about and has no line of: an accrual of 0 is part of their lives all the same. None when left out. */
  readonly unmovedLoanIds?: readonly string[];
  readonly reversesEntryId: string | null;
  readonly externalRef: string | null;
  readonly description: string | null;
  /** The fact as accepted, for whoever books it again. */
  readonly eventInput: EventInput;
  /** JSON text exactly as it came, or null. */
  readonly metadata: string | null;
};

/** What is kept of an event besides its lines; JSON, amounts as strings. */
export type EventInput = { readonly [name: string]: string | number | null | EventInput | readonly EventInput[] };

/**
 * An entry that one command books behind its first, in the same database transaction and under the same correlation.
 * `eventId` is that of an event which it books again; null makes it the first booking of an event of its own.
 */
export type FollowingEntry = {
  readonly draft: EntryDraft;
  readonly eventId: string | null;
  /** The id that it was decided under; a fresh one when it is left out. */
  readonly entryId?: string;
  /** The entry in whose place a restatement posts this one. */
  readonly supersedes?: string;
};

/**
 * What a command books when it is more than one entry; its key names the first. `preceding` stand before that one, where it
 * could not be booked without them.
 */
export type BookedEntries = {
  readonly preceding?: readonly FollowingEntry[];
  readonly first: EntryDraft;
  readonly following: readonly FollowingEntry[];
  /** What a backdated event does to those behind it; posted last, and no part of the event. */
  readonly restated?: readonly FollowingEntry[];
};

/** What an accepted command books. */
export type Booked = EntryDraft | BookedEntries;

/** Lines of one loan, collected without zeros: "No line has amount 0" (ACCOUNTING.md section 2). */
export class LoanLines {
  readonly lines: DraftLine[] = [];
  readonly #loanId: string;
  readonly #borrowerId: string;

  constructor(owner: { loanId: string; borrowerId: string }) {
    this.#loanId = owner.loanId;
    this.#borrowerId = owner.borrowerId;
  }

  debit(account: number, amountMinor: bigint): this {
    return this.#add(account, amountMinor);
  }

  credit(account: number, amountMinor: bigint): this {
    return this.#add(account, -amountMinor);
  }

  #add(account: number, amountMinor: bigint): this {
    if (amountMinor !== 0n) {
      this.lines.push({ account, amountMinor, loanId: this.#loanId, borrowerId: this.#borrowerId });
    }
    return this;
  }
}

/** Lines of one layer and one currency. */
export type LayerLines = {
  readonly layer: LayerNumber;
  readonly currency: string;
  readonly lines: readonly DraftLine[];
};

/** The lines of an entry by layer and currency, in the order of the layers; nearly every entry has one of each. */
export function linesByLayer({
  layer,
  currency,
  lines,
}: Pick<EntryDraft, 'layer' | 'currency' | 'lines'>): readonly LayerLines[] {
  if (!lines.some((line) => line.layer !== undefined || line.currency !== undefined)) {
    return [{ layer, currency, lines }];
  }
  const currencies = [...new Set(lines.map((line) => line.currency ?? currency))];
  return ([0, 1, 2] as const).flatMap((on) =>
    currencies.flatMap((of) => {
      const own = lines.filter((line) => (line.layer ?? layer) === on && (line.currency ?? currency) === of);
      return own.length === 0 ? [] : [{ layer: on, currency: of, lines: own }];
    }),
  );
}

/** What the lines of one loan do to its components. */
export function effectOfLines(lines: readonly DraftLine[]): Components {
  const effect = noComponents();
  for (const line of lines) {
    const controlled = controlledComponent(line.account);
    if (controlled !== null) effect[controlled.component] += line.amountMinor * controlled.debitSign;
  }
  return effect;
}

/**
 * The same, loan by loan, in order of first mention; lines without a loan are passed over. A loan that is named on other
 * accounts alone is there with zeros: the entry belongs to its history all the same.
 */
export function effectsByLoan(lines: readonly DraftLine[]): Map<string, Components> {
  const effects = new Map<string, Components>();
  for (const line of lines) {
    if (line.loanId === null) continue;
    const controlled = controlledComponent(line.account);
    const effect = noComponents();
    if (controlled !== null) effect[controlled.component] = line.amountMinor * controlled.debitSign;
    const known = effects.get(line.loanId);
    if (known === undefined) effects.set(line.loanId, effect);
    else addComponents(known, effect);
  }
  return effects;
}

/**
 * The invariants of an entry, asserted before it is written and held again by constraints in SQL and by `hpts verify`:
 * debits equal credits on each layer and in each currency, no line is zero or above 18 digits, every line on a control
 * account names its loan. Throws,
 * because an entry that breaks them is a bug of ours and never somebody's bad input.
 */
export function assertPostable(entry: EntryDraft): void {
  for (const { lines } of linesByLayer(entry)) assertBalanced(entry, lines);
  if (entry.lines.length > LINES_MAX) throw new Error(`${entry.eventType}: ${entry.lines.length} lines`);
}

function assertBalanced(entry: EntryDraft, lines: readonly DraftLine[]): void {
  let total = 0n;
  for (const line of lines) {
    if (line.amountMinor === 0n || line.amountMinor > MINOR_MAX || line.amountMinor < -MINOR_MAX) {
      throw new Error(`${entry.eventType}: a line of ${line.amountMinor} on ${line.account} cannot be posted`);
    }
    if (line.loanId === null && controlledComponent(line.account) !== null) {
      throw new Error(`${entry.eventType}: a line on control account ${line.account} names no loan`);
    }
    total += line.amountMinor;
  }
  if (total !== 0n) throw new Error(`${entry.eventType}: debits exceed credits by ${total}`);
}
