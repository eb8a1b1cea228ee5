import { parseArgs } from 'node:util';
import { HttpClient } from '../http/http-client.ts';
import { openOwnDatabase } from '../http/own-database.ts';
import { startTwoProcesses } from '../http/server-process.ts';
import { TenantApi } from '../http/tenant-api.ts';
import { fuzz } from './fuzz.ts';

const HELP = `node test/fuzz/run.ts --requests 20000 --seed 1

Sends requests made from openapi.json, in order or with one thing spoilt, to two server processes over an embedded PostgreSQL
of the run's own, and holds every answer against the document. Prints what came of it.

  --requests N   requests to send (20000)
  --seed N       the same seed makes the same requests (1)

Exits with 1 when an answer was a 5xx or one that the document does not promise, when fewer than 30 % of the requests were in
order, or when fewer than 10 % succeeded.`;

const { values } = parseArgs({
  options: {
    requests: { type: 'string', default: '20000' },
    seed: { type: 'string', default: '1' },
    help: { type: 'boolean' },
  },
});
if (values.help === true) console.log(HELP);
else process.exitCode = await run(Number(values.requests), Number(values.seed));

async function run(requests: number, seed: number): Promise<number> {
  if (!Number.isSafeInteger(requests) || requests < 100 || !Number.isSafeInteger(seed)) {
    console.error('--requests must be a whole number of at least 100, --seed a whole number');
    return 2;
  }
  const database = await openOwnDatabase();
  try {
    const processes = await startTwoProcesses(database.address);
    const servers = processes.urls.map((url) => new HttpClient(url));
    const [first] = servers;
    if (first === undefined) throw new Error('no server was started');
    const api = await TenantApi.create(database.address, first);
    const report = await fuzz({ api, servers }, { requests, seed });
    for (const server of servers) server.close();
    await processes.stop();
    console.log(JSON.stringify(report, null, 2));
    const enough = report.inOrder >= 0.3 * report.requests && report.succeeded >= 0.1 * report.requests;
    return report.faults === 0 && enough ? 0 : 1;
  } finally {
    await database.close();
  }
}
