import { type Books, byEffect, type Entry, type Fact, journalsOf, type Loan, type Proposal, putFact } from './books.ts';
import type { Program } from './program.ts';
import type { Anew, Changed } from './restatement.ts';
import type { Outcome } from './state.ts';
import { difference, type Line, mirrored, netOf } from './terms.ts';

/** An entry that waits for its time. */
export type Planned = Omit<Entry, 'postedAt' | 'reversedByEntryId' | 'supersededByEntryId'> & {
  /** The entry whose place it takes. */
  readonly supersedes: string | undefined;
};

/** Everything that an accepted request writes; nothing is written before `book`. */
export interface Posting {
  readonly loans: readonly Loan[];
  readonly facts: readonly Fact[];
  readonly dropped: readonly Fact[];
  readonly anew: readonly Anew[];
  /** The request's own entry first, then its pair, then what it restates. */
  readonly entries: readonly Planned[];
  readonly programs: readonly Program[];
  readonly proposal: Proposal | undefined;
  readonly verdict: { readonly proposal: Proposal; readonly status: 'posted' | 'rejected' } | undefined;
  /** The parts of the answer that follow from the decision; money in text, `restatement` only where something was restated. */
  readonly answer: Readonly<Record<string, unknown>>;
}

/** A posting that writes nothing. */
export function emptyPosting(answer: Readonly<Record<string, unknown>> = {}): Posting {
  return {
    loans: [],
    facts: [],
    dropped: [],
    anew: [],
    entries: [],
    programs: [],
    proposal: undefined,
    verdict: undefined,
    answer,
  };
}

/** Gives out ids and makes the entries of one request. */
export class Draft {
  readonly #books: Books;
  readonly entries: Planned[] = [];
  #facts = 0;

  constructor(books: Books) {
    this.#books = books;
  }

  /** The next event's id and place in the order of arrival. */
  nextEvent(): { readonly eventId: string; readonly arrival: number } {
    this.#facts += 1;
    const arrival = this.#books.facts.size + this.#facts;
    return { eventId: `event-${arrival}`, arrival };
  }

  #nextEntryId(): string {
    return `entry-${this.#books.entries.size + this.entries.length + 1}`;
  }

  #add(fact: Fact, part: Partial<Planned> & Pick<Planned, 'eventType' | 'lines' | 'correlationId'>): Planned {
    const planned: Planned = {
      entryId: this.#nextEntryId(),
      eventId: fact.eventId,
      effectiveAt: fact.effectiveAt,
      reversesEntryId: undefined,
      supersedes: undefined,
      isDifference: false,
      ...part,
    };
    this.entries.push(planned);
    return planned;
  }

  /** The entry of a new fact. */
  first(fact: Fact): void {
    const eventType = [...fact.outcomes.values()][0]?.eventType ?? '';
    const { correlationId } = fact;
    fact.liveEntryId = this.#add(fact, { eventType, lines: linesOf(fact.outcomes), correlationId }).entryId;
  }

  /** The mirror of an entry. */
  mirror(
    fact: Fact,
    entry: Entry,
    { eventType = 'reversal', ...how }: { eventType?: string; effectiveAt: string; correlationId: string },
  ): void {
    const lines = mirrored(entry.lines);
    this.#add(fact, { eventType, lines, ...how, reversesEntryId: entry.entryId });
  }

  /** Each entry whose lines differ is reversed and posted again on its own day; over several loans the difference is posted. */
  restate(anew: readonly Anew[], correlationId: string): number {
    const facts = new Set(anew.filter(({ isRestated }) => isRestated).map(({ fact }) => fact));
    for (const fact of [...facts].sort(byEffect)) {
      const after = new Map(fact.outcomes);
      for (const change of anew) if (change.fact === fact) after.set(change.loanId, change.outcome);
      const lines = linesOf(after);
      const eventType = [...after.values()][0]?.eventType ?? '';
      const { effectiveAt } = fact;
      if (eventType === 'accrual') {
        const change = difference({ before: linesOf(fact.outcomes), after: lines });
        this.#add(fact, { eventType, lines: change, correlationId, isDifference: true });
        continue;
      }
      const live = this.#books.entries.get(fact.liveEntryId);
      if (live === undefined) throw new Error(`event ${fact.eventId} has no live entry`);
      this.mirror(fact, live, { effectiveAt, correlationId });
      this.#add(fact, { eventType, lines, correlationId, supersedes: live.entryId });
    }
    return facts.size;
  }
}

