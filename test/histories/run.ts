import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { Counts, countsText, shortfalls } from './counts.ts';
import { type PortionResult, runPortion } from './run-histories.ts';

const HELP = `node test/histories/run.ts --events 1000000

Generated histories of up to 40 commands, each given to the ledger's decisions and to the reference model.

  --events N       commands to send (100000)
  --seed N         the first history; each has a seed of its own (1)
  --threads N      (as many as there are processors)
  --minimum N      least number of each event, also under each policy, event type and refusal, and of meetings half as many (events / 1000)
  --only           the history of --seed alone

Exits with 1 when ledger and model differ, with the shortest such history found, or when a count falls short.`;

const { values } = parseArgs({
  options: {
    events: { type: 'string', default: '100000' },
    seed: { type: 'string', default: '1' },
    threads: { type: 'string', default: String(availableParallelism()) },
    minimum: { type: 'string' },
    only: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) console.log(HELP);
else if (values.only) report([runPortion({ firstSeed: Number(values.seed), stride: 1, events: 1 })], 0);
else await run(Number(values.events), Number(values.threads));

async function run(events: number, threads: number): Promise<void> {
  const startedAt = performance.now();
  const portions = Array.from({ length: threads }, (_, at) => ({
    firstSeed: Number(values.seed) + at,
    stride: threads,
    events: Math.ceil(events / threads),
  }));
  const results = await Promise.all(portions.map(resultOf));
  const seconds = (performance.now() - startedAt) / 1_000;
  report(results, Number(values.minimum ?? Math.floor(events / 1_000)));
  console.log(`${seconds.toFixed(1)} s, ${Math.round(events / seconds)} events/s on ${threads} threads`);
}

async function resultOf(portion: object): Promise<PortionResult> {
  const worker = new Worker(new URL('./thread.ts', import.meta.url), { workerData: portion });
  return await new Promise<PortionResult>((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
}

function report(results: readonly PortionResult[], minimum: number): void {
  const counts = new Counts();
  for (const result of results) counts.add(result.counts);
  console.log(countsText(counts.tables));
  const differences = results.flatMap(({ difference }) => difference ?? []);
  const short = shortfalls(counts.tables, minimum);
  for (const text of [...differences, ...short]) console.log(text);
  if (differences.length + short.length > 0) process.exitCode = 1;
}
