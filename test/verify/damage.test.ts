import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connect } from '../../src/postgres/connection.ts';
import { migrate } from '../../src/postgres/migrate.ts';
import { type Verification, verifyLedger } from '../../src/postgres/verify/ledger-verification.ts';
import { createDatabase, type TestDatabase, testDatabase } from '../database.ts';
import { entryId, entrySeq, fillHandLedger, LOANS, OTHER_TENANT, TENANT } from './hand-ledger.ts';

const APPEND_ONLY = ['journal_entry', 'idempotency_key', 'reversal', 'disbursement', 'accrual_batch', 'audit_event'];
const ROW_CHECKS = ['lines_are_parallel', 'no_line_is_zero', 'debits_equal_credits'];

let whole: TestDatabase;

beforeAll(async () => {
  whole = await testDatabase();
  await migrate(whole.connection);
  const client = await connect(whole.connection, { role: 'owner', applicationName: 'verify test' });
  try {
    await fillHandLedger(client);
  } finally {
    await client.end();
  }
});

afterAll(async () => {
  await whole.drop();
});

/** What somebody with the database's own keys would do: disarm the guards, change, arm them again. */
async function tamper(database: TestDatabase, damage: string): Promise<void> {
  const client = await connect(database.connection, { role: 'owner', applicationName: 'verify test' });
  try {
    await client.query(
      [
        ...APPEND_ONLY.map((table) => `ALTER TABLE hpts.${table} DISABLE TRIGGER append_only`),
        damage,
        ...APPEND_ONLY.map((table) => `ALTER TABLE hpts.${table} ENABLE ALWAYS TRIGGER append_only`),
      ].join(';\n'),
    );
  } finally {
    await client.end();
  }
}

/** Damages a copy of the hand-made ledger and answers what verify finds: `check: subject`. */
async function findingsAfter(damage: string): Promise<{ named: readonly string[]; verification: Verification }> {
  const copy = await createDatabase({ template: whole.connection.database });
  try {
    await tamper(copy, damage);
    const verification = await verifyLedger(copy.connection);
    const named = verification.checks.flatMap(({ name, findings }) =>
      findings.map(({ subject }) => `${name}: ${subject}`),
    );
    return { named, verification };
  } finally {
    await copy.drop();
  }
}

function entry(name: string): string {
  return `tenant_id = '${TENANT}' AND entry_id = '${entryId(name)}'`;
}

function loan(id: string): string {
  return `tenant_id = '${TENANT}' AND loan_id = '${id}'`;
}

function unguarded(constraints: readonly string[], statement: string): string {
  return [...constraints.map((name) => `ALTER TABLE hpts.journal_entry DROP CONSTRAINT ${name}`), statement].join(
    ';\n',
  );
}

/** `named` are findings that must be among those made, ids of entries by their name in the hand-made ledger. */
type Damage = { readonly what: string; readonly sql: () => string; readonly named: () => readonly string[] };

