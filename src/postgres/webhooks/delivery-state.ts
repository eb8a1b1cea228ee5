/**
 * What is known of deliveries, as whoever delivers reads and writes it. An endpoint is served under a lease: one statement
 * takes it when it is free or has run out, and every later one names it, so that whoever lost it changes nothing. Nothing
 * is locked while a receiver is waited for.
 */
import type pg from 'pg';
import { LIMITS } from '../../limits.ts';
import { lockEndpoint } from './endpoint-registry.ts';
import type { WebhookDatabase } from './webhook-database.ts';
import { type EndpointRef, type SealedSecret, selectWebhookSecrets } from './webhook-secret.ts';

export type Lease = EndpointRef & { readonly leaseId: string };

/** An endpoint as whoever serves it needs to know it. */
export type ClaimedEndpoint = {
  readonly url: string;
  readonly eventTypes: ReadonlySet<string> | null;
  readonly cursorSeq: bigint;
  /** Failed attempts at the event behind the cursor. */
  readonly failures: number;
  /** False while the event behind the cursor waits for its next attempt. */
  readonly streamIsDue: boolean;
  /** True when a dead letter may be due to be sent again. */
  readonly resendIsDue: boolean;
  readonly secrets: readonly SealedSecret[];
};

/** How one attempt ended; `error` null: received. */
export type AttemptRecord = {
  readonly error: string | null;
  readonly httpStatus: number | null;
  readonly durationMs: number;
};

/** An event at its place, and how the attempt at it ended. */
export type AttemptedEvent = { readonly seq: bigint; readonly entryId: string; readonly attempt: AttemptRecord };

/** A dead letter that is to be sent again. */
export type QueuedLetter = { readonly seq: bigint; readonly entryId: string; readonly failures: number };

/** Endpoints with something to send that nobody serves, those that waited longest first. */
export async function findDueEndpoints(database: WebhookDatabase, limit: number): Promise<readonly EndpointRef[]> {
  const rows = await database.acrossTenants<{ tenant_id: string; endpoint_id: string }>(
    `SELECT w.tenant_id, w.endpoint_id
     FROM hpts.webhook_endpoint AS w JOIN hpts.tenant_head AS h ON h.tenant_id = w.tenant_id
     WHERE w.status = 'active' AND (w.lease_until IS NULL OR w.lease_until < clock_timestamp())
       AND (w.cursor_seq < h.seq AND (w.next_attempt_at IS NULL OR w.next_attempt_at <= clock_timestamp())
            OR w.resend_at <= clock_timestamp())
     ORDER BY w.claimed_at NULLS FIRST LIMIT $1`,
    [limit],
  );
  return rows.map((row) => ({ tenantId: row.tenant_id, endpointId: row.endpoint_id }));
}

/** How many active endpoints each tenant has that has any. */
export async function countActiveEndpoints(database: WebhookDatabase): Promise<ReadonlyMap<string, number>> {
  const rows = await database.acrossTenants<{ tenant_id: string; endpoints: bigint }>(
    `SELECT tenant_id, count(*) AS endpoints FROM hpts.webhook_endpoint WHERE status = 'active' GROUP BY tenant_id`,
    [],
  );
  return new Map(rows.map((row) => [row.tenant_id, Number(row.endpoints)]));
}

/** How far active endpoints are behind the journals of their tenants, in entries, over all tenants. */
export type DeliveryLag = {
  readonly endpoints: number;
  /** Endpoints that wait after a failed attempt. */
  readonly failing: number;
  readonly entriesTotal: number;
  readonly entriesMax: number;
};

