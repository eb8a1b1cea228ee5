import {
  type Books,
  firstDayOf,
  lifeOf,
  newBooks,
  presentOf,
  type Entry as ReferenceEntry,
} from './reference/books.ts';
import type { Expectation as ReferenceExpectation } from './reference/expectation.ts';
import { book as bookPosting } from './reference/posting.ts';
import { DEFAULT_POLICY } from './reference/program.ts';
import type { LoanState } from './reference/state.ts';
import { type Components, effectOf, LAYERS, type Layer, type Line } from './reference/terms.ts';

export { type Components, effectOf, LAYERS, type Layer, type Line };

/** What a waterfall spreads a payment over, in the default order. */
export const COMPONENTS = ['fees', 'interest', 'principal', 'suspense'] as const;

/** What an entry says, whenever it is asked. */
export interface Plan {
  readonly eventType: string;
  readonly effectiveAt: string;
  readonly lines: readonly Line[];
  /** Every loan of an accrual batch, those without interest too. */
  readonly accruedLoanIds?: readonly string[];
  /** By the server's id. */
  readonly reversesEntryId?: string | undefined;
}

/** An entry of the model under the server's names. */
export class Entry {
  /** The model's own id until an answer has shown the server's. */
  entryId: string;
  readonly plan: Plan;
  /** Known once an answer has shown it. */
  correlationId: string | undefined;
  readonly #ledger: TenantLedger;
  readonly #reference: ReferenceEntry;

  constructor(ledger: TenantLedger, reference: ReferenceEntry, entryId: string) {
    this.#ledger = ledger;
    this.#reference = reference;
    this.entryId = entryId;
    const { eventType, effectiveAt, lines, reversesEntryId, eventId, isDifference } = reference;
    const fact = ledger.books.facts.get(eventId);
    const isBatch = eventType === 'accrual' && !isDifference && fact?.about === undefined;
    const accrued = isBatch ? { accruedLoanIds: fact?.loanIds ?? [] } : {};
    this.plan = {
      eventType,
      effectiveAt,
      lines,
      ...accrued,
      // The entry that it reverses may be named later than this one is made.
      get reversesEntryId() {
        return reversesEntryId === undefined ? undefined : ledger.byModelId.get(reversesEntryId)?.entryId;
      },
    };
  }

  /** The model's name of it. */
  get modelId(): string {
    return this.#reference.entryId;
  }

  /** The model's name of its event. */
  get eventId(): string {
    return this.#reference.eventId;
  }

  /** The model's name of its correlation. */
  get modelCorrelationId(): string {
    return this.#reference.correlationId;
  }

  get postedAt(): string {
    return this.#reference.postedAt;
  }

  get reversedByEntryId(): string | undefined {
    return this.#named(this.#reference.reversedByEntryId);
  }

  get supersededByEntryId(): string | undefined {
    return this.#named(this.#reference.supersededByEntryId);
  }

  /** undefined while no answer has shown the name. */
  #named(modelId: string | undefined): string | undefined {
    const name = modelId === undefined ? undefined : this.#ledger.byModelId.get(modelId)?.entryId;
    return name === modelId ? undefined : name;
  }
}

/** One loan as a client of the ledger can know it. */
export class Loan {
  readonly loanId: string;
  readonly borrowerId: string;
  readonly currency: string;
  readonly programId: string;
  /** Every entry that concerns the loan, in posting order; an accrual of nothing included. */
  readonly entries: Entry[] = [];
  readonly #books: Books;

  constructor(books: Books, loanId: string) {
    const loan = books.loans.get(loanId);
    if (loan === undefined) throw new Error(`the model does not know loan ${loanId}`);
    this.#books = books;
    this.loanId = loanId;
    this.borrowerId = loan.borrowerId;
    this.currency = loan.currency;
    this.programId = loan.programId;
  }

