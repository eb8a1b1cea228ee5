import type { Server as HttpServer } from 'node:http';
import type { ServerOptions as TlsOptions } from 'node:https';
import Fastify, {
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type onRequestHookHandler,
} from 'fastify';
import { LIMITS } from '../limits.ts';
import { failureOf } from '../postgres/posting/poster-connection.ts';
import { TooManyReads } from '../postgres/reading/reader-pool.ts';
import { StoreFailure } from '../posting/posting-store.ts';
import type { BodyBudget, BodyShare } from './body-budget.ts';
import { bodyParser } from './body-parser.ts';
import { answerBrokenBytes, brokenRequest } from './broken-request.ts';
import type { ClientCertificates } from './client-certificate.ts';
import { Connections } from './connections.ts';
import { refuseUnanswerable, requireScope } from './gate.ts';
import type { TokenVerifier } from './oauth/access-token.ts';
import type { Operation } from './operation.ts';
import { type Problem, ProblemError, sendProblem } from './problem.ts';
import type { RequestWatch } from './request-watch.ts';
import { traceOf } from './trace.ts';

declare module 'fastify' {
  interface FastifyInstance {
    connections: Connections;
  }
}

export type HttpServerOptions = {
  readonly operations: readonly Operation[];
  /** The token endpoint and the issuer's documents. */
  readonly plugins: readonly ((app: FastifyInstance) => Promise<void>)[];
  readonly verifier: TokenVerifier;
  readonly certificates: ClientCertificates;
  /** One for the process, whatever listens in it. */
  readonly bodies: BodyBudget;
  /** Serves TLS with these in place of plain HTTP. */
  readonly tls?: TlsOptions;
  /** A demo instance answers only to loopback host names, so that a web page cannot reach it by a name of its own. */
  readonly loopbackHostsOnly: boolean;
  readonly watch: RequestWatch;
  /** Told of what a caller only sees as 500 or 503. */
  readonly onFailure: (error: unknown, traceId?: string) => void;
};

const NODE_OPTIONS = {
  // A request without one is answered by us, with a problem.
  requireHostHeader: false,
  connectionsCheckingInterval: LIMITS.slowRequestCheckMs,
  maxHeaderSize: LIMITS.headerBytes,
};
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;
/** More than Node's limit on headers lets through: a long id is a missing thing, and no error of its own. */
const PATH_PART_CHARS = 20_000;
const FULL_ADDRESS = /^https?:\/\/([^/?]+)(?=\/)/i;
const LOOPBACK_HOST = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?$/i;