/** Reads how far deliveries are behind, at the cursors as they are written down. */
export async function readDeliveryLag(database: WebhookDatabase): Promise<DeliveryLag> {
  const [row] = await database.acrossTenants<Record<'endpoints' | 'failing' | 'total' | 'most', string>>(
    `SELECT count(*)::text AS endpoints, (count(*) FILTER (WHERE w.failures > 0))::text AS failing,
       coalesce(sum(h.seq - w.cursor_seq), 0)::text AS total, coalesce(max(h.seq - w.cursor_seq), 0)::text AS most
     FROM hpts.webhook_endpoint AS w JOIN hpts.tenant_head AS h ON h.tenant_id = w.tenant_id
     WHERE w.status = 'active'`,
    [],
  );
  return {
    endpoints: Number(row?.endpoints),
    failing: Number(row?.failing),
    entriesTotal: Number(row?.total),
    entriesMax: Number(row?.most),
  };
}

type ClaimRow = {
  url: string;
  event_types: string[] | null;
  cursor_seq: bigint;
  failures: number;
  stream_is_due: boolean;
  resend_is_due: boolean;
};

/** Takes the lease for `leaseMs`; undefined when somebody else has it or the endpoint is not active any more. */
export async function claimEndpoint(
  database: WebhookDatabase,
  lease: Lease,
  leaseMs: number,
): Promise<ClaimedEndpoint | undefined> {
  return database.ofTenant(lease.tenantId, async (client) => {
    const { rows } = await client.query<ClaimRow>(
      `UPDATE hpts.webhook_endpoint
       SET lease_id = $3, lease_until = clock_timestamp() + make_interval(secs => $4 / 1000.0), claimed_at = clock_timestamp()
       WHERE tenant_id = $1 AND endpoint_id = $2 AND status = 'active'
         AND (lease_until IS NULL OR lease_until < clock_timestamp())
       RETURNING url, event_types, cursor_seq, failures,
         (next_attempt_at IS NULL OR next_attempt_at <= clock_timestamp()) AS stream_is_due,
         coalesce(resend_at <= clock_timestamp(), false) AS resend_is_due`,
      [lease.tenantId, lease.endpointId, lease.leaseId, leaseMs],
    );
    const row = rows[0];
    if (row === undefined) return undefined;
    return {
      url: row.url,
      eventTypes: row.event_types === null ? null : new Set(row.event_types),
      cursorSeq: row.cursor_seq,
      failures: row.failures,
      streamIsDue: row.stream_is_due,
      resendIsDue: row.resend_is_due,
      secrets: await selectWebhookSecrets(client, lease),
    };
  });
}

/**
 * Moves the cursor and holds the lease for `leaseMs` more. Answers the secrets that sign from now on, or undefined when
 * the lease was lost or the endpoint disabled: then nothing more may be sent, and a cursor under a lost lease did not move.
 */
export async function advanceCursor(
  database: WebhookDatabase,
  lease: Lease,
  { cursorSeq, leaseMs }: { readonly cursorSeq: bigint; readonly leaseMs: number },
): Promise<readonly SealedSecret[] | undefined> {
  return database.ofTenant(lease.tenantId, async (client) => {
    const { rows } = await client.query<{ status: string }>(
      `UPDATE hpts.webhook_endpoint
       SET failures = CASE WHEN cursor_seq < $4 THEN 0 ELSE failures END,
           next_attempt_at = CASE WHEN cursor_seq < $4 THEN NULL ELSE next_attempt_at END,
           cursor_seq = $4, lease_until = clock_timestamp() + make_interval(secs => $5 / 1000.0)
       WHERE tenant_id = $1 AND endpoint_id = $2 AND lease_id = $3 AND cursor_seq <= $4
       RETURNING status`,
      [lease.tenantId, lease.endpointId, lease.leaseId, cursorSeq, leaseMs],
    );
    return rows[0]?.status === 'active' ? selectWebhookSecrets(client, lease) : undefined;
  });
}

/** Moves the cursor and gives the lease back; a lease that was lost changes nothing. */
export async function releaseEndpoint(database: WebhookDatabase, lease: Lease, cursorSeq: bigint): Promise<void> {
  await database.ofTenant(lease.tenantId, (client) =>
    client.query(
      `UPDATE hpts.webhook_endpoint
       SET failures = CASE WHEN cursor_seq < $4 THEN 0 ELSE failures END,
           next_attempt_at = CASE WHEN cursor_seq < $4 THEN NULL ELSE next_attempt_at END,
           cursor_seq = $4, lease_id = NULL, lease_until = NULL
       WHERE tenant_id = $1 AND endpoint_id = $2 AND lease_id = $3 AND cursor_seq <= $4`,
      [lease.tenantId, lease.endpointId, lease.leaseId, cursorSeq],
    ),
  );
}

