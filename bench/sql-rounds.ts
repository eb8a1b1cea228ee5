import { createHash, randomUUID } from 'node:crypto';
import type pg from 'pg';
import type { CalendarDate } from '../src/domain/calendar-date.ts';
import { LIMITS } from '../src/limits.ts';
import { connect, type DatabaseAddress } from '../src/postgres/connection.ts';
import { PostgresStore } from '../src/postgres/posting/store.ts';
import { ReaderPool } from '../src/postgres/reading/reader-pool.ts';
import type { CommandOf } from '../src/posting/command.ts';
import { decideBatch } from '../src/posting/decide-batch.ts';
import { LatencyHistogram } from './generator/latency-histogram.ts';
import { borrowerId, loanId } from './generator/request-source.ts';
import type { BenchTenant } from './prefilled-ledger.ts';
import { CpuWatch, type Sample } from './sample.ts';
import { type SqlFile, section } from './sql-file.ts';

/** How long a round is, and whose CPU it watches. */
export type RoundTimes = { readonly warmupMs: number; readonly durationMs: number; readonly postmasterPid: number };

/** One step of a worker; answers how many units it did. */
type Step = () => Promise<number>;

/**
 * Each worker runs its step again and again until the time is over. Counts what ended inside the measured part; the steps
 * are short against it.
 */
async function drive(workers: readonly Step[], times: RoundTimes): Promise<Sample> {
  const watch = new CpuWatch({ postmasterPid: times.postmasterPid, apiPid: null });
  const histogram = new LatencyHistogram();
  const beginMs = performance.now() + times.warmupMs;
  const endMs = beginMs + times.durationMs;
  let driver = process.cpuUsage();
  let measured: { count: number; fromMs: number; untilMs: number } | null = null;
  await Promise.all(
    workers.map(async (step) => {
      for (let startedMs = performance.now(); startedMs < endMs; ) {
        if (measured === null && startedMs >= beginMs) {
          measured = { count: 0, fromMs: startedMs, untilMs: startedMs };
          driver = process.cpuUsage();
          watch.begin();
        }
        const done = await step();
        const nowMs = performance.now();
        if (measured !== null) {
          measured.count += done;
          measured.untilMs = nowMs;
          histogram.record((nowMs - startedMs) * 1000);
        }
        startedMs = nowMs;
      }
    }),
  );
  watch.end();
  const used = process.cpuUsage(driver);
  if (measured === null) throw new Error('no step began in the measured part of the round');
  const { count, fromMs, untilMs } = measured as { count: number; fromMs: number; untilMs: number };
  return {
    count,
    seconds: (untilMs - fromMs) / 1000,
    postgresCpuUs: watch.postgresCpuUs,
    apiCpuUs: 0,
    driverCpuUs: used.user + used.system,
    latency: histogram.summary(),
    growth: null,
  };
}

const CEILING_CONNECTIONS = 2;
const PAYMENTS_PER_STATEMENT = 200;

async function withConnections<T>(
  address: DatabaseAddress,
  count: number,
  work: (clients: readonly pg.Client[]) => Promise<T>,
): Promise<T> {
  const clients: pg.Client[] = [];
  try {
    for (let index = 0; index < count; index += 1) {
      clients.push(
        await connect(address, { role: 'owner', applicationName: 'hpts bench ceiling', indexPlansOnly: true }),
      );
    }
    return await work(clients);
  } finally {
    await Promise.all(clients.map((client) => client.end()));
  }
}

async function rowsOf(client: pg.Client, query: { name: string; text: string; values: unknown[] }): Promise<number> {
  const { rows } = await client.query<[number]>({ ...query, rowMode: 'array' });
  return rows[0]?.[0] ?? 0;
}

/** Makes the tables of ceiling R and fills them. */
export async function fillReference(
  address: DatabaseAddress,
  reference: SqlFile,
  size: { loans: number; payments: number },
): Promise<void> {
  await withConnections(address, CEILING_CONNECTIONS, async (clients) => {
    const [first] = clients;
    if (first === undefined) throw new Error('no connection');
    await first.query(section(reference, 'schema'));
    await first.query(section(reference, 'loans'), [size.loans]);
    await first.query('VACUUM ANALYZE');
    let left = size.payments;
    await Promise.all(
      clients.map(async (client, part) => {
        while (left > 0) {
          left -= PAYMENTS_PER_STATEMENT;
          await rowsOf(client, {
            name: 'r',
            text: section(reference, 'payments'),
            values: [PAYMENTS_PER_STATEMENT, part, CEILING_CONNECTIONS, size.loans],
          });
        }
      }),
    );
    await first.query('VACUUM ANALYZE');
  });
}

/** Ceiling R: payments by SQL alone in the frozen tables. */
export async function runReference(
  address: DatabaseAddress,
  reference: SqlFile,
  round: RoundTimes & { loans: number },
): Promise<Sample> {
  const text = section(reference, 'payments');
  return withConnections(address, CEILING_CONNECTIONS, (clients) =>
    drive(
      clients.map(
        (client, part) => () =>
          rowsOf(client, { name: 'r', text, values: [PAYMENTS_PER_STATEMENT, part, CEILING_CONNECTIONS, round.loans] }),
      ),
      round,
    ),
  );
}

