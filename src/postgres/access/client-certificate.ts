import type pg from 'pg';
import { LIMITS } from '../../limits.ts';
import type { DatabaseAddress } from '../connection.ts';
import { AdministrationRefused, type AdministrativeAct, administer } from './administration.ts';
import type { CertificateIdentity } from './certificate.ts';
import { lockActiveClient, noSuchClient } from './client-lock.ts';

/** A client with one of its certificates. */
type CertificateWish = { readonly clientId: string; readonly certificate: CertificateIdentity };

/**
 * Registers a further certificate. From then on the client is only served over mutual TLS with one of its certificates,
 * and its tokens are bound to that one. Throws AdministrationRefused for an unknown or revoked client, an expired
 * certificate, one that it has, and beyond LIMITS.clientCertificates.
 */
export async function addClientCertificate(
  address: DatabaseAddress,
  wish: CertificateWish,
  by: { readonly actor: string },
): Promise<void> {
  return administer(address, async (owner) => {
    const tenantId = await lockActiveClient(owner, wish.clientId);
    if (tenantId === undefined) throw noSuchClient(wish.clientId);
    return { outcome: undefined, acts: [await registerCertificate(owner, { ...wish, tenantId, actor: by.actor })] };
  });
}

/**
 * Removes a certificate by its thumbprint: tokens bound to it are refused by every server within 10 s. The client is not
 * let in without a certificate when it was the last. Throws AdministrationRefused for an unknown client or certificate.
 */
export async function removeClientCertificate(
  address: DatabaseAddress,
  wish: { readonly clientId: string; readonly thumbprint: string },
  by: { readonly actor: string },
): Promise<{ readonly certificatesLeft: number }> {
  return administer(address, async (owner) => {
    const { clientId, thumbprint } = wish;
    const tenantId = await lockActiveClient(owner, clientId);
    if (tenantId === undefined) throw noSuchClient(clientId);
    if (!(await deleteCertificate(owner, wish))) {
      throw new AdministrationRefused(`${clientId} has no certificate ${JSON.stringify(thumbprint)}`);
    }
    const certificatesLeft = await countCertificates(owner, clientId);
    const detail = { thumbprint, certificates_left: certificatesLeft };
    return {
      outcome: { certificatesLeft },
      acts: [{ actor: by.actor, action: 'client.certificate.remove', tenantId, subject: clientId, detail }],
    };
  });
}

/** The same as addClientCertificate inside a transaction that is already open and holds the client's row. */
export async function registerCertificate(
  owner: pg.ClientBase,
  wish: CertificateWish & { readonly tenantId: string | null; readonly actor: string },
): Promise<AdministrativeAct> {
  const { clientId, certificate, tenantId, actor } = wish;
  const { thumbprint, validToMs } = certificate;
  const expiresAt = new Date(validToMs).toISOString();
  if ((await countCertificates(owner, clientId)) >= LIMITS.clientCertificates) {
    throw new AdministrationRefused(
      `${clientId} has ${LIMITS.clientCertificates} certificates: remove one before another is added`,
    );
  }
  await markCertificateRequired(owner, clientId);
  const outcome = await insertCertificate(owner, { clientId, certificate, expiresAt });
  if (outcome === 'expired') throw new AdministrationRefused(`the certificate expired at ${expiresAt}`);
  if (outcome === 'known') throw new AdministrationRefused(`${clientId} has this certificate already`);
  const detail = { thumbprint, expires_at: expiresAt };
  return { actor, action: 'client.certificate.add', tenantId, subject: clientId, detail };
}

/** The clock that decides what is expired is the database's. */
async function insertCertificate(
  owner: pg.ClientBase,
  row: CertificateWish & { readonly expiresAt: string },
): Promise<'added' | 'known' | 'expired'> {
  const { rowCount } = await owner.query(
    `INSERT INTO hpts.client_certificate (client_id, thumbprint, certificate, expires_at)
     SELECT $1, sha256($2::bytea), $2::bytea, $3::timestamptz WHERE $3::timestamptz > clock_timestamp() ON CONFLICT DO NOTHING`,
    [row.clientId, Buffer.from(row.certificate.der), row.expiresAt],
  );
  if (rowCount !== 0) return 'added';
  const { rowCount: known } = await owner.query(
    'SELECT FROM hpts.client_certificate WHERE client_id = $1 AND thumbprint = sha256($2::bytea)',
    [row.clientId, Buffer.from(row.certificate.der)],
  );
  return known === 0 ? 'expired' : 'known';
}

async function markCertificateRequired(owner: pg.ClientBase, clientId: string): Promise<void> {
  await owner.query('UPDATE hpts.client SET certificate_required = true WHERE client_id = $1', [clientId]);
}

async function deleteCertificate(
  owner: pg.ClientBase,
  wish: { readonly clientId: string; readonly thumbprint: string },
): Promise<boolean> {
  const { rowCount } = await owner.query(
    'DELETE FROM hpts.client_certificate WHERE client_id = $1 AND thumbprint = $2',
    [wish.clientId, Buffer.from(wish.thumbprint, 'base64url')],
  );
  return rowCount !== 0;
}

async function countCertificates(owner: pg.ClientBase, clientId: string): Promise<number> {
  const { rows } = await owner.query<{ certificates: number }>(
    'SELECT count(*)::integer AS certificates FROM hpts.client_certificate WHERE client_id = $1',
    [clientId],
  );
  return rows[0]?.certificates ?? 0;
}
