/**
 * `node bench/accrual-run.ts`: what a day's accrual run over many loans takes, in time, CPU and memory of the API.
 * README.md in this folder says how to read it.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { type MeasuredRuns, measureAccrualRuns } from './accrual-run-ledger.ts';
import { dropDatabases, makeDatabase, openCluster } from './cluster.ts';
import { describeMachine, type Machine } from './machine.ts';

const HELP = `node bench/accrual-run.ts [options]

  --loans N             in place of 1,000,000
  --database-url URL    a PostgreSQL on this machine, as superuser, in place of an embedded one
  --name WORD           writes bench/results/<date>-WORD.json and .md
`;
const DATABASE = 'hpts_bench_runs';
const MIB = 2 ** 20;

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

function table({ days, apiPeakBytes, apiBytesBefore }: MeasuredRuns): string {
  const rows = days.map((day, index) =>
    [
      `day ${index + 1}`,
      day.loans,
      day.seconds.toFixed(1),
      Math.round(day.loans / day.seconds),
      (day.apiCpuUs / day.loans).toFixed(1),
      (day.postgresCpuUs / day.loans).toFixed(1),
      day.apiBytesByFifth.map((bytes) => Math.round(bytes / MIB)).join(', '),
    ].join(' | '),
  );
  return [
    '| run | loans | seconds | loans/s | API, CPU µs per loan | PostgreSQL, CPU µs per loan | API, MiB at most in each fifth |',
    '|---|---|---|---|---|---|---|',
    ...rows.map((row) => `| ${row} |`),
    '',
    `Memory of the API process at its most: ${Math.round(apiPeakBytes / MIB)} MiB (before the first run ${Math.round(apiBytesBefore / MIB)} MiB).`,
  ].join('\n');
}

async function write(name: string, measured: MeasuredRuns, machine: Machine): Promise<void> {
  const file = (extension: string) => {
    return new URL(`results/${new Date().toISOString().slice(0, 10)}-${name}.${extension}`, import.meta.url);
  };
  await mkdir(new URL('results/', import.meta.url), { recursive: true });
  await writeFile(file('json'), `${JSON.stringify({ machine, ...measured }, null, 2)}\n`);
  const { cpu, cores, memoryGiB, node, postgres, commit } = machine;
  const on = `On ${cores} cores of ${cpu}, ${memoryGiB} GiB, Node ${node}, ${postgres}, commit ${commit}.`;
  await writeFile(file('md'), `# Accrual runs\n\n${on}\n\n${table(measured)}\n`);
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      loans: { type: 'string', default: '1000000' },
      'database-url': { type: 'string' },
      name: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return say(HELP);
  const { loans, name } = values;
  if (!/^[1-9]\d{0,7}$/.test(loans)) throw new TypeError('--loans takes a positive whole number');
  if (name !== undefined && !/^[a-z0-9-]{1,40}$/.test(name)) throw new TypeError('--name takes a-z, 0-9 and hyphens');
  const cluster = await openCluster(values['database-url'] ?? null);
  try {
    const machine = await describeMachine(cluster);
    const address = await makeDatabase(cluster, { name: DATABASE });
    const { postmasterPid } = cluster;
    const measured = await measureAccrualRuns(address, { loans: Number(loans), postmasterPid, say });
    say(`\n${table(measured)}`);
    if (name !== undefined) await write(name, measured, machine);
    await dropDatabases(cluster, [DATABASE]);
  } finally {
    await cluster.close();
  }
}

await main();
