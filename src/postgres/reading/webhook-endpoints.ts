import { LIMITS } from '../../limits.ts';
import type { Statement } from '../statement-train.ts';
import type { ReaderPool } from './reader-pool.ts';

/** A webhook endpoint and how far it is served. Times are RFC 3339 in UTC with six digits. */
export type WebhookEndpointView = {
  readonly endpointId: string;
  readonly url: string;
  readonly description: string | null;
  readonly eventTypes: readonly string[] | null;
  readonly status: string;
  readonly createdAt: string;
  /** The last event that is done with; null when that lies before the journal's first. */
  readonly servedThroughEntryId: string | null;
  /** Events behind it, of whatever type. */
  readonly eventsBehind: bigint;
  /** Failed attempts at the event that is due, and when the next is made. */
  readonly failures: number;
  readonly nextAttemptAt: string | null;
  readonly deadLetters: bigint;
};

/** What became of one event at one endpoint. */
export type DeliveryStatus = 'pending' | 'retrying' | 'received' | 'dead_letter' | 'queued';

export type DeliveryView = {
  readonly seq: bigint;
  readonly entryId: string;
  readonly eventType: string;
  readonly occurredAt: string;
  readonly status: DeliveryStatus;
  /** Those that failed, and the one that followed them. */
  readonly attempts: readonly AttemptView[];
};

export type AttemptView = {
  readonly at: string;
  readonly error: string | null;
  readonly http_status: number | null;
  readonly duration_ms: number;
};

