import fc from 'fast-check';
import { DEFAULT_PROGRAM_POLICY } from '../../src/domain/default-program.ts';
import { type ProgramVersion, readPolicy, type StoredPolicy, WATERFALL_COMPONENTS } from '../../src/domain/program.ts';
import { dateOf, dayOf } from './interest-oracle.ts';

/** What happens to a loan on a day of its program, before the day's run or behind it. */
export type DrawnAct = {
  readonly day: number;
  readonly isBehindRun: boolean;
  /** To pay lowers the principal; to pay little pays a part of what is owed besides it. */
  readonly act: 'pay' | 'pay little' | 'lend' | 'charge';
  readonly permille: bigint;
  readonly amountMinor: bigint;
};

/** A loan that begins on a day of its program, and what happens to it, in order. */
export type DrawnLife = {
  readonly begins: number;
  readonly lentMinor: bigint;
  readonly maturity: string | null;
  readonly acts: readonly DrawnAct[];
};

/** Days without a run: the run behind them catches up at once, or each of them gets its own before that. */
export type DrawnOutage = { readonly from: number; readonly days: number; readonly isCaughtUpDayByDay: boolean };

/** What the tests want of a program rather than have it drawn. */
export type WantedPolicy = Pick<StoredPolicy, 'day_count_convention' | 'rounding' | 'backdating'>;

/** A program with its loans; its days are counted from 0, that of the first run, to `nights`, that of the last. */
export type DrawnProgram = {
  readonly begins: number;
  readonly nights: number;
  readonly policy: WantedPolicy & Pick<StoredPolicy, 'waterfall'>;
  readonly rates: StoredPolicy['annual_rates'];
  /** The day from which a second version holds. */
  readonly revisedOn: number | null;
  readonly outages: readonly DrawnOutage[];
  readonly lives: readonly DrawnLife[];
};

/** The versions of a drawn program; the first says of the days of the second what never holds. */
export function versionsOf({ begins, policy, rates, revisedOn }: DrawnProgram): readonly ProgramVersion[] {
  const whole = readPolicy({ ...DEFAULT_PROGRAM_POLICY, ...policy, annual_rates: rates });
  const only = { programId: 'program', currency: null, version: 1, effectiveFrom: null, policy: whole };
  if (revisedOn === null) return [only];
  const effectiveFrom = dateOf(begins + revisedOn);
  const foreseen = [...rates.filter(({ from }) => from < effectiveFrom), { from: effectiveFrom, rate: '0.77' }];
  const first = readPolicy({ ...DEFAULT_PROGRAM_POLICY, ...policy, annual_rates: foreseen });
  return [
    { ...only, policy: first },
    { ...only, version: 2, effectiveFrom },
  ];
}

const digits = (least: number, most: number) => fc.stringMatching(new RegExp(`^[0-9]{${least},${most}}$`));
const usualRate = fc.oneof(
  fc.constantFrom('0.0799', '0.12', '0', '0.05'),
  fc.tuple(fc.nat(3), digits(1, 11)).map(([first, others]) => `0.${first}${others}`),
);
const dearRate = fc.tuple(fc.integer({ min: 1, max: 999 }), digits(1, 12)).map(([units, part]) => `${units}.${part}`);
/** Texts of equal rates have the same. */
export const rateKey = (rate: string) => `${rate}${rate.includes('.') ? '' : '.'}`.replace(/\.?0*$/, '');

/** A rate that holds when loans begin, others from later days on, and on some days the rate in force stated once more. */
function drawnRates(begins: number, days: { from: number; to: number }, rate: fc.Arbitrary<string>) {
  const day = fc.integer({ min: days.from, max: days.to });
  return fc
    .record({
      rates: fc.uniqueArray(rate, { minLength: 2, maxLength: 11, size: 'max', selector: rateKey }),
      days: fc.uniqueArray(day, { minLength: 10, maxLength: 10 }),
      again: fc.uniqueArray(day, { maxLength: 3 }),
    })
    .map(({ rates: [first = '0', ...others], days: at, again }) => {
      const steps = [
        { day: -20, rate: first },
        ...others.map((one, place) => ({ day: at[place] ?? 0, rate: one })),
      ].toSorted((one, other) => one.day - other.day);
      const restated = again.flatMap((on) => {
        const inForce = steps.findLast((step) => step.day <= on);
        return inForce === undefined || inForce.day === on ? [] : [{ ...inForce, day: on }];
      });
      return [...steps, ...restated].map((step) => ({ from: dateOf(begins + step.day), rate: step.rate }));
    });
}

