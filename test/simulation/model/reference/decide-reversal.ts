import {
  type Books,
  type Entry,
  type Fact,
  isCleared,
  isReplayed,
  journalsOf,
  lifeOf,
  liveOf,
  loanOf,
  presentOf,
  standingAbout,
} from './books.ts';
import type { ReversalCommand } from './command.ts';
import { Draft, emptyPosting, restatementOf } from './posting.ts';
import { type Code, refuse } from './refusal.ts';
import { decideChange, refusalOfGiven } from './restatement.ts';
import { type Decision, type Setting, wrongDay } from './setting.ts';
import { type LoanState, pieceOf } from './state.ts';

/** POST /v1/reversals: the exact mirror, once (rule 6). */
export function decideReversal(setting: Setting, command: ReversalCommand): Decision {
  const { books } = setting;
  const { reversesEntryId, effectiveAt } = command;
  const entry = liveOf(books, books.entryNames.get(reversesEntryId) ?? reversesEntryId);
  if (entry === undefined) return refuse('journal_entry_not_found');
  const fact = books.facts.get(entry.eventId);
  if (fact === undefined) throw new Error(`entry ${entry.entryId} books no known event`);
  const movedNothing = fact.command.kind === 'registration' && fact.command.opening === undefined;
  const stateOf = () => (isFinal(entry) || movedNothing ? ('not_reversible' as const) : undefined);
  // The date of a reversal's own reversal is measured by that reversal.
  const measured = entry.eventType === 'reversal' ? entry.effectiveAt : fact.effectiveAt;
  // The mirror of an accrual of 0 names no loan, so no policy puts it anywhere.
  const isOfNoLoan = entry.eventType === 'reversal' && journalsOf(fact, entry.lines).size === 0;
  return reverse(setting, { fact, answeredId: reversesEntryId, effectiveAt, stateOf, measured, isOfNoLoan });
}

/** A reversal, a close or its reopening, and a difference of a restatement are never reversed by their ids. */
function isFinal({ eventType, isDifference }: Entry): boolean {
  return eventType === 'reversal' || eventType === 'period_closed' || isDifference;
}

/** A standing fact that is to drop out. */
interface Drop {
  readonly fact: Fact;
  /** The entry id as it was sent. */
  readonly answeredId: string;
  readonly effectiveAt: string;
  /** A refusal that comes before all others of the state. */
  readonly stateOf: () => Code | undefined;
  /** The date before which the reversal may not be; the fact's own unless given. */
  readonly measured?: string;
  /** It counts from the date sent, whatever the loans' policy. */
  readonly isOfNoLoan?: boolean;
}

/** Reverses a fact: its entry, what was posted to it as a difference, and the corrections of a batch. */
export function reverse(setting: Setting, drop: Drop): Decision {
  const { books, now } = setting;
  const { fact, answeredId, stateOf, measured = fact.effectiveAt, isOfNoLoan = false } = drop;
  const loans = fact.loanIds.map((loanId) => loanOf(books, loanId));
  const isInPlace = !isOfNoLoan && loans.some((loan) => isReplayed(books, loan));
  if (drop.effectiveAt > now.businessDate) return refuse('effective_date_in_future');
  if (drop.effectiveAt < measured) return refuse('validation_failed', { fields: ['effective_at'] });
  // Under `replay` a reversal counts from the reversed entry's own date.
  const effectiveAt = isInPlace ? fact.effectiveAt : drop.effectiveAt;
  const wrong = wrongDay(setting, effectiveAt) ?? stateOf() ?? (fact.reversed ? 'already_reversed' : undefined);
  if (wrong !== undefined) return refuse(wrong);
  const stuck = whyStuck(books, fact);
  if (stuck !== undefined) return refuse(stuck);
  const dropped = [fact, ...standingAbout(books, fact.eventId).filter(({ command }) => command.kind === 'correction')];
  const changed = decideChange(books, { added: [], dropped, loans });
  if ('refusal' in changed) return { refusal: refusalOfGiven(changed) };
  const draft = new Draft(books);
  // That of the entry which stands: a restatement has put the event under its own.
  const correlationId = books.entries.get(fact.liveEntryId)?.correlationId ?? fact.correlationId;
  for (const each of dropped) {
    // A correction may be later than the date sent: its mirror is not before it.
    const date = isInPlace || each.effectiveAt > effectiveAt ? each.effectiveAt : effectiveAt;
    for (const entry of standingEntries(books, each)) draft.mirror(each, entry, { effectiveAt: date, correlationId });
  }
  const answer = { reverses_entry_id: answeredId, ...restatementOf(draft, changed, correlationId) };
  return { posting: { ...emptyPosting(answer), dropped, anew: changed.anew, entries: draft.entries } };
}