/** The lines of an entry: each loan's own, and one line for each other account where it is over several loans. */
export function linesOf(outcomes: ReadonlyMap<string, Outcome>): Line[] {
  const all = [...outcomes.values()];
  const [only] = all;
  if (only === undefined) return [];
  if (only.eventType !== 'accrual') return [...only.lines];
  const lines = all.flatMap((outcome) => outcome.lines);
  const others = lines.filter(({ loanId }) => loanId === undefined);
  const summed = [...netOf(others).values()].map(({ line, netMinor }): Line => {
    const [direction, amountMinor] = netMinor > 0n ? (['DR', netMinor] as const) : (['CR', -netMinor] as const);
    return { ...line, direction, amountMinor };
  });
  return [...lines.filter(({ loanId }) => loanId !== undefined), ...summed];
}

/** The parts of a decided change that go into a posting. */
export function restatementOf(
  draft: Draft,
  changed: Extract<Changed, { anew: readonly Anew[] }>,
  correlationId: string,
) {
  const entries = draft.restate(changed.anew, correlationId);
  return entries === 0 ? {} : { restatement: { entries, correlation_id: correlationId } };
}

/** The ids, the time and the key of an accepted request, as the server gave them. */
export interface PostedAs {
  readonly postedAt: string;
  /** The server's ids of the new events and of the entries, in the posting's order, as far as they are known. */
  readonly eventIds?: readonly string[];
  readonly entryIds?: readonly string[];
  /** Of a new program. */
  readonly programId?: string;
  readonly key?: { readonly text: string; readonly fingerprint: string; readonly body: string };
}

/** Writes a posting and answers how to take it back without a trace. */
export function book(books: Books, posting: Posting, posted: PostedAs): () => void {
  const undo: (() => void)[] = [];
  const put = <Value>(map: Map<string, Value>, key: string, value: Value) => {
    const before = map.get(key);
    map.set(key, value);
    undo.push(() => (before === undefined ? map.delete(key) : map.set(key, before)));
  };
  for (const program of posting.programs) {
    const programId = posted.programId ?? program.programId;
    put(books.programs, programId, { ...program, programId });
  }
  for (const loan of posting.loans) put(books.loans, loan.loanId, loan);
  for (const fact of posting.facts) undo.push(putFact(books, fact));
  for (const fact of posting.dropped) {
    fact.reversed = true;
    undo.push(() => {
      fact.reversed = false;
    });
  }
  for (const { fact, loanId, outcome } of posting.anew) put(fact.outcomes, loanId, outcome);
  for (const planned of posting.entries) bookEntry(books, planned, { postedAt: posted.postedAt, put, undo });
  posting.facts.forEach((fact, at) => {
    const name = posted.eventIds?.[at];
    if (name !== undefined) put(books.eventNames, name, fact.eventId);
  });
  posting.entries.forEach((entry, at) => {
    const name = posted.entryIds?.[at];
    if (name !== undefined) put(books.entryNames, name, entry.entryId);
  });
  if (posting.proposal !== undefined) {
    const { adjustmentId } = posting.proposal;
    put(books.proposals, adjustmentId, posting.proposal);
    const [name] = posted.eventIds ?? [];
    if (name !== undefined) put(books.eventNames, name, adjustmentId);
  }
  if (posting.verdict !== undefined) {
    const { proposal, status } = posting.verdict;
    put(books.proposals, proposal.adjustmentId, { ...proposal, status });
  }
  if (posted.key !== undefined) put(books.keys, posted.key.text, posted.key);
  return () => {
    for (const step of undo.reverse()) step();
  };
}

interface Booking {
  readonly postedAt: string;
  readonly put: <Value>(map: Map<string, Value>, key: string, value: Value) => void;
  readonly undo: (() => void)[];
}

function bookEntry(books: Books, planned: Planned, { postedAt, put, undo }: Booking): void {
  const { supersedes, ...entry } = planned;
  const booked: Entry = { ...entry, postedAt, reversedByEntryId: undefined, supersededByEntryId: undefined };
  put(books.entries, entry.entryId, booked);
  const reversed = entry.reversesEntryId === undefined ? undefined : books.entries.get(entry.reversesEntryId);
  if (reversed !== undefined) {
    reversed.reversedByEntryId = entry.entryId;
    undo.push(() => {
      reversed.reversedByEntryId = undefined;
    });
  }
  const fact = books.facts.get(entry.eventId);
  if (fact === undefined) throw new Error(`entry ${entry.entryId} books no known event`);
  for (const loanId of journalsOf(fact, entry.lines)) {
    put(books.journals, loanId, [...(books.journals.get(loanId) ?? []), booked]);
  }
  if (entry.isDifference) {
    fact.differences.push(entry.entryId);
    undo.push(() => fact.differences.pop());
  }
  const replaced = supersedes === undefined ? undefined : books.entries.get(supersedes);
  if (replaced === undefined) return;
  replaced.supersededByEntryId = entry.entryId;
  fact.liveEntryId = entry.entryId;
  undo.push(() => {
    replaced.supersededByEntryId = undefined;
    fact.liveEntryId = replaced.entryId;
  });
}
