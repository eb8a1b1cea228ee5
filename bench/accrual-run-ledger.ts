import { randomUUID } from 'node:crypto';
import { SCOPES } from '../src/domain/scope.ts';
import { createClient } from '../src/postgres/access/client.ts';
import { createTenant } from '../src/postgres/access/tenant.ts';
import type { DatabaseAddress } from '../src/postgres/connection.ts';
import { migrate } from '../src/postgres/migrate.ts';
import { type ApiServer, fetchToken, startApiServer } from './api-server.ts';
import { peakResidentBytes, residentBytes } from './cpu-time.ts';
import { withOwner } from './prefilled-ledger.ts';
import { CpuWatch } from './sample.ts';
import { readSqlFile, type SqlFile, section } from './sql-file.ts';

/** What one day's run over a program's loans came to. */
export type MeasuredRun = {
  readonly date: string;
  readonly loans: number;
  readonly accruedMinor: string;
  readonly seconds: number;
  readonly apiCpuUs: number;
  readonly postgresCpuUs: number;
  /** The most memory that the API process was seen to hold in each fifth of the run. */
  readonly apiBytesByFifth: readonly number[];
};

export type MeasuredRuns = {
  readonly days: readonly MeasuredRun[];
  /** The most memory that the API process held at once, and before the first run. */
  readonly apiPeakBytes: number;
  readonly apiBytesBefore: number;
};

const DISBURSED_ON = '2026-01-31';
const DAYS = ['2026-03-01', '2026-03-02'] as const;
const LOANS_PER_STATEMENT = 10_000;
const PAYMENTS_PER_STATEMENT = 200;
/** One loan in so many is charged a fee and paid on between the two days. */
const ONE_MOVED_IN = 10;
const FIFTHS = 5;
const POLL_MS = 200;
const BY = { actor: 'bench' };

/**
 * Fills an empty database with loans of one program that have only been disbursed, and runs two days over them as a
 * client would ask for it: the first reads the life of each loan, the second goes on from the day before. In between a tenth of
 * the loans is charged a fee and paid on, so that the second run meets loans that moved.
 */
export async function measureAccrualRuns(
  address: DatabaseAddress,
  { loans, postmasterPid, say }: { loans: number; postmasterPid: number; say: (text: string) => void },
): Promise<MeasuredRuns> {
  await migrate(address);
  const own = await readSqlFile('own-tables');
  const tenant = await createTenant(address, { name: 'runs', timezone: 'UTC', currency: 'USD' }, BY);
  const { tenantId, defaultProgramId: programId } = tenant;
  const client = await createClient(address, { tenantId, name: 'bench', scopes: SCOPES }, BY);
  await withOwner(address, async (owner) => {
    for (let first = 0; first < loans; first += LOANS_PER_STATEMENT) {
      const count = Math.min(LOANS_PER_STATEMENT, loans - first);
      const values = [tenantId, programId, count, first, DISBURSED_ON];
      await owner.query({ name: 'fill_loans', text: section(own, 'loans'), values });
    }
    await owner.query('VACUUM ANALYZE');
  });
  const api = await startApiServer(address);
  try {
    const asks = new Asker(api, await fetchToken(api, client));
    const version = { effective_at: '2026-01-01', annual_rates: [{ from: '2026-01-01', rate: '0.0799' }] };
    await asks.post(`/v1/programs/${programId}/versions`, version);
    const apiBytesBefore = peakResidentBytes(api.pid);
    const days: MeasuredRun[] = [];
    for (const date of DAYS) {
      await withOwner(address, (owner) => owner.query('CHECKPOINT'));
      // A token lives for less long than a day of a million loans may take.
      asks.token = await fetchToken(api, client);
      const watch = new CpuWatch({ postmasterPid, apiPid: api.pid });
      watch.begin();
      const day = await runDay(asks, { programId, date, loans, apiPid: api.pid });
      watch.end();
      days.push({ ...day, apiCpuUs: watch.apiCpuUs, postgresCpuUs: watch.postgresCpuUs });
      say(`${date}: ${day.loans} loans in ${day.seconds.toFixed(1)} s, ${Math.round(day.loans / day.seconds)} loans/s`);
      if (date !== DAYS.at(-1)) await moveSome(address, own, { tenantId, loans, date });
    }
    return { days, apiPeakBytes: peakResidentBytes(api.pid), apiBytesBefore };
  } finally {
    await api.stop();
  }
}

async function moveSome(
  address: DatabaseAddress,
  own: SqlFile,
  { tenantId, loans, date }: { tenantId: string; loans: number; date: string },
): Promise<void> {
  const moved = Math.floor(loans / ONE_MOVED_IN);
  await withOwner(address, async (owner) => {
    await owner.query(section(own, 'fees'), [tenantId, moved, 0, date]);
    for (let left = moved; left > 0; left -= PAYMENTS_PER_STATEMENT) {
      const values = [tenantId, Math.min(PAYMENTS_PER_STATEMENT, left), 0, 1, moved, date];
      await owner.query({ name: 'fill_payments', text: section(own, 'payments'), values });
    }
  });
}

async function runDay(
  asks: Asker,
  { programId, date, loans, apiPid }: { programId: string; date: string; loans: number; apiPid: number },
): Promise<Omit<MeasuredRun, 'apiCpuUs' | 'postgresCpuUs'>> {
  const apiBytesByFifth = Array.from({ length: FIFTHS }, () => 0);
  const beganMs = performance.now();
  const begun = await asks.post('/v1/accruals/runs', { program_id: programId, accrual_date: date });
  for (;;) {
    const run = await asks.get(`/v1/accruals/runs/${String(begun['accrual_run_id'])}`);
    const done = Number(run['loan_count']);
    const fifth = Math.min(Math.floor((done / loans) * FIFTHS), FIFTHS - 1);
    apiBytesByFifth[fifth] = Math.max(apiBytesByFifth[fifth] ?? 0, residentBytes(apiPid));
    if (run['status'] === 'done') {
      const [total] = run['totals'] as { accrued_minor: string }[];
      const seconds = (performance.now() - beganMs) / 1000;
      return { date, loans: done, accruedMinor: total?.accrued_minor ?? '0', seconds, apiBytesByFifth };
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

class Asker {
  token: string;
  readonly #api: ApiServer;

  constructor(api: ApiServer, token: string) {
    this.#api = api;
    this.token = token;
  }

  post(path: string, body: object): Promise<Readonly<Record<string, unknown>>> {
    const headers = { 'content-type': 'application/json', 'idempotency-key': `bench:${randomUUID()}` };
    return this.#ask(path, { method: 'POST', headers, body: JSON.stringify(body) });
  }

  get(path: string): Promise<Readonly<Record<string, unknown>>> {
    return this.#ask(path, {});
  }

  async #ask(path: string, request: RequestInit): Promise<Readonly<Record<string, unknown>>> {
    const headers = { ...request.headers, authorization: `Bearer ${this.token}` };
    const answer = await fetch(`http://127.0.0.1:${this.#api.port}${path}`, { ...request, headers });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${path} was answered ${answer.status} ${text}`);
    return JSON.parse(text) as Readonly<Record<string, unknown>>;
  }
}
