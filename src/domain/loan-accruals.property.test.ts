import fc from 'fast-check';
import { expect, test } from 'vitest';
import { dateOf, dayOf } from '../../test/interest/interest-oracle.ts';
import { date } from '../../test/interest/random-loan.ts';
import { accrualsOfLife, type InterestEvent } from './loan-accruals.ts';
import { formatRational, rational, whole } from './rational.ts';

/** Days of a life are counted from 0; a night has the number of the day on which it begins. */
const FIRST = dayOf('2026-05-01');
const DAYS = 14;
const on = (day: number) => date(dateOf(FIRST + day));

type Act = { readonly act: string; readonly day: number; readonly pick: number; readonly minor: bigint };
const BEGIN: Act = { act: 'begin', day: 1, pick: 0, minor: 0n };
const acts = fc.array(
  fc.record({
    act: fc.constantFrom(
      'begin',
      'move',
      'lose',
      'server',
      'server',
      'client',
      'client',
      'correct',
      'undo',
      'free',
      'free',
    ),
    day: fc.nat({ max: DAYS - 1 }),
    pick: fc.nat({ max: 99 }),
    minor: fc.bigInt({ min: -9n, max: 9n }),
  }),
  { maxLength: 30, size: 'max' },
);

/** An accrual as it stands, by the set of its nights. */
type Standing = { readonly event: InterestEvent; readonly nights: readonly number[] };

/** The same life once more: nights as sets, the present found anew for each event by going through all before it. */
class SecondLife {
  readonly events: InterestEvent[] = [];
  accruals: Standing[] = [];
  readonly #undone = new Set<string>();

