import type pg from 'pg';
import { connect, type DatabaseAddress } from '../connection.ts';
import { readMigrations } from '../migrate.ts';
import { ACCOUNT_CHECKS } from './account-checks.ts';
import { ADJUSTMENT_CHECKS } from './adjustment-checks.ts';
import type { LedgerCheck } from './check.ts';
import { CONFIGURATION_CHECKS } from './configuration-checks.ts';
import { EARLIER_ENTRY_CHECKS } from './earlier-entry-checks.ts';
import { ENTRY_CHECKS } from './entry-checks.ts';
import { FACT_CHECKS } from './fact-checks.ts';
import { GUARD_CHECKS } from './guard-checks.ts';
import { LOAN_CHECKS } from './loan-checks.ts';
import { LOSS_CHECKS } from './loss-checks.ts';
import { NON_ACCRUAL_CHECKS } from './non-accrual-checks.ts';
import { PERIOD_CHECKS } from './period-checks.ts';
import { RELATION_CHECKS } from './relation-checks.ts';
import { RUN_CHECKS } from './run-checks.ts';
import { WEBHOOK_CHECKS } from './webhook-checks.ts';

/** In the order they run: an entry's own faults are named before those of the balances that follow from it. */
const LEDGER_CHECKS: readonly LedgerCheck[] = [
  ...ENTRY_CHECKS,
  ...RELATION_CHECKS,
  ...EARLIER_ENTRY_CHECKS,
  ...ADJUSTMENT_CHECKS,
  ...FACT_CHECKS,
  ...RUN_CHECKS,
  ...NON_ACCRUAL_CHECKS,
  ...LOAN_CHECKS,
  ...LOSS_CHECKS,
  ...ACCOUNT_CHECKS,
  ...PERIOD_CHECKS,
  ...CONFIGURATION_CHECKS,
  ...WEBHOOK_CHECKS,
  ...GUARD_CHECKS,
];

const FINDINGS_MAX = 10;

/** One disagreement. `tenantId` is null when it concerns the whole database. */
export type Finding = { readonly tenantId: string | null; readonly subject: string; readonly detail: string };

/** `findings` are the first few in the order of the tenant's history, `findingsTotal` counts all. */
export type CheckResult = {
  readonly name: string;
  readonly promise: string;
  readonly status: 'ok' | 'failed';
  readonly findings: readonly Finding[];
  readonly findingsTotal: number;
  readonly durationMs: number;
};

/** `entries`, `lines`, `loans` and `tenants` say how much was looked at. */
export type Verification = {
  readonly checks: readonly CheckResult[];
  readonly entries: number;
  readonly lines: number;
  readonly loans: number;
  readonly tenants: number;
};

export type VerifyOptions = {
  /** One tenant alone; the guards of the database are checked all the same. */
  readonly tenantId?: string;
  /** Findings shown per check, 10 when absent. */
  readonly findingsMax?: number;
  /** Told of each check as it ends. */
  readonly onCheck?: (result: CheckResult) => void;
};

/** Thrown when the tenant asked for does not exist. */
export class UnknownTenant extends Error {
  override readonly name = 'UnknownTenant';
}

/**
 * Recomputes the whole ledger from its lines (TRUST.md section 2): every check in one REPEATABLE READ, READ ONLY
 * transaction of role hpts_auditor, so all of them see one instant and a running server is not held up. A check that
 * cannot be computed counts as failed. What cannot be found out here: a journal rewritten together with
 * every row derived from it, and what nothing else repeats of an entry (docs/operations.md lists the columns).
 *
 * Throws UnknownTenant, and what the driver throws when the database cannot be reached or holds no ledger.
 */
export async function verifyLedger(address: DatabaseAddress, options: VerifyOptions = {}): Promise<Verification> {
  const client = await connect(address, { role: 'hpts_auditor', applicationName: 'hpts verify' });
  try {
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    const verification = await verifyWithin(client, options);
    await client.query('COMMIT');
    return verification;
  } finally {
    await client.end();
  }
}

/** What verifyLedger does, within a transaction of its kind that the caller has begun and ends. */
export async function verifyWithin(client: pg.Client, options: VerifyOptions = {}): Promise<Verification> {
  const tenantId = options.tenantId ?? null;
  // Folding a large journal sorts and hashes it; with less memory both go to disk in small pieces.
  await client.query("SET LOCAL work_mem = '128MB'");
  await refuseUnknownTenant(client, tenantId);
  const counted = await count(client, tenantId);
  const checks: CheckResult[] = [];
  const record = (result: CheckResult): void => {
    checks.push(result);
    options.onCheck?.(result);
  };
  for (const check of LEDGER_CHECKS) {
    record(await runCheck(client, check, { tenantId, findingsMax: options.findingsMax ?? FINDINGS_MAX }));
  }
  record(await checkMigrations(client));
  return { checks, ...counted };
}