function standingEntries(books: Books, fact: Fact): Entry[] {
  return [fact.liveEntryId, ...fact.differences].map((entryId) => {
    const entry = books.entries.get(entryId);
    if (entry === undefined) throw new Error(`event ${fact.eventId} has no entry ${entryId}`);
    return entry;
  });
}

/** What keeps a standing event from being reversed, whatever the amounts (rules 6, 9 and 11). */
function whyStuck(books: Books, fact: Fact): Code | undefined {
  const about = standingAbout(books, fact.eventId);
  if (about.some(({ command }) => command.kind === 'return' || command.kind === 'settled')) return 'not_reversible';
  if (isCleared(books, fact.eventId)) return 'not_reversible';
  for (const loanId of fact.loanIds) {
    const loan = loanOf(books, loanId);
    if (isReplayed(books, loan)) continue;
    // A refinance that moved nothing of the old loan is nothing of its past.
    if (fact.command.kind === 'refinance' && !moves(fact, loanId)) continue;
    const present = presentOf(books, loanId);
    if (leansOn(lifeOf(books, loan), loanId, fact) || isRecoveredAgain(present, fact)) return 'not_reversible';
    const { chargedOff } = present;
    const closing = chargedOff === undefined || isPending(fact) ? undefined : books.facts.get(chargedOff.byEventId);
    if (closing !== undefined && fact.arrival < closing.arrival) return 'loan_charged_off';
  }
  return undefined;
}

/** What waits, and an adjustment that stands on PENDING alone: neither was charged off. */
function isPending({ command }: Fact): boolean {
  if (command.kind === 'adjustment') return command.lines.every(({ layer }) => layer === 'PENDING');
  return 'layer' in command && command.layer === 'PENDING';
}

function moves({ outcomes }: Fact, loanId: string): boolean {
  return [...outcomes.values()].some(({ lines }) => lines.some((line) => line.loanId === loanId));
}

/** True when what a return gave back of a charged-off amount has been recovered again since. */
function isRecoveredAgain(state: LoanState, fact: Fact): boolean {
  const own = fact.outcomes.get(state.loanId)?.effects ?? [];
  const given = own.flatMap((effect) => (effect.kind === 'recovered' ? effect.parts : []));
  return given.some((part) => {
    const { amountMinor, recoveredMinor } = pieceOf(state, part);
    return part.amountMinor < 0n && recoveredMinor - part.amountMinor > amountMinor;
  });
}

/** True when a standing event recovered what this one took off the books, or lost more after it had closed the loan. */
function leansOn(life: readonly Fact[], loanId: string, fact: Fact): boolean {
  const own = fact.outcomes.get(loanId)?.effects ?? [];
  const closes = own.some((effect) => effect.kind === 'written_off' && effect.closes !== undefined);
  return life.some((other) => {
    if (other.arrival <= fact.arrival) return false;
    const effects = other.outcomes.get(loanId)?.effects ?? [];
    return effects.some((effect) => {
      if (effect.kind === 'recovered') return effect.parts.some(({ pieceEventId }) => pieceEventId === fact.eventId);
      return closes && effect.kind === 'written_off';
    });
  });
}
