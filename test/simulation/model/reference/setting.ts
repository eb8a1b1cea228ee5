import { type Books, type Fact, type FactCommand, firstDayOf, type Loan, lifeOf, policyOf } from './books.ts';
import { isClosed } from './period.ts';
import { Draft, emptyPosting, type Posting, restatementOf } from './posting.ts';
import type { Policy } from './program.ts';
import type { Code, Refusal } from './refusal.ts';
import { decideChange } from './restatement.ts';

/** What of the present a decision may look at beside the books. */
export interface Now {
  /** The tenant's business date. */
  readonly businessDate: string;
  /** Who asks: an adjustment needs two. */
  readonly principal: string;
}

/** A command decided: refused, or everything that it writes with what its answer says. */
export type Decision = { readonly refusal: Refusal } | { readonly posting: Posting };

/** A decision's surroundings, passed on as one. */
export interface Setting {
  readonly books: Books;
  readonly now: Now;
}

/** Decides one new fact about one loan. */
export function decideOne(
  { books }: Setting,
  about: {
    readonly loan: Loan;
    readonly command: FactCommand & { readonly effectiveAt: string };
    readonly isNewLoan: boolean;
  },
): Decision {
  const { loan, command, isNewLoan } = about;
  const draft = new Draft(books);
  const policy = policyOf(books, loan, command.effectiveAt);
  const fact = newFact(draft, { command, effectiveAt: command.effectiveAt, loanIds: [loan.loanId], policy });
  const changed = decideChange(books, { added: [fact], dropped: [], loans: [loan] });
  if ('refusal' in changed) return { refusal: changed.refusal };
  draft.first(fact);
  const answer = { ...allocationAnswer(fact, loan.loanId), ...restatementOf(draft, changed, fact.correlationId) };
  const loans = isNewLoan ? [loan] : [];
  const { anew } = changed;
  return { posting: { ...emptyPosting(answer), facts: [fact], anew, entries: draft.entries, loans } };
}

/** A fact that is not decided yet. */
export function newFact(
  draft: Draft,
  parts: {
    readonly command: FactCommand;
    readonly effectiveAt: string;
    readonly loanIds: readonly string[];
    readonly policy: Policy;
    readonly about?: string;
    readonly clears?: readonly string[];
    readonly correlationId?: string;
  },
): Fact {
  const { eventId, arrival } = draft.nextEvent();
  return {
    eventId,
    arrival,
    about: undefined,
    clears: [],
    correlationId: `correlation of ${eventId}`,
    outcomes: new Map(),
    liveEntryId: '',
    differences: [],
    reversed: false,
    ...parts,
  };
}

/** The `allocation` of an answer, where the event shows one. */
export function allocationAnswer(fact: Fact, loanId: string): Record<string, unknown> {
  const allocation = fact.outcomes.get(loanId)?.allocation;
  if (allocation === undefined) return {};
  return {
    allocation: Object.fromEntries(
      Object.entries(allocation).map(([name, amount]) => [`${name}_minor`, amount.toString()]),
    ),
  };
}

/** A loan has one borrower and one currency (rule 3). */
export function strangerTo(
  loan: Loan,
  { borrowerId, currency }: { readonly borrowerId: string | undefined; readonly currency: string },
): Code | undefined {
  if (borrowerId !== undefined && borrowerId !== loan.borrowerId) return 'borrower_mismatch';
  return currency === loan.currency ? undefined : 'currency_mismatch';
}

/** Rule 4 for an event of a loan: future, before its beginning, closed period. */
export function wrongDate(setting: Setting, loan: Loan, effectiveAt: string): Code | undefined {
  const { books, now } = setting;
  if (effectiveAt > now.businessDate) return 'effective_date_in_future';
  const first = firstDayOf(lifeOf(books, loan), loan.loanId);
  if (first === undefined || effectiveAt < first) return 'effective_date_before_disbursement';
  return isClosed(books, effectiveAt) ? 'period_closed' : undefined;
}

/** Rule 4 for an event that has no loan's beginning to respect. */
export function wrongDay({ books, now }: Setting, effectiveAt: string): Code | undefined {
  if (effectiveAt > now.businessDate) return 'effective_date_in_future';
  return isClosed(books, effectiveAt) ? 'period_closed' : undefined;
}
