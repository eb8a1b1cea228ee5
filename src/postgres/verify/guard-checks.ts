import type { LedgerCheck } from './check.ts';

const TENANT_TABLES = [
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
  'loan_loss',
  'loan_recovery',
  'loan',
  'loan_movement',
  'loan_backdating',
  'loan_accrual_month',
  'account_delta',
  'period_close',
  'loan_registration',
  'principal_difference',
  'loan_unmoved_event',
  'restated_interest',
  'loan_interest',
];
const TRIGGERED_TABLES = [
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
  'program',
  'program_version',
  'loan_registration',
  'principal_difference',
  'accrual_run_portion',
  'loan_unmoved_event',
  'restated_interest',
];
/** Rows that nobody but the owner may change, not even the role that posts. */
const INSERT_ONLY_TABLES = [...TRIGGERED_TABLES, 'loan_movement', 'account_delta'];
const WEBHOOK_TABLES = [
  'webhook_endpoint',
  'webhook_secret',
  'webhook_attempt',
  'webhook_dead_letter',
  'administrative_answer',
];
const SERVER_ROLES = [
  'hpts_poster',
  'hpts_reader',
  'hpts_access',
  'hpts_auditor',
  'hpts_delivery',
  'hpts_configurator',
];
const READING_ROLES = ['hpts_reader', 'hpts_access', 'hpts_auditor'];
const CONSTRAINTS = [
  { table: 'journal_entry', names: ['lines_are_parallel', 'lines_agree', 'key_has_its_payload'] },
  { table: 'loan', names: ['loan_is_complete', 'standing_is_complete'] },
  { table: 'loan_movement', names: ['backdated_says_its_effect'] },
  { table: 'accrual_correction', names: ['correction_is_parallel'] },
  { table: 'adjustment', names: ['adjustment_is_parallel'] },
  { table: 'adjustment_verdict', names: ['posted_names_its_entry'] },
  { table: 'loan_registration', names: ['opening_is_complete'] },
  { table: 'principal_difference', names: ['principal_differs'] },
  { table: 'accrual_batch', names: ['exact_interest_is_parallel'] },
  { table: 'accrual_run_portion', names: ['portion_is_parallel'] },
  { table: 'loan_interest', names: ['principal_is_known'] },
  { table: 'tenant', names: ['fiscal_year_ends_with_a_month'] },
  { table: 'period_close', names: ['closed_through_the_end_of_a_month'] },
];
/** Columns whose values a domain holds in range, with the domain. */
const DOMAIN_COLUMNS = [
  { table: 'journal_entry', domain: 'balanced_minor', columns: ['amounts'] },
  { table: 'journal_entry', domain: 'layer', columns: ['layer'] },
  {
    table: 'loan',
    domain: 'component_minor',
    columns: ['principal_minor', 'interest_minor', 'fees_minor', 'suspense_minor', 'memo_interest_minor'],
  },
  { table: 'loan', domain: 'components_minor', columns: ['pending_minor', 'encumbrance_minor'] },
];

// Of pg_trigger.tgtype: BEFORE, DELETE, UPDATE, TRUNCATE; without the bit of a row trigger.
const BEFORE_EVERY_CHANGE = 2 + 8 + 16 + 32;

function textArray(values: readonly string[]): string {
  return `ARRAY[${values.map((value) => `'${value}'`).join(', ')}]`;
}

const CONFIGURATION_TABLES = ['tenant', 'tenant_head', 'program', 'program_version', 'account'];

/** What one client proposes and another judges, and how far runs are: written by the configurator, and by the poster. */
const PROPOSAL_TABLES = ['adjustment', 'adjustment_verdict', 'accrual_run_portion'];

