import type { FastifyReply, FastifyRequest, RouteOptions } from 'fastify';
import type { Logger } from 'pino';
import { LIMITS } from '../limits.ts';
import { counter, type Family } from './metrics/exposition.ts';
import { durations, type Histogram } from './metrics/histogram.ts';
import type { ProblemCode } from './problem-table.ts';
import { newTrace, type Trace, traceOf } from './trace.ts';

declare module 'fastify' {
  interface FastifyInstance {
    watch: RequestWatch;
  }
  interface FastifyRequest {
    /** When its headers had arrived, by performance.now(); 0 for what was answered before it could be said. */
    arrivedMs: number;
  }
}

const STATUS_MIN = 100;
const STATUS_MAX = 599;

/** What was answered by one operation, whose label is its route's template: never what a caller made up. */
type OperationFigures = {
  readonly name: string;
  /** Answers by status, from STATUS_MIN on. */
  readonly statuses: Float64Array;
  readonly duration: Histogram;
};

export type RequestWatchOptions = {
  readonly log: Logger;
  /** A line for every request, and not only for those that were answered 5xx. */
  readonly accessLog: boolean;
  /** Whether requests are to be counted and timed. */
  readonly metrics: boolean;
};

/** What became of one request, as a line of the log has it. */
type RequestLine = {
  readonly operation: string;
  readonly status: number;
  readonly code: ProblemCode | undefined;
};

/**
 * Counts, times and logs requests. Where nobody asked for figures or an access log, operations with a scope have no hook of
 * it: an answer of 2xx costs nothing, and one of 5xx is logged on its way out.
 */
export class RequestWatch {
  readonly #log: Logger;
  readonly #accessLog: boolean;
  readonly #everyAnswer: boolean;
  readonly #operations = new Map<string, OperationFigures>();
  readonly #nowhere: OperationFigures;
  readonly #refusals = new Map<ProblemCode, number>();
  readonly #codes = new WeakMap<FastifyRequest, ProblemCode>();
  #unavailableSecond = 0;
  #unavailableLines = 0;
  #suppressedLines = 0;

  constructor({ log, accessLog, metrics }: RequestWatchOptions) {
    this.#log = log;
    this.#accessLog = accessLog;
    this.#everyAnswer = accessLog || metrics;
    this.#nowhere = this.#figuresOf('none');
  }

