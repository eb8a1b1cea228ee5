/** Statements about accrual runs besides those that post: runs asked for, who goes on with them, what they have come to. */
import type pg from 'pg';
import { newEntryId } from '../../posting/entry-id.ts';
import type { TenantConnections } from '../acts/tenant-connections.ts';

/** A run that somebody asked for. */
export type RunRequest = { readonly programId: string; readonly accrualDate: string; readonly actor: string };

export type RunRef = { readonly tenantId: string; readonly accrualRunId: string };

/** A run under a lease: nobody else goes on with it while `leaseId` holds. */
export type ClaimedRun = RunRef & RunRequest & { readonly leaseId: string };

/** Keeps that a run was asked for; answers its id. */
export async function insertRun(client: pg.ClientBase, tenantId: string, run: RunRequest): Promise<string> {
  const { rows: clock } = await client.query<{ ms: string }>(
    'SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS ms',
  );
  const accrualRunId = newEntryId(Number(clock[0]?.ms ?? 0));
  await client.query(
    `INSERT INTO hpts.accrual_run (tenant_id, accrual_run_id, program_id, accrual_date, actor) VALUES ($1, $2, $3, $4, $5)`,
    [tenantId, accrualRunId, run.programId, run.accrualDate, run.actor],
  );
  return accrualRunId;
}

/** Runs of any tenant that are not finished and that nobody goes on with, the oldest first. */
export async function findOpenRuns(database: TenantConnections, limit: number): Promise<readonly RunRef[]> {
  const rows = await database.acrossTenants<{ tenant_id: string; accrual_run_id: string }>(
    `SELECT r.tenant_id, r.accrual_run_id FROM hpts.accrual_run AS r
     WHERE r.finished_at IS NULL AND r.leased_until < clock_timestamp() ORDER BY r.started_at LIMIT $1`,
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
