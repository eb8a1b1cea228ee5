/**
 * `npm run bench`: every figure of the engine as a ratio to a ceiling measured in the same run. README.md in this folder
 * says how to read and repeat it. Exits 1 when a bar is missed, 2 when the bench itself fails.
 */
import { availableParallelism } from 'node:os';
import type { CalendarDate } from '../src/domain/calendar-date.ts';
import { startApiServer } from './api-server.ts';
import { type BenchArguments, HELP, readArguments } from './arguments.ts';
import { startBareHttp } from './bare-http.ts';
import { type Cluster, checkpoint, dropDatabases, makeDatabase, openCluster } from './cluster.ts';
import { peakResidentBytes } from './cpu-time.ts';
import { FIGURES, judge } from './figures.ts';
import { type Served, writeLongHistory } from './http-rounds.ts';
import { describeMachine } from './machine.ts';
import { type Bench, MEASUREMENTS, type MeasurementName } from './measurements.ts';
import { dateAfter, fillLedger, type PrefilledLedger } from './prefilled-ledger.ts';
import { type Outcome, renderReport, writeResults } from './report.ts';
import { cpuPerUnitUs, rateOf, type Sample } from './sample.ts';
import { readReference, readSqlFile, type SqlFile } from './sql-file.ts';
import { fillReference } from './sql-rounds.ts';

const DATABASES = { served: 'hpts_bench', ownTables: 'hpts_bench_s', reference: 'hpts_bench_r' } as const;
const LENDERS = 1_000;

/** Ends what was begun, last first, also when the bench is interrupted. */
const endings: (() => Promise<void>)[] = [];

let ended: Promise<void> | undefined;

/** A signal and the end of the run may both ask for it: the second waits for what the first began. */
function endAll(): Promise<void> {
  ended ??= (async () => {
    for (let end = endings.pop(); end !== undefined; end = endings.pop()) await end();
  })();
  return ended;
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

async function bench(args: BenchArguments): Promise<Outcome> {
  const reference = await readReference();
  const own = await readSqlFile('own-tables');
  const cluster = await openCluster(args.databaseUrl);
  endings.push(() => cluster.close());
  const machine = await describeMachine(cluster);
  say(
    `${machine.postgres}\n${Object.entries(machine.settings)
      .map(([name, value]) => `${name}=${value}`)
      .join(' ')}`,
  );
  const needed = new Set(FIGURES.filter(({ group }) => args.groups.has(group)).flatMap(({ needs }) => needs));
  const { served, ...others } = await prepare(args, { cluster, reference, own, needed });
  const samples = new Map<MeasurementName, Sample[]>();
  const ready: Bench = { served, ...others, accrualDates: accrualDates(served.ledger), samples };
  await runRounds({ bench: ready, cluster, needed, samples, rounds: args.rounds });
  const measured = { samples, apiPeakBytes: peakResidentBytes(served.api.pid) };
  return {
    machine,
    run: {
      date: new Date().toISOString().slice(0, 10),
      rounds: args.rounds,
      secondsPerRound: args.roundMs / 1000,
      loans: args.loans,
      paymentsBefore: args.paymentsBefore,
      referenceSha256: reference.sha256,
    },
    measured,
    figures: judge(measured, args.groups),
  };
}

type Preparation = {
  readonly cluster: Cluster;
  readonly reference: SqlFile;
  readonly own: SqlFile;
  readonly needed: ReadonlySet<MeasurementName>;
};

async function prepare(
  args: BenchArguments,
  preparation: Preparation,
): Promise<Omit<Bench, 'accrualDates' | 'samples'>> {
  const { cluster, reference, own, needed } = preparation;
  say(`filling tables: ${args.loans} loans, ${args.paymentsBefore} payments`);
  endings.push(() => dropDatabases(cluster, Object.values(DATABASES)));
  const database = await makeDatabase(cluster, { name: DATABASES.served });
  const size = {
    loans: args.loans,
    payments: args.paymentsBefore,
    lenders: needed.has('payments-lenders') ? LENDERS : 0,
  };
  const ledger = await fillLedger(database, size, own);
  const ownTables = await makeDatabase(cluster, { name: DATABASES.ownTables, copyOf: DATABASES.served });
  const referenceAddress = await makeDatabase(cluster, { name: DATABASES.reference });
  if (needed.has('reference')) await fillReference(referenceAddress, reference, size);
  const api = await startApiServer(database);
  endings.push(() => api.stop());
  const bareHttp = await startBareHttp();
  endings.push(() => bareHttp.stop());
  const served: Served = { api, database, own, ledger };
  const round = { warmupMs: args.warmupMs, durationMs: args.roundMs, postmasterPid: cluster.postmasterPid };
  if (needed.has('long-loan-as-of')) await writeLongHistory(served, round);
  return { served, bareHttp, reference: { address: referenceAddress, file: reference }, ownTables, round };
}

type Rounds = {
  readonly bench: Bench;
  readonly cluster: Cluster;
  readonly needed: ReadonlySet<MeasurementName>;
  readonly samples: Map<MeasurementName, Sample[]>;
  readonly rounds: number;
};

async function runRounds({ bench: ready, cluster, needed, samples, rounds }: Rounds): Promise<void> {
  const chosen = MEASUREMENTS.filter(({ name }) => needed.has(name));
  for (let round = 1; round <= rounds; round += 1) {
    for (const { name, unit, run } of chosen) {
      await checkpoint(cluster);
      const sample = await run(ready);
      samples.set(name, [...(samples.get(name) ?? []), sample]);
      const p50 =
        sample.latency === null
          ? ''
          : `, p50 ${(sample.latency.p50Us / 1000).toFixed(2)} ms, p99 ${(sample.latency.p99Us / 1000).toFixed(2)} ms`;
      say(
        `round ${round}/${rounds} ${name}: ${Math.round(rateOf(sample))} ${unit}/s, ${cpuPerUnitUs(sample).toFixed(1)} µs CPU${p50}`,
      );
    }
  }
}

/** Each loan accrues once for a date, so every date is given out once: two counters for two databases. */
function accrualDates(ledger: PrefilledLedger): Bench['accrualDates'] {
  const counter = () => {
    let day = 0;
    return (): CalendarDate => {
      day += 1;
      const date = dateAfter(ledger.disbursedOn, day);
      if (date > ledger.today) throw new Error('there are no more dates to accrue for');
      return date;
    };
  };
  return { http: counter(), sql: counter() };
}

async function main(): Promise<number> {
  const args = readArguments(process.argv.slice(2), { cores: availableParallelism() });
  if (args.help) {
    say(HELP);
    return 0;
  }
  const outcome = await bench(args).finally(endAll);
  say(`\n${renderReport(outcome)}`);
  if (args.resultName !== null)
    say(`written: bench/results/${await writeResults(outcome, args.resultName)}.json and .md`);
  return outcome.figures.some(({ passed }) => passed === false) ? 1 : 0;
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    endAll().then(
      () => process.exit(130),
      (error: unknown) => {
        console.error(error);
        process.exit(2);
      },
    );
  });
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    console.error(error);
    process.exitCode = 2;
  },
);
