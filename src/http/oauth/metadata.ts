/** What others need to know of the issuer: its metadata (RFC 8414) and its public keys (RFC 7517). */
import type { FastifyInstance } from 'fastify';
import { SCOPES } from '../../domain/scope.ts';
import type { AccessDirectory } from './access-directory.ts';
import { TOKEN_PATH } from './token-endpoint.ts';

const METADATA_PATH = '/.well-known/oauth-authorization-server';
const JWKS_PATH = '/.well-known/jwks.json';

/** Whoever meets a kid that is not in the copy at hand reads the set again, so a minute is never in the way. */
const CACHE_CONTROL = 'public, max-age=60';

/** A fastify plugin with both documents. `issuer` is the origin under which this server is reached. */
export function issuerMetadata(options: {
  readonly issuer: string;
  readonly directory: AccessDirectory;
}): (app: FastifyInstance) => Promise<void> {
  const metadata = describeIssuer(options.issuer);
  return async (app) => {
    app.get(METADATA_PATH, async (_request, reply) => reply.header('cache-control', CACHE_CONTROL).send(metadata));
    app.get(JWKS_PATH, async (_request, reply) => {
      const nowMs = performance.now();
      const state = options.directory.stateAt(nowMs) ?? (await options.directory.stateSince(nowMs));
      if (state === undefined) return reply.code(503).header('retry-after', '1').send();
      const keySet = state.keys.publicKeySet(options.directory.databaseTimeMs(nowMs));
      return reply.header('cache-control', CACHE_CONTROL).type('application/jwk-set+json').send(JSON.stringify(keySet));
    });
  };
}

function describeIssuer(issuer: string): Readonly<Record<string, unknown>> {
  const origin = issuer.replace(/\/+$/, '');
  return {
    issuer,
    token_endpoint: `${origin}${TOKEN_PATH}`,
    jwks_uri: `${origin}${JWKS_PATH}`,
    scopes_supported: SCOPES,
    // Required by RFC 8414 section 2; empty, as there is no authorization endpoint.
    response_types_supported: [],
    grant_types_supported: ['client_credentials'],
    token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
  };
}
