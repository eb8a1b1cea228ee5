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
/** Rows that scans of tables may meet for one loan and its entries: a walk through the smallest table of facts meets as many. */
const ROWS_MET_MAX = 69;
const DAY = "'2026-01-01'::date";
/** The close of one month among many. */
const CLOSED_THROUGH = '2010-01-31';

const STATEMENTS = [...READ_STATEMENTS, ...HISTORY_QUESTIONS, ...INTEREST_QUESTIONS, READ_LIVE_ENTRIES, READ_RECEIPTS];

/** Ids of loan `n` and of its entry at a place, as SQL; ids of entries end in 0, as those of an event's first entry do. */
const loan = `('10000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid`;
const entry = (place: number | string): string =>
  `('20000000-' || lpad((${place})::text, 4, '0') || '-4000-8000-' || lpad(n::text, 11, '0') || '0')::uuid`;
const LOAN = `'{10000000-0000-4000-8000-${String(ASKED).padStart(12, '0')}}'`;
const askedEntry = (place: number): string =>
  `'{20000000-${String(place).padStart(4, '0')}-4000-8000-${String(ASKED).padStart(11, '0')}0}'`;

/** What a statement is asked, how many rows it answers, and whether it is sent where plans may sort (plan-sorting.ts). */
type Question = { readonly asked: (tenantId: string) => string; readonly rows: number; readonly maySort?: true };
const QUESTIONS: Readonly<Record<string, Question>> = {
  read_standings: { asked: (tenantId) => `'{${tenantId}}', ${askedEntry(4)}`, rows: 2 },
  read_corrections: { asked: (tenantId) => `'{${tenantId}}', ${askedEntry(0)}`, rows: 2 },
  read_standing_disbursements: { asked: (tenantId) => `'{${tenantId}}', ${LOAN}`, rows: 1 },
  read_standing_non_accruals: { asked: (tenantId) => `'{${tenantId}}', ${LOAN}`, rows: 1 },
  read_losses: { asked: (tenantId) => `'{${tenantId}}', ${LOAN}`, rows: 1 },
  read_recoveries: { asked: (tenantId) => `'{${tenantId}}', ${LOAN}`, rows: 1 },
  read_nights: { asked: (tenantId) => `'{${tenantId}}', ${LOAN}, '{2026-01-05}'`, rows: 1 },
  read_live_entries: { asked: (tenantId) => `'{${tenantId}}', ${askedEntry(8)}`, rows: 1 },
  read_receipts: { asked: (tenantId) => `'{${tenantId}}', ${askedEntry(8)}`, rows: 1 },
  read_returns: { asked: (tenantId) => `'${tenantId}', ${askedEntry(6)}`, rows: 1 },
  read_interest_before: { asked: (tenantId) => `'${tenantId}', ${LOAN}, ${askedEntry(0)}, '2026-02-01'`, rows: 1 },
  read_balances_before: { asked: (tenantId) => `'${tenantId}', ${LOAN}, '2026-01-05'`, rows: 3 },
  read_events_since: { asked: (tenantId) => `'${tenantId}', ${LOAN}, '2026-01-12', 9`, rows: 8 },
  read_interest: { asked: (tenantId) => `'{${tenantId}}', ${LOAN}`, rows: 1, maySort: true },
  read_interest_events: { asked: (tenantId) => `'{${tenantId}}', ${LOAN}, '{2026-01-10}', '{10}'`, rows: 10 },
  read_closing_entries: { asked: (tenantId) => `'{${tenantId}}', '{${CLOSED_THROUGH}}'`, rows: 2, maySort: true },
};