/** Gives the lease back so that the endpoint is left alone for `pauseMs`: what is wrong is not the receiver's fault. */
export async function setAside(database: WebhookDatabase, lease: Lease, pauseMs: number): Promise<void> {
  await database.ofTenant(lease.tenantId, (client) =>
    client.query(
      `UPDATE hpts.webhook_endpoint SET lease_id = NULL, lease_until = clock_timestamp() + make_interval(secs => $4 / 1000.0)
       WHERE tenant_id = $1 AND endpoint_id = $2 AND lease_id = $3`,
      [lease.tenantId, lease.endpointId, lease.leaseId, pauseMs],
    ),
  );
}

/**
 * Writes down a failed attempt at the event behind the cursor. `retryInMs` null: it was the last one, the event becomes a
 * dead letter and the cursor moves past it. Otherwise the endpoint waits, and the lease is given back. False when the
 * lease was lost.
 */
export async function recordFailure(
  database: WebhookDatabase,
  lease: Lease,
  failure: AttemptedEvent & { readonly cursorSeq: bigint; readonly retryInMs: number | null },
): Promise<boolean> {
  const { tenantId, endpointId, leaseId } = lease;
  return database.ofTenant(tenantId, async (client) => {
    const isLast = failure.retryInMs === null;
    const { rowCount } = await client.query(
      `UPDATE hpts.webhook_endpoint
       SET cursor_seq = $4, failures = CASE WHEN $5 THEN 0 WHEN cursor_seq < $4 THEN 1 ELSE failures + 1 END,
           next_attempt_at = CASE WHEN $5 THEN NULL ELSE clock_timestamp() + make_interval(secs => $6 / 1000.0) END,
           lease_id = CASE WHEN $5 THEN lease_id END, lease_until = CASE WHEN $5 THEN lease_until END
       WHERE tenant_id = $1 AND endpoint_id = $2 AND lease_id = $3 AND cursor_seq <= $4`,
      [tenantId, endpointId, leaseId, isLast ? failure.seq : failure.cursorSeq, isLast, failure.retryInMs ?? 0],
    );
    if (rowCount === 0) return false;
    await insertAttempt(client, lease, failure);
    if (isLast) await insertDeadLetter(client, lease, failure);
    return true;
  });
}

/** Writes down that an event was received after attempts that failed, and moves the cursor past it. */
export async function recordLateReceipt(
  database: WebhookDatabase,
  lease: Lease,
  receipt: AttemptedEvent,
): Promise<boolean> {
  const { tenantId, endpointId, leaseId } = lease;
  return database.ofTenant(tenantId, async (client) => {
    const { rowCount } = await client.query(
      `UPDATE hpts.webhook_endpoint SET cursor_seq = $4, failures = 0, next_attempt_at = NULL
       WHERE tenant_id = $1 AND endpoint_id = $2 AND lease_id = $3 AND cursor_seq <= $4`,
      [tenantId, endpointId, leaseId, receipt.seq],
    );
    if (rowCount === 0) return false;
    await insertAttempt(client, lease, receipt);
    return true;
  });
}

/** The dead letter that is to be sent again first; undefined when none is due. */
export async function nextQueuedLetter(database: WebhookDatabase, lease: Lease): Promise<QueuedLetter | undefined> {
  return database.ofTenant(lease.tenantId, async (client) => {
    const { rows } = await client.query<{ seq: bigint; entry_id: string; failures: number }>(
      `SELECT seq, entry_id, failures FROM hpts.webhook_dead_letter
       WHERE tenant_id = $1 AND endpoint_id = $2 AND status = 'queued' AND next_attempt_at <= clock_timestamp()
       ORDER BY seq LIMIT 1`,
      [lease.tenantId, lease.endpointId],
    );
    const row = rows[0];
    return row === undefined ? undefined : { seq: row.seq, entryId: row.entry_id, failures: row.failures };
  });
}

