import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type TestDatabase, testDatabase } from '../database.ts';
import { type CommitProxy, openCommitProxy } from './commit-proxy.ts';
import { figureIn, readExposition } from './exposition-text.ts';
import { freePort } from './free-port.ts';
import { HttpClient } from './http-client.ts';
import { type LedgerServer, startLedger } from './ledger-server.ts';
import { type Loan, newLoan, payment } from './loan-story.ts';
import { expectProblem } from './problem.ts';

/** CONTRACT.md section 2: 201 means committed. */
let database: TestDatabase;
let proxy: CommitProxy;
let ledger: LedgerServer;
let scraper: HttpClient;
let loan: Loan;
beforeAll(async () => {
  database = await testDatabase();
  proxy = await openCommitProxy(database.connection);
  const metricsPort = await freePort();
  const settings = { HPTS_METRICS_PORT: String(metricsPort) };
  ledger = await startLedger({ address: proxy.address, postingLanes: 1, settings });
  scraper = new HttpClient(`http://127.0.0.1:${metricsPort}`);
  loan = await newLoan(ledger.api);
});
beforeEach(() => {
  proxy.fate = 'arrives';
});
afterAll(async () => {
  scraper.close();
  await ledger.stop();
  await proxy.close();
  await database.drop();
});

const pay = (key: string) => ledger.api.post('/v1/payments', payment(loan, { amount_minor: '1' }), { key });

async function postedUnder(key: string): Promise<number> {
  const rows = await ledger.sql('SELECT FROM hpts.journal_entry WHERE tenant_id = $1 AND idempotency_key = $2', [
    ledger.api.tenantId,
    key,
  ]);
  return rows.length;
}

const ENDS = ['decided', 'conflict', 'timeout', 'unavailable', 'unknown', 'fault'] as const;

/** How the batches ended that were posted while something was done. */
async function endsOf(work: () => Promise<unknown>): Promise<readonly string[]> {
  const count = async () => {
    const series = readExposition((await scraper.send({ method: 'GET', path: '/metrics', headers: [] })).text);
    return ENDS.map((end) => figureIn(series, 'hpts_batches_total', { lane: 'light', end }) ?? 0);
  };
  const before = await count();
  await work();
  const after = await count();
  return ENDS.flatMap((end, at) => Array.from({ length: (after[at] ?? 0) - (before[at] ?? 0) }, () => end));
}

test('503 unavailable when PostgreSQL answers COMMIT with ROLLBACK: nothing was posted, and the key posts it later', async () => {
  const key = 'commit:rolled:back';
  proxy.fate = { runs: 'ROLLBACK' };
  const ends = await endsOf(async () => expectProblem(await pay(key), { status: 503, code: 'unavailable' }));
  expect([ends, await postedUnder(key)]).toEqual([['unavailable'], 0]);
  proxy.fate = 'arrives';
  expect([(await pay(key)).status, await postedUnder(key)]).toEqual([201, 1]);
});

test('503 unavailable when the answer to COMMIT is lost, counted as unknown: it was posted, and the key says so', async () => {
  const key = 'commit:answer:lost';
  proxy.fate = 'answer lost';
  const ends = await endsOf(async () => expectProblem(await pay(key), { status: 503, code: 'unavailable' }));
  expect([ends, await postedUnder(key)]).toEqual([['unknown'], 1]);
  proxy.fate = 'arrives';
  expect([(await pay(key)).status, await postedUnder(key)]).toEqual([200, 1]);
});

test('503 unavailable when PostgreSQL ends the connection on the way to COMMIT: how far it came nobody knows', async () => {
  const key = 'commit:connection:ended';
  proxy.fate = { runs: `SELECT set_config('transaction_timeout', '1ms', true), pg_sleep(60)` };
  const ends = await endsOf(async () => expectProblem(await pay(key), { status: 503, code: 'unavailable' }));
  expect([ends, await postedUnder(key)]).toEqual([['unknown'], 0]);
  proxy.fate = 'arrives';
  expect([(await pay(key)).status, await postedUnder(key)]).toEqual([201, 1]);
});
