import { type Books, byArrival, byEffect, type Fact, fold, isReplayed, type Loan, lifeOf } from './books.ts';
import { isClosed } from './period.ts';
import { type Code, type Refusal, refuse } from './refusal.ts';
import { type Outcome, wrongBalance } from './state.ts';
import { sameLines } from './terms.ts';
import { decideFact } from './verdict.ts';

/** What a request does to the facts of its loans. */
export interface Change {
  readonly added: readonly Fact[];
  readonly dropped: readonly Fact[];
  /** Every loan that any of them is part of; a refinance names the old loan first. */
  readonly loans: readonly Loan[];
}

/** A standing fact that is booked otherwise for a loan once the change is in. */
export interface Anew {
  readonly fact: Fact;
  readonly loanId: string;
  readonly outcome: Outcome;
  /** False when only what the loan remembers of it changes. */
  readonly isRestated: boolean;
}

/** One loan's part: refused for the change itself, stopped by a later event, or decided. */
interface Walk {
  readonly own: Code | undefined;
  readonly blocking: Fact | undefined;
  readonly anew: readonly Anew[];
}

/** The change decided for every loan, or what refuses it; outcomes of added facts are kept in them. */
export type Changed =
  | { readonly refusal: Refusal; readonly ofLoans?: readonly (Code | undefined)[] }
  | { readonly anew: readonly Anew[] };

/** Decides a change: under `append` in the present, under `replay` at its place and every later event again (rule 11). */
export function decideChange(books: Books, change: Change): Changed {
  const walks = change.loans.map((loan) => walk(books, loan, change));
  const own = walks.map((each) => each.own);
  const first = own.find((code) => code !== undefined);
  if (first !== undefined) return { ...refuse(first), ofLoans: own };
  const blocking = walks.find((each) => each.blocking !== undefined)?.blocking;
  if (blocking !== undefined) return refuse('replay_blocked', { blockingEntryId: blocking.liveEntryId });
  const anew = walks.flatMap((each) => each.anew);
  const restated = [...new Set(anew.filter(({ isRestated }) => isRestated).map(({ fact }) => fact))].sort(byEffect);
  const closed = restated.find(({ effectiveAt }) => isClosed(books, effectiveAt));
  if (closed !== undefined) return refuse('period_closed', { blockingEntryId: closed.liveEntryId });
  if (restated.length > books.restatementLimit) return refuse('restatement_too_large');
  return { anew };
}

/** Of a change that is given line by line and moves several loans: what falls below zero is named before what grows too large. */
export function refusalOfGiven({ refusal, ofLoans }: Extract<Changed, { refusal: Refusal }>): Refusal {
  return ofLoans?.includes('balance_would_be_negative') === true ? { code: 'balance_would_be_negative' } : refusal;
}

function walk(books: Books, loan: Loan, { added, dropped }: Change): Walk {
  const { loanId } = loan;
  const isOurs = (fact: Fact) => fact.loanIds.includes(loanId);
  const before = lifeOf(books, loan);
  const ours = added.filter(isOurs);
  const life = [...before.filter((fact) => !dropped.includes(fact)), ...ours];
  if (!isReplayed(books, loan)) return walkPresent(books, loan, life.sort(byArrival), ours);
  life.sort(byEffect);
  const touched = [...ours, ...dropped.filter(isOurs)].sort(byEffect)[0];
  const place = life.findIndex((fact) => touched !== undefined && byEffect(fact, touched) >= 0);
  const state = fold(books, loan, place < 0 ? life : life.slice(0, place));
  const anew: Anew[] = [];
  for (const fact of place < 0 ? [] : life.slice(place)) {
    const isNew = ours.includes(fact);
    const earlier = life.slice(0, life.indexOf(fact));
    const verdict = decideFact(books, state, { fact, loan, life: earlier, again: !isNew });
    const old = fact.outcomes.get(loanId);
    if (typeof verdict === 'string') {
      return { own: isNew ? verdict : undefined, blocking: isNew ? undefined : fact, anew };
    }
    if (isNew || old === undefined) {
      fact.outcomes.set(loanId, verdict);
      continue;
    }
    const isRestated = !sameLines(old.lines, verdict.lines);
    if (isRestated && isUnchangeable(fact)) return { own: undefined, blocking: fact, anew };
    anew.push({ fact, loanId, outcome: verdict, isRestated });
  }
  return { own: undefined, blocking: undefined, anew };
}

/** `append`: what stands is not decided again; what is new is judged by what stands, and so is what is left of it. */
function walkPresent(books: Books, loan: Loan, life: readonly Fact[], ours: readonly Fact[]): Walk {
  const old = life.filter((fact) => !ours.includes(fact));
  const state = fold(books, loan, old);
  let own: Code | undefined = wrongBalance(state);
  for (const fact of ours) {
    const verdict = decideFact(books, state, { fact, loan, life, again: false });
    if (typeof verdict === 'string') own ??= verdict;
    else fact.outcomes.set(loan.loanId, verdict);
  }
  return { own, blocking: undefined, anew: [] };
}

/** A refinance is never made otherwise: its lines are the other loan's beginning. */
function isUnchangeable({ command }: Fact): boolean {
  return command.kind === 'refinance' || command.kind === 'adjustment';
}