/** Tables with row-level security; it is not forced on configuration, which the owner administers. */
const SECURED_TABLES = `
        SELECT name, true AS forced, '{hpts_poster,hpts_reader}'::name[] AS own, '{hpts_auditor}'::name[] AS seen_by
        FROM unnest(${textArray(TENANT_TABLES)}) AS money(name)
        UNION ALL
        SELECT name, true, '{hpts_poster,hpts_reader,hpts_configurator}', '{hpts_auditor}'
        FROM unnest(${textArray(PROPOSAL_TABLES)}) AS proposals(name)
        UNION ALL
        SELECT 'accrual_run', true, '{hpts_reader,hpts_configurator}', '{hpts_auditor,hpts_configurator}'
        UNION ALL
        SELECT name, false, '{hpts_poster,hpts_reader,hpts_configurator}',
               CASE name WHEN 'tenant_head' THEN '{hpts_access,hpts_auditor,hpts_delivery}' ELSE '{hpts_access,hpts_auditor}' END::name[]
        FROM unnest(${textArray(CONFIGURATION_TABLES)}) AS configuration(name)
        UNION ALL
        SELECT name, true,
               CASE name WHEN 'administrative_answer' THEN '{hpts_reader,hpts_delivery,hpts_configurator}' ELSE '{hpts_reader,hpts_delivery}' END::name[],
               CASE name WHEN 'webhook_endpoint' THEN '{hpts_auditor,hpts_delivery}' ELSE '{hpts_auditor}' END::name[]
        FROM unnest(${textArray(WEBHOOK_TABLES)}) AS webhooks(name)`;

