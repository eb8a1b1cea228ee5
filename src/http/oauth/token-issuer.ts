import { randomUUID } from 'node:crypto';
import { SignJWT } from 'jose';
import { readScopes, type Scope } from '../../domain/scope.ts';
import { type AccessReader, type ActiveClient, findClient } from '../../postgres/access/access-snapshot.ts';
import { matchesClientSecret } from '../../postgres/access/client-secret.ts';
import { SIGNING_ALGORITHM } from '../../postgres/access/sealed-key.ts';
import type { AccessDirectory } from './access-directory.ts';
import type { TokenError, TokenRequest } from './token-request.ts';

export type TokenIssuerOptions = {
  readonly db: AccessReader;
  readonly directory: AccessDirectory;
  readonly issuer: string;
  readonly audience: string;
  readonly tokenLifeSeconds: number;
};

/** The answer of RFC 6749 section 5.1, in the order the contract shows it. */
export type TokenGrant = {
  readonly access_token: string;
  readonly token_type: 'Bearer';
  readonly expires_in: number;
  readonly scope: string;
};

export type TokenOutcome =
  | { readonly ok: true; readonly grant: TokenGrant }
  | { readonly ok: false; readonly error: TokenError };

/** The form of every client id (migration 0003); nothing else reaches the database. */
const CLIENT_ID = /^[A-Za-z0-9_-]{1,64}$/;

/**
 * Authenticates the client against the database itself, so that one made a moment ago may come in and one revoked a
 * moment ago may not; then signs. `certificate`: thumbprint of the one that came along. Throws when the database does not answer.
 */
export async function issueToken(
  options: TokenIssuerOptions,
  request: TokenRequest & { readonly certificate?: string | undefined },
): Promise<TokenOutcome> {
  const beganMs = performance.now();
  const { clientId, clientSecret } = request;
  const client = CLIENT_ID.test(clientId) ? await findClient(options.db, clientId) : undefined;
  const authentic = matchesClientSecret(clientSecret, client?.secretHashes ?? []);
  if (client === undefined || !authentic) {
    return refuse({ error: 'invalid_client', description: 'the client is unknown or its secret is wrong' });
  }
  const binding = bindingOf(client, request.certificate);
  if (binding === undefined) {
    // RFC 8705 section 2: the certificate is part of how this client authenticates.
    return refuse({
      error: 'invalid_client',
      description: 'the client needs mutual TLS with a certificate of its own',
    });
  }
  const scopes = grantedScopes(request.scope, client.scopes);
  if (scopes === undefined) {
    return refuse({ error: 'invalid_scope', description: 'a scope is unknown or not granted to this client' });
  }
  // Keys that changed since the last poll: one that was just retired must not sign any more.
  const known = options.directory.stateAt(beganMs);
  const state = known?.generation === client.generation ? known : await options.directory.stateSince(beganMs);
  const key = state?.keys.signer();
  if (key === undefined) return refuse({ error: 'temporarily_unavailable', description: 'no key can sign at present' });
  const scope = scopes.join(' ');
  const issuedAt = Math.floor(options.directory.databaseTimeMs(performance.now()) / 1_000);
  // RFC 9068 section 2.2; without a resource owner the client is the subject.
  const accessToken = await new SignJWT({
    iss: options.issuer,
    aud: options.audience,
    sub: clientId,
    client_id: clientId,
    tenant_id: client.tenantId,
    scope,
    iat: issuedAt,
    nbf: issuedAt,
    exp: issuedAt + options.tokenLifeSeconds,
    jti: randomUUID(),
    ...binding,
  })
    .setProtectedHeader({ alg: SIGNING_ALGORITHM, typ: 'at+jwt', kid: key.kid })
    .sign(key.privateKey);
  const grant = {
    access_token: accessToken,
    token_type: 'Bearer',
    expires_in: options.tokenLifeSeconds,
    scope,
  } as const;
  return { ok: true, grant };
}

/** The claim that binds a token to the certificate shown (RFC 8705 section 3.1); undefined when the client lacks one. */
function bindingOf(client: ActiveClient, shown: string | undefined): { cnf?: { 'x5t#S256': string } } | undefined {
  if (client.certificates === null) return {};
  return shown !== undefined && client.certificates.has(shown) ? { cnf: { 'x5t#S256': shown } } : undefined;
}

/** The scopes asked for, or all when none is; undefined when one is unknown or not granted (RFC 6749 section 3.3). */
function grantedScopes(asked: string | undefined, granted: ReadonlySet<Scope>): readonly Scope[] | undefined {
  if (asked === undefined) return [...granted];
  const { scopes, unknown } = readScopes(asked.split(' '));
  return unknown.length === 0 && scopes.every((scope) => granted.has(scope)) ? scopes : undefined;
}

function refuse(error: TokenError): TokenOutcome {
  return { ok: false, error };
}
