import { ACCOUNTS } from './accounts.ts';
import type { Command } from './command.ts';
import type { InterestTerms } from './interest.ts';
import { type Policy, type Program, policyOn } from './program.ts';
import { apply, type LoanState, newState, type Outcome } from './state.ts';
import { effectOf, type Line } from './terms.ts';

/** Who a loan belongs to, fixed at its first disbursement or registration (ACCOUNTING.md rule 3). */
export interface Loan {
  readonly loanId: string;
  readonly borrowerId: string;
  readonly currency: string;
  readonly programId: string;
  readonly annualRate: string | undefined;
  readonly maturity: string | undefined;
}

/** A business event as accepted: it never changes, while its booking may be made anew. */
export interface Fact {
  readonly eventId: string;
  /** Rises with the order of arrival over all loans. */
  readonly arrival: number;
  readonly effectiveAt: string;
  readonly command: FactCommand;
  /** The loans of whose lives it is part; none for settlements against cash. */
  readonly loanIds: readonly string[];
  /** The policy that it was accepted under, kept for every later decision. */
  readonly policy: Policy;
  /** The event that it is about: the payment returned, the pending event settled, the accrual corrected. */
  readonly about: string | undefined;
  /** The events that it clears against cash. */
  readonly clears: readonly string[];
  readonly correlationId: string;
  /** What it posts for each loan as the books stand. */
  readonly outcomes: Map<string, Outcome>;
  /** The entry that books it now. */
  liveEntryId: string;
  /** Differences that a restatement posted to an entry over several loans. */
  readonly differences: string[];
  reversed: boolean;
}

/** The commands that become facts; `settled` is the settling of a pending event, `opening` that of a registration. */
export type FactCommand =
  | Exclude<
      Command,
      { kind: 'reversal' | 'proposal' | 'approval' | 'rejection' | 'program' | 'version' | 'run' | 'reopen' }
    >
  | { readonly kind: 'settled'; readonly pendingEventId: string }
  | { readonly kind: 'cleared' }
  | { readonly kind: 'server_accrual' }
  | { readonly kind: 'adjustment'; readonly lines: readonly Line[] };

/** A balanced set of lines in the journal. */
export interface Entry {
  readonly entryId: string;
  readonly eventId: string;
  readonly eventType: string;
  readonly effectiveAt: string;
  readonly postedAt: string;
  readonly lines: readonly Line[];
  readonly correlationId: string;
  readonly reversesEntryId: string | undefined;
  /** By a request. */
  reversedByEntryId: string | undefined;
  /** By a restatement. */
  supersededByEntryId: string | undefined;
  /** Booked by a restatement as a difference: it cannot be reversed by itself. */
  readonly isDifference: boolean;
}

/** An adjustment that waits for another principal. */
export interface Proposal {
  readonly adjustmentId: string;
  readonly proposer: string;
  readonly effectiveAt: string;
  readonly lines: readonly Line[];
  status: 'proposed' | 'posted' | 'rejected';
}

/** Facts by loan, by the event that they are about, by the events that they clear, by the month that they close; each list in order of arrival. */
export interface FactIndex {
  readonly lives: Map<string, Fact[]>;
  readonly about: Map<string, Fact[]>;
  readonly clearing: Map<string, Fact[]>;
  readonly closes: Map<string, Fact[]>;
}

/** One tenant's books. */
export interface Books {
  readonly defaultProgramId: string;
  readonly programs: Map<string, Program>;
  /** The chart: name and normal side by code. */
  readonly accounts: Map<string, readonly [name: string, normalSide: 'DR' | 'CR']>;
  readonly loans: Map<string, Loan>;
  /** In order of arrival. */
  readonly facts: Map<string, Fact>;
  /** In order of posting. */
  readonly entries: Map<string, Entry>;
  /** The same, to be found: facts by the loans of whose lives they are part, by what they are about, by what they clear. */
  readonly found: FactIndex;
  /** Entries by the loans that their lines name, and by the one loan that their event is about even where no line names it. */
  readonly journals: Map<string, Entry[]>;
  readonly proposals: Map<string, Proposal>;
  /** The ids that answers gave to events, and to entries, to the model's own; an event and its entry may share one. */
  readonly eventNames: Map<string, string>;
  readonly entryNames: Map<string, string>;
  /** Used keys: what was asked under each and the body that was answered. */
  readonly keys: Map<string, { readonly fingerprint: string; readonly body: string }>;
  /** The month with which the tenant's fiscal years end: `01` to `12`. */
  fiscalYearEndMonth: string;
  /** The most entries that one request may restate. */
  restatementLimit: number;
}