/** Ceiling S: payments by SQL alone in our own tables. */
export async function runOwnTables(
  address: DatabaseAddress,
  own: SqlFile,
  round: RoundTimes & { tenant: BenchTenant; date: CalendarDate },
): Promise<Sample> {
  const text = section(own, 'payments');
  const { tenantId, loans } = round.tenant;
  return withConnections(address, CEILING_CONNECTIONS, (clients) =>
    drive(
      clients.map(
        (client, part) => () =>
          rowsOf(client, {
            name: 's',
            text,
            values: [tenantId, PAYMENTS_PER_STATEMENT, part, CEILING_CONNECTIONS, loans, round.date],
          }),
      ),
      round,
    ),
  );
}

/** The rows of an accrual batch as one statement, over one connection. `nextDate` answers a date that no loan has accrued for. */
export async function runAccrualStatements(
  address: DatabaseAddress,
  own: SqlFile,
  round: RoundTimes & { tenant: BenchTenant; loansPerCall: number; nextDate: () => CalendarDate },
): Promise<Sample> {
  const text = section(own, 'accrual');
  const { tenant, loansPerCall } = round;
  let first = tenant.loans;
  let date = '';
  return withConnections(address, 1, (clients) =>
    drive(
      clients.map((client) => () => {
        if (first + loansPerCall > tenant.loans) {
          first = 0;
          date = round.nextDate();
        }
        const values = [tenant.tenantId, tenant.programId, loansPerCall, first, date, '13699'];
        first += loansPerCall;
        return rowsOf(client, { name: 'a', text, values });
      }),
      round,
    ),
  );
}

/** So many SELECTs by primary key outstanding, over as many pipelined connections as the server's own pool of readers has. */
export async function runSelects(
  address: DatabaseAddress,
  own: SqlFile,
  round: RoundTimes & { tenant: BenchTenant; outstanding: number },
): Promise<Sample> {
  const text = section(own, 'balances');
  const { tenantId, loans } = round.tenant;
  const clients: pg.Client[] = [];
  try {
    for (let index = 0; index < LIMITS.readerConnections; index += 1) {
      const client = await connect(address, {
        role: 'hpts_reader',
        applicationName: 'hpts bench ceiling',
        pipeline: true,
        indexPlansOnly: true,
      });
      clients.push(client);
      await client.query("SELECT set_config('hpts.tenants', $1, false)", [tenantId]);
    }
    const ids = Array.from({ length: loans }, (_, number) => loanId(number));
    const workers = Array.from({ length: round.outstanding }, (_, index) => async () => {
      const id = ids[Math.trunc(Math.random() * loans)];
      const answer = await clients[index % clients.length]?.query({
        name: 'b',
        text,
        values: [tenantId, id],
        rowMode: 'array',
      });
      if (answer?.rows.length !== 1) throw new Error(`loan ${id} was not found`);
      return 1;
    });
    return await drive(workers, round);
  } finally {
    await Promise.all(clients.map((client) => client.end()));
  }
}

/** One payment after the other through the posting store itself: the same statements and decision as the server's, no HTTP. */
export async function runLoneStore(
  address: DatabaseAddress,
  round: RoundTimes & { tenant: BenchTenant; date: CalendarDate },
): Promise<Sample> {
  const reader = new ReaderPool(address, 1);
  const store = new PostgresStore({ address, lanes: 1, heavy: false, reader });
  try {
    return await drive([() => postOne(store, round)], round);
  } finally {
    await store.close();
    await reader.close();
  }
}

async function postOne(store: PostgresStore, round: { tenant: BenchTenant; date: CalendarDate }): Promise<number> {
  const commands = [paymentCommand(round.tenant, round.date)];
  const { decisions } = await store.post({ commands, resolved: new Map(), lane: 0 }, (state, newEntryId) =>
    decideBatch(commands, state, newEntryId),
  );
  const outcome = decisions[0]?.outcome;
  if (outcome !== 'posted') throw new Error(`a payment of the bench was ${outcome}`);
  return 1;
}

function paymentCommand(tenant: BenchTenant, date: CalendarDate): CommandOf<'payment'> {
  const number = Math.trunc(Math.random() * tenant.loans);
  const key = `payment:lone:${randomUUID()}`;
  const digest = createHash('sha256').update(key).digest('hex');
  const keyHash = `${digest.slice(0, 8)}-${digest.slice(8, 12)}-${digest.slice(12, 16)}-${digest.slice(16, 20)}-${digest.slice(20, 32)}`;
  return {
    kind: 'payment',
    tenantId: tenant.tenantId,
    actor: tenant.clientId,
    key,
    keyHash,
    payloadHash: keyHash,
    payment: {
      loanId: loanId(number),
      borrowerId: borrowerId(number),
      amountMinor: 1033n,
      currency: 'USD',
      effectiveAt: date,
      sourceMethod: 'ach',
      externalRef: 'processor_ch_00001',
      layer: 0,
      split: { fees: 11n, interest: 22n, principal: 1000n, suspense: 0n },
      metadata: null,
    },
  };
}
