import { type LedgerCheck, ofTenant } from './check.ts';

/** What webhook endpoints promise to those who rely on them. */
export const WEBHOOK_CHECKS: readonly LedgerCheck[] = [
  {
    name: 'webhook_cursors',
    promise: 'No webhook endpoint is served past the end of its tenant’s journal: it would miss what comes next.',
    sql: `
      SELECT w.tenant_id, w.cursor_seq AS place, 'webhook endpoint ' || w.endpoint_id AS subject,
             format('is served through %s, from %s on; the journal ends at %s', w.cursor_seq, w.start_seq, coalesce(h.seq::text, 'nothing')) AS detail
      FROM hpts.webhook_endpoint AS w LEFT JOIN hpts.tenant_head AS h ON h.tenant_id = w.tenant_id
      WHERE ${ofTenant('w')} AND (w.cursor_seq BETWEEN w.start_seq AND h.seq) IS NOT TRUE`,
  },
  {
    name: 'webhook_dead_letters',
    promise:
      'Every dead letter is an entry of the tenant at that place, which the endpoint has left behind; one that is to be sent again is looked for in time.',
    sql: `
      SELECT d.tenant_id, d.seq AS place, 'webhook endpoint ' || d.endpoint_id AS subject,
             CASE WHEN e.entry_id IS NULL THEN format('has the dead letter %s, and there is no such entry at place %s', d.entry_id, d.seq)
                  WHEN d.status = 'queued' THEN format('is to be sent %s again, and will not look for it in time', d.entry_id)
                  ELSE format('has the dead letter %s at place %s, and is served through %s', d.entry_id, d.seq, w.cursor_seq) END AS detail
      FROM hpts.webhook_dead_letter AS d
      JOIN hpts.webhook_endpoint AS w ON w.tenant_id = d.tenant_id AND w.endpoint_id = d.endpoint_id
      LEFT JOIN hpts.journal_entry AS e ON e.tenant_id = d.tenant_id AND e.entry_id = d.entry_id AND e.seq = d.seq
      WHERE ${ofTenant('d')}
        AND (e.entry_id IS NULL OR d.seq NOT BETWEEN w.start_seq + 1 AND w.cursor_seq
             OR d.status = 'queued' AND (w.resend_at <= d.next_attempt_at) IS NOT TRUE)`,
  },
  {
    name: 'webhook_secrets',
    promise: 'Every webhook endpoint has one secret that does not end: without it nothing could be signed.',
    sql: `
      SELECT w.tenant_id, w.cursor_seq AS place, 'webhook endpoint ' || w.endpoint_id AS subject, format('has %s secrets that do not end', count(s.secret_id)) AS detail
      FROM hpts.webhook_endpoint AS w
      LEFT JOIN hpts.webhook_secret AS s ON s.tenant_id = w.tenant_id AND s.endpoint_id = w.endpoint_id AND s.expires_at IS NULL
      WHERE ${ofTenant('w')}
      GROUP BY w.tenant_id, w.endpoint_id, w.cursor_seq HAVING count(s.secret_id) <> 1`,
  },
  {
    name: 'webhook_registrations',
    promise:
      'Every webhook endpoint is as the audit log says that it was registered, enabled and disabled: nobody turned it elsewhere.',
    sql: `
      SELECT w.tenant_id, w.cursor_seq AS place, 'webhook endpoint ' || w.endpoint_id AS subject,
             CASE WHEN made.detail IS NULL THEN 'was registered by nobody'
                  WHEN made.detail ->> 'url' IS DISTINCT FROM w.url THEN format('is sent to %s, and was registered for %s', w.url, made.detail ->> 'url')
                  WHEN made.detail -> 'event_types' IS DISTINCT FROM coalesce(to_jsonb(w.event_types), 'null') THEN 'is sent other event types than it was registered for'
                  ELSE format('is %s, and the last that was done to it is %s', w.status, last.action) END AS detail
      FROM hpts.webhook_endpoint AS w
      LEFT JOIN LATERAL (
        SELECT a.detail FROM hpts.audit_event AS a
        WHERE a.tenant_id = w.tenant_id AND a.subject = w.endpoint_id::text AND a.action = 'webhook_endpoint.create'
        ORDER BY a.audit_id LIMIT 1) AS made ON true
      LEFT JOIN LATERAL (
        SELECT a.action FROM hpts.audit_event AS a
        WHERE a.tenant_id = w.tenant_id AND a.subject = w.endpoint_id::text
          AND a.action IN ('webhook_endpoint.create', 'webhook_endpoint.enable', 'webhook_endpoint.disable')
        ORDER BY a.audit_id DESC LIMIT 1) AS last ON true
      WHERE ${ofTenant('w')}
        AND (made.detail ->> 'url' IS DISTINCT FROM w.url
             OR made.detail -> 'event_types' IS DISTINCT FROM coalesce(to_jsonb(w.event_types), 'null')
             OR (w.status = 'disabled') IS DISTINCT FROM (last.action = 'webhook_endpoint.disable'))`,
  },
];
