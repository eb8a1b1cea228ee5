import { randomBytes } from 'node:crypto';
import type { CalendarDate } from '../src/domain/calendar-date.ts';
import type { DatabaseAddress } from '../src/postgres/connection.ts';
import { type ApiServer, fetchToken } from './api-server.ts';
import { generateLoad } from './generator/generator-process.ts';
import type { LoadJob, LoadResult, LoanGroup, Workload } from './generator/load-job.ts';
import { type BenchTenant, dateAfter, longLoanNumber, type PrefilledLedger, withOwner } from './prefilled-ledger.ts';
import { CpuWatch, type Sample } from './sample.ts';
import { type SqlFile, section } from './sql-file.ts';
import type { RoundTimes } from './sql-rounds.ts';

/** The server under load and what it serves. */
export type Served = {
  readonly api: ApiServer;
  readonly database: DatabaseAddress;
  readonly own: SqlFile;
  readonly ledger: PrefilledLedger;
};

type Load = {
  readonly workload: Workload;
  readonly connections: number;
  readonly ratePerS?: number;
  readonly requestsMax?: number;
  /** What one answer counts for. */
  readonly unitsPerAnswer?: number;
};

const HOT_SHARE = 0.95;
const HOT_LOANS = 10;
const LOANS_PER_ACCRUAL = 10_000;
const LONG_HISTORY_ENTRIES = 10_000;
/** Over how many days the long history is spread, all of it after the loan's first events. */
const LONG_HISTORY_DAYS = 365;

async function runLoad(served: Served, round: RoundTimes, load: Load): Promise<{ sample: Sample; result: LoadResult }> {
  const watch = new CpuWatch({ postmasterPid: round.postmasterPid, apiPid: served.api.pid });
  const job: LoadJob = {
    port: served.api.port,
    connections: load.connections,
    warmupMs: round.warmupMs,
    durationMs: round.durationMs,
    ratePerS: load.ratePerS ?? null,
    requestsMax: load.requestsMax ?? null,
    expectedStatus: load.workload.kind === 'balances' ? 200 : 201,
    workload: load.workload,
  };
  const result = await generateLoad(job, { onBegin: () => watch.begin(), onEnd: () => watch.end() });
  if (result.succeeded !== result.answered || result.unsent > result.answered) {
    const answers = JSON.stringify(result.statuses);
    throw new Error(`the server did not keep up: ${answers}, ${result.unsent} unsent\n${result.unexpected.join('\n')}`);
  }
  const sample: Sample = {
    count: result.succeeded * (load.unitsPerAnswer ?? 1),
    seconds: result.seconds,
    postgresCpuUs: watch.postgresCpuUs,
    apiCpuUs: watch.apiCpuUs,
    driverCpuUs: result.generatorCpuUs,
    latency: result.latency,
    growth: null,
  };
  return { sample, result };
}

async function groupOf(
  served: Served,
  tenant: BenchTenant,
  loans?: { first: number; count: number },
): Promise<LoanGroup> {
  const token = await fetchToken(served.api, tenant);
  return { token, firstLoan: loans?.first ?? 0, loans: loans?.count ?? tenant.loans };
}

function paymentWorkload(groups: readonly LoanGroup[], dates: readonly string[], hotShare = 0, split = true): Workload {
  const keyPrefix = randomBytes(4).toString('hex');
  return { kind: 'payments', groups, hotShare, hotLoans: HOT_LOANS, effectiveDates: dates, split, keyPrefix };
}

/** How payments are sent. Bodies carry an explicit split over three components, so that every entry has four lines. */
export type PaymentLoad = {
  readonly connections: number;
  /** Nine tenths and a half of the payments go to ten loans. */
  readonly hot?: boolean;
  /** As the quickstart sends them: no split, and the waterfall gives each entry the lines it happens to give. */
  readonly plain?: boolean;
  readonly ratePerS?: number;
  /** Over all small lenders in place of the one large tenant. */
  readonly lenders?: boolean;
};

