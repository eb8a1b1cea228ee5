import type { CalendarDate } from './calendar-date.ts';
import type { DaySpan } from './day-count.ts';
import type { EventType } from './event-type.ts';
import type { PrincipalStep } from './interest.ts';
import { clientAccrual, type StandingAccrual, uncoveredNights } from './loan-interest.ts';
import { type Rational, sum, whole, ZERO } from './rational.ts';

/** An entry of a loan as far as its interest is concerned. */
export type InterestEvent = {
  readonly entryId: string;
  readonly eventType: EventType;
  readonly effectiveAt: CalendarDate;
  /** What it did to the loan's principal, and to its interest and memo interest together. */
  readonly principalMinor: bigint;
  readonly interestMinor: bigint;
  readonly reversesEntryId: string | null;
  /** Of a correction: the accrual that it corrects. */
  readonly correctsEntryId: string | null;
  /** Of the server's accrual: what its nights are worth exactly; null of a client's. */
  readonly exact: Rational | null;
  /** A server's accrual at whose place a run would have passed the loan over: it stands for no nights. */
  readonly isPassedOver?: true;
  /** Of a beginning: the day on which interest begins by it. */
  readonly beginsOn: CalendarDate | null;
};

/**
 * How far the interest of a loan has been counted: every night up to `through` stands in an accrual, all of them together are
 * worth `exact`, and the principal has not changed since `principalFrom`, which is no later.
 */
export type InterestCheckpoint = {
  readonly through: CalendarDate;
  readonly exact: Rational;
  readonly postedMinor: bigint;
  readonly principalFrom: CalendarDate;
  readonly principalMinor: bigint;
};

/** What the interest of a loan is counted on and what was accrued of it. */
export type LoanAccruals = {
  readonly principal: readonly PrincipalStep[];
  readonly accruals: readonly StandingAccrual[];
};

type Kept = StandingAccrual & {
  readonly entryId: string;
  readonly byServer: boolean;
  readonly isPassedOver?: true;
};
type Move = { readonly entryId: string; readonly from: CalendarDate; readonly deltaMinor: bigint };

/** Whether events behind a checkpoint reach back to where it knows nothing, so that the loan's whole life is needed. */
export function reachesBehind({ principalFrom }: InterestCheckpoint, events: readonly InterestEvent[]): boolean {
  return events.some(({ principalMinor, effectiveAt }) => principalMinor !== 0n && effectiveAt <= principalFrom);
}

/**
 * Where interest begins by an entry, if it does: by an opening where its own interest ends, by a disbursement on any layer, or by
 * the refinance that makes a loan, on its date. `opening` is set of the entry that registered the loan with balances.
 */
export function beginningBy(
  entry: Pick<InterestEvent, 'eventType' | 'effectiveAt' | 'principalMinor'>,
  opening: { readonly accruedThrough: CalendarDate | null } | null,
): CalendarDate | null {
  if (opening !== null) return opening.accruedThrough ?? entry.effectiveAt;
  const begins = entry.eventType === 'refinance' ? entry.principalMinor > 0n : entry.eventType === 'disbursement';
  return begins ? entry.effectiveAt : null;
}

/**
 * Events as rule 11 of ACCOUNTING.md has them: by date, those of one day as they were posted; a reversed one and its reversal
 * drop out, as far as both are among them.
 */
export function inEffectiveOrder(events: readonly InterestEvent[]): readonly InterestEvent[] {
  const known = new Set(events.map(({ entryId }) => entryId));
  const reversed = new Set(events.flatMap(({ reversesEntryId }) => reversesEntryId ?? []));
  return events
    .filter(({ entryId, reversesEntryId }) => !reversed.has(entryId) && !known.has(reversesEntryId ?? ''))
    .toSorted((one, other) => (one.effectiveAt < other.effectiveAt ? -1 : one.effectiveAt > other.effectiveAt ? 1 : 0));
}

/** The life of a loan from its first entry on: its events in the order in which they were posted. */
export function accrualsOfLife(events: readonly InterestEvent[]): LoanAccruals {
  const life = new Life();
  for (const event of events) life.take(event);
  return life.accruals();
}

/** The same from a checkpoint on, behind which nothing reaches; where interest begins now is told as for the whole life. */
export function accrualsSince(
  checkpoint: InterestCheckpoint,
  events: readonly InterestEvent[],
  begins: CalendarDate,
): LoanAccruals {
  const { through, exact, postedMinor, principalFrom, principalMinor } = checkpoint;
  const life = new Life();
  life.moves.push({ entryId: '', from: principalFrom, deltaMinor: principalMinor });
  const covers = begins < through ? [{ from: begins, to: through }] : [];
  life.standing.push({ entryId: '', byServer: true, date: through, covers, exact, postedMinor });
  life.begin('', begins);
  life.countedThrough = begins <= through ? through : null;
  for (const event of events) life.take({ ...event, beginsOn: null });
  return life.accruals();
}

/**
 * Takes events in the order in which they were posted, each on what those before it left: which nights an accrual stands for
 * is decided when it is posted (decisions/0016, 28 and 30).
 */
