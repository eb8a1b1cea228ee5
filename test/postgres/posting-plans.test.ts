import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTenant } from '../../src/postgres/access/tenant.ts';
import { type ConnectionOptions, connect } from '../../src/postgres/connection.ts';
import { READ_LIVE_ENTRIES, READ_RECEIPTS } from '../../src/postgres/posting/posted-entries.ts';
import { HISTORY_QUESTIONS } from '../../src/postgres/posting/read-histories.ts';
import { READ_STATEMENTS } from '../../src/postgres/posting/read-state.ts';
import { INTEREST_QUESTIONS } from '../../src/postgres/posting/stored-interest.ts';
import { type TestDatabase, testDatabase } from '../database.ts';

/** Loans of a tenant, each with ENTRIES_EACH entries and one of every fact: small and busy journals, and a larger one. */
const SIZES = [70, 300, 1_000];
const ENTRIES_EACH = 20;
const ASKED = 50;
/** Rows that scans of tables may meet for one question, or for one row of its answer: the smallest table of facts has one more. */
const ROWS_MET_MAX = 69;
const ROWS_MET_EACH_MAX = 20;
/** Of an accrual that was restated: its id ends in 2, and its event is that of the entry at place 0. */
const RESTATED = 19;
const DAY = "'2026-01-01'::date";
/** The close of one month among many. */
const CLOSED_THROUGH = '2010-01-31';

const STATEMENTS = [...READ_STATEMENTS, ...HISTORY_QUESTIONS, ...INTEREST_QUESTIONS, READ_LIVE_ENTRIES, READ_RECEIPTS];

/** Ids of loan `n` and of its entry at a place, as SQL; those of an event's first entry end in 0. */
const loan = `('10000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid`;
const entry = (place: number | string): string =>
  `('20000000-' || lpad((${place})::text, 4, '0') || '-4000-8000-' || lpad(n::text, 11, '0') || CASE ${place} WHEN ${RESTATED} THEN 2 ELSE 0 END)::uuid`;
const LOAN = `'{10000000-0000-4000-8000-${String(ASKED).padStart(12, '0')}}'`;
const idOf = (place: number): string =>
  `20000000-${String(place).padStart(4, '0')}-4000-8000-${String(ASKED).padStart(11, '0')}${place === RESTATED ? 2 : 0}`;
const entries = (...places: number[]): string => `'{${places.map(idOf).join()}}'`;
const tenants = (tenantId: string, ...places: number[]): string => `'{${places.map(() => tenantId).join()}}'`;
const ofEntries =
  (...places: number[]) =>
  (tenantId: string) =>
    `${tenants(tenantId, ...places)}, ${entries(...places)}`;
const ofLoan = (tenantId: string): string => `'{${tenantId}}', ${LOAN}`;

/** What a statement is asked, how many rows it answers, and whether it is sent where plans may sort (plan-sorting.ts). */
type Question = { readonly asked: (tenantId: string) => string; readonly rows: number; readonly maySort?: true };
const QUESTIONS: Readonly<Record<string, Question>> = {
  read_standings: { asked: ofEntries(4, 5, 6, 7, RESTATED), rows: 5 },
  read_corrections: { asked: ofEntries(0), rows: 2 },
  read_standing_disbursements: { asked: ofLoan, rows: 1 },
  read_standing_non_accruals: { asked: ofLoan, rows: 1 },
  read_losses: { asked: ofLoan, rows: 1 },
  read_recoveries: { asked: ofLoan, rows: 1 },
  read_nights: { asked: (tenantId) => `${ofLoan(tenantId)}, '{2026-01-13}'`, rows: 1 },
  read_live_entries: { asked: ofEntries(8, 16), rows: 2 },
  read_receipts: { asked: ofEntries(8, 16), rows: 2 },
  read_returns: { asked: (tenantId) => `'${tenantId}', ${entries(6)}`, rows: 2 },
  read_interest_before: { asked: (tenantId) => `'${tenantId}', ${LOAN}, ${entries(0)}, '2026-02-01'`, rows: 1 },
  read_balances_before: { asked: (tenantId) => `'${tenantId}', ${LOAN}, '2026-01-05'`, rows: 3 },
  read_events_since: { asked: (tenantId) => `'${tenantId}', ${LOAN}, '2026-01-01', 1000`, rows: ENTRIES_EACH - 1 },
  read_interest: { asked: ofLoan, rows: 1, maySort: true },
  read_interest_events: { asked: (tenantId) => `${ofLoan(tenantId)}, '{0001-01-01}', '{0}'`, rows: ENTRIES_EACH + 2 },
  read_closing_entries: {
    asked: (tenantId) => `'{${tenantId}}', '{${CLOSED_THROUGH}}'`,
    rows: 2,
    maySort: true,
  },
};

