import type { Damage } from './damage.ts';
import { LOANS } from './hand-ledger.ts';

/** Guards of the database disarmed. */
export const OF_GUARDS: readonly Damage[] = [
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
      'ALTER TABLE hpts.loan NO FORCE ROW LEVEL SECURITY; ALTER TABLE hpts.reversal DISABLE ROW LEVEL SECURITY; ALTER TABLE hpts.program DISABLE ROW LEVEL SECURITY',
    named: () => [
      'row_security: table hpts.loan',
      'row_security: table hpts.reversal',
      'row_security: table hpts.program',
    ],
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
      'ALTER DOMAIN hpts.component_minor DROP CONSTRAINT component_minor_check; ALTER TABLE hpts.journal_entry DROP CONSTRAINT lines_are_parallel; ALTER TABLE hpts.journal_entry ADD CONSTRAINT lines_are_parallel CHECK (cardinality(accounts) = cardinality(amounts)) NOT VALID',
    named: () => ['constraints: column hpts.loan.fees_minor', 'constraints: table hpts.journal_entry'],
  },
  {
    what: 'a migration recorded with another hash, one not recorded and one unknown',
    sql: () => `UPDATE hpts.schema_migration SET sha256 = 'no' WHERE version = 2; DELETE FROM hpts.schema_migration WHERE version = 3;
                INSERT INTO hpts.schema_migration (version, name, sha256) VALUES (9999, 'later', 'no')`,
    named: () => ['migrations: migration 2', 'migrations: migration 3', 'migrations: migration 9999'],
  },
];
