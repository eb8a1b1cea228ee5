import { isDeepStrictEqual, parseArgs } from 'node:util';
import { openOwnDatabase } from '../http/own-database.ts';
import { runClients } from './client-run.ts';
import { PROMISED } from './quickstart.ts';

const HELP = `node test/clients/run.ts --entries 10000

Generates a client from openapi.json and has it, as it is, run the quickstart against a demo instance over an embedded
PostgreSQL of the run's own, then page a loan's history and the tenant's journal from two servers in turn while others write
to them. Prints what came of it.

  --entries N   entries of the loan when paging begins (10000)

Exits with 1 when a figure of the quickstart differs, when a list showed an entry twice, out of place or not at all, or when
nothing was written while one was read.`;

const { values } = parseArgs({ options: { entries: { type: 'string', default: '10000' }, help: { type: 'boolean' } } });
if (values.help === true) console.log(HELP);
else process.exitCode = await run(Number(values.entries));

async function run(entries: number): Promise<number> {
  if (!Number.isSafeInteger(entries) || entries < 100) {
    console.error('--entries must be a whole number of at least 100');
    return 2;
  }
  const database = await openOwnDatabase();
  try {
    const outcome = await runClients(database.address, { entries });
    console.log(JSON.stringify(outcome, null, 2));
    const grew = outcome.walks.every(({ faults, writtenMeanwhile }) => faults.length === 0 && writtenMeanwhile > 0);
    return grew && isDeepStrictEqual(outcome.quickstart, PROMISED) ? 0 : 1;
  } finally {
    await database.close();
  }
}