/** How connections that ask them are opened: src/postgres/posting/store.ts and src/postgres/reading/reader-pool.ts. */
const LANES: Readonly<Record<string, Omit<ConnectionOptions, 'applicationName'>>> = {
  'light poster': { role: 'hpts_poster', indexPlansOnly: true },
  'heavy poster': { role: 'hpts_poster', planEachTime: true },
  'light reader': { role: 'hpts_reader', indexPlansOnly: true },
  'heavy reader': { role: 'hpts_reader', planEachTime: true },
};
const isReader = (lane: string): boolean => LANES[lane]?.role === 'hpts_reader';
const questionsOf = (lane: string): readonly string[] =>
  isReader(lane) ? [READ_LIVE_ENTRIES.name, READ_RECEIPTS.name] : Object.keys(QUESTIONS);

describe.for(SIZES)('before a posting, in a ledger of %i loans that nobody has counted', (loans) => {
  const clients = new Map<string, pg.Client>();
  let database: TestDatabase;
  let tenantId: string;

  beforeAll(async () => {
    database = await testDatabase();
    const tenant = { name: 'Lender', timezone: 'UTC', currency: 'USD' };
    ({ tenantId } = await createTenant(database.connection, tenant, { actor: 'test' }));
    await runAsOwner(database, [KEEP_UNCOUNTED]);
    for (const [lane, options] of Object.entries(LANES)) {
      const client = await connect(database.connection, { applicationName: 'test', ...options });
      clients.set(lane, client);
      await client.query(`SELECT set_config('hpts.tenants', $1, false)`, [tenantId]);
      for (const { name, text } of STATEMENTS) {
        if (questionsOf(lane).includes(name)) await client.query(`PREPARE ${name} AS ${text}`);
      }
      // Planned while the tables are empty, as a server does that starts on a new ledger.
      for (const name of questionsOf(lane)) await planOf(lane, name);
    }
    await fill(database, tenantId, loans);
  });
  afterAll(async () => {
    for (const client of clients.values()) await client.end();
    await database.drop();
  });

  async function planOf(lane: string, name: string): Promise<PlanNode> {
    const [client, question] = [clients.get(lane), QUESTIONS[name]];
    if (client === undefined || question === undefined) throw new Error(`nothing is known of ${name}`);
    const maySort = question.maySort === true || isReader(lane);
    await client.query(`SELECT set_config('enable_sort', $1, false)`, [maySort ? 'on' : 'off']);
    const { rows } = await client.query<{ 'QUERY PLAN': readonly [{ Plan: PlanNode }] }>(
      `EXPLAIN (ANALYZE, FORMAT JSON) EXECUTE ${name} (${question.asked(tenantId)})`,
    );
    const plan = rows[0]?.['QUERY PLAN'][0].Plan;
    if (plan === undefined) throw new Error('EXPLAIN answered no plan');
    return plan;
  }

  describe.for(Object.keys(LANES))('few rows are met on a connection of a %s by', (lane) => {
    test.for(questionsOf(lane))('%s', async (name) => {
      // As it was planned, which a light connection keeps, and planned anew (renewPlans in src/postgres/connection.ts).
      await examine(lane, name);
      await clients.get(lane)?.query('DISCARD PLANS');
      await examine(lane, name);
    });
  });

  async function examine(lane: string, name: string): Promise<void> {
    const plan = await planOf(lane, name);
    const rows = QUESTIONS[name]?.rows ?? 0;
    expect(plan['Actual Rows']).toBe(rows);
    expect(rowsMet(plan), JSON.stringify(plan)).toBeLessThanOrEqual(Math.max(ROWS_MET_MAX, rows * ROWS_MET_EACH_MAX));
    expect(neverRun(plan), 'parts of the statement that this question never comes to').toEqual([]);
  }
});