const OF_ENTRIES: readonly Damage[] = [
  {
    what: "a line's amount, the entry out of balance",
    sql: () =>
      unguarded(ROW_CHECKS, `UPDATE hpts.journal_entry SET amounts[1] = amounts[1] + 1 WHERE ${entry('payment')}`),
    named: () => [`entry_balance: entry ${entryId('payment')}`, 'account_deltas: account 1010 USD SETTLED'],
  },
  {
    what: 'two amounts, the entry in balance',
    sql: () =>
      `UPDATE hpts.journal_entry SET amounts[1] = amounts[1] + 1, amounts[4] = amounts[4] - 1 WHERE ${entry('payment')}`,
    named: () => [
      `movement_effects: entry ${entryId('payment')}`,
      `loan_balances: loan ${LOANS.old}`,
      'account_deltas: account 1010 USD SETTLED',
      'account_deltas: account 1100 USD SETTLED',
    ],
  },
  {
    what: 'two amounts of an entry without a loan',
    sql: () => `UPDATE hpts.journal_entry SET amounts = '{70001,-70001}' WHERE ${entry('settled')}`,
    named: () => ['account_deltas: account 1000 USD SETTLED', 'account_deltas: account 2000 USD SETTLED'],
  },
  {
    what: 'a line added',
    sql: () =>
      unguarded(
        ROW_CHECKS,
        `UPDATE hpts.journal_entry SET accounts = accounts || 4100::smallint, amounts = amounts || 7::bigint WHERE ${entry('fee')}`,
      ),
    named: () => [`entry_balance: entry ${entryId('fee')}`, 'account_deltas: account 4100 USD SETTLED'],
  },
  {
    what: 'a pair of lines added',
    sql: () =>
      `UPDATE hpts.journal_entry SET accounts = accounts || '{1300,4100}', amounts = amounts || '{7,-7}' WHERE ${entry('fee')}`,
    named: () => [`movement_effects: entry ${entryId('fee')}`, `loan_balances: loan ${LOANS.old}`],
  },
  {
    what: 'a pair of lines removed',
    sql: () => `UPDATE hpts.journal_entry SET accounts = '{}', amounts = '{}' WHERE ${entry('late fee')}`,
    named: () => [`movement_effects: entry ${entryId('late fee')}`, 'account_deltas: account 1300 USD SETTLED'],
  },
  {
    what: 'a zero line',
    sql: () => unguarded(ROW_CHECKS, `UPDATE hpts.journal_entry SET amounts[1] = 0 WHERE ${entry('fee')}`),
    named: () => [`entry_lines: entry ${entryId('fee')}`],
  },
  {
    what: 'an amount near 2^63, which must not keep the other checks from being made',
    sql: () =>
      unguarded(
        ROW_CHECKS,
        `UPDATE hpts.journal_entry SET amounts = '{9223372036854775807,-9223372036854775808}' WHERE ${entry('late fee')}`,
      ),
    named: () => [
      `entry_lines: entry ${entryId('late fee')}`,
      `entry_balance: entry ${entryId('late fee')}`,
      'account_deltas: account 4100 USD SETTLED',
    ],
  },
  {
    what: 'an account that is not in the chart',
    sql: () => `UPDATE hpts.journal_entry SET accounts[2] = 4711 WHERE ${entry('fee')}`,
    named: () => [`chart_of_accounts: entry ${entryId('fee')}`],
  },
  {
    what: 'a control line without its loan',
    sql: () => `UPDATE hpts.journal_entry SET loan_id = NULL, borrower_id = NULL WHERE ${entry('fee')}`,
    named: () => [`control_lines: entry ${entryId('fee')}`, `movement_effects: entry ${entryId('fee')}`],
  },
  {
    what: 'the currency of an entry',
    sql: () => `UPDATE hpts.journal_entry SET currency = 'CHF' WHERE ${entry('fee')}`,
    named: () => [`loan_of_line: entry ${entryId('fee')}`, 'account_deltas: account 1300 CHF SETTLED'],
  },
  {
    what: 'the layer of an entry',
    sql: () => `UPDATE hpts.journal_entry SET layer = 1 WHERE ${entry('fee')}`,
    named: () => [
      `movement_effects: entry ${entryId('fee')}`,
      'account_deltas: account 1300 USD PENDING',
      `loan_balances: loan ${LOANS.old}`,
    ],
  },
  {
    what: 'the borrower of an entry',
    sql: () =>
      `UPDATE hpts.journal_entry SET borrower_id = '20000000-0000-4000-8000-00000000000f' WHERE ${entry('fee')}`,
    named: () => [`loan_of_line: entry ${entryId('fee')}`],
  },
  {
    what: 'an entry moved to another loan',
    sql: () => `UPDATE hpts.journal_entry SET loan_id = '${LOANS.young}' WHERE ${entry('fee')}`,
    named: () => [
      `movement_effects: entry ${entryId('fee')}`,
      `loan_balances: loan ${LOANS.old}`,
      `loan_balances: loan ${LOANS.young}`,
    ],
  },
  {
    what: 'an entry moved to another tenant',
    sql: () => `UPDATE hpts.journal_entry SET tenant_id = '${OTHER_TENANT}' WHERE ${entry('fee')}`,
    named: () => [
      `entry_sequence: entry number ${entrySeq('fee')}`,
      `loan_of_line: entry ${entryId('fee')}`,
      `idempotency_keys: key fee_assessed:1:fee`,
      `movement_effects: entry ${entryId('fee')}`,
    ],
  },
  {
    what: 'an entry moved to a tenant that does not exist',
    sql: () => `UPDATE hpts.journal_entry SET tenant_id = '00000000-0000-4000-8000-00000000000f' WHERE ${entry('fee')}`,
    named: () => [
      'tenants: tenant 00000000-0000-4000-8000-00000000000f',
      `entry_sequence: entry number ${entrySeq('fee')}`,
    ],
  },
  {
    what: 'an entry removed',
    sql: () => `DELETE FROM hpts.journal_entry WHERE ${entry('payment')}`,
    named: () => [
      `entry_sequence: entry number ${entrySeq('payment')}`,
      `movement_effects: entry ${entryId('payment')}`,
    ],
  },
  {
    what: 'the tail cut',
    sql: () => `DELETE FROM hpts.journal_entry WHERE tenant_id = '${TENANT}' AND seq >= ${entrySeq('return')}`,
    named: () => [`entry_sequence: entry number ${entrySeq('return')}`, `movement_effects: entry ${entryId('return')}`],
  },
  {
    what: 'the tail cut and the head set back',
    sql: () =>
      `DELETE FROM hpts.journal_entry WHERE ${entry('settled')}; UPDATE hpts.tenant_head SET seq = seq - 1 WHERE tenant_id = '${TENANT}'`,
    named: () => [
      `account_batches: account deltas of seq ${entrySeq('settled')}`,
      'account_deltas: account 1000 USD SETTLED',
    ],
  },
  {
    what: 'a number given twice',
    sql: () => `UPDATE hpts.journal_entry SET seq = ${entrySeq('payment')} WHERE ${entry('small payment')}`,
    named: () => [`entry_sequence: entry number ${entrySeq('small payment')}`],
  },
  {
    what: 'effective dates swapped',
    sql: () => `UPDATE hpts.journal_entry SET effective_at = CASE WHEN ${entry('fee')} THEN DATE '2026-03-01' ELSE DATE '2026-02-28' END
                WHERE ${entry('fee')} OR ${entry('payment')}`,
    named: () => [
      `movement_effects: entry ${entryId('fee')}`,
      `movement_effects: entry ${entryId('payment')}`,
      'account_deltas: account 1010 USD SETTLED',
    ],
  },
  {
    what: 'instants of posting swapped',
    sql: () => {
      const lateSeqs = `${entrySeq('late payment')}, ${entrySeq('late fee')}`;
      return `UPDATE hpts.journal_entry AS e SET posted_at = o.posted_at FROM hpts.journal_entry AS o
                WHERE e.tenant_id = o.tenant_id AND e.tenant_id = '${TENANT}' AND e.seq IN (${lateSeqs}) AND o.seq IN (${lateSeqs}) AND e.seq <> o.seq`;
    },
    named: () => [
      `entry_time: entry ${entryId('late fee')}`,
      `movement_effects: entry ${entryId('late payment')}`,
      `account_batches: entry ${entryId('late payment')}`,
    ],
  },
  {
    what: 'a date in the future of its posting',
    sql: () => `UPDATE hpts.journal_entry SET effective_at = '2026-05-02' WHERE ${entry('settled')}`,
    named: () => [`entry_time: entry ${entryId('settled')}`, 'account_deltas: account 2000 USD SETTLED'],
  },
  {
    what: 'an event id',
    sql: () =>
      `UPDATE hpts.journal_entry SET event_id = '00000000-0000-4000-8000-0000000000ff' WHERE ${entry('fee')} OR ${entry('return fee')}`,
    named: () => [`event_ids: entry ${entryId('fee')}`, `event_ids: entry ${entryId('return fee')}`],
  },
];