  /** For fastify's onRoute: adds the hook that hears of every answer of a route, where there is to be one. */
  readonly watchRoute = (route: RouteOptions, hasScope: (path: string) => boolean): void => {
    // Who tells of 5xx in place of the hook is sendProblem; what has no scope may answer 503 without it.
    if (!this.#everyAnswer && hasScope(route.url)) return;
    const figures = this.#figuresOf(operationName(route));
    const before = route.onSend === undefined ? [] : [route.onSend].flat();
    route.onSend = [
      ...before,
      (request, reply, _payload, done): void => {
        this.#answered(figures, request, reply);
        done();
      },
    ];
  };

  /** A request to no operation was answered. */
  answeredNowhere(request: FastifyRequest, reply: FastifyReply): void {
    if (this.#everyAnswer) this.#answered(this.#nowhere, request, reply);
  }

  /** A request is about to be answered with a problem. */
  refused(request: FastifyRequest, problem: { readonly code: ProblemCode; readonly status: number }): void {
    const { code, status } = problem;
    this.#countRefusal(code);
    if (this.#accessLog) this.#codes.set(request, code);
    else if (status >= 500) this.#write(request, { operation: operationOf(request), status, code });
  }

  /** Bytes that are no request were answered with a problem under a trace of their own, which is answered. */
  refusedBytes(problem: { readonly code: ProblemCode; readonly status: number }): Trace {
    const trace = newTrace();
    this.#countRefusal(problem.code);
    count(this.#nowhere, problem.status);
    if (this.#accessLog) this.#log.info({ trace_id: trace.traceId, operation: 'none', ...problem }, 'request');
    return trace;
  }

  families(): readonly Family[] {
    const operations = [...this.#operations.values()];
    return [
      counter(
        'hpts_http_requests_total',
        'Requests answered, by operation and status.',
        operations.flatMap(({ name, statuses }) =>
          Array.from(statuses, (value, at) => ({
            labels: { operation: name, status: String(at + STATUS_MIN) },
            value,
          })).filter(({ value }) => value > 0),
        ),
      ),
      counter(
        'hpts_http_refusals_total',
        'Requests answered with a problem, by its code.',
        Array.from(this.#refusals, ([code, value]) => ({ labels: { code }, value })),
      ),
      {
        name: 'hpts_http_request_duration_seconds',
        help: 'Time from the headers of a request to its answer.',
        type: 'histogram',
        series: operations.map(({ name, duration }) => ({ labels: { operation: name }, histogram: duration })),
      },
    ];
  }

  #answered(figures: OperationFigures, request: FastifyRequest, reply: FastifyReply): void {
    const status = reply.statusCode;
    count(figures, status);
    figures.duration.observe(performance.now() - request.arrivedMs);
    const code = this.#codes.get(request);
    const isUntold = status >= 500 && (reply.getHeader('content-type') ?? '') !== 'application/problem+json';
    if (this.#accessLog || isUntold) this.#write(request, { operation: figures.name, status, code });
  }

  #write(request: FastifyRequest, { operation, status, code }: RequestLine): void {
    const suppressed = status === 503 && !this.#accessLog ? this.#suppress() : 0;
    if (suppressed === null) return;
    const { traceId, spanId, parentId } = traceOf(request);
    const line = {
      trace_id: traceId,
      span_id: spanId,
      ...(parentId === null ? {} : { parent_id: parentId }),
      operation,
      status,
      ...(code === undefined ? {} : { code }),
      ...(request.arrivedMs === 0
        ? {}
        : { duration_ms: Math.round((performance.now() - request.arrivedMs) * 10) / 10 }),
      ...(request.principal === null
        ? {}
        : { tenant_id: request.principal.tenantId, client_id: request.principal.clientId }),
      ...(suppressed === 0 ? {} : { suppressed }),
    };
    if (status >= 500 && status !== 503) this.#log.error(line, 'request');
    else if (status === 503) this.#log.warn(line, 'request');
    else this.#log.info(line, 'request');
  }

  /**
   * An overloaded server must not spend its time on saying so. Answers how many lines were left out since the last one, or
   * null when this one is left out too.
   */
  #suppress(): number | null {
    const second = Math.floor(performance.now() / 1_000);
    if (second !== this.#unavailableSecond) {
      this.#unavailableSecond = second;
      this.#unavailableLines = 0;
    }
    if (this.#unavailableLines >= LIMITS.unavailableLogLines) {
      this.#suppressedLines += 1;
      return null;
    }
    this.#unavailableLines += 1;
    const suppressed = this.#suppressedLines;
    this.#suppressedLines = 0;
    return suppressed;
  }

  #countRefusal(code: ProblemCode): void {
    this.#refusals.set(code, (this.#refusals.get(code) ?? 0) + 1);
  }

  #figuresOf(name: string): OperationFigures {
    const known = this.#operations.get(name);
    if (known !== undefined) return known;
    const figures = { name, statuses: new Float64Array(STATUS_MAX - STATUS_MIN + 1), duration: durations() };
    this.#operations.set(name, figures);
    return figures;
  }
}

function count({ statuses }: OperationFigures, status: number): void {
  const at = status - STATUS_MIN;
  statuses[at] = (statuses[at] ?? 0) + 1;
}

/** `POST /v1/payments`; HEAD counts as GET, and what answers many methods alike as `*`. */
function operationName({ method, url }: Pick<RouteOptions, 'method' | 'url'>): string {
  const methods = [method].flat().filter((one) => one !== 'HEAD');
  return `${methods.length === 1 ? methods[0] : '*'} ${url.replaceAll(/:(\w+)/g, '{$1}')}`;
}

function operationOf(request: FastifyRequest): string {
  const { url, method } = request.routeOptions;
  return url === undefined || method === undefined ? 'none' : operationName({ url, method } as RouteOptions);
}
