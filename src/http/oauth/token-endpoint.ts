/** POST /oauth2/token: the client credentials grant (RFC 6749 section 4.4). */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { bodyParser } from '../body-parser.ts';
import { countHeader } from '../broken-request.ts';
import type { ClientCertificates } from '../client-certificate.ts';
import { issueToken, type TokenIssuerOptions } from './token-issuer.ts';
import { TOKEN_OPERATION } from './token-operation.ts';
import { readTokenRequest, type TokenError, type TokenErrorCode } from './token-request.ts';

export const TOKEN_PATH = TOKEN_OPERATION.path;

export type TokenEndpointOptions = TokenIssuerOptions & {
  readonly certificates: ClientCertificates;
  /** Hears why a token could not be issued although the request was in order. */
  readonly onProblem: (problem: unknown) => void;
};

const BODY_BYTES_MAX = 16_384;
/** Requests under way at once; each costs a query and a signature of about a millisecond. */
const REQUESTS_MAX = 64;
const RETRY_AFTER_SECONDS = '1';

const CHARSET = /;\s*charset="?([^";\s]*)/i;

const STATUS: Readonly<Record<TokenErrorCode, number>> = {
  invalid_request: 400,
  invalid_client: 401,
  invalid_scope: 400,
  unsupported_grant_type: 400,
  temporarily_unavailable: 503,
};

/** A fastify plugin with the token endpoint, whose errors are those of RFC 6749 section 5.2, not problem+json. */
export function tokenEndpoint(options: TokenEndpointOptions): (app: FastifyInstance) => Promise<void> {
  let underWay = 0;

  async function answer(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const reading = readWholeRequest(request);
    if (!reading.ok) return refuse(reply, reading.error);
    if (underWay >= REQUESTS_MAX) {
      return refuse(reply, { error: 'temporarily_unavailable', description: 'too many token requests at once' });
    }
    underWay++;
    try {
      const outcome = await issueToken(options, {
        ...reading.request,
        certificate: options.certificates.thumbprintOf(request.raw),
      });
      return outcome.ok ? reply.code(200).send(outcome.grant) : refuse(reply, outcome.error);
    } catch (problem) {
      options.onProblem(problem);
      return refuse(reply, { error: 'temporarily_unavailable', description: 'no token can be issued at present' });
    } finally {
      underWay--;
    }
  }

  return async (app) => {
    app.removeAllContentTypeParsers();
    app.addContentTypeParser(
      'application/x-www-form-urlencoded',
      bodyParser({ smallBytes: BODY_BYTES_MAX, budget: null }),
    );
    app.addHook('onRequest', async (request, reply) => {
      // RFC 6749 section 5.1: no answer of this endpoint may be kept anywhere.
      reply.header('cache-control', 'no-store').header('pragma', 'no-cache');
      if (request.method !== 'POST') {
        reply.code(405).header('allow', 'POST');
        return reply.send(errorBody({ error: 'invalid_request', description: 'the token endpoint takes POST only' }));
      }
    });
    app.setErrorHandler((error, _request, reply) => refuseTransport(reply, error, options.onProblem));
    app.route({
      method: ['POST', 'GET', 'HEAD', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'],
      url: TOKEN_PATH,
      exposeHeadRoute: false,
      handler: answer,
    });
  };
}

function readWholeRequest(request: FastifyRequest): ReturnType<typeof readTokenRequest> {
  // RFC 6749 section 2.3.1: credentials never stand in the URI, where they would end up in logs.
  if (request.url.includes('?')) return invalid('parameters stand in the body, not in the URI');
  if (!(request.body instanceof Uint8Array)) return invalid('the body must be application/x-www-form-urlencoded');
  // RFC 6749 appendix B: the form is UTF-8, and it says nothing of compression.
  const charset = CHARSET.exec(request.headers['content-type'] ?? '')?.[1] ?? 'utf-8';
  if (charset.toLowerCase() !== 'utf-8') return invalid('the charset of the form is UTF-8');
  if (request.headers['content-encoding'] !== undefined) return invalid('the body must be sent as it is');
  // Node keeps the first of two; a proxy in front may have looked at the second.
  for (const name of ['Authorization', 'Content-Type']) {
    if (countHeader(request.raw, name.toLowerCase()) > 1) return invalid(`the ${name} header is given twice`);
  }
  return readTokenRequest(request.body, request.headers.authorization);
}

function invalid(description: string): ReturnType<typeof readTokenRequest> {
  return { ok: false, error: { error: 'invalid_request', description } };
}

function refuse(reply: FastifyReply, error: TokenError): FastifyReply {
  if (error.error === 'invalid_client') reply.header('www-authenticate', 'Basic realm="hpts", charset="UTF-8"');
  if (error.error === 'temporarily_unavailable') reply.header('retry-after', RETRY_AFTER_SECONDS);
  return reply.code(STATUS[error.error]).send(errorBody(error));
}

/** What fastify refuses before the handler runs: a body too large, of another type, or cut off. */
function refuseTransport(reply: FastifyReply, error: unknown, onProblem: (problem: unknown) => void): FastifyReply {
  const status = error instanceof Error && 'statusCode' in error ? error.statusCode : undefined;
  if (status === 413) {
    return reply.code(413).send(errorBody({ error: 'invalid_request', description: 'the body is too large' }));
  }
  if (status === 415) {
    const description = 'the body must be application/x-www-form-urlencoded';
    return refuse(reply, { error: 'invalid_request', description });
  }
  if (typeof status === 'number' && status >= 400 && status < 500) {
    return refuse(reply, { error: 'invalid_request', description: 'the request cannot be read' });
  }
  onProblem(error);
  return refuse(reply, { error: 'temporarily_unavailable', description: 'no token can be issued at present' });
}

function errorBody(error: TokenError): { error: string; error_description: string } {
  return { error: error.error, error_description: error.description };
}