test('each statement that looks at the journal or at what was done to its entries is asked', () => {
  const looking = STATEMENTS.filter(({ text }) => /hpts\.(?:journal_entry|reversal|loan_movement)\b/.test(text));
  const unasked = new Set(looking.map(({ name }) => name).filter((name) => QUESTIONS[name] === undefined));
  // All closes of a tenant, at most one for each month of its books, are what these are after.
  expect(unasked).toEqual(new Set(['read_closes', 'read_year_ends']));
});

type PlanNode = {
  readonly 'Index Name'?: string;
  readonly 'Relation Name'?: string;
  readonly 'Actual Rows': number;
  readonly 'Actual Loops': number;
  readonly 'Rows Removed by Filter'?: number;
  readonly Plans?: readonly PlanNode[];
};

/** Rows of tables that were looked at, whether they were wanted or not. */
function rowsMet(node: PlanNode): number {
  const below = (node.Plans ?? []).reduce((sum, one) => sum + rowsMet(one), 0);
  if (node['Relation Name'] === undefined) return below;
  return below + (node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0)) * node['Actual Loops'];
}

/** Tables that the plan would look at and did not. */
function neverRun(node: PlanNode): readonly string[] {
  const below = (node.Plans ?? []).flatMap(neverRun);
  if (node['Relation Name'] === undefined || node['Actual Loops'] > 0) return below;
  return [...below, `${node['Relation Name']} by ${node['Index Name'] ?? 'itself'}`];
}

// Else PostgreSQL may count the tables between two questions, and rightly walk through the smallest.
const KEEP_UNCOUNTED = `DO $$ DECLARE t text; BEGIN
  FOR t IN SELECT tablename FROM pg_tables WHERE schemaname = 'hpts' LOOP
    EXECUTE format('ALTER TABLE hpts.%I SET (autovacuum_enabled = false)', t);
  END LOOP; END $$`;

async function runAsOwner(
  database: TestDatabase,
  statements: readonly string[],
  values: unknown[] = [],
): Promise<void> {
  const owner = await connect(database.connection, { role: 'owner', applicationName: 'test' });
  for (const statement of statements) await owner.query(statement, values);
  await owner.end();
}

