import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { addDays, type CalendarDate, dayNumber } from '../../src/domain/calendar-date.ts';
import { createTenant } from '../../src/postgres/access/tenant.ts';
import { connect } from '../../src/postgres/connection.ts';
import { PostgresStore } from '../../src/postgres/posting/store.ts';
import { READ_LOAN_BALANCE, READ_LOAN_BALANCE_KNOWN_AT } from '../../src/postgres/reading/loan-balance.ts';
import { ReaderPool } from '../../src/postgres/reading/reader-pool.ts';
import type { Statement } from '../../src/postgres/statement-train.ts';
import type { Command } from '../../src/posting/command.ts';
import { PostingEngine } from '../../src/posting/engine.ts';
import { type TestDatabase, testDatabase } from '../database.ts';

const FIRST_DAY = '2020-01-01' as CalendarDate;
const DAYS = 2_000;
const SHORT = 100;
const LONG = 10_000;
const BACKDATED_DAYS_MAX = 120;
const PROBES = 80;
const MORE_PAGES_MAX = 1.5;

let database: TestDatabase;
let tenantId: string;
let reader: pg.Client;
const shortLoan = randomUUID();
const longLoan = randomUUID();

beforeAll(async () => {
  database = await testDatabase();
  const tenant = { name: 'Lender', timezone: 'UTC', currency: 'USD' };
  ({ tenantId } = await createTenant(database.connection, tenant, { actor: 'test' }));
  await postHistories();
  reader = await connect(database.connection, { role: 'hpts_reader', applicationName: 'test', indexPlansOnly: true });
  await reader.query(`SELECT set_config('hpts.tenants', $1, false)`, [tenantId]);
  await reader.query(`PREPARE as_of AS ${READ_LOAN_BALANCE.text}`);
  await reader.query(`PREPARE as_of_known_at AS ${READ_LOAN_BALANCE_KNOWN_AT.text}`);
});
afterAll(async () => {
  await reader.end();
  await database.drop();
});

describe(`a read of a loan with ${LONG} entries touches at most ${MORE_PAGES_MAX} times the pages of one with ${SHORT}`, () => {
  test('as of any day', async () => {
    const [short, long] = [await pagesAsOf(shortLoan), await pagesAsOf(longLoan)];
    console.log(`pages as of a day: ${short.toFixed(2)} and ${long.toFixed(2)}`);
    expect(long / short).toBeLessThanOrEqual(MORE_PAGES_MAX);
  });

  test('as of any day, as known now', async () => {
    const [short, long] = [await pagesKnownNow(shortLoan), await pagesKnownNow(longLoan)];
    console.log(`pages as of a day, known now: ${short.toFixed(2)} and ${long.toFixed(2)}`);
    expect(long / short).toBeLessThanOrEqual(MORE_PAGES_MAX);
  });
});

test('the histories are what they are meant to be', async () => {
  const { rows } = await reader.query<{ entries: bigint; backdated: bigint; days: number }>(
    `SELECT count(*) AS entries, count(*) FILTER (WHERE effective_at < frontier) AS backdated,
       max(effective_at) - min(effective_at) AS days
     FROM hpts.loan_movement GROUP BY loan_id ORDER BY count(*)`,
  );
  expect(rows.map(({ entries }) => Number(entries))).toEqual([SHORT, LONG]);
  for (const { entries, backdated, days } of rows) {
    expect(Number(backdated) / Number(entries)).toBeGreaterThan(0.15);
    expect(days).toBeGreaterThan(DAYS * 0.9);
  }
});

/** Average pages over days spread evenly over the loans' history and a little beyond it at both ends. */
async function pagesAsOf(loanId: string): Promise<number> {
  return averagePages((day) => `EXECUTE as_of ('${tenantId}', '${loanId}', 0, '${day}')`);
}

async function pagesKnownNow(loanId: string): Promise<number> {
  return averagePages((day) => `EXECUTE as_of_known_at ('${tenantId}', '${loanId}', 0, '${day}', 'now')`);
}

async function averagePages(statementOf: (day: string) => string): Promise<number> {
  let pages = 0;
  for (let probe = 0; probe < PROBES; probe += 1) {
    const day = addDays(FIRST_DAY, Math.round((probe / (PROBES - 1)) * (DAYS + 20)) - 10);
    pages += await pagesOf({ name: 'explain', text: statementOf(day) });
  }
  return pages / PROBES;
}

async function pagesOf({ text }: Statement): Promise<number> {
  const { rows } = await reader.query<{ 'QUERY PLAN': readonly [{ Plan: Record<string, number> }] }>(
    `EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ${text}`,
  );
  const plan = rows[0]?.['QUERY PLAN'][0].Plan;
  if (plan === undefined) throw new Error('EXPLAIN answered no plan');
  return (plan['Shared Hit Blocks'] ?? 0) + (plan['Shared Read Blocks'] ?? 0);
}

/** Both histories over the same years, through the engine; every fifth entry is dated before the one before it. */
async function postHistories(): Promise<void> {
  const pool = new ReaderPool(database.connection);
  const store = new PostgresStore({ address: database.connection, lanes: 1, heavy: false, reader: pool });
  const failures: unknown[] = [];
  const engine = new PostingEngine({
    store,
    lanes: 1,
    monotonicMs: () => performance.now(),
    onFailure: (error) => failures.push(error),
  });
  for (const [loanId, count] of [
    [shortLoan, SHORT],
    [longLoan, LONG],
  ] as const) {
    const outcomes: string[] = [];
    for (let from = 0; from < count; from += 400) {
      const places = Array.from({ length: Math.min(400, count - from) }, (_, index) => from + index);
      const sent = places.map((place) => engine.submit(entryAt(loanId, { place, count })));
      outcomes.push(...(await Promise.all(sent)).map(({ outcome }) => outcome));
    }
    expect(new Set(outcomes)).toEqual(new Set(['created']));
  }
  expect(failures).toEqual([]);
  await engine.drain();
  await store.close();
  await pool.close();
}

function entryAt(loanId: string, at: { readonly place: number; readonly count: number }): Command {
  const { place, count } = at;
  const onward = addDays(FIRST_DAY, Math.floor((place * DAYS) / count));
  const back = place % 5 === 4 ? 1 + ((place * 7_919) % BACKDATED_DAYS_MAX) : 0;
  const effectiveAt = addDays(onward, -Math.min(back, dayNumber(onward) - dayNumber(FIRST_DAY)));
  const envelope = { tenantId, actor: 'test', key: 'test:history', keyHash: randomUUID(), payloadHash: randomUUID() };
  const event = { loanId, borrowerId: tenantId, currency: 'USD', metadata: null };
  if (place === 0) {
    const amount = { amountMinor: 10n ** 15n, effectiveAt, method: 'ach', destinationRef: null, programId: null };
    return { ...envelope, kind: 'disbursement', disbursement: { ...event, ...amount, fees: [], layer: 0 } };
  }
  const amount = { amountMinor: BigInt(1 + (place % 100)), effectiveAt, externalRef: null };
  if (place % 3 === 0)
    return {
      ...envelope,
      kind: 'payment',
      payment: { ...event, ...amount, sourceMethod: 'ach', layer: 0, split: null },
    };
  return { ...envelope, kind: 'fee', fee: { ...event, ...amount, feeType: 'late_fee', description: null } };
}