const TIME = (column: string): string => `to_char(${column}, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;

const ENDPOINT = `SELECT w.endpoint_id, w.url, w.description, w.event_types, w.status, ${TIME('w.created_at')},
      (SELECT e.entry_id FROM hpts.journal_entry AS e WHERE e.tenant_id = w.tenant_id AND e.seq = w.cursor_seq),
      h.seq - w.cursor_seq, w.failures, ${TIME('w.next_attempt_at')},
      (SELECT count(*) FROM hpts.webhook_dead_letter AS d
       WHERE d.tenant_id = w.tenant_id AND d.endpoint_id = w.endpoint_id AND d.status <> 'received')
    FROM hpts.webhook_endpoint AS w JOIN hpts.tenant_head AS h ON h.tenant_id = w.tenant_id`;

const READ_WEBHOOK_ENDPOINT: Statement = {
  name: 'read_webhook_endpoint',
  text: `${ENDPOINT} WHERE w.tenant_id = $1 AND w.endpoint_id = $2`,
};

const READ_WEBHOOK_ENDPOINTS: Statement = {
  name: 'read_webhook_endpoints',
  text: `${ENDPOINT} WHERE w.tenant_id = $1 AND ($2::uuid IS NULL OR w.endpoint_id > $2) ORDER BY w.endpoint_id LIMIT $3`,
};

const ATTEMPTS = `(SELECT coalesce(jsonb_agg(jsonb_build_object('at', ${TIME('a.at')}, 'error', a.error,
          'http_status', a.http_status, 'duration_ms', a.duration_ms) ORDER BY a.at), '[]')
       FROM hpts.webhook_attempt AS a
       WHERE a.tenant_id = w.tenant_id AND a.endpoint_id = w.endpoint_id AND a.seq = e.seq)`;

// What was received at the first attempt has no row of its own: the journal and the cursor say so. A bounded stretch of the
// journal is looked through, so that an endpoint of a rare type is not searched for its whole length at once.
const READ_DELIVERIES: Statement = {
  name: 'read_deliveries',
  text: `SELECT e.seq, e.entry_id, e.event_type, ${TIME('e.posted_at')},
      CASE WHEN d.status = 'dead' THEN 'dead_letter' WHEN d.status IS NOT NULL THEN d.status
           WHEN e.seq <= w.cursor_seq THEN 'received' ELSE 'pending' END, ${ATTEMPTS}
    FROM hpts.webhook_endpoint AS w
    JOIN hpts.journal_entry AS e ON e.tenant_id = w.tenant_id AND e.seq > greatest(w.start_seq, $3::bigint - 1 - ${LIMITS.webhookScan}) AND e.seq < $3
    LEFT JOIN hpts.webhook_dead_letter AS d ON d.tenant_id = w.tenant_id AND d.endpoint_id = w.endpoint_id AND d.seq = e.seq
    WHERE w.tenant_id = $1 AND w.endpoint_id = $2 AND (w.event_types IS NULL OR e.event_type::text = ANY (w.event_types))
    ORDER BY e.seq DESC LIMIT $4`,
};

const READ_DEAD_LETTERS: Statement = {
  name: 'read_dead_letters',
  text: `SELECT e.seq, e.entry_id, e.event_type, ${TIME('e.posted_at')},
      CASE WHEN d.status = 'dead' THEN 'dead_letter' ELSE d.status END, ${ATTEMPTS}
    FROM hpts.webhook_dead_letter AS d
    JOIN hpts.webhook_endpoint AS w ON w.tenant_id = d.tenant_id AND w.endpoint_id = d.endpoint_id
    JOIN hpts.journal_entry AS e ON e.tenant_id = d.tenant_id AND e.entry_id = d.entry_id
    WHERE d.tenant_id = $1 AND d.endpoint_id = $2 AND d.seq < $3 AND d.status <> 'received'
    ORDER BY d.seq DESC LIMIT $4`,
};

const READ_DELIVERY_BOUNDS: Statement = {
  name: 'read_delivery_bounds',
  text: `SELECT w.start_seq, h.seq FROM hpts.webhook_endpoint AS w JOIN hpts.tenant_head AS h ON h.tenant_id = w.tenant_id
    WHERE w.tenant_id = $1 AND w.endpoint_id = $2`,
};

type EndpointRow = [
  endpointId: string,
  url: string,
  description: string | null,
  eventTypes: string[] | null,
  status: string,
  createdAt: string,
  servedThrough: string | null,
  behind: bigint,
  failures: number,
  nextAttemptAt: string | null,
  deadLetters: bigint,
];

type DeliveryRow = [bigint, string, string, string, Exclude<DeliveryStatus, 'retrying'>, AttemptView[]];

/** Answers undefined when the tenant has no such endpoint. */
export async function readWebhookEndpoint(
  reader: ReaderPool,
  { tenantId, endpointId }: { readonly tenantId: string; readonly endpointId: string },
): Promise<WebhookEndpointView | undefined> {
  const [row] = await reader.read(tenantId, READ_WEBHOOK_ENDPOINT, [tenantId, endpointId]);
  return row === undefined ? undefined : endpointOf(row as EndpointRow);
}

/** The tenant's endpoints in order of their ids, those behind `afterId` (null: from the first). */
export async function readWebhookEndpoints(
  reader: ReaderPool,
  page: { readonly tenantId: string; readonly afterId: string | null; readonly limit: number },
): Promise<readonly WebhookEndpointView[]> {
  const rows = await reader.read(page.tenantId, READ_WEBHOOK_ENDPOINTS, [page.tenantId, page.afterId, page.limit]);
  return rows.map((row) => endpointOf(row as EndpointRow));
}

/** A page of what became of events, the newest first. `before` null: from the journal's end. */
export type DeliveriesQuestion = {
  readonly tenantId: string;
  readonly endpointId: string;
  readonly before: bigint | null;
  readonly limit: number;
  /** Dead letters alone, those that are to be sent again among them. */
  readonly deadOnly: boolean;
};

/** `nextBefore`: where the next page begins; null at the end. A page may be shorter than asked for, and not the last. */
export type DeliveriesPage = { readonly items: readonly DeliveryView[]; readonly nextBefore: bigint | null };

/** Answers undefined when the tenant has no such endpoint. */
export async function readDeliveries(
  reader: ReaderPool,
  question: DeliveriesQuestion,
): Promise<DeliveriesPage | undefined> {
  const { tenantId, endpointId, limit, deadOnly } = question;
  const [bounds] = await reader.read(tenantId, READ_DELIVERY_BOUNDS, [tenantId, endpointId]);
  if (bounds === undefined) return undefined;
  const [startSeq, headSeq] = bounds as [bigint, bigint];
  const before = question.before ?? headSeq + 1n;
  const statement = deadOnly ? READ_DEAD_LETTERS : READ_DELIVERIES;
  const rows = await reader.read(tenantId, statement, [tenantId, endpointId, before, limit]);
  const items = rows.map((row) => deliveryOf(row as DeliveryRow));
  const last = items.at(-1);
  if (items.length === limit && last !== undefined && last.seq > startSeq + 1n) return { items, nextBefore: last.seq };
  const lookedThrough = before - BigInt(LIMITS.webhookScan);
  return { items, nextBefore: !deadOnly && lookedThrough > startSeq + 1n ? lookedThrough : null };
}

function endpointOf(row: EndpointRow): WebhookEndpointView {
  const [endpointId, url, description, eventTypes, status, createdAt] = row;
  const [, , , , , , servedThroughEntryId, eventsBehind, failures, nextAttemptAt, deadLetters] = row;
  return {
    endpointId,
    url,
    description,
    eventTypes,
    status,
    createdAt,
    servedThroughEntryId,
    eventsBehind,
    failures,
    nextAttemptAt,
    deadLetters,
  };
}

function deliveryOf([seq, entryId, eventType, occurredAt, status, attempts]: DeliveryRow): DeliveryView {
  const isRetried = status === 'pending' && attempts.length > 0;
  return { seq, entryId, eventType, occurredAt, status: isRetried ? 'retrying' : status, attempts };
}
