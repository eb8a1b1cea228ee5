/**
 * `node bench/against.ts --checkout FOLDER`: payments by this checkout and by another one, in turns on one machine, each by
 * its own server on a database of its own schema. README.md in this folder says how to read it.
 */
import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import type { ApiServer } from './api-server.ts';
import { type Cluster, checkpoint, dropDatabases, makeDatabase, openCluster } from './cluster.ts';
import type { Served } from './http-rounds.ts';
import { describeMachine, type Machine } from './machine.ts';
import { cpuPerUnitUs, rateOf, type Sample, spreadOf } from './sample.ts';

const HELP = `node bench/against.ts --checkout FOLDER [options]

Payments by this checkout and by the one in FOLDER, whose packages are installed, in turns.

  --checkout FOLDER     the other one, for instance a git worktree of an earlier commit
  --rounds N            in place of 12
  --seconds N           of each round, in place of 4
  --database-url URL    a PostgreSQL on this machine, as superuser, in place of an embedded one
  --name WORD           writes bench/results/<date>-WORD.json and .md
`;
const LOANS = 100_000;
const PAYMENTS_BEFORE = 100_000;
const CONNECTIONS = 128;
const WARMUP_MS = 1_500;
const OWN_FOLDER = new URL('.', import.meta.url);

/** What a checkout brings to be measured; an earlier one has the same functions for its own schema. */
type Contender = {
  readonly commit: string;
  readonly database: string;
  readonly served: Served;
  readonly runPayments: typeof import('./http-rounds.ts').runPayments;
  readonly samples: Sample[];
};

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

async function commitOf(folder: URL): Promise<string> {
  const { stdout } = await promisify(execFile)('git', ['-C', folder.pathname, 'rev-parse', '--short=12', 'HEAD']);
  return stdout.trim();
}

async function contender(cluster: Cluster, bench: URL, database: string): Promise<Contender> {
  const load = async (file: string): Promise<unknown> => import(new URL(file, bench).href);
  const { startApiServer } = (await load('api-server.ts')) as typeof import('./api-server.ts');
  const { fillLedger } = (await load('prefilled-ledger.ts')) as typeof import('./prefilled-ledger.ts');
  const { readSqlFile } = (await load('sql-file.ts')) as typeof import('./sql-file.ts');
  const { runPayments } = (await load('http-rounds.ts')) as typeof import('./http-rounds.ts');
  const own = await readSqlFile('own-tables');
  const address = await makeDatabase(cluster, { name: database });
  const ledger = await fillLedger(address, { loans: LOANS, payments: PAYMENTS_BEFORE, lenders: 0 }, own);
  const api: ApiServer = await startApiServer(address);
  const served = { api, database: address, own, ledger };
  return { commit: await commitOf(bench), database, served, runPayments, samples: [] };
}

/** Each round measures both, the first of them in turns, so that what the machine does meanwhile meets both alike. */
async function measure(
  pair: readonly Contender[],
  { cluster, rounds, durationMs }: { cluster: Cluster; rounds: number; durationMs: number },
): Promise<void> {
  const times = { warmupMs: WARMUP_MS, durationMs, postmasterPid: cluster.postmasterPid };
  for (let round = 0; round <= rounds; round += 1) {
    for (const one of round % 2 === 0 ? pair : pair.toReversed()) {
      await checkpoint(cluster);
      const sample = await one.runPayments(one.served, times, { connections: CONNECTIONS });
      // The first one warms both up and counts for nothing.
      if (round === 0) continue;
      one.samples.push(sample);
      say(
        `round ${round}/${rounds} ${one.commit}: ${Math.round(rateOf(sample))}/s, ${cpuPerUnitUs(sample).toFixed(1)} µs`,
      );
    }
  }
}

function figuresOf(samples: readonly Sample[]) {
  return { cpuUs: spreadOf(samples.map(cpuPerUnitUs)), perSecond: spreadOf(samples.map(rateOf)) };
}

function table(own: Contender, other: Contender): string {
  const row = (label: string, { samples, commit }: Contender): string => {
    const { cpuUs, perSecond } = figuresOf(samples);
    const quartiles = `${cpuUs.lower.toFixed(1)} … ${cpuUs.upper.toFixed(1)}`;
    return `| ${label} | ${commit} | ${cpuUs.median.toFixed(1)} (${quartiles}) | ${Math.round(perSecond.median)} |`;
  };
  const ratios = spreadOf(ratiosOf(own, other));
  return [
    '| | commit | CPU µs a payment, median (quartiles) | payments/s |',
    '|---|---|---|---|',
    row('this', own),
    row('the other', other),
    '',
    `CPU µs of this against the other, round by round: ${ratios.median.toFixed(3)} (quartiles ${ratios.lower.toFixed(3)} … ${ratios.upper.toFixed(3)}).`,
  ].join('\n');
}

function ratiosOf(own: Contender, other: Contender): readonly number[] {
  return own.samples.flatMap((sample, round) => {
    const against = other.samples[round];
    return against === undefined ? [] : [cpuPerUnitUs(sample) / cpuPerUnitUs(against)];
  });
}

async function write(name: string, pair: readonly [Contender, Contender], machine: Machine): Promise<void> {
  const day = new Date().toISOString().slice(0, 10);
  const file = (extension: string) => new URL(`results/${day}-${name}.${extension}`, OWN_FOLDER);
  const measured = pair.map(({ commit, samples }) => ({ commit, samples }));
  await mkdir(new URL('results/', OWN_FOLDER), { recursive: true });
  await writeFile(file('json'), `${JSON.stringify({ machine, measured }, null, 2)}\n`);
  const { cpu, cores, memoryGiB, node, postgres } = machine;
  const on = `On ${cores} cores of ${cpu}, ${memoryGiB} GiB, Node ${node}, ${postgres}.`;
  await writeFile(file('md'), `# Payments against an earlier commit\n\n${on}\n\n${table(...pair)}\n`);
}

function positive(name: string, text: string): number {
  if (!/^[1-9]\d{0,3}$/.test(text)) throw new TypeError(`--${name} takes a positive whole number`);
  return Number(text);
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      checkout: { type: 'string' },
      rounds: { type: 'string', default: '12' },
      seconds: { type: 'string', default: '4' },
      'database-url': { type: 'string' },
      name: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  const { checkout, name } = values;
  if (values.help || checkout === undefined) return say(HELP);
  if (name !== undefined && !/^[a-z0-9-]{1,40}$/.test(name)) throw new TypeError('--name takes a-z, 0-9 and hyphens');
  const [rounds, seconds] = [positive('rounds', values.rounds), positive('seconds', values.seconds)];
  const otherFolder = pathToFileURL(`${resolve(checkout, 'bench')}/`);
  const cluster = await openCluster(values['database-url'] ?? null);
  const begun: Contender[] = [];
  try {
    const own = await contender(cluster, OWN_FOLDER, 'hpts_bench_this');
    begun.push(own);
    const other = await contender(cluster, otherFolder, 'hpts_bench_other');
    begun.push(other);
    await measure([own, other], { cluster, rounds, durationMs: seconds * 1_000 });
    say(`\n${table(own, other)}`);
    if (name !== undefined) await write(name, [own, other], await describeMachine(cluster));
  } finally {
    for (const { served } of begun) await served.api.stop();
    await dropDatabases(cluster, ['hpts_bench_this', 'hpts_bench_other']);
    await cluster.close();
  }
}

await main();