const OF_RELATIONS: readonly Damage[] = [
  {
    what: 'a key pointed to another entry',
    sql: () => `UPDATE hpts.idempotency_key SET entry_id = '${entryId('fee')}' WHERE ${entry('payment')}`,
    named: () => ['idempotency_keys: key payment_received:1:payment'],
  },
  {
    what: 'a key removed',
    sql: () => `DELETE FROM hpts.idempotency_key WHERE ${entry('payment')}`,
    named: () => ['idempotency_keys: key payment_received:1:payment'],
  },
  {
    what: 'the hash of a key',
    sql: () =>
      `UPDATE hpts.idempotency_key SET key_hash = '00000000-0000-4000-8000-0000000000ff' WHERE ${entry('payment')}`,
    named: () => [
      'idempotency_keys: key payment_received:1:payment',
      'idempotency_keys: key hash 00000000-0000-4000-8000-0000000000ff',
    ],
  },
  {
    what: 'the text of a key',
    sql: () => `UPDATE hpts.journal_entry SET idempotency_key = 'another:key' WHERE ${entry('payment')}`,
    named: () => ['idempotency_keys: key another:key'],
  },
  {
    what: 'the receipt version of a key',
    sql: () => `UPDATE hpts.idempotency_key SET receipt_version = 9 WHERE ${entry('payment')}`,
    named: () => ['idempotency_keys: key payment_received:1:payment'],
  },
  {
    what: 'a reversal row removed',
    sql: () => `DELETE FROM hpts.reversal WHERE ${entry('unpayment')}`,
    named: () => [`reversals: entry ${entryId('unpayment')}`],
  },
  {
    what: 'a reversal row of an entry that nothing reverses',
    sql: () => `UPDATE hpts.reversal SET reversed_entry_id = '${entryId('fee')}' WHERE ${entry('unpayment')}`,
    named: () => [`reversals: entry ${entryId('unpayment')}`],
  },
  {
    what: 'a reversal that mirrors other amounts',
    sql: () => `UPDATE hpts.journal_entry SET amounts = '{-2999,2999}' WHERE ${entry('unpayment')}`,
    named: () => [`reversal_lines: entry ${entryId('unpayment')}`, `movement_effects: entry ${entryId('unpayment')}`],
  },
  {
    what: 'a reversal of a reversal',
    sql: () => `UPDATE hpts.journal_entry SET reverses_entry_id = '${entryId('unaccrual')}' WHERE ${entry('unpayment')};
                UPDATE hpts.reversal SET reversed_entry_id = '${entryId('unaccrual')}' WHERE ${entry('unpayment')}`,
    named: () => [`reversals: entry ${entryId('unpayment')}`, `reversal_lines: entry ${entryId('unpayment')}`],
  },
  {
    what: 'a reversal dated before its entry',
    sql: () => `UPDATE hpts.journal_entry SET effective_at = '2026-02-09' WHERE ${entry('unpayment')}`,
    named: () => [`reversals: entry ${entryId('unpayment')}`],
  },
  {
    what: 'a disbursement row dated otherwise',
    sql: () => `UPDATE hpts.disbursement SET effective_at = '2026-01-04' WHERE ${entry('first')}`,
    named: () => [`disbursements: entry ${entryId('first')}`, `loan_heads: loan ${LOANS.old}`],
  },
  {
    what: 'a disbursement row removed',
    sql: () => `DELETE FROM hpts.disbursement WHERE ${entry('first')}`,
    named: () => [`disbursements: entry ${entryId('first')}`, `loan_heads: loan ${LOANS.old}`],
  },
  {
    what: 'an accrual batch removed',
    sql: () => `DELETE FROM hpts.accrual_batch WHERE ${entry('nothing accrued')}`,
    named: () => [`accrual_batches: entry ${entryId('nothing accrued')}`, `accrual_days: loan ${LOANS.quiet}`],
  },
  {
    what: 'the interest of an accrual batch',
    sql: () => `UPDATE hpts.accrual_batch SET interest_minor[2] = 701 WHERE ${entry('accrual again')}`,
    named: () => [`accrual_interest: entry ${entryId('accrual again')}`],
  },
  {
    what: 'the date of an accrual batch',
    sql: () => `UPDATE hpts.accrual_batch SET accrual_date = '2026-02-03' WHERE ${entry('accrual again')}`,
    named: () => [`accrual_batches: entry ${entryId('accrual again')}`, `accrual_days: loan ${LOANS.old}`],
  },
  {
    what: 'an accrual day marked',
    sql: () => `UPDATE hpts.loan_accrual_month SET days = days | 4 WHERE ${loan(LOANS.young)}`,
    named: () => [`accrual_days: loan ${LOANS.young}`],
  },
  {
    what: 'an accrual day freed while its batch stands',
    sql: () => `DELETE FROM hpts.loan_accrual_month WHERE ${loan(LOANS.old)}`,
    named: () => [`accrual_days: loan ${LOANS.old}`],
  },
];