/**
 * Writes down an attempt to send a dead letter again, and holds the lease for `leaseMs` more. `retryInMs` null after a
 * failure: it is dead once more. False when the lease was lost.
 */
export async function recordResend(
  database: WebhookDatabase,
  lease: Lease,
  resend: AttemptedEvent & { readonly retryInMs: number | null; readonly leaseMs: number },
): Promise<boolean> {
  const { tenantId, endpointId, leaseId } = lease;
  const failed = resend.attempt.error !== null;
  const status = !failed ? 'received' : resend.retryInMs === null ? 'dead' : 'queued';
  return database.ofTenant(tenantId, async (client) => {
    const { rowCount } = await client.query(
      `UPDATE hpts.webhook_endpoint SET lease_until = clock_timestamp() + make_interval(secs => $4 / 1000.0)
       WHERE tenant_id = $1 AND endpoint_id = $2 AND lease_id = $3`,
      [tenantId, endpointId, leaseId, resend.leaseMs],
    );
    if (rowCount === 0) return false;
    await client.query(
      `UPDATE hpts.webhook_dead_letter SET status = $4, failures = failures + $5,
         next_attempt_at = CASE WHEN $4 = 'queued' THEN clock_timestamp() + make_interval(secs => $6 / 1000.0) END
       WHERE tenant_id = $1 AND endpoint_id = $2 AND seq = $3`,
      [tenantId, endpointId, resend.seq, status, failed ? 1 : 0, resend.retryInMs ?? 0],
    );
    await insertAttempt(client, lease, resend);
    return true;
  });
}

/**
 * Says when the next dead letter is due, now that those that were due have been tried. The endpoint is locked in a statement
 * of its own: a letter that was queued while this one waited would else be overlooked.
 */
export async function settleResends(database: WebhookDatabase, lease: Lease): Promise<void> {
  await database.ofTenant(lease.tenantId, async (client) => {
    if (!(await lockEndpoint(client, lease))) return;
    await client.query(
      `UPDATE hpts.webhook_endpoint AS w SET resend_at = (
         SELECT min(d.next_attempt_at) FROM hpts.webhook_dead_letter AS d
         WHERE d.tenant_id = $1 AND d.endpoint_id = $2 AND d.status = 'queued')
       WHERE w.tenant_id = $1 AND w.endpoint_id = $2`,
      [lease.tenantId, lease.endpointId],
    );
  });
}

async function insertAttempt(client: pg.ClientBase, ref: EndpointRef, { seq, attempt }: AttemptedEvent): Promise<void> {
  await client.query(
    `INSERT INTO hpts.webhook_attempt (tenant_id, endpoint_id, seq, error, http_status, duration_ms)
     VALUES ($1, $2, $3, $4, $5, $6)`,
    [ref.tenantId, ref.endpointId, seq, attempt.error, attempt.httpStatus, attempt.durationMs],
  );
  await client.query(
    `DELETE FROM hpts.webhook_attempt
     WHERE tenant_id = $1 AND endpoint_id = $2 AND at < clock_timestamp() - make_interval(days => $3)`,
    [ref.tenantId, ref.endpointId, LIMITS.webhookAttemptDays],
  );
}

async function insertDeadLetter(client: pg.ClientBase, ref: EndpointRef, event: AttemptedEvent): Promise<void> {
  await client.query(
    `INSERT INTO hpts.webhook_dead_letter (tenant_id, endpoint_id, seq, entry_id) VALUES ($1, $2, $3, $4)
     ON CONFLICT (tenant_id, endpoint_id, seq) DO NOTHING`,
    [ref.tenantId, ref.endpointId, event.seq, event.entryId],
  );
}
