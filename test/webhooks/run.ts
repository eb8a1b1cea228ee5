import { parseArgs } from 'node:util';
import { openOwnDatabase } from '../http/own-database.ts';
import { runRoughly } from './rough-run.ts';

const HELP = `node test/webhooks/run.ts --events 10000

Posts events to two server processes over an embedded PostgreSQL of the run's own, with one webhook endpoint whose receiver
answers 500 to one request in 200, cuts one in 500, never answers 2 and restarts 3 times. Prints what came of it.

  --events N   events to post (10000)

Exits with 1 when an event did not arrive, arrived out of order or with a signature that does not hold, or when two requests
were open at once.`;

const { values } = parseArgs({ options: { events: { type: 'string', default: '10000' }, help: { type: 'boolean' } } });
if (values.help === true) console.log(HELP);
else process.exitCode = await run(Number(values.events));

async function run(events: number): Promise<number> {
  if (!Number.isSafeInteger(events) || events < 1_000) {
    console.error('--events must be a whole number of at least 1000');
    return 2;
  }
  const database = await openOwnDatabase();
  try {
    const outcome = await runRoughly(database.address, {
      events,
      failEvery: 200,
      cutEvery: 500,
      hangs: 2,
      restarts: 3,
    });
    console.log(JSON.stringify(outcome, null, 2));
    const { missing, inOrder, unverified, requestsOpenMax } = outcome;
    return missing === 0 && inOrder && unverified === 0 && requestsOpenMax === 1 ? 0 : 1;
  } finally {
    await database.close();
  }
}
