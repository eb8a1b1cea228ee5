import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTenant } from '../../src/postgres/access/tenant.ts';
import { connect } from '../../src/postgres/connection.ts';
import { INTEREST_QUESTIONS } from '../../src/postgres/posting/stored-interest.ts';
import { type TestDatabase, testDatabase } from '../database.ts';

/** Differences that restatements posted to accruals of one loan: as many as a small and busy journal has before anybody counts it. */
const ENTRIES = 1_400;
const PAGES_EACH_MAX = 10;
const LOAN = '10000000-0000-4000-8000-000000000001';

let database: TestDatabase;
let poster: pg.Client;
let tenantId: string;

beforeAll(async () => {
  database = await testDatabase();
  const tenant = { name: 'Lender', timezone: 'UTC', currency: 'USD' };
  ({ tenantId } = await createTenant(database.connection, tenant, { actor: 'test' }));
  await fill();
  // As the lane does that restates.
  poster = await connect(database.connection, { role: 'hpts_poster', applicationName: 'test', planEachTime: true });
  await poster.query(`SELECT set_config('hpts.tenants', $1, false), set_config('enable_sort', 'off', false)`, [
    tenantId,
  ]);
});
afterAll(async () => {
  await poster.end();
  await database.drop();
});

test('a loan’s interest events are read by their ids, also by a plan that knows nothing of the journal', async () => {
  const question = INTEREST_QUESTIONS.find(({ name }) => name === 'read_interest_events');
  await poster.query(`PREPARE interest AS ${question?.text}`);
  const asked = `EXECUTE interest ('{${tenantId}}', '{${LOAN}}', '{0001-01-01}', '{0}')`;
  const { rows } = await poster.query<{ 'QUERY PLAN': readonly [{ Plan: Record<string, number> }] }>(
    `EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ${asked}`,
  );
  const plan = rows[0]?.['QUERY PLAN'][0].Plan;
  expect(plan?.['Actual Rows']).toBe(ENTRIES);
  expect(plan?.['Shared Hit Blocks']).toBeLessThan(ENTRIES * PAGES_EACH_MAX);
});

/** Rows as postings leave them, made by SQL because only their number matters here. */
async function fill(): Promise<void> {
  const owner = await connect(database.connection, { role: 'owner', applicationName: 'test' });
  const id = (last: string) => `(left(md5('entry' || n)::uuid::text, 35) || '${last}')::uuid`;
  const statements = [
    `INSERT INTO hpts.journal_entry (tenant_id, entry_id, seq, event_id, correlation_id, posted_at, effective_at, event_type, layer,
       currency, loan_id, borrower_id, accounts, amounts, actor)
     SELECT $1, ${id('2')}, n, ${id('1')}, ${id('1')}, now(), '2026-01-01', 'accrual', 0, 'USD', NULL, NULL, '{1200,4000}', '{6,-6}', 'test'
     FROM generate_series(1, ${ENTRIES}) AS n`,
    `INSERT INTO hpts.loan_movement SELECT $1, '${LOAN}', 0, '2026-01-01', n, '2026-01-01', now(), ${id('2')}, 1, n, 0, 0, 0
     FROM generate_series(1, ${ENTRIES}) AS n`,
  ];
  for (const statement of statements) await owner.query(statement, [tenantId]);
  await owner.end();
}