/** Assembles the HTTP server: gates before handlers, problem+json for everything that goes wrong. */
export async function createHttpServer(options: HttpServerOptions): Promise<FastifyInstance> {
  const connections = new Connections();
  const app: FastifyInstance = Fastify<HttpServer>({
    // An https.Server has all of an http.Server that is used here; the type of the one spares every file the other's.
    ...(options.tls === undefined
      ? { http: NODE_OPTIONS }
      : ({ https: { ...NODE_OPTIONS, ...options.tls } } as object)),
    logger: false,
    bodyLimit: LIMITS.eventBodyBytes,
    requestTimeout: LIMITS.requestTimeoutMs,
    keepAliveTimeout: LIMITS.keepAliveTimeoutMs,
    forceCloseConnections: 'idle',
    exposeHeadRoutes: false,
    return503OnClosing: false,
    routerOptions: { ignoreTrailingSlash: false, maxParamLength: PATH_PART_CHARS },
    // A path that cannot be decoded, or with a part too long to be an id, names nothing.
    frameworkErrors: (_error, request, reply) => answerNowhere(options, request, reply),
    // RFC 9112 section 3.2.2: the address may be given in full.
    rewriteUrl: ({ url = '' }) => (url.startsWith('/') ? url : url.replace(FULL_ADDRESS, '')),
    clientErrorHandler: (error, socket) => answerBrokenBytes(error, socket, { watch: options.watch, connections }),
  });
  app.server.headersTimeout = LIMITS.headersTimeoutMs;
  // RFC 9110 section 10.1.1 leaves it to the server; Node would answer 417 without a body.
  app.server.on('checkExpectation', (request, response) => app.server.emit('request', request, response));
  connections.follow(app.server, options.tls !== undefined);
  app.decorate('connections', connections);
  app.decorate('watch', options.watch);
  app.decorateRequest('principal', null);
  app.decorateRequest('arrivedMs', 0);
  app.decorateRequest('bodyShare', null);
  app.addHook('onRequest', receive(options, connections));
  // A body that was not read to its end: fastify lets its answer close the connection.
  app.addHook('onError', (request, reply, _error, done) => {
    if (reply.getHeader('connection') === 'close') connections.closesBehind(request, reply);
    done();
  });
  const scoped = new Set(options.operations.filter(({ scope }) => scope !== null).map(({ path }) => path));
  app.addHook('onRoute', (route) => options.watch.watchRoute(route, (path) => scoped.has(path)));
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    'application/json',
    bodyParser({ smallBytes: LIMITS.eventBodyBytes, budget: options.bodies }),
  );
  app.setErrorHandler((error, request, reply) => answerError(options, { error, request, reply }));
  app.setNotFoundHandler((request, reply) => answerNowhere(options, request, reply));
  if (options.loopbackHostsOnly) app.addHook('onRequest', refuseForeignHosts);
  for (const plugin of options.plugins) await app.register(plugin);
  for (const operation of options.operations) addOperation(app, operation, options);
  refuseOtherMethods(app, options.operations);
  await app.ready();
  return app;
}

function addOperation(app: FastifyInstance, operation: Operation, gates: HttpServerOptions): void {
  const { method, path, scope, bodyBytesMax } = operation;
  app.route({
    // RFC 9110 section 9.3.2: whatever may be read may be asked for its headers only.
    method: method === 'GET' ? ['GET', 'HEAD'] : method,
    url: path,
    ...(bodyBytesMax === undefined ? {} : { bodyLimit: bodyBytesMax }),
    ...(scope === null ? openTo(path) : { onRequest: requireScope(gates.verifier, gates.certificates, scope) }),
    handler: (request, reply) =>
      request.bodyShare === null
        ? handle(request, reply)
        : giveBackAfter(request.bodyShare, async () => handle(request, reply)),
  });

  function handle(request: FastifyRequest, reply: FastifyReply): ReturnType<Operation['handle']> {
    if (method === 'POST') refuseEncodedBody(request);
    return operation.handle(request, reply);
  }
}

/** A large body counts until it is answered, and not only until its sender goes away: another thread may still hold it. */
async function giveBackAfter(share: BodyShare, handle: () => Promise<unknown>): Promise<void> {
  try {
    await handle();
  } finally {
    share.release();
  }
}

/** What is open to everybody and answers JSON. */
function openTo(path: string): { onRequest?: (request: FastifyRequest) => Promise<void> } {
  return path.startsWith('/v1/') ? { onRequest: async (request) => refuseUnanswerable(request) } : {};
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
    const allowed = allowedMethods(here);
    const others = METHODS.filter((method) => !allowed.includes(method));
    app.route({
      method: others,
      url: path,
      // Before the body is read or parsed: whatever it is, the method is what is wrong.
      onRequest: async (request, reply) => {
        await sendProblem(request, reply, notAllowed(request, allowed));
      },
      handler: async (_request, reply) => reply,
    });
  }
}

async function refuseForeignHosts(request: FastifyRequest, reply: FastifyReply): Promise<void> {
  // RFC 9112 section 3.2.2: an address that is given in full says which host is meant, whatever Host says.
  const [, named = request.headers.host] = FULL_ADDRESS.exec(request.originalUrl) ?? [];
  if (named !== undefined && LOOPBACK_HOST.test(named)) return;
  await sendProblem(request, reply, {
    code: 'not_found',
    detail: 'this demo instance answers only to loopback host names such as 127.0.0.1 and localhost',
  });
}

