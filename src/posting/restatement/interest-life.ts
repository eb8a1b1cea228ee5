import { type InterestFacts, interestAgain, type LoanOfRun } from '../../domain/accrual-run.ts';
import type { CalendarDate } from '../../domain/calendar-date.ts';
import type { EventType } from '../../domain/event-type.ts';
import { type ProgramTerms, programTerms } from '../../domain/interest-terms.ts';
import type { Components, LoanState } from '../../domain/loan.ts';
import { beginningBy, type InterestCheckpoint, type InterestEvent, reachesBehind } from '../../domain/loan-accruals.ts';
import type { ProgramVersion } from '../../domain/program.ts';

/** An event that was decided at its place, as far as interest is concerned; what it moved is seen by the loan. */
export type DecidedEvent = Pick<InterestEvent, 'correctsEntryId' | 'exact' | 'isPassedOver'> & {
  readonly entryId: string;
  readonly eventType: EventType;
  readonly effectiveAt: string;
  /** Of an opening balance: the day through which its interest is in it. */
  readonly opening: { readonly accruedThrough: CalendarDate | null } | null;
};

/**
 * What is known of a loan's interest while its events are decided again: what stood before the day, and what has been decided
 * since, in order of effect. So the server's accruals are computed at their places by the code that posts runs.
 */
export class InterestLife {
  readonly #known: InterestFacts;
  readonly #program: readonly ProgramVersion[];
  readonly #terms: ProgramTerms;
  readonly #events: InterestEvent[];
  #accruedThrough: CalendarDate | null;
  /** How far the last run that was decided counted, and what came behind it; null where the whole life is to be counted. */
  #counted: { readonly checkpoint: InterestCheckpoint; readonly since: InterestEvent[] } | null = null;
  #seen: Pick<Components, 'principal' | 'interest'>;

  /** `known` as of the beginning of the day, `loan` as it was then. */
  constructor(known: InterestFacts, program: readonly ProgramVersion[], loan: LoanState) {
    this.#known = known;
    this.#program = program;
    this.#terms = programTerms(program);
    this.#events = [...known.events];
    this.#accruedThrough = known.accruedThrough;
    this.#seen = owedBy(loan);
  }

  /** The next event, which has moved the loan. */
  take({ opening, effectiveAt: day, ...event }: DecidedEvent, loan: LoanState): void {
    const now = owedBy(loan);
    const principalMinor = now.principal - this.#seen.principal;
    const interestMinor = now.interest - this.#seen.interest;
    this.#seen = now;
    const effectiveAt = day as CalendarDate;
    if (opening !== null) this.#accruedThrough = opening.accruedThrough;
    const beginsOn = beginningBy({ ...event, effectiveAt, principalMinor }, opening);
    const moved = { ...event, effectiveAt, principalMinor, interestMinor, reversesEntryId: null, beginsOn };
    this.#events.push(moved);
    // What the last run stands for is counted.
    if (event.exact === null) this.#counted?.since.push(moved);
    // Of these a checkpoint cannot tell what they change.
    if (beginsOn !== null || event.correctsEntryId !== null) this.#counted = null;
  }

  /** What the server's accrual of a date is for the loan as it is now; null where a run would pass it over. */
  accrue(loan: LoanState, date: string): LoanOfRun | null {
    const { checkpoint, since } = this.#counted ?? { checkpoint: null, since: this.#events };
    const isCounted = checkpoint !== null && !reachesBehind(checkpoint, since);
    const facts: InterestFacts = {
      ...this.#known,
      accruedThrough: this.#accruedThrough,
      checkpoint: isCounted ? checkpoint : null,
      events: isCounted ? since : this.#events,
    };
    const night = { date: date as CalendarDate, program: this.#program, terms: this.#terms };
    const accrued = interestAgain(loan, facts, night);
    if (accrued !== null) this.#counted = accrued.checkpoint && { checkpoint: accrued.checkpoint, since: [] };
    return accrued;
  }
}

function owedBy({ layers: [settled] }: LoanState): Pick<Components, 'principal' | 'interest'> {
  const { principal, interest, memoInterest } = settled;
  return { principal, interest: interest + memoInterest };
}
