import type { MeasurementName } from './measurements.ts';
import { cpuPerUnitUs, rateOf, type Sample, type Spread, spreadOf } from './sample.ts';

/** What a figure is made from. Lists are in the order of the rounds, so values of one round stand at one place. */
export type Measured = {
  readonly samples: ReadonlyMap<MeasurementName, readonly Sample[]>;
  /** The most memory that the API process held at once. */
  readonly apiPeakBytes: number;
};

/** One line of the table that ENGINE.md section 4 asks for. */
export type Figure = {
  readonly group: FigureGroup;
  readonly name: string;
  readonly against: string;
  readonly needs: readonly MeasurementName[];
  /** `least`: the figure must not fall below the bar; `most`: not rise above it; null: reported only. */
  readonly bar: { readonly kind: 'least' | 'most'; readonly value: number } | null;
  readonly aim: number | null;
  readonly unit: string;
  readonly digits: number;
  /** One value a round. */
  readonly values: (measured: Measured) => readonly number[];
};

export const FIGURE_GROUPS = [
  'payments',
  'hot',
  'plain',
  'tenants',
  'latency',
  'alone',
  'balance',
  'as-of',
  'accrual',
] as const;
export type FigureGroup = (typeof FIGURE_GROUPS)[number];

/** Groups that a run without --only leaves out: their figures belong to later work. */
export const OPTIONAL_GROUPS: ReadonlySet<FigureGroup> = new Set<FigureGroup>(['tenants']);

type Pair = { readonly over: MeasurementName; readonly under: MeasurementName };

/** Round by round, so that what slows a minute down slows both sides. */
function ratios(pair: Pair, of: (sample: Sample) => number): Figure['values'] {
  return ({ samples }) => {
    const under = samples.get(pair.under) ?? [];
    return (samples.get(pair.over) ?? []).flatMap((sample, round) => {
      const other = under[round];
      return other === undefined ? [] : [of(sample) / of(other)];
    });
  };
}

function rateRatio(pair: Pair): Pick<Figure, 'needs' | 'values' | 'unit' | 'digits'> {
  return { needs: [pair.over, pair.under], values: ratios(pair, rateOf), unit: '×', digits: 2 };
}

function cpuRatio(pair: Pair): Pick<Figure, 'needs' | 'values' | 'unit' | 'digits'> {
  return { needs: [pair.over, pair.under], values: ratios(pair, cpuPerUnitUs), unit: '×', digits: 2 };
}

function p50Us(sample: Sample): number {
  return sample.latency?.p50Us ?? Number.NaN;
}

