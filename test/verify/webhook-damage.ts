import type pg from 'pg';
import type { Damage } from './damage.ts';
import { entryId } from './hand-books.ts';
import { TENANT } from './hand-ledger.ts';

const ENDPOINT = '50000000-0000-4000-8000-000000000001';
const DISABLED = '50000000-0000-4000-8000-000000000002';
const FORBIDDEN_ID = '50000000-0000-4000-8000-00000000dead';

/** Two endpoints of the hand-made ledger: one with a dead letter behind it and one that was disabled. */
export async function fillHandWebhooks(client: pg.Client): Promise<void> {
  for (const [endpoint, status, types] of [
    [ENDPOINT, 'active', null],
    [DISABLED, 'disabled', ['reversal', 'recovery']],
  ] as const) {
    await client.query(
      `INSERT INTO hpts.webhook_endpoint (tenant_id, endpoint_id, url, event_types, status, start_seq, cursor_seq)
       VALUES ($1, $2, 'https://hooks.example/', $4, $3, 0, 5)`,
      [TENANT, endpoint, status, types],
    );
    await client.query(
      `INSERT INTO hpts.webhook_secret (tenant_id, endpoint_id, secret_id, sealed) VALUES ($1, $2, $2, 'sealed')`,
      [TENANT, endpoint],
    );
    const detail = JSON.stringify({ url: 'https://hooks.example/', event_types: types });
    await client.query(
      `INSERT INTO hpts.audit_event (actor, action, tenant_id, subject, detail)
       VALUES ('hand', 'webhook_endpoint.create', $1, $2, $3)`,
      [TENANT, endpoint, detail],
    );
  }
  await client.query(
    `INSERT INTO hpts.audit_event (actor, action, tenant_id, subject) VALUES ('hand', 'webhook_endpoint.disable', $1, $2)`,
    [TENANT, DISABLED],
  );
  await client.query(
    'INSERT INTO hpts.webhook_dead_letter (tenant_id, endpoint_id, seq, entry_id) VALUES ($1, $2, 1, $3)',
    [TENANT, ENDPOINT, entryId('first')],
  );
}

const endpoint = `tenant_id = '${TENANT}' AND endpoint_id = '${ENDPOINT}'`;
const disabled = `tenant_id = '${TENANT}' AND endpoint_id = '${DISABLED}'`;

/** Damage to webhook endpoints and what is kept of them. */
export const OF_WEBHOOKS: readonly Damage[] = [
  {
    what: 'a cursor behind the end of the journal',
    sql: () => `UPDATE hpts.webhook_endpoint SET cursor_seq = 1000 WHERE ${endpoint}`,
    named: () => [`webhook_cursors: webhook endpoint ${ENDPOINT}`],
  },
  {
    what: 'a cursor before its own dead letter',
    sql: () => `UPDATE hpts.webhook_endpoint SET cursor_seq = 0 WHERE ${endpoint}`,
    named: () => [`webhook_dead_letters: webhook endpoint ${ENDPOINT}`],
  },
  {
    what: 'a dead letter of another entry',
    sql: () => `UPDATE hpts.webhook_dead_letter SET entry_id = '${entryId('fee')}' WHERE ${endpoint}`,
    named: () => [`webhook_dead_letters: webhook endpoint ${ENDPOINT}`],
  },
  {
    what: 'a dead letter of no entry',
    sql: () => `UPDATE hpts.webhook_dead_letter SET entry_id = '${FORBIDDEN_ID}' WHERE ${endpoint}`,
    named: () => [`webhook_dead_letters: webhook endpoint ${ENDPOINT}`],
  },
  {
    what: 'a letter that is to be sent again and is never looked for',
    sql: () =>
      `UPDATE hpts.webhook_dead_letter SET status = 'queued', next_attempt_at = clock_timestamp() WHERE ${endpoint}`,
    named: () => [`webhook_dead_letters: webhook endpoint ${ENDPOINT}`],
  },
  {
    what: 'a secret removed, and one that ends',
    sql: () =>
      `DELETE FROM hpts.webhook_secret WHERE ${endpoint}; UPDATE hpts.webhook_secret SET expires_at = clock_timestamp() WHERE ${disabled}`,
    named: () => [`webhook_secrets: webhook endpoint ${ENDPOINT}`, `webhook_secrets: webhook endpoint ${DISABLED}`],
  },
  {
    what: 'an endpoint turned elsewhere',
    sql: () => `UPDATE hpts.webhook_endpoint SET url = 'https://elsewhere.example/' WHERE ${endpoint}`,
    named: () => [`webhook_registrations: webhook endpoint ${ENDPOINT}`],
  },
  {
    what: 'event types taken away',
    sql: () => `UPDATE hpts.webhook_endpoint SET event_types = '{fee_assessed}'`,
    named: () => [
      `webhook_registrations: webhook endpoint ${ENDPOINT}`,
      `webhook_registrations: webhook endpoint ${DISABLED}`,
    ],
  },
  {
    what: 'an endpoint enabled and one disabled by nobody',
    sql: () => `UPDATE hpts.webhook_endpoint SET status = CASE status WHEN 'active' THEN 'disabled' ELSE 'active' END`,
    named: () => [
      `webhook_registrations: webhook endpoint ${ENDPOINT}`,
      `webhook_registrations: webhook endpoint ${DISABLED}`,
    ],
  },
  {
    what: 'an endpoint that nobody registered',
    sql: () =>
      `INSERT INTO hpts.webhook_endpoint (tenant_id, endpoint_id, url, start_seq, cursor_seq) VALUES ('${TENANT}', '${FORBIDDEN_ID}', 'https://elsewhere.example/', 0, 0)`,
    named: () => [
      `webhook_registrations: webhook endpoint ${FORBIDDEN_ID}`,
      `webhook_secrets: webhook endpoint ${FORBIDDEN_ID}`,
    ],
  },
  {
    what: 'guards of webhooks disarmed',
    sql: () =>
      'ALTER TABLE hpts.webhook_secret NO FORCE ROW LEVEL SECURITY; GRANT INSERT ON hpts.journal_entry TO hpts_delivery; GRANT UPDATE (url) ON hpts.webhook_endpoint TO hpts_reader; ALTER POLICY every_tenant ON hpts.webhook_attempt TO hpts_auditor, hpts_delivery; GRANT DELETE ON hpts.audit_event TO hpts_delivery',
    named: () => [
      'row_security: table hpts.webhook_secret',
      'append_only: table hpts.journal_entry',
      'append_only: table hpts.webhook_endpoint',
      'row_security: table hpts.webhook_attempt',
      'append_only: table hpts.audit_event',
    ],
  },
];
