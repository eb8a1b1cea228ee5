import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { verify } from '../../src/cli/verify.ts';
import { connect } from '../../src/postgres/connection.ts';
import { migrate } from '../../src/postgres/migrate.ts';
import { verifyLedger, verifyWithin } from '../../src/postgres/verify/ledger-verification.ts';
import { createDatabase, type TestDatabase, testDatabase } from '../database.ts';
import { OF_BALANCES } from './balance-damage.ts';
import { fillHandConfiguration, OF_CONFIGURATION } from './configuration-damage.ts';
import { loan } from './damage.ts';
import { OF_EARLIER_ENTRIES } from './earlier-entry-damage.ts';
import { OF_ENTRIES } from './entry-damage.ts';
import { OF_FACTS } from './fact-damage.ts';
import { OF_GUARDS } from './guard-damage.ts';
import { entryId } from './hand-books.ts';
import { fillHandLedger, LOANS, OTHER_TENANT, TENANT } from './hand-ledger.ts';
import { OF_LOSSES } from './loss-damage.ts';
import { OF_RELATIONS } from './relation-damage.ts';
import { OF_RESTRUCTURING } from './restructuring-damage.ts';
import { fillHandRun, OF_RUNS } from './run-damage.ts';
import { fillHandWebhooks, OF_WEBHOOKS } from './webhook-damage.ts';

const APPEND_ONLY = [
  'program',
  'program_version',
  'loan_registration',
  'principal_difference',

  'journal_entry',
  'idempotency_key',
  'following_entry',
  'superseded_entry',
  'reversal',
  'settling',
  'clearing',
  'payment_return',
  'disbursement',
  'non_accrual',
  'accrual_batch',
  'accrual_correction',
  'accrual_difference',
  'adjustment',
  'adjustment_verdict',
  'loan_loss',
  'loan_recovery',
  'period_close',
  'audit_event',
  'accrual_run_portion',
  'loan_unmoved_event',
  'restated_interest',
];

let whole: TestDatabase;

beforeAll(async () => {
  whole = await testDatabase();
  await migrate(whole.connection);
  const client = await connect(whole.connection, { role: 'owner', applicationName: 'verify test' });
  try {
    await fillHandLedger(client);
    await fillHandRun(client);
    await fillHandWebhooks(client);
    await fillHandConfiguration(client);
  } finally {
    await client.end();
  }
});

afterAll(async () => {
  await whole.drop();
});

/** What somebody with the database's own keys would do: disarm the guards, change, arm them again. */
function tampering(damage: string): string {
  return [
    ...APPEND_ONLY.map((table) => `ALTER TABLE hpts.${table} DISABLE TRIGGER append_only`),
    damage,
    ...APPEND_ONLY.map((table) => `ALTER TABLE hpts.${table} ENABLE ALWAYS TRIGGER append_only`),
  ].join(';\n');
}

async function tamper(database: TestDatabase, damage: string): Promise<void> {
  const client = await connect(database.connection, { role: 'owner', applicationName: 'verify test' });
  try {
    await client.query(tampering(damage));
  } finally {
    await client.end();
  }
}

/**
 * Damages the hand-made ledger and answers what verify finds: `check: subject`. In one transaction that is taken back: a
 * database of its own for each damage takes several times as long.
 */
async function findingsAfter(damage: string): Promise<readonly string[]> {
  const client = await connect(whole.connection, { role: 'owner', applicationName: 'verify test' });
  try {
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
    await client.query(tampering(damage));
    await client.query('SET LOCAL ROLE hpts_auditor');
    await client.query('SET TRANSACTION READ ONLY');
    const { checks } = await verifyWithin(client, { findingsMax: 100 });
    await client.query('ROLLBACK');
    return checks.flatMap(({ name, findings }) => findings.map(({ subject }) => `${name}: ${subject}`));
  } finally {
    await client.end();
  }
}