  standing(): readonly InterestEvent[] {
    return this.events.filter(({ entryId, eventType }) => eventType !== 'reversal' && !this.#undone.has(entryId));
  }

  begins(): number | undefined {
    const days = this.standing().flatMap(({ beginsOn }) => (beginsOn === null ? [] : [dayOf(beginsOn) - FIRST]));
    return days.length === 0 ? undefined : Math.min(...days);
  }

  take(event: InterestEvent): void {
    if (event.eventType === 'accrual' && event.correctsEntryId === null) {
      this.accruals.push({ event, nights: this.#nightsOf(event) });
    }
    if (event.reversesEntryId !== null) {
      this.#undone.add(event.reversesEntryId);
      this.accruals = this.accruals.filter((one) => one.event.entryId !== event.reversesEntryId);
    }
    this.events.push(event);
  }

  #nightsOf({ effectiveAt, exact }: InterestEvent): readonly number[] {
    const to = dayOf(effectiveAt) - FIRST;
    const from = this.begins() ?? to;
    const all = Array.from({ length: Math.max(to - from, 0) }, (_, at) => from + at);
    if (exact !== null) {
      const covered = new Set(this.accruals.flatMap(({ nights }) => nights));
      return all.filter((night) => !covered.has(night));
    }
    const before = this.accruals.map(({ event }) => dayOf(event.effectiveAt) - FIRST).filter((day) => day < to);
    return all.filter((night) => night >= Math.max(from, ...before));
  }

  worth({ event }: Standing): string {
    const corrections = this.standing().filter(({ correctsEntryId }) => correctsEntryId === event.entryId);
    const posted = corrections.reduce((sum, { interestMinor }) => sum + interestMinor, event.interestMinor);
    return `${formatRational(event.exact ?? whole(posted))} ${posted}`;
  }

  /** The principal at the end of each day; a charge-off that was reversed never was. */
  principal(): readonly bigint[] {
    const isReversedLoss = (entryId: string | null) =>
      this.events.some((one) => one.entryId === entryId && one.eventType === 'chargeoff' && this.#undone.has(entryId));
    const counted = this.events.filter((one) => !isReversedLoss(one.entryId) && !isReversedLoss(one.reversesEntryId));
    return Array.from({ length: DAYS }, (_, day) =>
      counted.reduce((sum, one) => (one.effectiveAt <= on(day) ? sum + one.principalMinor : sum), 0n),
    );
  }
}

/** What an act comes to in a life, when it can come to something: a loan accrues from its beginning on, once for a date. */
function eventOf({ act, day, pick, minor }: Act, life: SecondLife): InterestEvent | undefined {
  const base = {
    entryId: `e${life.events.length}`,
    effectiveAt: on(day),
    principalMinor: 0n,
    interestMinor: 0n,
    reversesEntryId: null,
    correctsEntryId: null,
    exact: null,
    beginsOn: null,
  };
  const begins = life.begins();
  switch (act) {
    case 'begin':
      return { ...base, eventType: 'disbursement', principalMinor: 50n, beginsOn: on(day) };
    case 'move':
      return { ...base, eventType: 'payment_received', principalMinor: minor };
    case 'lose':
      return { ...base, eventType: 'chargeoff', principalMinor: minor };
    case 'server':
    case 'client': {
      if (begins === undefined || day < begins) return undefined;
      if (life.accruals.some(({ event }) => event.effectiveAt === base.effectiveAt)) return undefined;
      const exact = act === 'client' ? null : rational({ numerator: minor, denominator: 7n });
      return { ...base, eventType: 'accrual', interestMinor: minor, exact };
    }
    case 'correct': {
      const batch = life.accruals[pick % Math.max(life.accruals.length, 1)];
      if (batch === undefined) return undefined;
      return { ...base, eventType: 'accrual', interestMinor: minor, correctsEntryId: batch.event.entryId };
    }
    default: {
      const standing = act === 'free' ? life.accruals.map((accrual) => accrual.event) : life.standing();
      const undone = standing[pick % Math.max(standing.length, 1)];
      if (undone === undefined) return undefined;
      const { entryId, principalMinor, interestMinor } = undone;
      const mirror = { principalMinor: -principalMinor, interestMinor: -interestMinor };
      return { ...base, ...mirror, eventType: 'reversal', reversesEntryId: entryId };
    }
  }
}

test('any life: nights, worth and principal are those of a second implementation that knows no shortcut', () => {
  const seen = { gaps: 0, reversed: 0, corrected: 0 };
  fc.assert(
    fc.property(acts, (drawn) => {
      const second = new SecondLife();
      for (const act of [BEGIN, ...drawn]) {
        const event = eventOf(act, second);
        if (event !== undefined) second.take(event);
      }
      const { accruals, principal } = accrualsOfLife(second.events);
      const nightsOf = accruals.map(({ covers }) =>
        covers.flatMap(({ from, to }) =>
          Array.from({ length: dayOf(to) - dayOf(from) }, (_, at) => dayOf(from) - FIRST + at),
        ),
      );
      expect(nightsOf).toEqual(second.accruals.map(({ nights }) => nights));
      expect(accruals.flatMap(({ covers }) => covers).every(({ from, to }) => from < to)).toBe(true);
      expect(accruals.map(({ exact, postedMinor }) => `${formatRational(exact)} ${postedMinor}`)).toEqual(
        second.accruals.map((one) => second.worth(one)),
      );
      const daily = Array.from({ length: DAYS }, (_, day) => {
        return principal.findLast(({ from }) => from <= on(day))?.principalMinor ?? 0n;
      });
      expect(daily).toEqual(second.principal());
      const steps = [0n, ...principal.map(({ principalMinor }) => principalMinor)];
      expect(steps.every((step, at) => at < 2 || step !== steps[at - 1])).toBe(true);
      seen.gaps += accruals.filter(({ covers }) => covers.length > 1).length;
      seen.reversed += second.events.filter(({ eventType }) => eventType === 'reversal').length;
      seen.corrected += second.events.filter(({ correctsEntryId }) => correctsEntryId !== null).length;
    }),
    { numRuns: 1_000 },
  );
  for (const count of Object.values(seen)) expect(count).toBeGreaterThan(10);
});
