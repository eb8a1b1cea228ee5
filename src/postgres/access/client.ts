import { randomBytes } from 'node:crypto';
import type pg from 'pg';
import { parseUuid } from '../../domain/identifier.ts';
import { SCOPES, type Scope } from '../../domain/scope.ts';
import type { DatabaseAddress } from '../connection.ts';
import { AdministrationRefused, type AdministrativeAct, administer } from './administration.ts';
import type { CertificateIdentity } from './certificate.ts';
import { registerCertificate } from './client-certificate.ts';
import { lockActiveClient, noSuchClient } from './client-lock.ts';
import { hashClientSecret, makeClientSecret } from './client-secret.ts';
import { refuseUnprintableName } from './tenant.ts';

/** What a client is made of. `scopes` are what its tokens may hold at most. */
export type NewClient = { readonly tenantId: string; readonly name: string | null; readonly scopes: readonly Scope[] };

/** What the operator hands over, this once: the secret is nowhere else. */
export type ClientCredentials = { readonly clientId: string; readonly clientSecret: string };

const CLIENT_ID_BYTES = 16;

/**
 * Makes a client with a random id and secret; one with a certificate is only served over mutual TLS with it. Throws
 * AdministrationRefused for an unknown tenant, no scope, a bad name, a certificate that has expired.
 */
export async function createClient(
  address: DatabaseAddress,
  client: NewClient & { readonly certificate?: CertificateIdentity | undefined },
  by: { readonly actor: string },
): Promise<ClientCredentials> {
  const credentials = {
    clientId: `client_${randomBytes(CLIENT_ID_BYTES).toString('base64url')}`,
    clientSecret: makeClientSecret(),
  };
  const { clientId } = credentials;
  const { certificate } = client;
  return administer(address, async (owner) => {
    const created = await addClient(owner, { credentials, client, actor: by.actor });
    if (certificate === undefined) return { outcome: credentials, acts: [created] };
    const { tenantId, actor } = created;
    const registered = await registerCertificate(owner, { clientId, certificate, tenantId, actor });
    return { outcome: credentials, acts: [created, registered] };
  });
}

/** The same inside a transaction that is already open, with credentials the caller chose. */
export async function addClient(
  owner: pg.ClientBase,
  wish: { readonly credentials: ClientCredentials; readonly client: NewClient; readonly actor: string },
): Promise<AdministrativeAct> {
  const { credentials, client, actor } = wish;
  if (client.name !== null) refuseUnprintableName(client.name);
  if (client.scopes.length === 0) {
    throw new AdministrationRefused(`a client needs at least one scope, of ${SCOPES.join(' ')}`);
  }
  const tenantId = parseUuid(client.tenantId);
  if (tenantId === undefined || !(await tenantExists(owner, tenantId))) {
    throw new AdministrationRefused(`there is no tenant ${JSON.stringify(client.tenantId)}`);
  }
  await insertClient(owner, credentials.clientId, { ...client, tenantId });
  await insertClientSecret(owner, credentials);
  const detail = { name: client.name, scopes: client.scopes };
  return { actor, action: 'client.create', tenantId, subject: credentials.clientId, detail };
}

/**
 * Gives a client a further secret; those it has stay valid for `overlapSeconds` more (0: not at all) and no longer than
 * they had. Tokens already issued live on to their end. Throws AdministrationRefused for an unknown or revoked client.
 */
export async function rotateClientSecret(
  address: DatabaseAddress,
  wish: { readonly clientId: string; readonly overlapSeconds: number },
  by: { readonly actor: string },
): Promise<ClientCredentials> {
  const credentials = { clientId: wish.clientId, clientSecret: makeClientSecret() };
  return administer(address, async (owner) => {
    const tenantId = await lockActiveClient(owner, wish.clientId);
    if (tenantId === undefined) throw noSuchClient(wish.clientId);
    await deleteExpiredSecrets(owner, wish.clientId);
    await limitClientSecrets(owner, wish);
    await insertClientSecret(owner, credentials);
    const act = { actor: by.actor, action: 'client.rotate', tenantId, subject: wish.clientId } as const;
    return { outcome: credentials, acts: [{ ...act, detail: { overlap_seconds: wish.overlapSeconds } }] };
  });
}

/**
 * Ends a client: its secrets and its tokens are refused by every server within 10 s. It cannot be undone; a successor is
 * a new client. Throws AdministrationRefused for an unknown client or one that was revoked before.
 */
export async function revokeClient(
  address: DatabaseAddress,
  wish: { readonly clientId: string },
  by: { readonly actor: string },
): Promise<void> {
  return administer(address, async (owner) => {
    const tenantId = await lockActiveClient(owner, wish.clientId);
    if (tenantId === undefined) throw noSuchClient(wish.clientId);
    await markClientRevoked(owner, wish.clientId);
    const act = { actor: by.actor, action: 'client.revoke', tenantId, subject: wish.clientId, detail: {} } as const;
    return { outcome: undefined, acts: [act] };
  });
}

async function tenantExists(owner: pg.ClientBase, tenantId: string): Promise<boolean> {
  const { rowCount } = await owner.query('SELECT FROM hpts.tenant WHERE tenant_id = $1', [tenantId]);
  return rowCount !== 0;
}

async function insertClient(owner: pg.ClientBase, clientId: string, client: NewClient): Promise<void> {
  await owner.query('INSERT INTO hpts.client (client_id, tenant_id, name, scopes) VALUES ($1, $2, $3, $4)', [
    clientId,
    client.tenantId,
    client.name,
    client.scopes,
  ]);
}

async function insertClientSecret(owner: pg.ClientBase, credentials: ClientCredentials): Promise<void> {
  await owner.query('INSERT INTO hpts.client_secret (client_id, secret_hash) VALUES ($1, $2)', [
    credentials.clientId,
    hashClientSecret(credentials.clientSecret),
  ]);
}

async function deleteExpiredSecrets(owner: pg.ClientBase, clientId: string): Promise<void> {
  await owner.query('DELETE FROM hpts.client_secret WHERE client_id = $1 AND expires_at <= clock_timestamp()', [
    clientId,
  ]);
}

async function limitClientSecrets(
  owner: pg.ClientBase,
  limit: { readonly clientId: string; readonly overlapSeconds: number },
): Promise<void> {
  // least() passes over NULL, which here means "for ever".
  await owner.query(
    `UPDATE hpts.client_secret SET expires_at = least(expires_at, clock_timestamp() + make_interval(secs => $2))
     WHERE client_id = $1`,
    [limit.clientId, limit.overlapSeconds],
  );
}

async function markClientRevoked(owner: pg.ClientBase, clientId: string): Promise<void> {
  await owner.query('UPDATE hpts.client SET revoked_at = clock_timestamp() WHERE client_id = $1', [clientId]);
}