  /** Everything that its standing events make of it. */
  get state(): LoanState {
    return presentOf(this.#books, this.loanId);
  }

  /** Balances now, by layer. */
  get present(): Record<Layer, Components> {
    return this.state.balance;
  }

  /** Dates that standing accruals have taken. */
  get accruedDates(): ReadonlySet<string> {
    return new Set([...this.state.accrued.values()].map(({ date }) => date));
  }

  get latestEffectiveAt(): string {
    return this.entries.reduce((latest, { plan }) => (plan.effectiveAt > latest ? plan.effectiveAt : latest), '');
  }
}

/** One tenant's books as a client sees them: the reference model under the server's names. */
export interface TenantLedger {
  readonly programId: string;
  /** Programs that any loan may belong to, the default one first. */
  readonly publicPrograms: string[];
  readonly books: Books;
  readonly loans: Map<string, Loan>;
  /** In posting order, by the server's id. */
  readonly entries: Map<string, Entry>;
  readonly byModelId: Map<string, Entry>;
  /** The server's names of events, by the model's. */
  readonly eventNames: Map<string, string>;
  /** Entries of which no answer has shown the id yet. */
  readonly unnamed: Entry[];
  /** Used keys: what was asked under each and the body that was answered. */
  readonly keys: Books['keys'];
}

/** Empty books. */
export function newTenantLedger(programId: string): TenantLedger {
  const books = newBooks({ programId, currency: undefined, versions: [{ from: '', policy: DEFAULT_POLICY }] });
  return {
    programId,
    publicPrograms: [programId],
    books,
    loans: new Map(),
    entries: new Map(),
    byModelId: new Map(),
    eventNames: new Map(),
    unnamed: [],
    keys: books.keys,
  };
}

/** The effective date of the loan's first disbursement or opening that is not reversed, on any layer. */
export function firstStandingDisbursement({ loanId }: Loan, { books }: TenantLedger): string | undefined {
  const loan = books.loans.get(loanId);
  return loan === undefined ? undefined : firstDayOf(lifeOf(books, loan), loanId);
}

/** The loan, which must be there. */
export function loanOf(ledger: TenantLedger, loanId: string): Loan {
  const loan = ledger.loans.get(loanId);
  if (loan === undefined) throw new Error(`the model does not know loan ${loanId}`);
  return loan;
}

/** The entry, which must be there. */
export function entryOf(ledger: TenantLedger, entryId: string): Entry {
  const entry = ledger.entries.get(entryId);
  if (entry === undefined) throw new Error(`the model does not know entry ${entryId}`);
  return entry;
}

/** What a request is foretold to write, and under which key. */
type Foretold = Pick<Extract<ReferenceExpectation, { kind: 'posted' }>, 'posting' | 'key' | 'fingerprint'>;

/** The ids and the time that the server gave to a posted command; ids of entries and events as far as the answer shows them. */
interface PostedAs {
  readonly postedAt: string;
  readonly entryIds: readonly string[];
  readonly eventIds: readonly string[];
  readonly programId?: string;
  readonly body: string;
}

/**
 * Books what was foretold and answers how to take it back again: the order of concurrent commands is found by
 * trying, and a wrong guess must leave no trace.
 */
export function book(ledger: TenantLedger, { posting, key, fingerprint }: Foretold, posted: PostedAs): () => void {
  const { books } = ledger;
  const { postedAt, entryIds, eventIds, body } = posted;
  const program = posted.programId === undefined ? {} : { programId: posted.programId };
  const undoPosting = bookPosting(books, posting, {
    postedAt,
    entryIds,
    eventIds,
    ...program,
    key: { text: key, fingerprint, body },
  });
  const undo = posting.loans.map(({ loanId }) => putLoan(ledger, loanId));
  posting.facts.forEach(({ eventId }, at) => {
    const name = eventIds[at];
    if (name === undefined) return;
    ledger.eventNames.set(eventId, name);
    undo.push(() => ledger.eventNames.delete(eventId));
  });
  posting.entries.forEach(({ entryId }, at) => {
    const reference = books.entries.get(entryId);
    if (reference === undefined) throw new Error(`the model has not booked ${entryId}`);
    const entry = new Entry(ledger, reference, entryIds[at] ?? entryId);
    undo.push(putEntry(ledger, entry));
    if (entryIds[at] !== undefined) return;
    ledger.unnamed.push(entry);
    undo.push(() => ledger.unnamed.pop());
  });
  return () => {
    for (const step of undo.reverse()) step();
    undoPosting();
  };
}

/** Takes over the server's id of an entry that an answer did not show at first. */
export function nameEntry(ledger: TenantLedger, entry: Entry, entryId: string): void {
  ledger.entries.delete(entry.entryId);
  entry.entryId = entryId;
  ledger.entries.set(entryId, entry);
  ledger.books.entryNames.set(entryId, entry.modelId);
}

function putLoan(ledger: TenantLedger, loanId: string): () => void {
  ledger.loans.set(loanId, new Loan(ledger.books, loanId));
  return () => ledger.loans.delete(loanId);
}

function putEntry(ledger: TenantLedger, entry: Entry): () => void {
  ledger.entries.set(entry.entryId, entry);
  ledger.byModelId.set(entry.modelId, entry);
  const concerned = loansConcerned(ledger, entry);
  for (const loanId of concerned) loanOf(ledger, loanId).entries.push(entry);
  return () => {
    ledger.entries.delete(entry.entryId);
    ledger.byModelId.delete(entry.modelId);
    for (const loanId of concerned) loanOf(ledger, loanId).entries.pop();
  };
}

/** Every loan that an entry concerns: those of its event, and those of its lines. */
export function loansConcerned({ books }: TenantLedger, entry: Entry): Set<string> {
  const ofEvent = books.facts.get(entry.eventId)?.loanIds ?? [];
  return new Set([...ofEvent, ...entry.plan.lines.flatMap(({ loanId }) => loanId ?? [])]);
}
