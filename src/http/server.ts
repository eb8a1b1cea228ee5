import type { Server as HttpServer } from 'node:http';
import type { ServerOptions as TlsOptions } from 'node:https';
import type { Socket } from 'node:net';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { LIMITS } from '../limits.ts';
import { failureOf } from '../postgres/posting/poster-connection.ts';
import { TooManyReads } from '../postgres/reading/reader-pool.ts';
import { StoreFailure } from '../posting/posting-store.ts';
import type { ClientCertificates } from './client-certificate.ts';
import { requireScope } from './gate.ts';
import type { TokenVerifier } from './oauth/access-token.ts';
import type { Operation } from './operation.ts';
import { type Problem, ProblemError, sendProblem } from './problem.ts';
import { PROBLEMS } from './problem-table.ts';

export type HttpServerOptions = {
  readonly operations: readonly Operation[];
  /** The token endpoint and the issuer's documents. */
  readonly plugins: readonly ((app: FastifyInstance) => Promise<void>)[];
  readonly verifier: TokenVerifier;
  readonly certificates: ClientCertificates;
  /** Serves TLS with these in place of plain HTTP. */
  readonly tls?: TlsOptions;
  /** A demo instance answers only to loopback host names, so that a web page cannot reach it by a name of its own. */
  readonly loopbackHostsOnly: boolean;
  /** Told of what a caller only sees as 500 or 503. */
  readonly onFailure: (error: unknown, traceId: string | null) => void;
};

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;
/** More than Node's limit on headers lets through: a long id is a missing thing, and no error of its own. */
const PATH_PART_CHARS = 20_000;
const LOOPBACK_HOST = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?$/i;

/** Assembles the HTTP server: gates before handlers, problem+json for everything that goes wrong. */
export async function createHttpServer(options: HttpServerOptions): Promise<FastifyInstance> {
  const app: FastifyInstance = Fastify<HttpServer>({
    // An https.Server has all of an http.Server that is used here; the type of the one spares every file the other's.
    ...(options.tls === undefined ? {} : ({ https: options.tls } as object)),
    logger: false,
    bodyLimit: LIMITS.eventBodyBytes,
    requestTimeout: LIMITS.requestTimeoutMs,
    keepAliveTimeout: LIMITS.keepAliveTimeoutMs,
    forceCloseConnections: 'idle',
    exposeHeadRoutes: false,
    return503OnClosing: false,
    routerOptions: { ignoreTrailingSlash: false, maxParamLength: PATH_PART_CHARS },
    // A path that cannot be decoded, or with a part too long to be an id, names nothing.
    frameworkErrors: (_error, request, reply) => sendProblem(request, reply, nothingHere(request)),
    clientErrorHandler: answerBrokenRequest,
  });
  app.server.headersTimeout = LIMITS.headersTimeoutMs;
  app.decorateRequest('principal', null);
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  app.setErrorHandler((error, request, reply) => answerError(options, { error, request, reply }));
  app.setNotFoundHandler((request, reply) => sendProblem(request, reply, nothingHere(request)));
  if (options.loopbackHostsOnly) app.addHook('onRequest', refuseForeignHosts);
  for (const plugin of options.plugins) await app.register(plugin);
  for (const operation of options.operations) addOperation(app, operation, options);
  refuseOtherMethods(app, options.operations);
  await app.ready();
  return app;
}

/**
 * Bytes that are no HTTP request, or headers beyond Node's limit: there is no request to answer, only a socket. RFC 9112
 * section 9.6: the answer says that the connection closes.
 */
function answerBrokenRequest(error: NodeJS.ErrnoException, socket: Socket): void {
  // What went wrong below HTTP, such as a TLS handshake that was not finished, leaves nobody who could read an answer.
  if (!/^(?:HPE_|ERR_HTTP_)/.test(error.code ?? '') || !socket.writable) {
    socket.destroy();
    return;
  }
  const detail = 'the bytes that came are not an HTTP/1.1 request that this server accepts';
  const body = JSON.stringify({
    type: '/docs/errors/malformed_request',
    title: PROBLEMS.malformed_request.title,
    status: 400,
    detail,
    code: 'malformed_request',
  });
  const head = `HTTP/1.1 400 Bad Request\r\nContent-Type: application/problem+json\r\nCache-Control: no-store\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n`;
  socket.end(head + body);
}