describe('verify', () => {
  it('finds nothing in an undamaged ledger and says how much it looked at', async () => {
    const verification = await verifyLedger(whole.connection);
    expect(verification.checks.filter(({ status }) => status === 'failed')).toEqual([]);
    expect(verification).toMatchObject({ entries: 44, lines: 105, loans: 8 });
    const one = await verifyLedger(whole.connection, { tenantId: OTHER_TENANT });
    expect(one.checks.filter(({ status }) => status === 'failed')).toEqual([]);
    expect(one).toMatchObject({ entries: 2, lines: 4, loans: 1 });
  });

  it('looks at one tenant alone when asked to', async () => {
    const copy = await createDatabase({ template: whole.connection.database });
    try {
      await tamper(copy, `UPDATE hpts.loan SET principal_minor = 1 WHERE ${loan(LOANS.old)}`);
      const failed = async (tenantId: string) =>
        (await verifyLedger(copy.connection, { tenantId })).checks.filter(({ status }) => status === 'failed').length;
      expect(await failed(OTHER_TENANT)).toBe(0);
      expect(await failed(TENANT)).toBeGreaterThan(0);
      await expect(failed(LOANS.old)).rejects.toThrow(`there is no tenant ${LOANS.old}`);
    } finally {
      await copy.drop();
    }
  });

  it('counts every finding and shows as many as asked for, the oldest first', async () => {
    const copy = await createDatabase({ template: whole.connection.database });
    try {
      await tamper(
        copy,
        `UPDATE hpts.journal_entry SET event_id = '00000000-0000-4000-8000-0000000000ff' WHERE tenant_id = '${TENANT}'`,
      );
      const verification = await verifyLedger(copy.connection, { findingsMax: 2 });
      const found = verification.checks.find(({ name }) => name === 'event_ids');
      expect(found?.findingsTotal).toBe(42);
      expect(found?.findings.map(({ subject }) => subject)).toEqual([
        `entry ${entryId('first')}`,
        `entry ${entryId('second')}`,
      ]);
    } finally {
      await copy.drop();
    }
  });

  it('is a command that says what it found and exits by it', async () => {
    const copy = await createDatabase({ template: whole.connection.database });
    const run = async (...argv: string[]) => {
      const out: string[] = [];
      const err: string[] = [];
      const code = await verify.run(argv, {
        openDatabase: () => Promise.reject(new Error('a database was opened to write in')),
        openLedger: async () => ({
          address: copy.connection,
          name: 'the one of this test',
          close: async () => undefined,
        }),
        out: (line) => out.push(line),
        err: (line) => err.push(line),
        env: {},
      });
      return { code, out, err };
    };
    try {
      const clean = await run();
      expect(clean.out.at(-1)).toBe('ledger verified: 44 entries, 105 lines, 8 loans, 2 tenants');
      expect(clean.code).toBe(0);
      expect((await run('--tenant', OTHER_TENANT.toUpperCase())).out.at(-1)).toBe(
        'ledger verified: 2 entries, 4 lines, 1 loans, 1 tenants',
      );
      expect(await run('--tenant', LOANS.old)).toMatchObject({
        code: 1,
        err: [`hpts verify: there is no tenant ${LOANS.old}`],
      });
      expect((await run('--tenant', 'acme')).code).toBe(2);
      expect((await run('--loud')).code).toBe(2);
      expect((await run('--help')).out[0]).toContain('Usage: npx hpts verify');

      await tamper(copy, `UPDATE hpts.loan SET principal_minor = principal_minor + 1 WHERE ${loan(LOANS.old)}`);
      const first = `loan_balances: loan ${LOANS.old} of tenant ${TENANT}: SETTLED: principal 921652 in hpts.loan, 921651 by its lines`;
      const damaged = await run();
      expect(damaged.code).toBe(1);
      expect(damaged.out.at(-1)).toBe(`FIRST DISAGREEMENT: ${first}`);
      const json = await run('--json');
      expect(json.code).toBe(1);
      expect(json.out).toHaveLength(1);
      expect(JSON.parse(json.out[0] ?? '')).toMatchObject({ verified: false, first_disagreement: first, entries: 44 });
    } finally {
      await copy.drop();
    }
  });

  for (const [group, damages] of Object.entries({
    'names damage to entries': OF_ENTRIES,
    'names damage to what stands beside the journal': OF_RELATIONS,
    'names damage to what befell earlier entries': OF_EARLIER_ENTRIES,
    'names damage to who sent an entry and what was asked': OF_FACTS,
    'names damage to refinances and non-accrual': OF_RESTRUCTURING,
    'names damage to balances': OF_BALANCES,
    'names damage to configuration and registrations': OF_CONFIGURATION,
    'names damage to charge-offs and recoveries': OF_LOSSES,
    'names damage to accrual runs and what is kept of interest': OF_RUNS,
    'names damage to webhooks': OF_WEBHOOKS,
    'names disarmed guards': OF_GUARDS,
  })) {
    describe(group, () => {
      it.each(damages)('$what', async ({ sql, named }) => {
        const found = await findingsAfter(sql());
        expect(found).toEqual(expect.arrayContaining([...named()]));
      });
    });
  }
});