/** POST /v1/payments, with the growth of tables and indexes. */
export async function runPayments(served: Served, round: RoundTimes, load: PaymentLoad): Promise<Sample> {
  const { ledger } = served;
  const tenants = load.lenders === true ? ledger.lenders : [ledger.payments];
  const groups: LoanGroup[] = [];
  for (const tenant of tenants) groups.push(await groupOf(served, tenant));
  const before = await sizeOnDisk(served);
  const workload = paymentWorkload(groups, [ledger.today], load.hot === true ? HOT_SHARE : 0, load.plain !== true);
  const { sample, result } = await runLoad(served, round, {
    workload,
    connections: load.connections,
    ...(load.ratePerS === undefined ? {} : { ratePerS: load.ratePerS }),
  });
  const bytes = (await sizeOnDisk(served)) - before;
  return { ...sample, growth: { bytes, payments: result.succeededInAll } };
}

/** The requests of runPayments, to the HTTP library without a ledger behind it. */
export async function runBareRequests(
  served: Served,
  bareHttp: ApiServer,
  { round, connections }: { readonly round: RoundTimes; readonly connections: number },
): Promise<Sample> {
  const group = await groupOf(served, served.ledger.payments);
  const workload = paymentWorkload([group], [served.ledger.today]);
  return (await runLoad({ ...served, api: bareHttp }, round, { workload, connections })).sample;
}

async function sizeOnDisk(served: Served): Promise<number> {
  const { rows } = await withOwner(served.database, (client) =>
    client.query<{ bytes: bigint }>(section(served.own, 'size')),
  );
  return Number(rows[0]?.bytes ?? 0n);
}

/** GET /v1/loans/{id}/balance of any loan, at present. */
export async function runBalances(served: Served, round: RoundTimes, connections: number): Promise<Sample> {
  const group = await groupOf(served, served.ledger.payments);
  return (await runLoad(served, round, { workload: { kind: 'balances', groups: [group], asOfDates: [] }, connections }))
    .sample;
}

/** Gives one loan 10,000 payments, most of them backdated, dated anywhere within a year. */
export async function writeLongHistory(served: Served, round: RoundTimes): Promise<void> {
  const group = await groupOf(served, served.ledger.payments, { first: longLoanNumber(served.ledger), count: 1 });
  const wide = { ...round, warmupMs: 0, durationMs: 300_000 };
  const workload = paymentWorkload([group], longHistoryDates(served.ledger));
  await runLoad(served, wide, { workload, connections: 64, requestsMax: LONG_HISTORY_ENTRIES });
}

/** Reads of the loan with the long history: at present, or as of a random day of that history. */
export async function runLongLoanBalances(
  served: Served,
  round: RoundTimes,
  load: { connections: number; asOf: boolean },
): Promise<Sample> {
  const { ledger } = served;
  const group = await groupOf(served, ledger.payments, { first: longLoanNumber(ledger), count: 1 });
  const asOfDates = load.asOf ? longHistoryDates(ledger) : [];
  return (
    await runLoad(served, round, {
      workload: { kind: 'balances', groups: [group], asOfDates },
      connections: load.connections,
    })
  ).sample;
}

function longHistoryDates(ledger: PrefilledLedger): CalendarDate[] {
  return Array.from({ length: LONG_HISTORY_DAYS }, (_, index) => dateAfter(ledger.today, -index));
}

/** POST /v1/accruals/batch, one call after the other; counts loans. `nextDate` answers a date no loan has accrued for. */
export async function runAccruals(served: Served, round: RoundTimes, nextDate: () => CalendarDate): Promise<Sample> {
  const { accruals } = served.ledger;
  const loansPerCall = Math.min(LOANS_PER_ACCRUAL, accruals.loans);
  const seconds = (round.warmupMs + round.durationMs) / 1000;
  // More than can be used: nobody accrues this many loans in a second here.
  const dates = Array.from({ length: Math.ceil((seconds * 500_000) / accruals.loans) + 1 }, nextDate);
  const group = await groupOf(served, accruals);
  const keyPrefix = randomBytes(4).toString('hex');
  const workload: Workload = { kind: 'accruals', group, programId: accruals.programId, loansPerCall, dates, keyPrefix };
  return (await runLoad(served, round, { workload, connections: 1, unitsPerAnswer: loansPerCall })).sample;
}
