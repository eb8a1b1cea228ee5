import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTenant } from '../../src/postgres/access/tenant.ts';
import { connect } from '../../src/postgres/connection.ts';
import { READ_ACCOUNT_BALANCE } from '../../src/postgres/reading/account-balance.ts';
import { READ_LOAN_JOURNAL } from '../../src/postgres/reading/loan-journal.ts';
import { READ_TENANT_JOURNAL } from '../../src/postgres/reading/tenant-journal.ts';
import { type TestDatabase, testDatabase } from '../database.ts';

/** Entries of the tenant; one loan has half of them, the other LOAN_ENTRIES. Every fourth is reversed by the next. */
const ENTRIES = 20_000;
const LOAN_ENTRIES = 100;
const PAGE = 50;
const ANY_TYPE = 'NULL, ';
const BYTES = 1_048_576;

let database: TestDatabase;
let reader: pg.Client;
let tenantId: string;
const LONG = '10000000-0000-4000-8000-000000000001';
const SHORT = '10000000-0000-4000-8000-000000000002';

beforeAll(async () => {
  database = await testDatabase();
  const tenant = { name: 'Lender', timezone: 'UTC', currency: 'USD' };
  ({ tenantId } = await createTenant(database.connection, tenant, { actor: 'test' }));
  // Planned while the tables are empty, as a server does that starts on a new ledger.
  reader = await connect(database.connection, { role: 'hpts_reader', applicationName: 'test', indexPlansOnly: true });
  await reader.query(`SELECT set_config('hpts.tenants', $1, false)`, [tenantId]);
  for (const order of ['desc', 'asc'] as const) {
    await reader.query(`PREPARE tenant_${order} AS ${READ_TENANT_JOURNAL[order].text}`);
    await reader.query(`PREPARE loan_${order} AS ${READ_LOAN_JOURNAL[order].text}`);
  }
  await reader.query(`PREPARE account AS ${READ_ACCOUNT_BALANCE.text}`);
  await pagesOf(tenantPage('desc', 'NULL', PAGE + 1));
  await pagesOf(loanPage('desc', LONG, PAGE + 1));
  await fill();
});
afterAll(async () => {
  await reader.end();
  await database.drop();
});

const tenantPage = (order: 'asc' | 'desc', behind: number | 'NULL', span: number, type = ANY_TYPE): string =>
  `EXECUTE tenant_${order} ('${tenantId}', ${behind}, ${span}, '-infinity', 'infinity', ${type}NULL, ${PAGE}, ${BYTES})`;

const loanPage = (order: 'asc' | 'desc', loanId: string, span: number): string =>
  loanWindow(order, { loanId, span, from: '-infinity', type: 'NULL' });

type LoanWindow = { readonly loanId: string; readonly span: number; readonly from: string; readonly type: string };

const loanWindow = (order: 'asc' | 'desc', { loanId, span, from, type }: LoanWindow): string => {
  const begin = order === 'desc' ? `'infinity', 2147483647` : `'${from}', 0`;
  return `EXECUTE loan_${order} ('${tenantId}', '${loanId}', ${begin}, ${span}, '${from}', 'infinity', ${type}, ${PAGE}, ${BYTES})`;
};

describe('a page of the tenant’s journal', () => {
  test('reads as many pages of the tables wherever it begins, in both orders', async () => {
    const read: number[] = [];
    for (const behind of [100, 5_000, ENTRIES / 2, ENTRIES - 100]) {
      for (const order of ['desc', 'asc'] as const) read.push(await pagesOf(tenantPage(order, behind, PAGE + 1)));
    }
    read.push(await pagesOf(tenantPage('desc', 'NULL', PAGE + 1)), await pagesOf(tenantPage('asc', 'NULL', PAGE + 1)));
    expect(Math.max(...read)).toBeLessThanOrEqual(Math.min(...read) * 1.5);
    // An entry, and the look-up of what reversed it.
    expect(Math.max(...read)).toBeLessThanOrEqual(PAGE * 5);
  });

  test('a filter that passes over everything reads no more than its window', async () => {
    const nothing = "'recovery', ";
    const [narrow, wide] = [500, 5_000];
    const few = await pagesOf(tenantPage('desc', ENTRIES, narrow, nothing));
    const many = await pagesOf(tenantPage('desc', ENTRIES, wide, nothing));
    expect(few).toBeLessThanOrEqual(narrow / 5);
    expect(many).toBeLessThanOrEqual(wide / 5);
    expect(many).toBeGreaterThan(few);
  });
});

