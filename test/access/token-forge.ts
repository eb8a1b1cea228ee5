import { type KeyObject, randomUUID, sign } from 'node:crypto';
import { readMasterKey } from '../../src/postgres/access/master-key.ts';
import { openSigningKey, type SigningKey } from '../../src/postgres/access/sealed-key.ts';
import type { LedgerServer } from '../http/ledger-server.ts';

/** Members of a token's header or claims. */
export type Members = Record<string, unknown>;

/** What good tokens of one issuer are made of. Each claim may be changed before it is signed, which is an attack. */
export type TokenForge = {
  readonly issuer: string;
  readonly audience: string;
  readonly tenantId: string;
  readonly clientId: string;
  /** What the client may hold at most. */
  readonly scope: string;
  readonly kid: string;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
};

/** The forge of a ledger's own issuer: with its signing key, which only who has its master key can open. */
export async function ownForge(ledger: LedgerServer): Promise<TokenForge> {
  const key = await newestSigningKey(ledger);
  const { kid, privateKey, publicKey } = key;
  return {
    issuer: ledger.url,
    audience: `${ledger.url}/v1`,
    tenantId: ledger.api.tenantId,
    clientId: ledger.api.clientId,
    scope: 'hpts:balances:read hpts:payments:write',
    kid,
    privateKey,
    publicKey,
  };
}

/** The key that signs now. */
async function newestSigningKey(ledger: LedgerServer): Promise<SigningKey> {
  const [row] = await ledger.sql<{ kid: string; private_key_sealed: Buffer }>(
    'SELECT kid, private_key_sealed FROM hpts.signing_key WHERE retired_at IS NULL ORDER BY activated_at DESC LIMIT 1',
  );
  if (row === undefined) throw new Error('the ledger has no key');
  return openSigningKey({ kid: row.kid, sealed: row.private_key_sealed }, await readMasterKey(ledger.masterKeyFile));
}

export function now(): number {
  return Math.floor(Date.now() / 1_000);
}

export function goodHeader(forge: TokenForge): Members {
  return { alg: 'RS256', typ: 'at+jwt', kid: forge.kid };
}

export function goodClaims(forge: TokenForge): Members {
  return {
    iss: forge.issuer,
    aud: forge.audience,
    sub: forge.clientId,
    client_id: forge.clientId,
    tenant_id: forge.tenantId,
    scope: forge.scope,
    iat: now(),
    nbf: now(),
    exp: now() + 600,
    jti: randomUUID(),
  };
}

export function encode(text: string | Buffer): string {
  return Buffer.from(text).toString('base64url');
}

/** Signs two texts as they stand, whatever they hold, by RS256. */
export function signTexts(header: string, claims: string, privateKey: KeyObject): string {
  const input = `${encode(header)}.${encode(claims)}`;
  return `${input}.${encode(sign('sha256', Buffer.from(input), privateKey))}`;
}

/** A good token with what is changed. */
export function forgeToken(
  forge: TokenForge,
  changes: { readonly header?: Members; readonly claims?: Members; readonly without?: string } = {},
): string {
  const claims = { ...goodClaims(forge), ...changes.claims };
  if (changes.without !== undefined) delete claims[changes.without];
  return signTexts(
    JSON.stringify({ ...goodHeader(forge), ...changes.header }),
    JSON.stringify(claims),
    forge.privateKey,
  );
}