/** Empty books with a default program. */
export function newBooks(defaultProgram: Program): Books {
  return {
    defaultProgramId: defaultProgram.programId,
    programs: new Map([[defaultProgram.programId, defaultProgram]]),
    accounts: new Map(Object.entries(ACCOUNTS)),
    loans: new Map(),
    facts: new Map(),
    entries: new Map(),
    found: { lives: new Map(), about: new Map(), clearing: new Map(), closes: new Map() },
    journals: new Map(),
    proposals: new Map(),
    eventNames: new Map(),
    entryNames: new Map(),
    keys: new Map(),
    fiscalYearEndMonth: '12',
    restatementLimit: 5000,
  };
}

/** Puts a fact where it is found, in place of one of the same id if there is any. Answers how to take it back. */
export function putFact(books: Books, fact: Fact): () => void {
  const before = books.facts.get(fact.eventId);
  const takeBack = before === undefined ? undefined : unlist(books, before);
  books.facts.set(fact.eventId, fact);
  for (const [index, keys] of placesOf(books, fact)) {
    for (const key of keys) index.set(key, [...(index.get(key) ?? []), fact]);
  }
  return () => {
    unlist(books, fact);
    if (before === undefined) books.facts.delete(fact.eventId);
    else books.facts.set(fact.eventId, before);
    takeBack?.();
  };
}

function placesOf({ found }: Books, fact: Fact): readonly (readonly [Map<string, Fact[]>, readonly string[]])[] {
  return [
    [found.lives, fact.loanIds],
    [found.about, fact.about === undefined ? [] : [fact.about]],
    [found.clearing, fact.clears],
    [found.closes, fact.command.kind === 'close' ? [fact.command.period] : []],
  ];
}

function unlist(books: Books, fact: Fact): () => void {
  const undo: (() => void)[] = [];
  for (const [index, keys] of placesOf(books, fact)) {
    for (const key of keys) {
      const all = index.get(key) ?? [];
      const left = all.filter((other) => other !== fact);
      if (left.length === 0) index.delete(key);
      else index.set(key, left);
      undo.push(() => index.set(key, all));
    }
  }
  return () => {
    for (const step of undo.reverse()) step();
  };
}

/** The loan, which must be there. */
export function loanOf(books: Books, loanId: string): Loan {
  const loan = books.loans.get(loanId);
  if (loan === undefined) throw new Error(`the model does not know loan ${loanId}`);
  return loan;
}

/** The loan's program, which must be there. */
export function programOf(books: Books, programId: string): Program {
  const program = books.programs.get(programId);
  if (program === undefined) throw new Error(`the model does not know program ${programId}`);
  return program;
}

/** What the loan's interest is counted by. */
export function interestTerms(books: Books, loan: Loan): InterestTerms {
  return { program: programOf(books, loan.programId), registeredRate: loan.annualRate, maturity: loan.maturity };
}

/** The policy of the loan's program on a day. */
export function policyOf(books: Books, loan: Loan, day: string): Policy {
  return policyOn(programOf(books, loan.programId), day);
}

/** Whether the loan's events are put in order of effect; a program keeps the policy of its first version. */
export function isReplayed(books: Books, loan: Loan): boolean {
  const first = programOf(books, loan.programId).versions[0];
  return first?.policy.backdating === 'replay';
}

/** A loan's standing events in the order in which its program lets them count. */
export function lifeOf(books: Books, loan: Loan): Fact[] {
  const life = (books.found.lives.get(loan.loanId) ?? []).filter(({ reversed }) => !reversed);
  return life.sort(isReplayed(books, loan) ? byEffect : byArrival);
}