function addOperation(app: FastifyInstance, operation: Operation, gates: HttpServerOptions): void {
  const { method, path, scope, bodyBytesMax } = operation;
  app.route({
    // RFC 9110 section 9.3.2: whatever may be read may be asked for its headers only.
    method: method === 'GET' ? ['GET', 'HEAD'] : method,
    url: path,
    ...(bodyBytesMax === undefined ? {} : { bodyLimit: bodyBytesMax }),
    ...(scope === null ? {} : { onRequest: requireScope(gates.verifier, gates.certificates, scope) }),
    handler: (request, reply) => {
      if (method === 'POST') refuseEncodedBody(request);
      return operation.handle(request, reply);
    },
  });
}

/** A body is JSON as it stands: neither without a type nor compressed, which would be read as broken JSON. */
function refuseEncodedBody(request: FastifyRequest): void {
  const encoding = request.headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') {
    throw new ProblemError({
      code: 'unsupported_media_type',
      detail: 'the body must be sent without Content-Encoding',
    });
  }
  if (request.body === undefined && request.headers['content-type'] === undefined)
    throw new ProblemError(WRONG_MEDIA_TYPE);
}

const WRONG_MEDIA_TYPE: Problem = {
  code: 'unsupported_media_type',
  detail: 'the body must be sent as Content-Type: application/json',
};

function refuseOtherMethods(app: FastifyInstance, operations: readonly Operation[]): void {
  const byPath = Map.groupBy(operations, (operation) => operation.path);
  for (const [path, here] of byPath) {
    const allowed = here.flatMap(({ method }): string[] => (method === 'GET' ? ['GET', 'HEAD'] : [method]));
    const others = METHODS.filter((method) => !allowed.includes(method));
    app.route({
      method: others,
      url: path,
      // Before the body is read or parsed: whatever it is, the method is what is wrong.
      onRequest: async (request, reply) => {
        const detail = `${request.method} is not allowed here; allowed: ${allowed.join(', ')}`;
        await sendProblem(request, reply, {
          code: 'method_not_allowed',
          detail,
          headers: { allow: allowed.join(', ') },
        });
      },
      handler: async (_request, reply) => reply,
    });
  }
}

async function refuseForeignHosts(request: FastifyRequest, reply: FastifyReply): Promise<void> {
  const host = request.headers.host;
  if (host !== undefined && LOOPBACK_HOST.test(host)) return;
  await sendProblem(request, reply, {
    code: 'not_found',
    detail: 'this demo instance answers only to loopback host names such as 127.0.0.1 and localhost',
  });
}

function nothingHere(request: FastifyRequest): Problem {
  const [path] = request.url.split('?', 1);
  return { code: 'not_found', detail: `there is nothing at ${(path ?? '').slice(0, 200)}` };
}

type Failed = { readonly error: unknown; readonly request: FastifyRequest; readonly reply: FastifyReply };

function answerError(options: HttpServerOptions, { error, request, reply }: Failed): FastifyReply {
  return sendProblem(request, reply, problemOfError(options, error));
}

function problemOfError(options: HttpServerOptions, error: unknown): Problem {
  if (error instanceof ProblemError) return error.problem;
  if (error instanceof TooManyReads)
    return { code: 'too_busy', detail: 'too many reads are waiting; nothing was changed' };
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE')
    return { code: 'payload_too_large', detail: 'the body is larger than this operation takes' };
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') return WRONG_MEDIA_TYPE;
  if (typeof code === 'string' && code.startsWith('FST_ERR_CTP')) {
    return { code: 'malformed_json', detail: 'the body is empty or was not sent whole' };
  }
  // The client went away in the middle of its body; there is nobody to answer and nothing to mend.
  if (code === 'ECONNRESET' || code === 'ECONNABORTED')
    return { code: 'malformed_json', detail: 'the body was not sent whole' };
  options.onFailure(error, null);
  const failure = failureOf(error);
  if (failure instanceof StoreFailure && failure.kind === 'timeout') {
    return { code: 'too_busy', detail: 'the answer waited too long for postings that were about to commit; ask again' };
  }
  if (failure instanceof StoreFailure)
    return { code: 'unavailable', detail: 'the database does not answer; nothing was changed' };
  return { code: 'internal_error', detail: 'the server met a fault of its own; it was logged under trace_id' };
}