async function refuseUnknownTenant(client: pg.Client, tenantId: string | null): Promise<void> {
  if (tenantId === null) return;
  const known = await client.query('SELECT FROM hpts.tenant WHERE tenant_id = $1', [tenantId]);
  if (known.rowCount === 0) throw new UnknownTenant(`there is no tenant ${tenantId}`);
}

async function count(client: pg.Client, tenantId: string | null): Promise<Omit<Verification, 'checks'>> {
  const counted = await client.query<{ entries: bigint; lines: bigint; loans: bigint; tenants: bigint }>(
    `SELECT count(*) AS entries, coalesce(sum(cardinality(e.accounts)), 0)::bigint AS lines,
            (SELECT count(*) FROM hpts.loan AS l WHERE $1::uuid IS NULL OR l.tenant_id = $1) AS loans,
            (SELECT count(*) FROM hpts.tenant AS t WHERE $1::uuid IS NULL OR t.tenant_id = $1) AS tenants
     FROM hpts.journal_entry AS e WHERE $1::uuid IS NULL OR e.tenant_id = $1`,
    [tenantId],
  );
  const row = counted.rows[0];
  if (row === undefined) throw new Error('a count answered no row');
  return {
    entries: Number(row.entries),
    lines: Number(row.lines),
    loans: Number(row.loans),
    tenants: Number(row.tenants),
  };
}

type FindingRow = { tenant_id: string | null; subject: string; detail: string; total: bigint };

async function runCheck(
  client: pg.Client,
  check: LedgerCheck,
  { tenantId, findingsMax }: { tenantId: string | null; findingsMax: number },
): Promise<CheckResult> {
  const startedAt = performance.now();
  const rows = await queryFindings(client, {
    text: `SELECT f.tenant_id, f.subject, f.detail, count(*) OVER () AS total
           FROM (${check.sql}) AS f
           WHERE $1::uuid IS NULL OR f.tenant_id IS NULL OR f.tenant_id = $1
           ORDER BY f.tenant_id, f.place, f.subject, f.detail LIMIT $2`,
    values: [tenantId, findingsMax],
  });
  return resultOf(check, rows, startedAt);
}

/** Needs the owner's role: what was applied is the migrator's own table. Still inside the read-only transaction. */
async function checkMigrations(client: pg.Client): Promise<CheckResult> {
  const startedAt = performance.now();
  const promise = 'The migrations recorded in the database are those of this program, unchanged since.';
  const migrations = (await readMigrations()).map(({ version, name, sha256 }) => ({ version, name, sha256 }));
  await client.query('SET LOCAL ROLE NONE');
  const rows = await queryFindings(client, {
    text: `SELECT NULL AS tenant_id, 'migration ' || coalesce(f.version, m.version) AS subject,
                  CASE WHEN m.version IS NULL THEN 'was not applied' WHEN f.version IS NULL THEN 'is unknown to this program'
                       ELSE format('was applied as %s with sha256 %s; its file is %s with %s', m.name, m.sha256, f.name, f.sha256) END AS detail,
                  count(*) OVER () AS total
           FROM jsonb_to_recordset($1::jsonb) AS f(version integer, name text, sha256 text)
           FULL JOIN hpts.schema_migration AS m ON m.version = f.version
           WHERE (m.sha256 = f.sha256 AND m.name = f.name) IS NOT TRUE
           ORDER BY coalesce(f.version, m.version)`,
    values: [JSON.stringify(migrations)],
  });
  return resultOf({ name: 'migrations', promise }, rows, startedAt);
}

/** A query that fails (a tampered amount may pass 2^63) must not keep the other checks from running: it is a finding. */
async function queryFindings(client: pg.Client, query: pg.QueryConfig): Promise<readonly FindingRow[]> {
  await client.query('SAVEPOINT before_check');
  try {
    return (await client.query<FindingRow>(query)).rows;
  } catch (error) {
    await client.query('ROLLBACK TO SAVEPOINT before_check');
    const reason = error instanceof Error ? error.message : String(error);
    return [{ tenant_id: null, subject: 'check', detail: `could not be computed: ${reason}`, total: 1n }];
  } finally {
    await client.query('RELEASE SAVEPOINT before_check');
  }
}

function resultOf(
  check: Pick<LedgerCheck, 'name' | 'promise'>,
  rows: readonly FindingRow[],
  startedAt: number,
): CheckResult {
  return {
    name: check.name,
    promise: check.promise,
    status: rows.length === 0 ? 'ok' : 'failed',
    findings: rows.map((row) => ({ tenantId: row.tenant_id, subject: row.subject, detail: row.detail })),
    findingsTotal: Number(rows[0]?.total ?? 0n),
    durationMs: Math.round(performance.now() - startedAt),
  };
}
