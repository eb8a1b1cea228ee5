import {
  type Books,
  type Entry,
  type Fact,
  firstDayOf,
  lifeOf,
  loanOf,
  newBooks,
  presentOf,
} from '../simulation/model/reference/books.ts';
import type { LoanState } from '../simulation/model/reference/state.ts';
import { FEE_ACCOUNT, type History, idOf } from './history.ts';

/** The borrower of every loan, and one who has none. */
const BORROWER = idOf('2', 1);
export const STRANGER = idOf('2', 2);
/** An id of nothing. */
export const NOWHERE = idOf('9', 9);

/** The part of a history that requests are made from. */
export type Scenery = Pick<History, 'programs' | 'loanIds' | 'firstDay' | 'today' | 'isGiant' | 'otherCurrency'>;

/** What a request is made from: books, the loans in play, and the ledger's names. */
export abstract class Stage {
  abstract readonly history: Scenery;
  abstract readonly books: Books;

  /** The ledger's name of an event of the model. */
  abstract eventName(modelId: string): string;

  /** The ledger's name of an entry of the model. */
  abstract entryName(modelId: string): string;

  /** The id of a loan that is not in play; one may be made under it. */
  strangeLoanId(): string {
    return NOWHERE;
  }

  /** An id that a loan made by a refinance may have where no loan in play is left to be made. */
  freshLoanId(number: number): string {
    return idOf('1', 4 + number);
  }

  /** The facts whose command is of some kinds, or all of them, in order of arrival. */
  factsOf(...kinds: readonly string[]): Fact[] {
    const all = this.allFacts();
    return kinds.length === 0 ? all : all.filter(({ command }) => kinds.includes(command.kind));
  }

  /** Every fact that a request may be about, in order of arrival. */
  allFacts(): Fact[] {
    return [...this.books.facts.values()];
  }

  /** Every entry that a request may be about, in order of posting. */
  entries(): Entry[] {
    return [...this.books.entries.values()];
  }

  /** Who a loan belongs to, or will. */
  borrower(_loanId: string): string {
    return BORROWER;
  }

  /** A loan's currency; undefined while it may have any. */
  currency(loanId: string): string | undefined {
    return this.books.loans.get(loanId)?.currency;
  }

  /** A loan as it stands; undefined when there is none. */
  present(loanId: string): LoanState | undefined {
    return this.books.loans.has(loanId) ? presentOf(this.books, loanId) : undefined;
  }

  /** The loan's first day; the history's own when it has none. */
  firstDay(loanId: string): string {
    const { books, history } = this;
    if (!books.loans.has(loanId)) return history.firstDay;
    return firstDayOf(lifeOf(books, loanOf(books, loanId)), loanId) ?? history.firstDay;
  }

  /** The latest effective date among the standing events of a loan; the history's first day when there is none. */
  latestDay(loanId: string): string {
    const { books, history } = this;
    if (!books.loans.has(loanId)) return history.firstDay;
    const life = lifeOf(books, loanOf(books, loanId));
    return life.reduce((latest, { effectiveAt }) => (effectiveAt > latest ? effectiveAt : latest), history.firstDay);
  }
}

/** The model's books of one history, and the ledger's names for what is in them. */
export class World extends Stage {
  readonly history: History;
  readonly books: Books;
  readonly #eventNames = new Map<string, string>();
  readonly #entryNames = new Map<string, string>();
  readonly #correlations = new Map<string, string>();

  constructor(history: History) {
    super();
    this.history = history;
    const [standard, ...others] = history.programs.map((program) => ({ ...program, versions: [...program.versions] }));
    if (standard === undefined) throw new Error('a history has a default program');
    this.books = newBooks(standard);
    for (const program of others) this.books.programs.set(program.programId, program);
    this.books.accounts.set(FEE_ACCOUNT, ['Late fee income', 'CR']);
    this.books.fiscalYearEndMonth = history.fiscalYearEndMonth;
  }

  /** Takes over what the ledger calls an event. */
  nameEvent(modelId: string, name: string): void {
    this.#eventNames.set(modelId, name);
  }

  /** Takes over what the ledger calls an entry. */
  nameEntry(modelId: string, name: string): void {
    this.#entryNames.set(modelId, name);
  }

  eventName(modelId: string): string {
    return named(this.#eventNames, modelId);
  }

  entryName(modelId: string): string {
    return named(this.#entryNames, modelId);
  }

  /** False when the ledger gives one correlation of the model two names, or two of them one. */
  correlates(modelId: string, name: string): boolean {
    const known = this.#correlations.get(modelId);
    if (known !== undefined) return known === name;
    const isTaken = [...this.#correlations.values()].includes(name);
    this.#correlations.set(modelId, name);
    return !isTaken;
  }
}

function named(names: ReadonlyMap<string, string>, modelId: string): string {
  const name = names.get(modelId);
  if (name === undefined) throw new Error(`the ledger has no ${modelId}`);
  return name;
}