class Life {
  readonly moves: Move[] = [];
  standing: Kept[] = [];
  /** As long as the standing accruals are one stretch of nights from the beginning on: the day on which it ends. */
  countedThrough: CalendarDate | null = null;
  readonly #beginnings = new Map<string, CalendarDate>();
  readonly #corrections = new Map<string, { readonly accrualEntryId: string; readonly deltaMinor: bigint }>();
  readonly #chargeOffs = new Set<string>();
  #begins: CalendarDate | null = null;

  take(event: InterestEvent): void {
    const { entryId, eventType, effectiveAt, principalMinor, beginsOn } = event;
    if (eventType === 'reversal' && event.reversesEntryId !== null) this.#takeBack(event.reversesEntryId, event);
    else if (principalMinor !== 0n) {
      // What an opening owes was owed elsewhere in the nights between the end of its interest and its date.
      const from = beginsOn !== null && beginsOn < effectiveAt ? beginsOn : effectiveAt;
      this.moves.push({ entryId, from, deltaMinor: principalMinor });
    }
    if (eventType === 'chargeoff') this.#chargeOffs.add(entryId);
    if (beginsOn !== null) this.begin(entryId, beginsOn);
    if (eventType === 'accrual') this.#accrue(event);
  }

  begin(entryId: string, on: CalendarDate): void {
    this.#beginnings.set(entryId, on);
    this.#beginAnew();
  }

  accruals(): LoanAccruals {
    const principal: PrincipalStep[] = [];
    let principalMinor = 0n;
    for (const { from, deltaMinor } of this.moves.toSorted(byDate)) {
      principalMinor += deltaMinor;
      if (principal.at(-1)?.from === from) principal.pop();
      if (principal.at(-1)?.principalMinor !== principalMinor) principal.push({ from, principalMinor });
    }
    return { principal, accruals: this.standing };
  }

  #accrue(event: InterestEvent): void {
    const { entryId, effectiveAt: date, interestMinor, correctsEntryId, exact, isPassedOver } = event;
    if (correctsEntryId !== null) {
      this.#corrections.set(entryId, { accrualEntryId: correctsEntryId, deltaMinor: interestMinor });
      this.#correct(correctsEntryId, interestMinor);
      return;
    }
    if (isPassedOver) {
      const nothing = { date, covers: [], exact: ZERO, postedMinor: interestMinor };
      this.standing.push({ ...nothing, entryId, byServer: true, isPassedOver });
      return;
    }
    const accrual =
      exact === null
        ? this.#ofClient(date, interestMinor)
        : { covers: this.#uncovered(date), exact, postedMinor: interestMinor };
    this.standing.push({ ...accrual, date, entryId, byServer: exact !== null });
    if (this.countedThrough === null && this.standing.length > 1) return;
    if (this.countedThrough === null || date > this.countedThrough) this.countedThrough = date;
  }

  /** Nothing may have reached back: then what is new begins where the last accrual ended. */
  #uncovered(date: CalendarDate): readonly DaySpan[] {
    if (this.#begins === null) return [];
    if (this.countedThrough === null) return uncoveredNights(this.#begins, this.standing, date);
    return this.countedThrough < date ? [{ from: this.countedThrough, to: date }] : [];
  }

  #ofClient(date: CalendarDate, interestMinor: bigint): Omit<StandingAccrual, 'date'> {
    const through = this.countedThrough;
    if (through !== null && through < date) {
      return { covers: [{ from: through, to: date }], exact: whole(interestMinor), postedMinor: interestMinor };
    }
    const given = { date, interestMinor, correctedByMinor: 0n };
    const accruals = this.standing.filter((accrual) => accrual.isPassedOver !== true);
    return clientAccrual(given, { begins: this.#begins ?? date, accruals });
  }

  #correct(accrualEntryId: string, byMinor: bigint): void {
    this.standing = this.standing.map((accrual) => {
      if (accrual.entryId !== accrualEntryId) return accrual;
      const exact = accrual.byServer ? accrual.exact : sum(accrual.exact, whole(byMinor));
      return { ...accrual, exact, postedMinor: accrual.postedMinor + byMinor };
    });
  }

  #takeBack(reversedEntryId: string, { entryId, effectiveAt, principalMinor }: InterestEvent): void {
    if (this.#chargeOffs.has(reversedEntryId)) {
      // A reversed charge-off interrupts no interest: neither it nor its reversal is counted (ACCOUNTING.md rule 9).
      const place = this.moves.findIndex((move) => move.entryId === reversedEntryId);
      if (place >= 0) this.moves.splice(place, 1);
    } else if (principalMinor !== 0n) {
      this.moves.push({ entryId, from: effectiveAt, deltaMinor: principalMinor });
    }
    const correction = this.#corrections.get(reversedEntryId);
    if (correction !== undefined) this.#correct(correction.accrualEntryId, -correction.deltaMinor);
    if (this.standing.some((accrual) => accrual.entryId === reversedEntryId)) {
      this.standing = this.standing.filter((accrual) => accrual.entryId !== reversedEntryId);
      this.countedThrough = null;
    }
    if (this.#beginnings.delete(reversedEntryId)) this.#beginAnew();
  }

  #beginAnew(): void {
    const first = [...this.#beginnings.values()].sort()[0] ?? null;
    if (first !== this.#begins && this.standing.length > 0) this.countedThrough = null;
    this.#begins = first;
  }
}

function byDate(one: Move, other: Move): number {
  return one.from < other.from ? -1 : one.from > other.from ? 1 : 0;
}