/**
 * Before everything else: whether it is taken at all, and the request's time begins; a message that is none is refused
 * wherever it goes, and one that goes nowhere before its body is looked at.
 */
function receive(options: HttpServerOptions, connections: Connections): onRequestHookHandler {
  return (request, reply, done) => {
    // Neither done nor answered: it goes with its connection.
    if (!connections.accepts(request, reply)) return;
    request.arrivedMs = performance.now();
    const problem = brokenRequest(request.raw);
    if (problem !== undefined) sendProblem(request, reply, problem);
    else if (request.is404) answerNowhere(options, request, reply);
    else done();
  };
}

/** 404, or 405 where another method than those of METHODS came to an address that there is. */
function answerNowhere(options: HttpServerOptions, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const isRouted = METHODS.some((method) => method === request.method);
  const allowed = isRouted ? [] : allowedAt(options.operations, request.url);
  if (allowed.length === 0) sendProblem(request, reply, nothingHere(request));
  else sendProblem(request, reply, notAllowed(request, allowed));
  options.watch.answeredNowhere(request, reply);
  return reply;
}

function allowedAt(operations: readonly Operation[], url: string): readonly string[] {
  const [path = ''] = url.split('?', 1);
  const here = operations.filter((one) =>
    new RegExp(`^${one.path.replaceAll('.', '\\.').replaceAll(/:\w+/g, '[^/]+')}$`).test(path),
  );
  return allowedMethods(here);
}

function allowedMethods(operations: readonly Operation[]): readonly string[] {
  return operations.flatMap(({ method }): string[] => (method === 'GET' ? ['GET', 'HEAD'] : [method])).sort();
}

function notAllowed(request: FastifyRequest, allowed: readonly string[]): Problem {
  const detail = `${request.method} is not allowed here; allowed: ${allowed.join(', ')}`;
  return { code: 'method_not_allowed', detail, headers: { allow: allowed.join(', ') } };
}

function nothingHere(request: FastifyRequest): Problem {
  const [path] = request.url.split('?', 1);
  return { code: 'not_found', detail: `there is nothing at ${(path ?? '').slice(0, 200)}` };
}

/** Answers every request that has no answer yet, because the server ends. */
export function answerUnfinished(connections: Connections): void {
  for (const { request, reply } of connections.unanswered()) {
    sendProblem(request, reply, request.raw.complete ? ENDED_BEFORE : ENDED_BEFORE_BODY);
  }
}

const ENDED_BEFORE: Problem = {
  code: 'unavailable',
  detail: 'the server ended before its answer; whether a request took effect is not known: retry with the same key',
};

const ENDED_BEFORE_BODY: Problem = {
  code: 'too_busy',
  detail: 'the server ended before the body was sent whole; nothing was posted',
};

type Failed = { readonly error: unknown; readonly request: FastifyRequest; readonly reply: FastifyReply };

function answerError(options: HttpServerOptions, { error, request, reply }: Failed): FastifyReply {
  return sendProblem(request, reply, problemOfError(options, error, request));
}

function problemOfError(options: HttpServerOptions, error: unknown, request: FastifyRequest): Problem {
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
  options.onFailure(error, traceOf(request).traceId);
  const failure = failureOf(error);
  if (failure instanceof StoreFailure && failure.kind === 'timeout') {
    return { code: 'too_busy', detail: 'the answer waited too long for postings that were about to commit; ask again' };
  }
  if (failure instanceof StoreFailure)
    return { code: 'unavailable', detail: 'the database does not answer; nothing was changed' };
  return { code: 'internal_error', detail: 'the server met a fault of its own; it was logged under trace_id' };
}
