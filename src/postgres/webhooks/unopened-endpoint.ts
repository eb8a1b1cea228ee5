import type { KeyObject } from 'node:crypto';
import type pg from 'pg';
import { connect, type DatabaseAddress } from '../connection.ts';
import { type EndpointRef, openWebhookSecret } from './webhook-secret.ts';

/** An endpoint with a secret in force that does not open under a master key: nothing can be signed for it. */
export type UnopenedEndpoint = EndpointRef & { readonly status: 'active' | 'disabled' };

/** The endpoints of every tenant whose present secret does not open, those that are disabled included. */
export async function selectUnopenedEndpoints(
  address: DatabaseAddress,
  masterKey: KeyObject,
): Promise<readonly UnopenedEndpoint[]> {
  const client = await connect(address, {
    role: 'hpts_delivery',
    applicationName: 'hpts administration',
    statementTimeoutMs: 30_000,
  });
  try {
    const secrets = await selectPresentSecrets(client);
    return secrets.filter((secret) => !opens(secret, masterKey)).map(({ ref, status }) => ({ ...ref, status }));
  } finally {
    await client.end();
  }
}

type PresentSecret = {
  readonly ref: EndpointRef;
  readonly status: 'active' | 'disabled';
  readonly secretId: string;
  readonly sealed: Uint8Array;
};

type SecretRow = {
  tenant_id: string;
  endpoint_id: string;
  status: 'active' | 'disabled';
  secret_id: string;
  sealed: Buffer;
};

async function selectPresentSecrets(client: pg.ClientBase): Promise<readonly PresentSecret[]> {
  // Row security shows secrets of the tenants that are named alone, and endpoints of all.
  await client.query(
    `SELECT set_config('hpts.tenants', coalesce(string_agg(DISTINCT tenant_id::text, ','), ''), false)
     FROM hpts.webhook_endpoint`,
  );
  const { rows } = await client.query<SecretRow>(
    `SELECT tenant_id, endpoint_id, endpoint.status, secret.secret_id, secret.sealed
     FROM hpts.webhook_endpoint AS endpoint JOIN hpts.webhook_secret AS secret USING (tenant_id, endpoint_id)
     WHERE secret.expires_at IS NULL ORDER BY tenant_id, endpoint_id`,
  );
  return rows.map((row) => ({
    ref: { tenantId: row.tenant_id, endpointId: row.endpoint_id },
    status: row.status,
    secretId: row.secret_id,
    sealed: row.sealed,
  }));
}

function opens(secret: PresentSecret, masterKey: KeyObject): boolean {
  try {
    openWebhookSecret(secret.ref, secret, masterKey);
    return true;
  } catch {
    // Why it does not open makes no difference: damaged or of another master key, it has to be replaced.
    return false;
  }
}