/** Order of rule 11: effective date, then arrival. */
export function byEffect(left: Fact, right: Fact): number {
  if (left.effectiveAt !== right.effectiveAt) return left.effectiveAt < right.effectiveAt ? -1 : 1;
  return byArrival(left, right);
}

/** Order of arrival. */
export function byArrival(left: Fact, right: Fact): number {
  return left.arrival - right.arrival;
}

/** The day of the loan's first standing disbursement or opening, on any layer, among some of its events. */
export function firstDayOf(life: readonly Fact[], loanId: string): string | undefined {
  let first: string | undefined;
  for (const { command, effectiveAt } of life) {
    const opens =
      command.kind === 'disbursement' ||
      command.kind === 'registration' ||
      (command.kind === 'refinance' && command.newLoanId === loanId);
    if (opens && (first === undefined || effectiveAt < first)) first = effectiveAt;
  }
  return first;
}

/** Folds some of a loan's events as they stand booked. */
export function fold(books: Books, loan: Loan, facts: readonly Fact[]): LoanState {
  const state = newState(loan.loanId, loan.currency);
  for (const fact of facts) {
    const outcome = fact.outcomes.get(loan.loanId);
    if (outcome !== undefined) apply(state, outcome, fact.effectiveAt);
  }
  if (!isReplayed(books, loan)) addUndone(books, state);
  return state;
}

/**
 * Under `append` a reversed event did move the principal until its reversal, and interest of those nights follows it.
 * A reversed charge-off does not interrupt interest (rule 9), so that pair leaves nothing.
 */
function addUndone(books: Books, state: LoanState): void {
  for (const entry of books.journals.get(state.loanId) ?? []) {
    const fact = books.facts.get(entry.eventId);
    if (fact === undefined || !fact.reversed || fact.command.kind === 'chargeoff') continue;
    const { effectiveAt: date, reversesEntryId } = entry;
    const earnsFrom = reversesEntryId === undefined ? owedSince(fact.command, date) : date;
    for (const line of entry.lines) {
      const effect = line.loanId === state.loanId && line.layer === 'SETTLED' ? effectOf(line) : undefined;
      if (effect?.component !== 'principal') continue;
      state.principalMoves.push({ date, earnsFrom, deltaMinor: effect.deltaMinor });
    }
  }
}

/** What an opening owes was owed elsewhere since the day through which its interest is accrued. */
function owedSince(command: FactCommand, effectiveAt: string): string {
  return command.kind === 'registration' ? (command.opening?.accruedThrough ?? effectiveAt) : effectiveAt;
}

/** The loan as it stands now. */
export function presentOf(books: Books, loanId: string): LoanState {
  const loan = loanOf(books, loanId);
  return fold(books, loan, lifeOf(books, loan));
}

/** Standing events about another one. */
export function standingAbout(books: Books, eventId: string): Fact[] {
  return (books.found.about.get(eventId) ?? []).filter((fact) => !fact.reversed);
}

/**
 * The loans in whose journal an entry stands: those of its lines, and the one that its event is about, though it moves
 * none of its components (a recovery). A batch of accruals stands where it has a line.
 */
export function journalsOf(fact: Fact, lines: readonly Line[]): Set<string> {
  const named = lines.flatMap(({ loanId }) => loanId ?? []);
  const isBatch = ['accrual', 'server_accrual', 'correction'].includes(fact.command.kind);
  return new Set(isBatch || fact.loanIds.length > 1 ? named : [...named, ...fact.loanIds]);
}

/** True when a standing event cleared this one against cash. */
export function isCleared(books: Books, eventId: string): boolean {
  return (books.found.clearing.get(eventId) ?? []).some((fact) => !fact.reversed);
}

/** The entry that books an event now, by the id of that entry or of one that it took the place of. */
export function liveOf(books: Books, entryId: string): Entry | undefined {
  let entry = books.entries.get(entryId);
  while (entry?.supersededByEntryId !== undefined) entry = books.entries.get(entry.supersededByEntryId);
  return entry;
}
