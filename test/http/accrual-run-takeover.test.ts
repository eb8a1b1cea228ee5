import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { LIMITS } from '../../src/limits.ts';
import { verifyLedger } from '../../src/postgres/verify/ledger-verification.ts';
import { type TestDatabase, testDatabase } from '../database.ts';
import { HttpClient } from './http-client.ts';
import { disbursement, posted, unmadeLoan } from './loan-story.ts';
import { newProgram } from './program-story.ts';
import { untilDone, untilRun } from './run-story.ts';
import { type ServerProcess, startServerProcess } from './server-process.ts';
import { TenantApi, textAt } from './tenant-api.ts';

/** One portion and a little of the next one. */
const LOANS = LIMITS.accrualRunLoans + 20;
const AT_ONCE = 64;
const DATE = '2026-05-04';

let database: TestDatabase;
let folder: string;
const closers: (() => Promise<unknown>)[] = [];
beforeEach(async () => {
  database = await testDatabase();
  folder = await mkdtemp(join(tmpdir(), 'hpts-takeover-'));
  await writeFile(join(folder, 'master.key'), randomBytes(32), { mode: 0o600 });
});
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
  await database.drop();
  await rm(folder, { recursive: true, force: true });
});

async function startProcess(): Promise<ServerProcess & { readonly http: HttpClient }> {
  const masterKeyFile = join(folder, 'master.key');
  const server = await startServerProcess({
    address: database.connection,
    masterKeyFile,
    issuer: 'http://ledger.test',
  });
  closers.push(() => server.stop());
  const http = new HttpClient(server.url);
  closers.push(async () => http.close());
  return { ...server, http };
}

async function disburseAll(api: TenantApi, programId: string): Promise<void> {
  let left = LOANS;
  const disburse = async () => {
    while (left > 0) {
      left -= 1;
      const body = { program_id: programId, amount_minor: '100000', effective_at: '2026-05-01' };
      await posted(api.post('/v1/disbursements', disbursement(unmadeLoan(), body)));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, disburse));
}

test('kill -9 in the middle of a run: the next process goes on behind what was done, and every loan accrues once', async () => {
  const first = await startProcess();
  const api = await TenantApi.create(database.connection, first.http);
  const programId = await newProgram(api, { annual_rates: [{ from: '2020-01-01', rate: '0.365' }] });
  await disburseAll(api, programId);
  const owner = new pg.Client({ ...database.connection });
  await owner.connect();
  closers.push(() => owner.end());
  await owner.query('BEGIN');
  const lastLoan = 'SELECT loan_id FROM hpts.loan WHERE tenant_id = $1 ORDER BY loan_id DESC LIMIT 1 FOR UPDATE';
  await owner.query(lastLoan, [api.tenantId]);
  const asked = await posted(api.post('/v1/accruals/runs', { program_id: programId, accrual_date: DATE }));
  const runId = textAt(asked, 'accrual_run_id');
  const half = await untilRun(api, runId, ({ loan_count }) => loan_count > 0);
  expect(half).toMatchObject({ status: 'running', loan_count: LIMITS.accrualRunLoans, skipped_count: 0 });
  await first.kill();
  await owner.query('ROLLBACK');
  const second = await startProcess();
  const headers = ['authorization', `Bearer ${await api.token()}`];
  const get = (path: string) => second.http.send({ method: 'GET', path, headers });
  const done = await untilDone({ get }, runId);
  expect(done).toMatchObject({ loan_count: LOANS, skipped_count: 0 });
  expect(done.totals).toEqual([{ currency: 'USD', accrued_minor: `${LOANS * 300}` }]);
  expect(done.journal_entry_ids.slice(0, 1)).toEqual(half.journal_entry_ids);
  const { rows } = await owner.query<{ loans: bigint; interest: string }>(
    'SELECT count(*) AS loans, max(interest_minor) AS interest FROM hpts.loan WHERE interest_minor = 300',
  );
  expect(Number(rows[0]?.loans)).toBe(LOANS);
  const { checks } = await verifyLedger(database.connection);
  expect(checks.flatMap(({ findings }) => findings)).toEqual([]);
});