const OF_BALANCES: readonly Damage[] = [
  {
    what: 'a loan balance',
    sql: () => `UPDATE hpts.loan SET principal_minor = principal_minor - 1 WHERE ${loan(LOANS.old)}`,
    named: () => [
      `loan_balances: loan ${LOANS.old}`,
      `movement_ends: loan ${LOANS.old}`,
      'control_accounts: account 1100 USD SETTLED',
    ],
  },
  {
    what: 'a pending balance',
    sql: () => `UPDATE hpts.loan SET pending_minor[4] = 901 WHERE ${loan(LOANS.young)}`,
    named: () => [`loan_balances: loan ${LOANS.young}`, 'control_accounts: account 2100 USD PENDING'],
  },
  {
    what: 'a memo balance moved to interest',
    sql: () => `UPDATE hpts.loan SET memo_interest_minor = 0, interest_minor = 400 WHERE ${loan(LOANS.old)}`,
    named: () => [
      `loan_balances: loan ${LOANS.old}`,
      'control_accounts: account 1200 USD SETTLED',
      'control_accounts: account 9100 USD SETTLED',
    ],
  },
  {
    what: 'a loan removed',
    sql: () => `DELETE FROM hpts.loan WHERE ${loan(LOANS.quiet)}`,
    named: () => [
      `loan_of_line: entry ${entryId('third')}`,
      `loan_balances: loan ${LOANS.quiet}`,
      `loan_heads: loan ${LOANS.quiet}`,
    ],
  },
  {
    what: "a loan's currency, borrower and program",
    sql: () => `UPDATE hpts.loan SET currency = 'CHF' WHERE ${loan(LOANS.quiet)};
                UPDATE hpts.loan SET borrower_id = '20000000-0000-4000-8000-00000000000f' WHERE ${loan(LOANS.young)};
                UPDATE hpts.loan SET program_id = '30000000-0000-4000-8000-00000000000f' WHERE ${loan(LOANS.old)}`,
    named: () => [
      `loan_of_line: entry ${entryId('third')}`,
      `loan_of_line: entry ${entryId('second')}`,
      `loan_heads: loan ${LOANS.old}`,
    ],
  },
  {
    what: "a loan's count, frontier and first day",
    sql: () => `UPDATE hpts.loan SET loan_seq = loan_seq + 1 WHERE ${loan(LOANS.old)};
                UPDATE hpts.loan SET frontier = '2026-03-10' WHERE ${loan(LOANS.young)};
                UPDATE hpts.loan SET first_disbursed_on = NULL WHERE ${loan(LOANS.quiet)}`,
    named: () => [
      `loan_heads: loan ${LOANS.old}`,
      `loan_heads: loan ${LOANS.young}`,
      `loan_heads: loan ${LOANS.quiet}`,
    ],
  },
  {
    what: 'a movement balance',
    sql: () => `UPDATE hpts.loan_movement SET principal_minor = principal_minor + 1 WHERE ${entry('payment')}`,
    named: () => [`movement_effects: entry ${entryId('payment')}`],
  },
  {
    what: 'a movement removed',
    sql: () => `DELETE FROM hpts.loan_movement WHERE ${entry('payment')}`,
    named: () => [
      `movement_order: loan ${LOANS.old}`,
      `movement_effects: entry ${entryId('payment')}`,
      `loan_heads: loan ${LOANS.old}`,
    ],
  },
  {
    what: 'a movement dated otherwise',
    sql: () => `UPDATE hpts.loan_movement SET effective_at = '2026-02-11' WHERE ${entry('late payment')}`,
    named: () => [`movement_effects: entry ${entryId('late payment')}`, `backdating: loan ${LOANS.old}`],
  },
  {
    what: 'the frontier of a movement',
    sql: () => `UPDATE hpts.loan_movement SET frontier = '2026-03-02' WHERE ${entry('late payment')}`,
    named: () => [`movement_order: loan ${LOANS.old}`, `backdating: loan ${LOANS.old}`],
  },
  {
    what: 'the backdated effect of a movement',
    sql: () => `UPDATE hpts.loan_movement SET backdated_minor[1] = -2999 WHERE ${entry('late payment')}`,
    named: () => [`movement_effects: entry ${entryId('late payment')}`, `backdating: loan ${LOANS.old}`],
  },
  {
    what: 'a backdating row',
    sql: () =>
      `UPDATE hpts.loan_backdating SET fees_minor = fees_minor + 1 WHERE ${loan(LOANS.old)} AND from_day = '2026-02-20'`,
    named: () => [`backdating: loan ${LOANS.old}`],
  },
  {
    what: 'a backdating row removed',
    sql: () => `DELETE FROM hpts.loan_backdating WHERE ${loan(LOANS.old)} AND from_day = '2026-03-01'`,
    named: () => [`backdating: loan ${LOANS.old}`],
  },
  {
    what: 'a backdating row of a loan without backdated movements',
    sql: () =>
      `INSERT INTO hpts.loan_backdating VALUES ('${TENANT}', '${LOANS.quiet}', 0, '2026-02-01', 1, 0, 0, 0, 0, NULL)`,
    named: () => [`backdating: loan ${LOANS.quiet}`],
  },
  {
    what: 'an account delta',
    sql: () =>
      `UPDATE hpts.account_delta SET debit_minor = debit_minor + 1 WHERE tenant_id = '${TENANT}' AND account_code = 1010 AND effective_at = '2026-02-10'`,
    named: () => ['account_deltas: account 1010 USD SETTLED'],
  },
  {
    what: 'an account delta removed',
    sql: () =>
      `DELETE FROM hpts.account_delta WHERE tenant_id = '${TENANT}' AND account_code = 1100 AND effective_at = '2026-03-01'`,
    named: () => ['account_deltas: account 1100 USD SETTLED', 'control_accounts: account 1100 USD SETTLED'],
  },
  {
    what: 'an account delta moved to another day',
    sql: () =>
      `UPDATE hpts.account_delta SET effective_at = '2026-03-02' WHERE tenant_id = '${TENANT}' AND account_code = 1100 AND effective_at = '2026-03-01'`,
    named: () => ['account_deltas: account 1100 USD SETTLED'],
  },
  {
    what: 'the reach of an account delta',
    sql: () =>
      `UPDATE hpts.account_delta SET entries = 2 WHERE tenant_id = '${TENANT}' AND account_code = 1010 AND effective_at = '2026-02-10'`,
    named: () => [`account_batches: account deltas of seq ${entrySeq('late payment')}`],
  },
  {
    what: 'a tenant head',
    sql: () =>
      `UPDATE hpts.tenant_head SET seq = seq + 1, posted_at = posted_at - interval '1 minute' WHERE tenant_id = '${OTHER_TENANT}'`,
    named: () => ['entry_sequence: entry number 3', `entry_time: entry ${entryId('foreign')}`],
  },
];