/** What guards the ledger in the database itself; a disarmed guard is a finding although the books may still be right. */
export const GUARD_CHECKS: readonly LedgerCheck[] = [
  {
    name: 'append_only',
    promise:
      'The journal refuses change: by its trigger against everybody, by missing privileges against the roles of the server.',
    sql: `
      SELECT NULL::uuid AS tenant_id, 0::bigint AS place, 'table hpts.' || expected.name AS subject,
             'its trigger append_only is missing, disabled or does not cover UPDATE, DELETE and TRUNCATE' AS detail
      FROM unnest(${textArray(TRIGGERED_TABLES)}) AS expected(name)
      WHERE NOT EXISTS (
        SELECT FROM pg_trigger AS t
        WHERE t.tgrelid = to_regclass('hpts.' || expected.name) AND t.tgname = 'append_only' AND t.tgenabled = 'A'
          AND t.tgtype & ${BEFORE_EVERY_CHANGE + 1} = ${BEFORE_EVERY_CHANGE} AND t.tgfoid = to_regproc('hpts.refuse_change') AND t.tgqual IS NULL)
      UNION ALL
      SELECT NULL, 1, 'table hpts.' || expected.name, format('role %s may change or remove its rows', role.name)
      FROM unnest(${textArray(INSERT_ONLY_TABLES)}) AS expected(name)
      CROSS JOIN unnest(${textArray(SERVER_ROLES)}) AS role(name)
      WHERE has_table_privilege(role.name, to_regclass('hpts.' || expected.name), 'UPDATE, DELETE, TRUNCATE')
         OR has_any_column_privilege(role.name, to_regclass('hpts.' || expected.name), 'UPDATE')
      UNION ALL
      SELECT NULL, 2, 'table hpts.' || expected.name, format('role %s may write it', role.name)
      FROM unnest(${textArray([...TENANT_TABLES, ...PROPOSAL_TABLES, 'audit_event'])}) AS expected(name)
      CROSS JOIN unnest(${textArray(READING_ROLES)}) AS role(name)
      WHERE has_table_privilege(role.name, to_regclass('hpts.' || expected.name), 'INSERT, UPDATE, DELETE, TRUNCATE')
      UNION ALL
      SELECT NULL, 3, 'table hpts.' || writable.name, format('role %s may write it', writable.by)
      FROM (SELECT name, 'hpts_delivery' FROM unnest(${textArray([...TENANT_TABLES, ...CONFIGURATION_TABLES])}) AS books(name)
            UNION ALL
            SELECT name, by FROM unnest(${textArray(WEBHOOK_TABLES)}) AS webhooks(name)
            CROSS JOIN unnest(${textArray(['hpts_poster', ...READING_ROLES])}) AS roles(by)
            UNION ALL
            SELECT name, 'hpts_configurator' FROM unnest(${textArray([...TENANT_TABLES, ...WEBHOOK_TABLES])}) AS other_rooms(name)
            WHERE name <> 'administrative_answer'
            UNION ALL
            SELECT name, by FROM unnest(${textArray(['tenant', 'program', 'program_version', 'account'])}) AS configured(name)
            CROSS JOIN unnest(${textArray(['hpts_poster', ...READING_ROLES])}) AS roles(by)) AS writable(name, by)
      WHERE has_table_privilege(writable.by, to_regclass('hpts.' || writable.name), 'INSERT, UPDATE, DELETE, TRUNCATE')
         OR has_any_column_privilege(writable.by, to_regclass('hpts.' || writable.name), 'INSERT, UPDATE')
      UNION ALL
      SELECT NULL, 4, 'table hpts.' || kept.name, format('role hpts_configurator may change %s of its rows', kept.attribute)
      FROM (VALUES ('tenant_head', 'seq'), ('tenant_head', 'posted_at'), ('account', 'account_code'), ('account', 'type')) AS kept(name, attribute)
      WHERE has_column_privilege('hpts_configurator', to_regclass('hpts.' || kept.name), kept.attribute, 'UPDATE')`,
  },
  {
    name: 'row_security',
    promise:
      'Row-level security stands on every table of a tenant, forced wherever money is, by the two policies that belong there and no wider one.',
    sql: `
      SELECT NULL::uuid AS tenant_id, 0::bigint AS place, 'table hpts.' || expected.name AS subject, 'row-level security is not ' || CASE WHEN expected.forced THEN 'forced' ELSE 'enabled' END AS detail
      FROM (${SECURED_TABLES}) AS expected
      LEFT JOIN pg_class AS c ON c.oid = to_regclass('hpts.' || expected.name)
      WHERE (c.relrowsecurity AND (c.relforcerowsecurity OR NOT expected.forced)) IS NOT TRUE
      UNION ALL
      SELECT NULL, 1, 'table hpts.' || expected.name, format('lacks the policy own_tenants for %s, or it says something else', array_to_string(expected.own, ', '))
      FROM (${SECURED_TABLES}) AS expected
      WHERE NOT EXISTS (
        SELECT FROM pg_policies AS p
        WHERE p.schemaname = 'hpts' AND p.tablename = expected.name AND p.policyname = 'own_tenants' AND p.cmd = 'ALL' AND p.permissive = 'PERMISSIVE'
          AND p.roles @> expected.own AND p.roles <@ expected.own AND p.with_check IS NULL
          AND p.qual ~ '^\\(tenant_id = ANY \\(.*string_to_array\\(current_setting\\(''hpts\\.tenants''::text, true\\), '',''::text\\).*\\)\\)$'
          AND p.qual !~* '\\mOR\\M')
      UNION ALL
      SELECT NULL, 2, 'table hpts.' || expected.name, 'hides rows from hpts_auditor: the policy every_tenant is missing or says something else'
      FROM (${SECURED_TABLES}) AS expected
      WHERE NOT EXISTS (
        SELECT FROM pg_policies AS p
        WHERE p.schemaname = 'hpts' AND p.tablename = expected.name AND p.policyname = 'every_tenant' AND p.permissive = 'PERMISSIVE'
          AND p.roles @> expected.seen_by AND p.roles <@ expected.seen_by AND p.cmd = 'SELECT' AND p.qual = 'true')
      UNION ALL
      SELECT NULL, 3, 'table hpts.' || p.tablename, format('has the policy %s, which does not belong there', p.policyname)
      FROM pg_policies AS p
      WHERE p.schemaname = 'hpts' AND p.tablename IN (SELECT expected.name FROM (${SECURED_TABLES}) AS expected)
        AND p.policyname NOT IN ('own_tenants', 'every_tenant')
        AND NOT (p.permissive = 'RESTRICTIVE' AND (p.tablename, p.policyname, p.cmd) IN (('loan', 'only_unmade_loans', 'DELETE'), ('tenant_head', 'reader_only_locks', 'UPDATE')))
      UNION ALL
      SELECT NULL, 3, 'table hpts.' || expected.relation, format('lacks the restrictive policy %s', expected.policy)
      FROM (VALUES ('loan', 'only_unmade_loans'), ('tenant_head', 'reader_only_locks')) AS expected(relation, policy)
      WHERE NOT EXISTS (
        SELECT FROM pg_policies AS p
        WHERE p.schemaname = 'hpts' AND p.tablename = expected.relation AND p.policyname = expected.policy AND p.permissive = 'RESTRICTIVE')
      UNION ALL
      SELECT NULL, 4, 'role ' || expected.name, 'is missing, or stands above row-level security'
      FROM unnest(${textArray(SERVER_ROLES)}) AS expected(name)
      LEFT JOIN pg_roles AS r ON r.rolname = expected.name
      WHERE (r.rolbypassrls OR r.rolsuper) IS NOT FALSE
         OR pg_has_role(r.oid, (SELECT c.relowner FROM pg_class AS c WHERE c.oid = to_regclass('hpts.journal_entry')), 'MEMBER')`,
  },
  {
    name: 'constraints',
    promise:
      'The constraints that hold an entry and a loan to their promises stand and were validated; every primary key stands.',
    sql: `
      SELECT NULL::uuid AS tenant_id, 0::bigint AS place, 'table hpts.' || expected.relation AS subject,
             format('its constraint %s is missing or not validated', expected.name) AS detail
      FROM (VALUES ${CONSTRAINTS.flatMap(({ table, names }) => names.map((name) => `('${table}', '${name}')`)).join(', ')}) AS expected(relation, name)
      WHERE NOT EXISTS (
        SELECT FROM pg_constraint AS c
        WHERE c.conrelid = to_regclass('hpts.' || expected.relation) AND c.conname = expected.name AND c.contype = 'c' AND c.convalidated)
      UNION ALL
      SELECT NULL, 0, format('column hpts.%s.%s', expected.relation, expected.attribute),
             format('is not held by the domain hpts.%s with its validated CHECK', expected.domain)
      FROM (VALUES ${DOMAIN_COLUMNS.flatMap(({ table, domain, columns }) => columns.map((column) => `('${table}', '${column}', '${domain}')`)).join(', ')}) AS expected(relation, attribute, domain)
      WHERE NOT EXISTS (
        SELECT FROM pg_attribute AS a JOIN pg_constraint AS c ON c.contypid = a.atttypid
        WHERE a.attrelid = to_regclass('hpts.' || expected.relation) AND a.attname = expected.attribute
          AND a.atttypid = to_regtype('hpts.' || expected.domain) AND c.contype = 'c' AND c.convalidated)
      UNION ALL
      SELECT NULL, 1, 'table hpts.' || expected.name, 'its primary key is missing or its index is not valid'
      FROM unnest(${textArray(TENANT_TABLES)}) AS expected(name)
      WHERE NOT EXISTS (
        SELECT FROM pg_index AS i
        WHERE i.indrelid = to_regclass('hpts.' || expected.name) AND i.indisprimary AND i.indisvalid AND i.indisready AND i.indisunique)`,
  },
  {
    name: 'durability',
    promise:
      'The database keeps what it acknowledged: fsync, full_page_writes and synchronous_commit are on, for every role.',
    sql: `
      SELECT NULL::uuid AS tenant_id, 0::bigint AS place, 'setting ' || s.name AS subject, 'is ' || s.value AS detail
      FROM unnest(ARRAY['fsync', 'full_page_writes', 'synchronous_commit']) AS wanted(name)
      CROSS JOIN LATERAL (SELECT wanted.name, current_setting(wanted.name) AS value) AS s
      WHERE s.value NOT IN ('on', 'remote_apply')
      UNION ALL
      SELECT NULL, 1, 'setting ' || split_part(c.setting, '=', 1),
             format('is %s for %s', split_part(c.setting, '=', 2), coalesce('role ' || r.rolname, 'every role'))
      FROM pg_db_role_setting AS s
      CROSS JOIN LATERAL unnest(s.setconfig) AS c(setting)
      LEFT JOIN pg_roles AS r ON r.oid = s.setrole
      WHERE s.setdatabase IN (0, (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database()))
        AND (c.setting ~ '^synchronous_commit=' AND c.setting !~ '=(on|remote_apply)$' OR c.setting = 'session_replication_role=replica')`,
  },
];
