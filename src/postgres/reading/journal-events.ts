import type { Statement } from '../statement-train.ts';
import type { ReaderPool } from './reader-pool.ts';

/** An entry as those are told of it who follow the journal. `seq` is its place in the tenant's journal. */
export type JournalEvent = {
  readonly seq: bigint;
  readonly entryId: string;
  readonly tenantId: string;
  readonly eventType: string;
  /** RFC 3339 in UTC with six digits: when the entry was posted. */
  readonly occurredAt: string;
  readonly correlationId: string;
  /** Of the request that posted it; null when it was posted by no request, or beside the entry that bears the key. */
  readonly idempotencyKey: string | null;
};

const COLUMNS = `e.seq, e.entry_id, e.event_type, to_char(e.posted_at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), e.correlation_id,
  e.idempotency_key`;

const READ_EVENTS_AFTER: Statement = {
  name: 'read_events_after',
  text: `SELECT ${COLUMNS} FROM hpts.journal_entry AS e WHERE e.tenant_id = $1 AND e.seq > $2 ORDER BY e.seq LIMIT $3`,
};

const READ_EVENT: Statement = {
  name: 'read_event',
  text: `SELECT ${COLUMNS} FROM hpts.journal_entry AS e WHERE e.tenant_id = $1 AND e.entry_id = $2`,
};

type EventRow = [bigint, string, string, string, string, string | null];

/**
 * Entries behind a place of the journal, in its order. `seq` follows commit order and has no gaps, so whoever remembers
 * the last one seen misses none and sees none twice, whatever is posted meanwhile.
 */
export async function readEventsAfter(
  reader: ReaderPool,
  page: { readonly tenantId: string; readonly afterSeq: bigint; readonly limit: number },
): Promise<readonly JournalEvent[]> {
  const { tenantId, afterSeq, limit } = page;
  const rows = await reader.read(tenantId, READ_EVENTS_AFTER, [tenantId, afterSeq, limit]);
  return rows.map((row) => eventOf(tenantId, row as EventRow));
}

/** Answers undefined when the tenant has no such entry. */
export async function readEvent(
  reader: ReaderPool,
  entry: { readonly tenantId: string; readonly entryId: string },
): Promise<JournalEvent | undefined> {
  const [row] = await reader.read(entry.tenantId, READ_EVENT, [entry.tenantId, entry.entryId]);
  return row === undefined ? undefined : eventOf(entry.tenantId, row as EventRow);
}

function eventOf(tenantId: string, row: EventRow): JournalEvent {
  const [seq, entryId, eventType, occurredAt, correlationId, idempotencyKey] = row;
  return { seq, entryId, tenantId, eventType, occurredAt, correlationId, idempotencyKey };
}

/** The one text of an event: what is sent, what is signed, and what is answered to whoever pulls. */
export function renderEvent(event: JournalEvent): string {
  return `{"journal_entry_id":"${event.entryId}","tenant_id":"${event.tenantId}","event_type":"${event.eventType}","occurred_at":"${event.occurredAt}","correlation_id":"${event.correlationId}"}`;
}