const OF_GUARDS: readonly Damage[] = [
  {
    what: 'a disabled trigger',
    sql: () =>
      'ALTER TABLE hpts.loan_movement DISABLE TRIGGER ALL; DROP TRIGGER append_only ON hpts.reversal; CREATE TRIGGER append_only BEFORE DELETE ON hpts.reversal FOR EACH STATEMENT EXECUTE FUNCTION hpts.refuse_change()',
    named: () => ['append_only: table hpts.reversal'],
  },
  {
    what: 'a privilege too many',
    sql: () =>
      'GRANT UPDATE (amounts) ON hpts.journal_entry TO hpts_poster; GRANT DELETE ON hpts.account_delta TO PUBLIC; GRANT INSERT ON hpts.loan TO hpts_reader',
    named: () => [
      'append_only: table hpts.journal_entry',
      'append_only: table hpts.account_delta',
      'append_only: table hpts.loan',
    ],
  },
  {
    what: 'row security not forced',
    sql: () =>
      'ALTER TABLE hpts.loan NO FORCE ROW LEVEL SECURITY; ALTER TABLE hpts.reversal DISABLE ROW LEVEL SECURITY',
    named: () => ['row_security: table hpts.loan', 'row_security: table hpts.reversal'],
  },
  {
    what: 'a wider policy',
    sql: () =>
      'CREATE POLICY wide ON hpts.loan TO hpts_reader USING (true); ALTER POLICY own_tenants ON hpts.reversal USING (true)',
    named: () => ['row_security: table hpts.loan', 'row_security: table hpts.reversal'],
  },
  {
    what: 'rows hidden from the auditor',
    sql: () =>
      `ALTER POLICY every_tenant ON hpts.loan USING (loan_id <> '${LOANS.old}'); DROP POLICY every_tenant ON hpts.reversal`,
    named: () => ['row_security: table hpts.loan', 'row_security: table hpts.reversal'],
  },
  {
    what: 'a constraint dropped and not validated again',
    sql: () =>
      'ALTER TABLE hpts.loan DROP CONSTRAINT fees_in_range; ALTER TABLE hpts.journal_entry DROP CONSTRAINT no_line_is_zero; ALTER TABLE hpts.journal_entry ADD CONSTRAINT no_line_is_zero CHECK (0 <> ALL (amounts)) NOT VALID',
    named: () => ['constraints: table hpts.loan', 'constraints: table hpts.journal_entry'],
  },
  {
    what: 'a migration recorded with another hash, one not recorded and one unknown',
    sql: () => `UPDATE hpts.schema_migration SET sha256 = 'no' WHERE version = 2; DELETE FROM hpts.schema_migration WHERE version = 3;
                INSERT INTO hpts.schema_migration (version, name, sha256) VALUES (9999, 'later', 'no')`,
    named: () => ['migrations: migration 2', 'migrations: migration 3', 'migrations: migration 9999'],
  },
];

describe('verify', () => {
  it('finds nothing in an undamaged ledger and says how much it looked at', async () => {
    const verification = await verifyLedger(whole.connection);
    expect(verification.checks.filter(({ status }) => status === 'failed')).toEqual([]);
    expect(verification).toMatchObject({ entries: 21, lines: 46, loans: 4 });
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
      expect(found?.findingsTotal).toBe(19);
      expect(found?.findings.map(({ subject }) => subject)).toEqual([
        `entry ${entryId('first')}`,
        `entry ${entryId('second')}`,
      ]);
    } finally {
      await copy.drop();
    }
  });

  for (const [group, damages] of Object.entries({
    'names damage to entries': OF_ENTRIES,
    'names damage to what stands beside the journal': OF_RELATIONS,
    'names damage to balances': OF_BALANCES,
    'names disarmed guards': OF_GUARDS,
  })) {
    describe(group, () => {
      it.each(damages)('$what', async ({ sql, named }) => {
        const found = await findingsAfter(sql());
        expect(found.named).toEqual(expect.arrayContaining([...named()]));
      });
    });
  }
});