export const FIGURES: readonly Figure[] = [
  {
    group: 'payments',
    name: 'payments over HTTP, 128 connections, 100,000 loans: CPU µs of R ÷ ours',
    against: 'R',
    ...cpuRatio({ over: 'reference', under: 'payments' }),
    bar: { kind: 'least', value: 0.4 },
    aim: 0.6,
  },
  {
    group: 'payments',
    name: 'the same as a rate',
    against: 'R',
    ...rateRatio({ over: 'payments', under: 'reference' }),
    bar: { kind: 'least', value: 0.25 },
    aim: 0.5,
  },
  {
    group: 'payments',
    name: 'payments over HTTP: CPU µs of S ÷ ours',
    against: 'S',
    ...cpuRatio({ over: 'own-tables', under: 'payments' }),
    bar: null,
    aim: null,
  },
  {
    group: 'payments',
    name: 'the same as a rate',
    against: 'S',
    ...rateRatio({ over: 'payments', under: 'own-tables' }),
    bar: null,
    aim: null,
  },
  {
    group: 'payments',
    name: 'payments over HTTP: CPU µs of H ÷ ours',
    against: 'H',
    ...cpuRatio({ over: 'bare-http', under: 'payments' }),
    bar: null,
    aim: null,
  },
  {
    group: 'hot',
    name: '95 % of payments on 10 loans',
    against: 'uniform',
    ...rateRatio({ over: 'payments-hot', under: 'payments' }),
    bar: { kind: 'least', value: 0.8 },
    aim: 0.95,
  },
  {
    group: 'plain',
    name: 'payments with the body of the quickstart, rate',
    against: 'four lines',
    ...rateRatio({ over: 'payments-plain', under: 'payments' }),
    bar: null,
    aim: null,
  },
  {
    group: 'tenants',
    name: '1,000 tenants × 100 loans',
    against: 'one tenant',
    ...rateRatio({ over: 'payments-lenders', under: 'payments' }),
    bar: { kind: 'least', value: 0.65 },
    aim: 0.8,
  },
  {
    group: 'latency',
    name: 'p99 at half the top rate, open loop',
    against: '–',
    needs: ['payments', 'payments-half-rate'],
    values: ({ samples }) =>
      (samples.get('payments-half-rate') ?? []).map(({ latency }) => (latency?.p99Us ?? Number.NaN) / 1000),
    unit: 'ms',
    digits: 1,
    bar: { kind: 'most', value: 25 },
    aim: 10,
  },
  {
    group: 'alone',
    name: 'one client alone, p50',
    against: 'the same transaction over pg without HTTP',
    needs: ['payment-alone', 'payment-alone-store'],
    values: ratios({ over: 'payment-alone', under: 'payment-alone-store' }, p50Us),
    unit: '×',
    digits: 2,
    bar: { kind: 'most', value: 2 },
    aim: 1.4,
  },
  {
    group: 'accrual',
    name: 'accrual, loans/s through POST /v1/accruals/batch at 10,000 a call',
    against: 'the rows of S as one SQL statement',
    ...rateRatio({ over: 'accruals', under: 'accruals-sql' }),
    bar: { kind: 'least', value: 0.35 },
    aim: 0.6,
  },
  {
    group: 'balance',
    name: 'balance reads/s, 64 connections',
    against: '64 outstanding SELECTs by key',
    ...rateRatio({ over: 'balances', under: 'selects' }),
    bar: { kind: 'least', value: 0.3 },
    aim: 0.5,
  },
  {
    group: 'as-of',
    name: 'as-of read on a loan with 10,000 entries, time per read',
    against: 'the present read',
    ...rateRatio({ over: 'long-loan-present', under: 'long-loan-as-of' }),
    bar: { kind: 'most', value: 3 },
    aim: 1.5,
  },
  {
    group: 'payments',
    name: 'bytes on disk per payment (4 lines), indexes included',
    against: '–',
    needs: ['payments'],
    // Files grow by whole extents, so a single round says little: all rounds together.
    values: ({ samples }) => {
      const grown = (samples.get('payments') ?? []).flatMap(({ growth }) => (growth === null ? [] : [growth]));
      const bytes = grown.reduce((sum, growth) => sum + growth.bytes, 0);
      return [bytes / grown.reduce((sum, growth) => sum + growth.payments, 0)];
    },
    unit: 'bytes',
    digits: 0,
    bar: null,
    aim: 1_000,
  },
  {
    group: 'payments',
    name: 'memory of the API process at its most',
    against: '–',
    needs: ['payments'],
    values: ({ apiPeakBytes }) => [apiPeakBytes / 2 ** 20],
    unit: 'MiB',
    digits: 0,
    bar: { kind: 'most', value: 400 },
    aim: 250,
  },
];

/** A figure with its value and its verdict: `passed` is null where there is no bar. */
export type JudgedFigure = {
  readonly figure: Figure;
  readonly spread: Spread;
  readonly passed: boolean | null;
  readonly aimReached: boolean | null;
};

/** The figures of these groups, judged by their medians. */
export function judge(measured: Measured, groups: ReadonlySet<FigureGroup>): readonly JudgedFigure[] {
  return FIGURES.filter((figure) => groups.has(figure.group)).map((figure) => {
    const spread = spreadOf(figure.values(measured));
    const atMost = figure.bar?.kind === 'most' || figure.unit === 'bytes';
    const keeps = (limit: number | undefined | null) =>
      limit === undefined || limit === null ? null : atMost ? spread.median <= limit : spread.median >= limit;
    return { figure, spread, passed: keeps(figure.bar?.value), aimReached: keeps(figure.aim) };
  });
}
