/** Statements about accrual runs besides those that post: runs asked for, who goes on with them, what they have come to. */
import type pg from 'pg';
import { LIMITS } from '../../limits.ts';
import { newEntryId } from '../../posting/entry-id.ts';
import type { TenantConnections } from '../acts/tenant-connections.ts';

/** A run that somebody asked for. */
export type RunRequest = { readonly programId: string; readonly accrualDate: string; readonly actor: string };

export type RunRef = { readonly tenantId: string; readonly accrualRunId: string };

/** A run under a lease: nobody else goes on with it while `leaseId` holds. */
export type ClaimedRun = RunRef & RunRequest & { readonly leaseId: string };

/**
 * Keeps that a run was asked for; answers its id, or undefined when the tenant has as many unfinished runs as
 * LIMITS.openAccrualRuns allows. Those that ask at the same moment do not see one another.
 */
export async function insertRun(client: pg.ClientBase, tenantId: string, run: RunRequest): Promise<string | undefined> {
  const { rows: clock } = await client.query<{ ms: string }>(
    'SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS ms',
  );
  const accrualRunId = newEntryId(Number(clock[0]?.ms ?? 0));
  const { rowCount } = await client.query(
    `INSERT INTO hpts.accrual_run (tenant_id, accrual_run_id, program_id, accrual_date, actor)
     SELECT $1, $2, $3, $4, $5
     WHERE (SELECT count(*) FROM hpts.accrual_run AS r WHERE r.tenant_id = $1 AND r.finished_at IS NULL) < $6`,
    [tenantId, accrualRunId, run.programId, run.accrualDate, run.actor, LIMITS.openAccrualRuns],
  );
  return rowCount === 0 ? undefined : accrualRunId;
}

/**
 * Runs of any tenant that are not finished and that nobody goes on with: first those of tenants of which the fewest are
 * under way, and among these the one that has waited longest. Of one tenant the oldest run comes first.
 */
export async function findOpenRuns(database: TenantConnections, limit: number): Promise<readonly RunRef[]> {
  const rows = await database.acrossTenants<{ tenant_id: string; accrual_run_id: string }>(
    `SELECT open.tenant_id, open.accrual_run_id
     FROM (
       SELECT r.*, r.leased_until < asked.now AS is_free,
         row_number() OVER (PARTITION BY r.tenant_id ORDER BY r.leased_until < asked.now, r.started_at) AS turn
       FROM hpts.accrual_run AS r CROSS JOIN (SELECT clock_timestamp() AS now) AS asked
       WHERE r.finished_at IS NULL) AS open
     WHERE open.is_free ORDER BY open.turn, open.leased_until, open.started_at LIMIT $1`,
    [limit],
  );
  return rows.map((row) => ({ tenantId: row.tenant_id, accrualRunId: row.accrual_run_id }));
}

/** Takes a run for `leaseMs`; undefined when somebody else did, or it is finished. */
export async function claimRun(
  database: TenantConnections,
  { tenantId, accrualRunId }: RunRef,
  { leaseId, leaseMs }: { readonly leaseId: string; readonly leaseMs: number },
): Promise<ClaimedRun | undefined> {
  return database.ofTenant(tenantId, async (client) => {
    const { rows } = await client.query<{ program_id: string; accrual_date: string; actor: string }>(
      `UPDATE hpts.accrual_run SET leased_by = $3, leased_until = clock_timestamp() + make_interval(secs => $4 / 1000.0)
       WHERE tenant_id = $1 AND accrual_run_id = $2 AND finished_at IS NULL AND leased_until < clock_timestamp()
       RETURNING program_id, accrual_date, actor`,
      [tenantId, accrualRunId, leaseId, leaseMs],
    );
    const [row] = rows;
    if (row === undefined) return undefined;
    const { program_id: programId, accrual_date: accrualDate, actor } = row;
    return { tenantId, accrualRunId, leaseId, programId, accrualDate, actor };
  });
}

/** Whether the run that ought to be gone on with next is another tenant's. */
export async function othersWait(database: TenantConnections, { tenantId }: RunRef): Promise<boolean> {
  const [first] = await findOpenRuns(database, 1);
  return first !== undefined && first.tenantId !== tenantId;
}

/** Holds the lease for `leaseMs` from now, which may be over at once; false when it was lost. */
export async function holdRun(database: TenantConnections, run: ClaimedRun, leaseMs: number): Promise<boolean> {
  return database.ofTenant(run.tenantId, async (client) => {
    const { rowCount } = await client.query(
      `UPDATE hpts.accrual_run SET leased_until = clock_timestamp() + make_interval(secs => $4 / 1000.0)
       WHERE tenant_id = $1 AND accrual_run_id = $2 AND leased_by = $3 AND finished_at IS NULL`,
      [run.tenantId, run.accrualRunId, run.leaseId, leaseMs],
    );
    return rowCount === 1;
  });
}

/** Writes down that nothing is left to do. */
export async function finishRun(database: TenantConnections, { tenantId, accrualRunId }: RunRef): Promise<void> {
  await database.ofTenant(tenantId, (client) =>
    client.query(
      `UPDATE hpts.accrual_run SET finished_at = clock_timestamp()
       WHERE tenant_id = $1 AND accrual_run_id = $2 AND finished_at IS NULL`,
      [tenantId, accrualRunId],
    ),
  );
}

/** Writes down a portion of which no loan accrued; one that is there already stands. */
export async function insertEmptyPortion(
  database: TenantConnections,
  { tenantId, accrualRunId }: RunRef,
  portion: { number: number; lastLoanId: string | null; lookedAt: number; isLast: boolean },
): Promise<void> {
  await database.ofTenant(tenantId, (client) =>
    client.query(
      `INSERT INTO hpts.accrual_run_portion
         (tenant_id, accrual_run_id, portion, last_loan_id, looked_at, accrued_loans, is_last, entry_ids, currencies, accrued_minor)
       VALUES ($1, $2, $3, $4, $5, 0, $6, '{}', '{}', '{}') ON CONFLICT DO NOTHING`,
      [tenantId, accrualRunId, portion.number, portion.lastLoanId, portion.lookedAt, portion.isLast],
    ),
  );
}