/** Rows as postings leave them, made by SQL because only their number and their ids matter here. */
async function fill(database: TestDatabase, tenantId: string, count: number): Promise<void> {
  const loans = `generate_series(1, ${count}) AS n`;
  const places = `${loans} CROSS JOIN generate_series(0, ${ENTRIES_EACH} - 1) AS p`;
  const firstOf = `left((CASE p WHEN ${RESTATED} THEN ${entry(0)} ELSE ${entry('p')} END)::text, 35)`;
  const type = `CASE p WHEN 0 THEN 'accrual' WHEN ${RESTATED} THEN 'accrual' WHEN 7 THEN 'payment_returned' WHEN 11 THEN 'chargeoff' ELSE 'payment_received' END::hpts.event_type`;
  const statements = [
    `INSERT INTO hpts.journal_entry (tenant_id, entry_id, seq, event_id, correlation_id, posted_at, effective_at, event_type, layer,
       currency, loan_id, borrower_id, accounts, amounts, loan_ids, actor)
     SELECT $1, ${entry('p')}, n * ${ENTRIES_EACH} + p, (${firstOf} || '1')::uuid, ${entry('p')}, now(), ${DAY} + p,
       ${type}, CASE p WHEN 14 THEN 1 ELSE 0 END, 'USD', NULL, $1, '{1200,4000}', '{6,-6}', ARRAY[${loan}, ${loan}], 'test' FROM ${places}`,
    `INSERT INTO hpts.loan_movement SELECT $1, ${loan}, 0, ${DAY} + p, p + 1, ${DAY} + p, now(), ${entry('p')}, 1, 1, 1, 0, 0 FROM ${places}`,
    `INSERT INTO hpts.loan_loss SELECT $1, ${loan}, ${entry(1)}, 1, 1, 1, 5000, true, 1 FROM ${loans}`,
    `INSERT INTO hpts.loan_loss SELECT $1, ${loan}, ${entry(11)}, 1, 1, 1, 5000, true, 1 FROM ${loans}`,
    `INSERT INTO hpts.loan_recovery SELECT $1, ${loan}, ${entry(2)}, ${entry(1)}, 1, 1, 1, 1 FROM ${loans}`,
    `INSERT INTO hpts.non_accrual SELECT $1, ${loan}, ${entry(3)}, ${DAY}, 'enter' FROM ${loans}`,
    `INSERT INTO hpts.settling SELECT $1, ${entry(4)}, 1, ${entry(5)} FROM ${loans}`,
    `INSERT INTO hpts.clearing SELECT $1, ${entry(4)}, 1, ${entry(15)} FROM ${loans}`,
    `INSERT INTO hpts.payment_return SELECT $1, ${entry(6)}, turn, ${entry(7)}, 0, 0, turn, 0 FROM ${loans} CROSS JOIN generate_series(1, 2) AS turn`,
    `INSERT INTO hpts.superseded_entry SELECT $1, ${entry(8)}, ${entry(9)} FROM ${loans}`,
    `INSERT INTO hpts.accrual_batch SELECT $1, ${entry(0)}, $1, ${DAY}, 'ACT_365', ARRAY[${loan}], '{1}', '{6}', NULL FROM ${loans}`,
    `INSERT INTO hpts.accrual_correction SELECT $1, ${entry(0)}, ${entry(10)}, ARRAY[${loan}], '{7}', '{1}' FROM ${loans}`,
    `INSERT INTO hpts.accrual_difference SELECT $1, ${entry(0)}, ${entry(12)} FROM ${loans}`,
    `INSERT INTO hpts.reversal SELECT $1, ${entry(11)}, ${entry(13)} FROM ${loans}`,
    `INSERT INTO hpts.disbursement SELECT $1, ${loan}, ${entry(14)}, ${DAY} FROM ${loans}`,
    `INSERT INTO hpts.loan_unmoved_event SELECT $1, ${loan}, ${entry(14)}, ${DAY}, 1 FROM ${loans}`,
    `INSERT INTO hpts.following_entry SELECT $1, ${entry(16)}, 1, ${entry(17)} FROM ${loans}`,
    `INSERT INTO hpts.period_close
     SELECT $1, ${entry(16)}, (date '${CLOSED_THROUGH}' + 1 - interval '1 month' * (n - ${ASKED}))::date - 1 FROM ${loans}`,
    `INSERT INTO hpts.loan_registration (tenant_id, loan_id, entry_id) SELECT $1, ${loan}, ${entry(18)} FROM ${loans}`,
    `INSERT INTO hpts.loan_interest SELECT $1, ${loan}, 10, ${DAY}, ${DAY}, '0', 0, ${DAY}, 0, 0 FROM ${loans}`,
    `INSERT INTO hpts.loan_accrual_month SELECT $1, ${loan}, ${DAY}, 1 FROM ${loans}`,
    `INSERT INTO hpts.loan (tenant_id, loan_id, borrower_id, currency, program_id, loan_seq, frontier)
     SELECT $1, ${loan}, $1, 'USD', $1, ${ENTRIES_EACH}, ${DAY} + ${ENTRIES_EACH} FROM ${loans}`,
  ];
  const typed = statements.map((statement) => statement.replaceAll('$1', '$1::uuid'));
  await runAsOwner(database, typed, [tenantId]);
}
