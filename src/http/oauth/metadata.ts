/** What others need to know of the issuer: its metadata (RFC 8414) and its public keys (RFC 7517). */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { SCOPES } from '../../domain/scope.ts';
import { sendProblem } from '../problem.ts';
import type { AccessDirectory } from './access-directory.ts';
import { JWKS_OPERATION, METADATA_OPERATION } from './issuer-operations.ts';
import { TOKEN_PATH } from './token-endpoint.ts';

const METADATA_PATH = METADATA_OPERATION.path;
const JWKS_PATH = JWKS_OPERATION.path;

/** Whoever meets a kid that is not in the copy at hand reads the set again, so a minute is never in the way. */
const CACHE_CONTROL = 'public, max-age=60';

export type IssuerMetadataOptions = {
  /** The address under which this server is reached. */
  readonly issuer: string;
  /** The address under which partners reach it over mutual TLS; null when they do not. */
  readonly mtlsUrl: string | null;
  readonly directory: AccessDirectory;
};

/** A fastify plugin with both documents. */
export function issuerMetadata(options: IssuerMetadataOptions): (app: FastifyInstance) => Promise<void> {
  const { directory } = options;
  const metadata = JSON.stringify(describeIssuer(options));

  async function answerKeys(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const nowMs = performance.now();
    const state = directory.stateAt(nowMs) ?? (await directory.stateSince(nowMs));
    if (state === undefined) {
      return sendProblem(request, reply, { code: 'unavailable', detail: 'the keys cannot be read at present' });
    }
    const keySet = state.keys.publicKeySet(directory.databaseTimeMs(nowMs));
    return reply.header('cache-control', CACHE_CONTROL).type('application/jwk-set+json').send(JSON.stringify(keySet));
  }

  return async (app) => {
    for (const path of metadataPaths(options.issuer)) {
      addDocument(app, path, async (_request, reply) =>
        reply.header('cache-control', CACHE_CONTROL).type('application/json').send(metadata),
      );
    }
    addDocument(app, JWKS_PATH, answerKeys);
  };
}

/** RFC 8414 section 3.1: the path of an issuer stands behind the well-known one. The root has it too, behind a proxy. */
function metadataPaths(issuer: string): readonly string[] {
  const { pathname } = new URL(issuer);
  const path = pathname.replace(/\/+$/, '');
  return path === '' ? [METADATA_PATH] : [METADATA_PATH, `${METADATA_PATH}${path}`];
}

type Answer = (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply>;

function addDocument(app: FastifyInstance, url: string, handler: Answer): void {
  app.route({ method: ['GET', 'HEAD'], url, handler });
  app.route({
    method: ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'],
    url,
    // Before the body is read or parsed: whatever it is, the method is what is wrong.
    onRequest: async (request, reply) => {
      const detail = `${request.method} is not allowed here; allowed: GET, HEAD`;
      await sendProblem(request, reply, { code: 'method_not_allowed', detail, headers: { allow: 'GET, HEAD' } });
    },
    handler: async (_request, reply) => reply,
  });
}

function describeIssuer({ issuer, mtlsUrl }: IssuerMetadataOptions): Readonly<Record<string, unknown>> {
  const origin = issuer.replace(/\/+$/, '');
  const mtls = {
    // RFC 8705 sections 3.3 and 5.
    tls_client_certificate_bound_access_tokens: true,
    mtls_endpoint_aliases: { token_endpoint: `${mtlsUrl?.replace(/\/+$/, '')}${TOKEN_PATH}` },
  };
  return {
    issuer,
    token_endpoint: `${origin}${TOKEN_PATH}`,
    jwks_uri: `${origin}${JWKS_PATH}`,
    scopes_supported: SCOPES,
    // Required by RFC 8414 section 2; empty, as there is no authorization endpoint.
    response_types_supported: [],
    grant_types_supported: ['client_credentials'],
    token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
    ...(mtlsUrl === null ? {} : mtls),
  };
}