describe('a page of a loan’s journal', () => {
  test('reads as much of a loan with half the ledger as of one with a hundred entries', async () => {
    for (const order of ['desc', 'asc'] as const) {
      const [short, long] = [
        await pagesOf(loanPage(order, SHORT, PAGE + 1)),
        await pagesOf(loanPage(order, LONG, PAGE + 1)),
      ];
      expect(long).toBeLessThanOrEqual(short * 1.5);
      expect(long).toBeLessThanOrEqual(PAGE * 10);
    }
  });

  test('a first date keeps it from looking at what lies before', async () => {
    for (const order of ['asc', 'desc'] as const) {
      const nothing = { loanId: LONG, span: 2_000, type: `'recovery'` };
      const all = await pagesOf(loanWindow(order, { ...nothing, from: '-infinity' }));
      const late = await pagesOf(loanWindow(order, { ...nothing, from: '2026-04-30' }));
      expect(late).toBeLessThan(all / 10);
    }
  });
});

test('an account balance reads one range of the table’s key', async () => {
  const read = await pagesOf(`EXECUTE account ('${tenantId}', 1100, 'USD', 0, '2026-01-01', 'infinity')`);
  const everything = await pagesOf(`EXECUTE account ('${tenantId}', 1100, 'USD', 0, '2026-12-31', 'infinity')`);
  expect(read).toBeLessThan(everything / 10);
  expect(await pagesOf(`EXECUTE account ('${tenantId}', 5000, 'USD', 0, '2026-12-31', 'infinity')`)).toBeLessThan(20);
});

/** Pages touched in memory or on disk. */
async function pagesOf(statement: string): Promise<number> {
  const { rows } = await reader.query<{ 'QUERY PLAN': readonly [{ Plan: Record<string, number> }] }>(
    `EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ${statement}`,
  );
  const plan = rows[0]?.['QUERY PLAN'][0].Plan;
  if (plan === undefined) throw new Error('EXPLAIN answered no plan');
  expect(JSON.stringify(plan)).not.toContain('"Seq Scan"');
  return (plan['Shared Hit Blocks'] ?? 0) + (plan['Shared Read Blocks'] ?? 0);
}

/** Rows as postings leave them, made by SQL because only their number matters here. */
async function fill(): Promise<void> {
  const owner = await connect(database.connection, { role: 'owner', applicationName: 'test' });
  const day = `'2026-01-01'::date + n * 120 / ${ENTRIES}`;
  const stride = ENTRIES / LOAN_ENTRIES;
  const loan = `CASE WHEN n % 2 = 0 THEN '${LONG}' WHEN n % ${stride} = 1 THEN '${SHORT}' ELSE md5('loan' || n) END::uuid`;
  const place = `CASE WHEN n % 2 = 0 THEN n / 2 WHEN n % ${stride} = 1 THEN n / ${stride} + 1 ELSE 1 END`;
  const statements = [
    `INSERT INTO hpts.journal_entry (tenant_id, entry_id, seq, event_id, correlation_id, posted_at, effective_at, event_type, layer,
       currency, loan_id, borrower_id, accounts, amounts, actor)
     SELECT $1, md5('entry' || n)::uuid, n, md5('entry' || n)::uuid, md5('entry' || n)::uuid, now(), ${day}, 'payment_received', 0,
       'USD', ${loan}, $1, '{1010,1300,1200,1100}', '{6,-1,-2,-3}', 'test' FROM generate_series(1, ${ENTRIES}) AS n`,
    `INSERT INTO hpts.loan_movement SELECT $1, ${loan}, 0, ${day}, ${place}, ${day}, now(), md5('entry' || n)::uuid, 1, 1, 1, 0, 0
     FROM generate_series(1, ${ENTRIES}) AS n`,
    `INSERT INTO hpts.reversal SELECT $1, md5('entry' || n)::uuid, md5('entry' || n + 1)::uuid FROM generate_series(4, ${ENTRIES}, 4) AS n`,
    `INSERT INTO hpts.account_delta SELECT $1, 1100, 'USD', 0, ${day}, n, 1, now(), 0, 3 FROM generate_series(1, ${ENTRIES}) AS n`,
    `INSERT INTO hpts.loan (tenant_id, loan_id, borrower_id, currency, program_id, loan_seq, frontier)
     SELECT $1::uuid, m.loan_id, $1::uuid, 'USD', $1::uuid, max(m.loan_seq), max(m.frontier) FROM hpts.loan_movement AS m GROUP BY m.loan_id`,
    `UPDATE hpts.tenant_head SET seq = ${ENTRIES} WHERE tenant_id = $1`,
  ];
  for (const statement of statements) await owner.query(statement, [tenantId]);
  await owner.end();
}
