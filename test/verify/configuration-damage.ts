import type pg from 'pg';
import { type Damage, entry, loan } from './damage.ts';
import { entryId } from './hand-books.ts';
import { LOANS, TENANT } from './hand-ledger.ts';

const PROGRAM = '30000000-0000-4000-8000-0000000000aa';
const DEFAULT_PROGRAM = '30000000-0000-4000-8000-000000000001';
const POLICY = { rounding: 'down', fee_types: [{ fee_type: 'late_fee', income_account: '4150' }] };

/** A second program of the hand-made ledger, of two versions, and an account that was added for it and renamed. */
export async function fillHandConfiguration(client: pg.Client): Promise<void> {
  const audit = (action: string, subject: string, detail: object) =>
    client.query(
      `INSERT INTO hpts.audit_event (actor, action, tenant_id, subject, detail) VALUES ('hand', $1, $2, $3, $4)`,
      [action, TENANT, subject, JSON.stringify(detail)],
    );
  await client.query(
    `INSERT INTO hpts.account (tenant_id, account_code, name, type) VALUES ($1, 4150, 'Late fees', 'income')`,
    [TENANT],
  );
  await audit('account.create', '4150', { name: 'Fees', type: 'income' });
  await audit('account.rename', '4150', { name: 'Late fees' });
  await client.query(
    `INSERT INTO hpts.program (tenant_id, program_id, name, currency) VALUES ($1, $2, 'Second', 'USD')`,
    [TENANT, PROGRAM],
  );
  for (const [version, from] of [
    [1, null],
    [2, '2026-03-01'],
  ] as const) {
    await client.query(
      'INSERT INTO hpts.program_version (tenant_id, program_id, version, effective_from, policy) VALUES ($1, $2, $3, $4, $5)',
      [TENANT, PROGRAM, version, from, POLICY],
    );
    const made = { version, effective_from: from, policy: POLICY, ...(version === 1 ? { currency: 'USD' } : {}) };
    await audit(version === 1 ? 'program.create' : 'program.version', PROGRAM, made);
  }
}

const program = `tenant_id = '${TENANT}' AND program_id = '${PROGRAM}'`;
const account = (code: number) => `tenant_id = '${TENANT}' AND account_code = ${code}`;

/** Damage to programs, the chart, registrations, and what clients were found to have computed interest on. */
export const OF_CONFIGURATION: readonly Damage[] = [
  {
    what: 'a policy rewritten',
    sql: () => `UPDATE hpts.program_version SET policy = policy || '{"rounding":"half_up"}' WHERE ${program}`,
    named: () => [`programs: program ${PROGRAM}`],
  },
  {
    what: 'a version moved to another day',
    sql: () => `UPDATE hpts.program_version SET effective_from = '2026-02-01' WHERE ${program} AND version = 2`,
    named: () => [`programs: program ${PROGRAM}`],
  },
  {
    what: 'a version removed from the middle',
    sql: () => `UPDATE hpts.program_version SET version = 3 WHERE ${program} AND version = 2`,
    named: () => [`programs: program ${PROGRAM}`],
  },
  {
    what: 'a program for another currency',
    sql: () => `UPDATE hpts.program SET currency = 'EUR' WHERE ${program}`,
    named: () => [`programs: program ${PROGRAM}`],
  },
  {
    what: 'a version of the default program that nobody made',
    sql: () =>
      `INSERT INTO hpts.program_version (tenant_id, program_id, version, effective_from, policy) VALUES ('${TENANT}', '${DEFAULT_PROGRAM}', 2, '2026-01-01', '{"fee_types":[]}')`,
    named: () => [`programs: program ${DEFAULT_PROGRAM}`],
  },
  {
    what: 'a default program that is none',
    sql: () => `UPDATE hpts.tenant SET default_program_id = '${LOANS.old}' WHERE tenant_id = '${TENANT}'`,
    named: () => [`programs: program ${LOANS.old}`],
  },
  {
    what: 'an income account removed',
    sql: () => `DELETE FROM hpts.account WHERE ${account(4150)}`,
    named: () => [`programs: program ${PROGRAM}`],
  },
  {
    what: 'accounts of another type, name, and of nobody',
    sql: () => `UPDATE hpts.account SET type = 'liability' WHERE ${account(1010)};
                UPDATE hpts.account SET name = 'Other fees' WHERE ${account(4150)};
                INSERT INTO hpts.account (tenant_id, account_code, name, type) VALUES ('${TENANT}', 1020, 'Pocket', 'asset')`,
    named: () => ['chart_changes: account 1010', 'chart_changes: account 4150', 'chart_changes: account 1020'],
  },
  {
    what: 'a registration removed',
    sql: () => `DELETE FROM hpts.loan_registration WHERE ${loan(LOANS.moved)}`,
    named: () => [`loan_registrations: entry ${entryId('opening')}`],
  },
  {
    what: "a loan's own rate",
    sql: () => `UPDATE hpts.loan_registration SET annual_rate = '0.8' WHERE ${loan(LOANS.moved)}`,
    named: () => [`loan_registrations: entry ${entryId('opening')}`],
  },
  {
    what: 'the maturity of a loan',
    sql: () => `UPDATE hpts.loan_registration SET maturity_date = '2030-01-01' WHERE ${loan(LOANS.moved)}`,
    named: () => [`loan_registrations: entry ${entryId('opening')}`],
  },
  {
    what: 'a registered loan given to another program',
    sql: () => `UPDATE hpts.loan SET program_id = '${PROGRAM}' WHERE ${loan(LOANS.moved)}`,
    named: () => [`loan_registrations: entry ${entryId('opening')}`],
  },
  {
    what: 'an opening balance that begins nothing',
    sql: () => `DELETE FROM hpts.disbursement WHERE ${entry('opening')}`,
    named: () => [`disbursements: entry ${entryId('opening')}`, `loan_heads: loan ${LOANS.moved}`],
  },
  {
    what: 'a difference of principal removed',
    sql: () => `DELETE FROM hpts.principal_difference WHERE ${entry('accrual again')}`,
    named: () => [`principal_differences: entry ${entryId('accrual again')}`],
  },
  {
    what: 'a difference of principal made smaller',
    sql: () => `UPDATE hpts.principal_difference SET ledger_minor = 1 WHERE ${entry('accrual again')}`,
    named: () => [`principal_differences: entry ${entryId('accrual again')}`],
  },
  {
    what: 'a difference that says something else was sent',
    sql: () => `UPDATE hpts.principal_difference SET sent_minor = 1 WHERE ${entry('accrual again')}`,
    named: () => [`principal_differences: entry ${entryId('accrual again')}`],
  },
  {
    what: 'guards of configuration disarmed',
    sql: () =>
      'ALTER TABLE hpts.loan_registration NO FORCE ROW LEVEL SECURITY; GRANT UPDATE (type) ON hpts.account TO hpts_configurator; GRANT UPDATE (policy) ON hpts.program_version TO hpts_configurator; GRANT INSERT ON hpts.journal_entry TO hpts_configurator; GRANT INSERT ON hpts.program TO hpts_poster; ALTER TABLE hpts.principal_difference DROP CONSTRAINT principal_differs',
    named: () => [
      'row_security: table hpts.loan_registration',
      'append_only: table hpts.account',
      'append_only: table hpts.program_version',
      'append_only: table hpts.journal_entry',
      'append_only: table hpts.program',
      'constraints: table hpts.principal_difference',
    ],
  },
];