/** From loans so small that a night earns a fraction of a minor unit to such as a float could not hold. */
const drawnLent = (isDear: boolean) =>
  fc.oneof(
    fc.constantFrom(5_000n, 1_000_000n),
    fc.bigInt({ min: 1n, max: 100_000n }),
    fc.bigInt({ min: 1n, max: 10n ** 12n }),
    fc.bigInt({ min: 10n ** 16n, max: 10n ** 17n }).map((minor) => (isDear ? minor / 10n ** 6n : minor)),
  );

function drawnLife(program: { begins: number; nights: number; isDear: boolean }, latest: number) {
  const { nights } = program;
  const acts = (least: number, most: number, ...kinds: readonly DrawnAct['act'][]): fc.Arbitrary<DrawnAct[]> =>
    fc.array(
      fc.record({
        day: fc.integer({ min: latest + 1, max: nights - 1 }),
        isBehindRun: fc.boolean(),
        act: fc.constantFrom(...kinds),
        permille: fc.oneof(
          { weight: 9, arbitrary: fc.bigInt({ min: 1n, max: 40n }) },
          fc.bigInt({ min: 1n, max: 1_000n }),
        ),
        amountMinor: fc.oneof(fc.bigInt({ min: 1n, max: 10_000n }), fc.bigInt({ min: 1n, max: 10n ** 9n })),
      }),
      { minLength: least, maxLength: most, size: 'max' },
    );
  return fc
    .record({
      begins: fc.integer({ min: 0, max: latest }),
      lentMinor: drawnLent(program.isDear),
      maturity: fc.option(fc.integer({ min: 1, max: nights }), { nil: null }),
      // Most pay about every month, some now and then.
      payments: fc.oneof(
        { weight: 3, arbitrary: acts(Math.ceil(nights / 60), Math.ceil(nights / 30), 'pay') },
        acts(1, 20, 'pay'),
      ),
      others: acts(0, 30, 'pay little', 'lend', 'charge'),
      isLeap: fc.boolean(),
    })
    .map(({ payments, others, maturity, isLeap, ...life }) => ({
      ...life,
      maturity: maturity === null ? null : maturityAt(program.begins + maturity, isLeap),
      acts: [...payments, ...others].toSorted((one, other) => orderOf(one) - orderOf(other)),
    }));
}

function orderOf({ day, isBehindRun }: DrawnAct): number {
  return 2 * day + (isBehindRun ? 1 : 0);
}

/** The end of February is the one maturity that a day count asks for. */
function maturityAt(day: number, isAtEndOfFebruary: boolean): string {
  const date = dateOf(day);
  return isAtEndOfFebruary ? dateOf(dayOf(`${date.slice(0, 4)}-03-01`) - 1) : date;
}

/**
 * Programs of `loans` loans and `nights` nights, loans that begin in the first tenth of them, at most two months, and that all
 * have a payment which lowers their principal and a change of rate behind their beginning.
 */
export function drawnProgram(
  { nights, loans, misses }: { nights: number; loans: number; misses: boolean },
  policy: fc.Arbitrary<WantedPolicy>,
): fc.Arbitrary<DrawnProgram> {
  const latest = Math.min(60, Math.floor(nights / 10));
  const longest = Math.floor(nights / 20);
  const outage = fc.record({
    from: fc.integer({ min: 1, max: nights - longest }),
    days: fc.integer({ min: 1, max: Math.min(45, longest) }),
    isCaughtUpDayByDay: fc.boolean(),
  });
  return fc
    .record({
      begins: fc.integer({ min: dayOf('2019-06-01'), max: dayOf('2032-01-01') }),
      policy,
      waterfall: fc.shuffledSubarray([...WATERFALL_COMPONENTS], { minLength: WATERFALL_COMPONENTS.length }),
      isDear: fc.boolean(),
      revisedOn: fc.option(fc.integer({ min: 1, max: nights }), { nil: null }),
      outages: fc.array(outage, { minLength: misses ? 1 : 0, maxLength: misses ? 12 : 0, size: 'max' }),
    })
    .chain(({ begins, policy: wanted, waterfall, isDear, ...drawn }) => {
      const rates = drawnRates(begins, { from: latest + 1, to: nights - 1 }, isDear ? dearRate : usualRate);
      const life = drawnLife({ begins, nights, isDear }, latest);
      const lives = fc.array(life, { minLength: loans, maxLength: loans });
      return fc.record({ rates, lives }).map((rest) => {
        return { ...drawn, ...rest, begins, nights, policy: { ...wanted, waterfall } };
      });
    });
}
