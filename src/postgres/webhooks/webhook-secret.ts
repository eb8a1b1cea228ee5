import { type KeyObject, randomBytes, randomUUID } from 'node:crypto';
import type pg from 'pg';
import { openSeal, seal } from '../access/seal.ts';

/** One endpoint of one tenant. */
export type EndpointRef = { readonly tenantId: string; readonly endpointId: string };

/** A secret as it lies in the database. */
export type SealedSecret = { readonly secretId: string; readonly sealed: Uint8Array };

const SECRET_BYTES = 32;
/** How Standard Webhooks marks a secret. */
const SECRET_PREFIX = 'whsec_';

/** A fresh secret as its owner is shown it: `whsec_` and base64 of 256 random bits. */
export function makeWebhookSecret(): string {
  return SECRET_PREFIX + randomBytes(SECRET_BYTES).toString('base64');
}

/** The bytes that sign. Throws when the seal does not open: damaged, another endpoint's, or another master key. */
export function openWebhookSecret(ref: EndpointRef, secret: SealedSecret, masterKey: KeyObject): Uint8Array {
  const text = openSeal(secret.sealed, sealName(ref, secret.secretId), masterKey).toString('latin1');
  return Buffer.from(text.slice(SECRET_PREFIX.length), 'base64');
}

/** Makes `secret` the one that is present. */
export async function insertWebhookSecret(
  client: pg.ClientBase,
  ref: EndpointRef,
  { secret, masterKey }: { readonly secret: string; readonly masterKey: KeyObject },
): Promise<void> {
  const secretId = randomUUID();
  await client.query(
    'INSERT INTO hpts.webhook_secret (tenant_id, endpoint_id, secret_id, sealed) VALUES ($1, $2, $3, $4)',
    [ref.tenantId, ref.endpointId, secretId, seal(Buffer.from(secret, 'latin1'), sealName(ref, secretId), masterKey)],
  );
}

/**
 * Sets the end of the present secret and forgets every one before it, so that never more than two sign. Answers that end,
 * RFC 3339 with six digits.
 */
export async function retireWebhookSecrets(
  client: pg.ClientBase,
  { tenantId, endpointId }: EndpointRef,
  overlapSeconds: number,
): Promise<string> {
  await client.query(
    'DELETE FROM hpts.webhook_secret WHERE tenant_id = $1 AND endpoint_id = $2 AND expires_at IS NOT NULL',
    [tenantId, endpointId],
  );
  const { rows } = await client.query<{ expires_at: string }>(
    `UPDATE hpts.webhook_secret SET expires_at = clock_timestamp() + make_interval(secs => $3)
     WHERE tenant_id = $1 AND endpoint_id = $2 AND expires_at IS NULL
     RETURNING to_char(expires_at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS expires_at`,
    [tenantId, endpointId, overlapSeconds],
  );
  const row = rows[0];
  if (row === undefined) throw new Error(`endpoint ${endpointId} has no present secret`);
  return row.expires_at;
}

/** The secrets that sign now, the newest first. */
export async function selectWebhookSecrets(client: pg.ClientBase, ref: EndpointRef): Promise<readonly SealedSecret[]> {
  const { rows } = await client.query<{ secret_id: string; sealed: Buffer }>(
    `SELECT secret_id, sealed FROM hpts.webhook_secret
     WHERE tenant_id = $1 AND endpoint_id = $2 AND (expires_at IS NULL OR expires_at > clock_timestamp())
     ORDER BY created_at DESC`,
    [ref.tenantId, ref.endpointId],
  );
  return rows.map((row) => ({ secretId: row.secret_id, sealed: row.sealed }));
}

function sealName({ tenantId, endpointId }: EndpointRef, secretId: string): string {
  return `webhook secret ${secretId} of endpoint ${endpointId} of tenant ${tenantId}`;
}
