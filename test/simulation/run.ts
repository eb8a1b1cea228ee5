import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { assertReport, type ReportBar, reportText, type SimulationReport, sumOfReports } from './report.ts';
import { runSimulation } from './simulation.ts';
import { openTwoProcessTarget } from './two-processes.ts';
import { assertVerified } from './verified.ts';
import type { SimulationTarget } from './wire.ts';

const HELP = `node test/simulation/run.ts --events 100000 --seed 1

Without --url: against two server processes and an embedded PostgreSQL of the run's own, which are gone afterwards.

  --events N       commands to send (10000)
  --seed N         what is written and read follows from it (1)
  --portion N      commands for one set of tenants; then come new ones, with the next seed (50000)
  --workers N      lines of work at once (32)
  --minimum N      least number of each event, also under each policy, event type, refusal and race (events / 1000)
  --control        post with posted_at = now() and expect that to be found out: exits with 0 when races can only be explained
                   against the order of posted_at, or answers under a fixed known_at changed; with 1 when neither was seen
  --url A,B        one or more server processes over one database
  --token-file F   JSON: {"tenants": [{"tenant_id", "default_program_id", "business_date", "token", "narrow_token",
                   "colleague_token"}]}; narrow_token holds hpts:balances:read alone, colleague_token is another client's
                   with every scope; both may be left out. The tenants' books must be empty.

Exits with 1 when an answer differs from the model, one under a fixed known_at changes, or a count falls short.`;

interface TokenFile {
  readonly tenants: readonly {
    readonly tenant_id: string;
    readonly default_program_id: string;
    readonly business_date: string;
    readonly token: string;
    readonly narrow_token?: string;
    readonly colleague_token?: string;
  }[];
}

function targetOf(urls: string, tokenFile: string): SimulationTarget {
  const { tenants } = JSON.parse(readFileSync(tokenFile, 'utf8')) as TokenFile;
  const tokenOf = (at: number, name: 'token' | 'narrow_token' | 'colleague_token') => {
    const token = tenants[at]?.[name];
    if (token === undefined) throw new Error(`tenant ${at} has no ${name} in ${tokenFile}`);
    return token;
  };
  const target = {
    baseUrls: urls.split(','),
    token: (at: number) => tokenOf(at, 'token'),
    tenants: tenants.map((tenant) => ({
      tenantId: tenant.tenant_id,
      programId: tenant.default_program_id,
      businessDate: tenant.business_date,
    })),
  };
  const narrow = tenants.every(({ narrow_token }) => narrow_token !== undefined);
  const colleague = tenants.every(({ colleague_token }) => colleague_token !== undefined);
  return {
    ...target,
    ...(narrow ? { narrowToken: (at: number) => tokenOf(at, 'narrow_token') } : {}),
    ...(colleague ? { colleagueToken: (at: number) => tokenOf(at, 'colleague_token') } : {}),
  };
}

const { values } = parseArgs({
  options: {
    events: { type: 'string', default: '10000' },
    seed: { type: 'string', default: '1' },
    portion: { type: 'string', default: '50000' },
    workers: { type: 'string', default: '32' },
    minimum: { type: 'string' },
    url: { type: 'string' },
    'token-file': { type: 'string' },
    control: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

if (values.help || (values.url === undefined) !== (values['token-file'] === undefined)) {
  console.log(HELP);
  process.exitCode = values.help ? 0 : 2;
} else if (values.url !== undefined && values['token-file'] !== undefined) {
  await simulate(targetOf(values.url, values['token-file']));
} else {
  const own = await openTwoProcessTarget({ postedAtIsNow: values.control });
  try {
    await simulate(own.target, own.withNewTenants);
    if (!values.control) await assertVerified(own.address);
  } finally {
    await own.close();
  }
}

/** In portions, each on tenants of its own, so that what the model has to remember stays within bounds. */
async function simulate(target: SimulationTarget, renew?: () => Promise<SimulationTarget>): Promise<void> {
  const events = Number(values.events);
  const seed = Number(values.seed);
  const portions = renew === undefined ? 1 : Math.ceil(events / Number(values.portion));
  let report: SimulationReport | undefined;
  for (let portion = 0; portion < portions; portion += 1) {
    const done = await runSimulation(portion === 0 || renew === undefined ? target : await renew(), {
      events: Math.ceil(events / portions),
      seed: seed + portion,
      workers: Number(values.workers),
      onProgress: ({ commands, seconds, differenceCount }) => {
        if (commands % 10_000 < 1_000)
          console.error(`${commands} commands, ${seconds.toFixed(0)} s, ${differenceCount} differences`);
      },
    });
    if (portions > 1 && !values.control) assertReport(done, { minimum: 0 });
    report = report === undefined ? done : sumOfReports(report, done);
    // A run of hours that is ended early has shown what it came to until then.
    if (portion < portions - 1) console.log(`after ${portion + 1} of ${portions} portions\n${reportText(report)}\n`);
  }
  if (report === undefined) throw new Error('no events were asked for');
  console.log(reportText(report));
  if (values.control) {
    const { changed, differenceCount } = report;
    if (differenceCount === 0) throw new Error('posted_at = now() was not found out: this simulation can see nothing');
    console.log(`posted_at = now() was found out: ${differenceCount} differences, of them ${changed} answers changed`);
    return;
  }
  const minimum = Number(values.minimum ?? Math.floor(events / 1_000));
  const bar: ReportBar = { minimum, minimumByPolicy: minimum };
  const unreachable = [
    ...(target.narrowToken === undefined ? ['insufficient_scope'] : []),
    ...(target.colleagueToken === undefined ? ['approval', 'rejection'] : []),
  ];
  assertReport(report, { ...bar, unreachable });
}
