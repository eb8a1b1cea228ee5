/** Statements by which endpoints are registered and administered, in the transaction of an administrative act. */
import type pg from 'pg';
import { LIMITS } from '../../limits.ts';
import type { EndpointRef } from './webhook-secret.ts';

/** `startSeq` null: from now on. `eventTypes` null: every event. */
export type NewEndpoint = EndpointRef & {
  readonly url: string;
  readonly description: string | null;
  readonly eventTypes: readonly string[] | null;
  readonly startSeq: bigint | null;
};

/** What a registration decides by itself. `createdAt` is RFC 3339 with six digits. */
export type RegisteredEndpoint = { readonly createdAt: string };

/** Answers undefined when the tenant has as many active endpoints as LIMITS.webhookEndpoints allows. */
export async function insertEndpoint(
  client: pg.ClientBase,
  endpoint: NewEndpoint,
): Promise<RegisteredEndpoint | undefined> {
  if (await hasEveryEndpoint(client, endpoint.tenantId)) return undefined;
  const { rows } = await client.query<{ created_at: string }>(
    `INSERT INTO hpts.webhook_endpoint (tenant_id, endpoint_id, url, description, event_types, start_seq, cursor_seq)
     SELECT h.tenant_id, $2, $3, $4, $5, coalesce($6::bigint, h.seq), coalesce($6::bigint, h.seq)
     FROM hpts.tenant_head AS h WHERE h.tenant_id = $1
     RETURNING to_char(created_at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS created_at`,
    [
      endpoint.tenantId,
      endpoint.endpointId,
      endpoint.url,
      endpoint.description,
      endpoint.eventTypes,
      endpoint.startSeq,
    ],
  );
  const row = rows[0];
  if (row === undefined) throw new Error(`tenant ${endpoint.tenantId} has no head`);
  return { createdAt: row.created_at };
}

/** Whoever registers or enables waits here for whoever did so before, and then counts what came of it. */
async function hasEveryEndpoint(client: pg.ClientBase, tenantId: string): Promise<boolean> {
  await client.query('SELECT FROM hpts.webhook_endpoint WHERE tenant_id = $1 ORDER BY endpoint_id FOR UPDATE', [
    tenantId,
  ]);
  const { rows } = await client.query<{ active: bigint }>(
    `SELECT count(*) AS active FROM hpts.webhook_endpoint WHERE tenant_id = $1 AND status = 'active'`,
    [tenantId],
  );
  return (rows[0]?.active ?? 0n) >= BigInt(LIMITS.webhookEndpoints);
}

/** Locks an endpoint until the transaction ends; false when there is none. */
export async function lockEndpoint(client: pg.ClientBase, { tenantId, endpointId }: EndpointRef): Promise<boolean> {
  const { rowCount } = await client.query(
    'SELECT FROM hpts.webhook_endpoint WHERE tenant_id = $1 AND endpoint_id = $2 FOR UPDATE',
    [tenantId, endpointId],
  );
  return rowCount !== 0;
}

/** Nothing is sent from now on but what is on its way; the cursor stays. False when there is no such endpoint. */
export async function disableEndpoint(client: pg.ClientBase, { tenantId, endpointId }: EndpointRef): Promise<boolean> {
  const { rowCount } = await client.query(
    `UPDATE hpts.webhook_endpoint SET status = 'disabled' WHERE tenant_id = $1 AND endpoint_id = $2`,
    [tenantId, endpointId],
  );
  return rowCount !== 0;
}

/**
 * Sends from the cursor on, at once and with every attempt before it, also what waits for its next attempt. Answers
 * `full` when the tenant has as many active endpoints as are allowed.
 */
export async function enableEndpoint(
  client: pg.ClientBase,
  { tenantId, endpointId }: EndpointRef,
): Promise<'enabled' | 'missing' | 'full'> {
  const full = await hasEveryEndpoint(client, tenantId);
  const { rows } = await client.query<{ status: string }>(
    'SELECT status FROM hpts.webhook_endpoint WHERE tenant_id = $1 AND endpoint_id = $2',
    [tenantId, endpointId],
  );
  const row = rows[0];
  if (row === undefined) return 'missing';
  if (full && row.status !== 'active') return 'full';
  await client.query(
    `UPDATE hpts.webhook_endpoint SET status = 'active', failures = 0, next_attempt_at = NULL
     WHERE tenant_id = $1 AND endpoint_id = $2`,
    [tenantId, endpointId],
  );
  return 'enabled';
}

/** Puts a dead letter up to be sent again. False when the event is none of this endpoint. */
export async function queueDeadLetter(client: pg.ClientBase, ref: EndpointRef, entryId: string): Promise<boolean> {
  const { tenantId, endpointId } = ref;
  if (!(await lockEndpoint(client, ref))) return false;
  const { rowCount } = await client.query(
    `UPDATE hpts.webhook_dead_letter SET status = 'queued', failures = 0, next_attempt_at = clock_timestamp()
     WHERE tenant_id = $1 AND endpoint_id = $2 AND entry_id = $3 AND status IN ('dead', 'queued')`,
    [tenantId, endpointId, entryId],
  );
  if (rowCount === 0) return false;
  await client.query(
    'UPDATE hpts.webhook_endpoint SET resend_at = clock_timestamp() WHERE tenant_id = $1 AND endpoint_id = $2',
    [tenantId, endpointId],
  );
  return true;
}
