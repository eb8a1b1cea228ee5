import fc from 'fast-check';
import { DAY_COUNT_CONVENTIONS } from '../../src/domain/day-count.ts';
import { BACKDATING_POLICIES } from '../../src/domain/program.ts';
import { ROUNDINGS } from '../../src/domain/rounding.ts';
import { compareWithOracle } from './against-oracle.ts';
import { type DrawnProgram, drawnProgram, rateKey, type WantedPolicy } from './drawn-program.ts';
import { dateOf } from './interest-oracle.ts';
import { type LivedLoan, liveThrough } from './program-days.ts';

const TEN_YEARS = 3_652;
/** With the two months in which loans begin. */
const NIGHTS = TEN_YEARS + 60;
const SEED = 20_260_501;
/** Whole numbers up to here are what a float tells apart. */
const FLOAT_MAX = 2n ** 53n;

/** A program for each day count, rounding and backdating policy; of each day count half miss no run. */
const POLICIES: readonly (WantedPolicy & { readonly misses: boolean })[] = DAY_COUNT_CONVENTIONS.flatMap(
  (day_count_convention, place) =>
    ROUNDINGS.flatMap((rounding, turn) =>
      BACKDATING_POLICIES.map((backdating, other) => {
        return { day_count_convention, rounding, backdating, misses: (place + turn + other) % 2 === 1 };
      }),
    ),
);

/** What was drawn and compared, by what it is. */
export type TenYears = {
  readonly counts: ReadonlyMap<string, number>;
  /** The least that a single loan had. */
  readonly least: Readonly<Record<'nights' | 'loweringPayments' | 'rateChanges', number>>;
};

/**
 * Lives through ten years of daily runs with so many loans, and compares every accrual of each with the second implementation.
 * The same loans for the same number. Throws where they differ.
 */
export function liveTenYears(loans: number): TenYears {
  const tally = new Tally();
  POLICIES.forEach(({ misses, ...policy }, place) => {
    const ofProgram = Math.floor(loans / POLICIES.length) + (place < loans % POLICIES.length ? 1 : 0);
    const drawing = drawnProgram({ nights: NIGHTS, loans: ofProgram, misses }, fc.constant(policy));
    for (const drawn of fc.sample(drawing, { numRuns: 1, seed: SEED + place })) tally.live(drawn);
  });
  return { counts: tally.counts, least: tally.least };
}

/** What such loans lack to be those that the proof is of: none that was drawn may lack a payment, a rate change or a day. */
export function lackOf({ counts, least }: TenYears, loans: number): readonly string[] {
  const some = (what: string, atLeast: number): string[] => {
    const had = counts.get(what) ?? 0;
    return had < atLeast ? [`${what}: ${had} of ${atLeast}`] : [];
  };
  const share = (of: readonly string[], kind: string) =>
    of.flatMap((one) => some(`loans ${kind} ${one}`, Math.floor(loans / of.length) - POLICIES.length / of.length));
  return [
    ...some('loans', loans),
    ...share(DAY_COUNT_CONVENTIONS, 'by'),
    ...share(ROUNDINGS, 'rounded'),
    ...share(BACKDATING_POLICIES, 'under'),
    ...['without a missed day', 'with missed days'].flatMap((what) =>
      some(`loans ${what}`, Math.floor(loans / 2) - 21),
    ),
    ...some('loans beyond what a float holds', loans / 10),
    ...some('payments that lower principal', 20 * loans),
    ...some('rate changes', 3 * loans),
    ...some('accruals above 0', 1_000 * loans),
    ...['payments that leave principal', 'further disbursements', 'fees', 'whole lives read'].flatMap((what) =>
      some(what, loans),
    ),
    ...some('runs behind missed days', 500),
    ...(least.nights < TEN_YEARS ? [`a loan of ${least.nights} nights`] : []),
    ...(least.loweringPayments < 1 ? ['a loan whose principal no payment lowers'] : []),
    ...(least.rateChanges < 1 ? ['a loan without a rate change'] : []),
  ];
}

class Tally {
  readonly counts = new Map<string, number>();
  readonly least = { nights: NIGHTS, loweringPayments: NIGHTS, rateChanges: NIGHTS };

  live(drawn: DrawnProgram): void {
    const { loans, runs, runsBehindMissed } = liveThrough(drawn);
    this.#add('runs', runs);
    this.#add('runs behind missed days', runsBehindMissed);
    const { day_count_convention, rounding, backdating } = drawn.policy;
    for (const loan of loans) {
      const compared = compareWithOracle(drawn, loan);
      for (const what of ['loans', `loans by ${day_count_convention}`, `loans rounded ${rounding}`]) this.#add(what, 1);
      this.#add(`loans under ${backdating}`, 1);
      this.#add(drawn.outages.length === 0 ? 'loans without a missed day' : 'loans with missed days', 1);
      this.#add('accruals compared', compared.accruals);
      this.#add('exact sums compared', compared.exact);
      this.#add('accruals above 0', accrualsAboveZero(loan));
      this.#count(drawn, loan);
    }
  }

  #count(drawn: DrawnProgram, { life, principal, counts }: LivedLoan): void {
    const changes = rateChanges(drawn, life.begins);
    this.#add('payments that lower principal', counts.lowered);
    this.#add('payments that leave principal', counts.unmovedPrincipal);
    this.#add('further disbursements', counts.raised - 1);
    this.#add('fees', counts.fees);
    this.#add('rate changes', changes);
    this.#add('whole lives read', counts.wholeReads);
    this.#add('loans beyond what a float holds', principal.some((step) => step.principalMinor > FLOAT_MAX) ? 1 : 0);
    this.#lower('nights', drawn.nights - life.begins);
    this.#lower('loweringPayments', counts.lowered);
    this.#lower('rateChanges', changes);
  }

  #add(what: string, times: number): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + times);
  }

  #lower(what: keyof TenYears['least'], to: number): void {
    this.least[what] = Math.min(this.least[what], to);
  }
}

function accrualsAboveZero({ accruals }: LivedLoan): number {
  return accruals.filter(({ postedMinor }, place) => postedMinor > (accruals[place - 1]?.postedMinor ?? 0n)).length;
}

/** Nights of a loan that have another rate than the night before. */
function rateChanges({ begins, nights, rates }: DrawnProgram, lifeBegins: number): number {
  const [first, last] = [dateOf(begins + lifeBegins), dateOf(begins + nights)];
  const steps = rates.toSorted((one, other) => (one.from < other.from ? -1 : 1));
  return steps.filter(({ from, rate }, place) => {
    const before = steps[place - 1];
    return first < from && from < last && before !== undefined && rateKey(before.rate) !== rateKey(rate);
  }).length;
}