/** How connections that ask them are opened: src/postgres/posting/store.ts and src/postgres/reading/reader-pool.ts. */
const LANES: Readonly<Record<string, Omit<ConnectionOptions, 'applicationName'>>> = {
  'light poster’s': { role: 'hpts_poster', indexPlansOnly: true },
  'heavy poster’s': { role: 'hpts_poster', planEachTime: true },
  'light reader’s': { role: 'hpts_reader', indexPlansOnly: true },
  'heavy reader’s': { role: 'hpts_reader', planEachTime: true },
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

  describe.for(Object.keys(LANES))('few rows are met on a %s connection by', (lane) => {
    test.for(questionsOf(lane))('%s', async (name) => {
      const plan = await planOf(lane, name);
      expect(plan['Actual Rows']).toBe(QUESTIONS[name]?.rows);
      expect(rowsMet(plan), JSON.stringify(plan)).toBeLessThanOrEqual(ROWS_MET_MAX);
    });
  });
});

test('each statement that looks at the journal or at what was done to its entries is asked', () => {
  const looking = STATEMENTS.filter(({ text }) => /hpts\.(?:journal_entry|reversal|loan_movement)\b/.test(text));
  const unasked = new Set(looking.map(({ name }) => name).filter((name) => QUESTIONS[name] === undefined));
  // All closes of a tenant, at most one for each month of its books, are what these are after.
  expect(unasked).toEqual(new Set(['read_closes', 'read_year_ends']));
});

type PlanNode = {
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

/** Rows as postings leave them, made by SQL because only their number and their ids matter here. */
async function fill(database: TestDatabase, tenantId: string, count: number): Promise<void> {
  const owner = await connect(database.connection, { role: 'owner', applicationName: 'test' });
  const loans = `generate_series(1, ${count}) AS n`;
  const entries = `${loans} CROSS JOIN generate_series(0, ${ENTRIES_EACH} - 1) AS p`;
  const type = `CASE p WHEN 0 THEN 'accrual' WHEN 11 THEN 'chargeoff' ELSE 'payment_received' END::hpts.event_type`;
  const statements = [
    `INSERT INTO hpts.journal_entry (tenant_id, entry_id, seq, event_id, correlation_id, posted_at, effective_at, event_type, layer,
       currency, loan_id, borrower_id, accounts, amounts, loan_ids, actor)
     SELECT $1, ${entry('p')}, n * ${ENTRIES_EACH} + p, (left(${entry('p')}::text, 35) || '1')::uuid, ${entry('p')}, now(), ${DAY} + p,
       ${type}, 0, 'USD', NULL, $1, '{1200,4000}', '{6,-6}', ARRAY[${loan}, ${loan}], 'test' FROM ${entries}`,
    `INSERT INTO hpts.loan_movement SELECT $1, ${loan}, 0, ${DAY} + p, p + 1, ${DAY} + p, now(), ${entry('p')}, 1, 1, 1, 0, 0 FROM ${entries}`,
    `INSERT INTO hpts.loan_loss SELECT $1, ${loan}, ${entry(1)}, 1, 1, 1, 5000, true, 1 FROM ${loans}`,
    `INSERT INTO hpts.loan_loss SELECT $1, ${loan}, ${entry(11)}, 1, 1, 1, 5000, true, 1 FROM ${loans}`,
    `INSERT INTO hpts.loan_recovery SELECT $1, ${loan}, ${entry(2)}, ${entry(1)}, 1, 1, 1, 1 FROM ${loans}`,
    `INSERT INTO hpts.non_accrual SELECT $1, ${loan}, ${entry(3)}, ${DAY}, 'enter' FROM ${loans}`,
    `INSERT INTO hpts.settling SELECT $1, ${entry(4)}, 1, ${entry(5)} FROM ${loans}`,
    `INSERT INTO hpts.clearing SELECT $1, ${entry(4)}, 1, ${entry(15)} FROM ${loans}`,
    `INSERT INTO hpts.payment_return SELECT $1, ${entry(6)}, 1, ${entry(7)}, 0, 0, 1, 0 FROM ${loans}`,
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
    `INSERT INTO hpts.loan (tenant_id, loan_id, borrower_id, currency, program_id, loan_seq, frontier)
     SELECT $1, ${loan}, $1, 'USD', $1, ${ENTRIES_EACH}, ${DAY} + ${ENTRIES_EACH} FROM ${loans}`,
  ];
  for (const statement of statements) await owner.query(statement.replaceAll('$1', '$1::uuid'), [tenantId]);
  await owner.end();
}
