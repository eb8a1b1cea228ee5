import { mkdir, writeFile } from 'node:fs/promises';
import type { JudgedFigure, Measured } from './figures.ts';
import type { Machine } from './machine.ts';
import { MEASUREMENTS } from './measurements.ts';
import { cpuPerUnitUs, rateOf, type Sample, spreadOf } from './sample.ts';

/** A whole run. */
export type Outcome = {
  readonly machine: Machine;
  readonly run: RunDescription;
  readonly measured: Measured;
  readonly figures: readonly JudgedFigure[];
};

export type RunDescription = {
  readonly date: string;
  readonly rounds: number;
  readonly secondsPerRound: number;
  readonly loans: number;
  readonly paymentsBefore: number;
  readonly referenceSha256: string;
};

/** The tables as Markdown, which reads well on a screen too. */
export function renderReport(outcome: Outcome): string {
  return [
    `# Bench of ${outcome.run.date}`,
    '',
    describeRun(outcome),
    '',
    '## Figures against their bars',
    '',
    table(['figure', 'against', 'median', 'quartiles', 'bar', 'aim', ''], outcome.figures.map(figureRow)),
    '',
    '## What was measured',
    '',
    'CPU in µs per unit: API and PostgreSQL apart; "driver" is the load generator, or whoever sends the SQL, and is in no ratio.',
    '',
    table(
      ['measurement', 'per second', 'quartiles', 'API', 'PostgreSQL', 'both', 'driver', 'p50 ms', 'p99 ms'],
      MEASUREMENTS.flatMap(({ name, says, unit }) => {
        const samples = outcome.measured.samples.get(name);
        return samples === undefined || samples.length === 0 ? [] : [measurementRow(`${says} (${unit})`, samples)];
      }),
    ),
    '',
  ].join('\n');
}

/** Writes `<name>.json`, every round in full, and `<name>.md` beside it. Answers the name. */
export async function writeResults(outcome: Outcome, shortName: string): Promise<string> {
  const name = `${outcome.run.date}-${shortName}`;
  const file = (extension: string) => new URL(`results/${name}.${extension}`, import.meta.url);
  await mkdir(new URL('results/', import.meta.url), { recursive: true });
  const samples = Object.fromEntries(outcome.measured.samples);
  const figures = outcome.figures.map(({ figure, spread, passed, aimReached }) => {
    const { name: says, against, unit, bar, aim } = figure;
    return { figure: says, against, unit, bar, aim, ...spread, passed, aimReached };
  });
  const { machine, run, measured } = outcome;
  const json = { machine, run, figures, apiPeakBytes: measured.apiPeakBytes, samples };
  await writeFile(file('json'), `${JSON.stringify(json, null, 2)}\n`);
  await writeFile(file('md'), renderReport(outcome));
  return name;
}

function describeRun({ machine, run }: Outcome): string {
  const settings = Object.entries(machine.settings).map(([name, value]) => `${name}=${value}`);
  return [
    `- ${machine.cores} × ${machine.cpu}, ${machine.memoryGiB} GiB, ${machine.kernel}, data on ${machine.fileSystem}`,
    `- Node ${machine.node}; ${machine.postgres} (${machine.postgresKind}, compiled ${machine.postgresFlags})`,
    `- PostgreSQL: ${settings.join(', ')}`,
    `- commit ${machine.commit}; ceiling R ${run.referenceSha256.slice(0, 12)}`,
    `- ${run.rounds} interleaved rounds of ${run.secondsPerRound} s, CHECKPOINT before each; ${group(run.loans)} loans, ${group(run.paymentsBefore)} payments in the tables before; medians and quartiles`,
    '- server, PostgreSQL and load generator share the machine',
  ].join('\n');
}

function figureRow({ figure, spread, passed, aimReached }: JudgedFigure): string[] {
  const show = (value: number) => value.toFixed(figure.digits);
  const sign = figure.bar?.kind === 'most' || figure.unit === 'bytes' ? '≤' : '≥';
  const verdict =
    passed === false ? 'FAILS' : aimReached === true ? 'aim reached' : passed === true ? 'passes' : 'reported';
  return [
    figure.name,
    figure.against,
    `${show(spread.median)} ${figure.unit}`,
    `${show(spread.lower)} – ${show(spread.upper)}`,
    figure.bar === null ? '–' : `${sign} ${figure.bar.value}`,
    figure.aim === null ? '–' : `${sign} ${figure.aim}`,
    verdict,
  ];
}

function measurementRow(says: string, samples: readonly Sample[]): string[] {
  const rate = spreadOf(samples.map(rateOf));
  const median = (of: (sample: Sample) => number, digits: number) => spreadOf(samples.map(of)).median.toFixed(digits);
  return [
    says,
    group(rate.median),
    `${group(rate.lower)} – ${group(rate.upper)}`,
    median((sample) => sample.apiCpuUs / sample.count, 1),
    median((sample) => sample.postgresCpuUs / sample.count, 1),
    median(cpuPerUnitUs, 1),
    median((sample) => sample.driverCpuUs / sample.count, 1),
    median((sample) => (sample.latency?.p50Us ?? 0) / 1000, 2),
    median((sample) => (sample.latency?.p99Us ?? 0) / 1000, 2),
  ];
}

function group(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((cell, column) => Math.max(cell.length, 3, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}
