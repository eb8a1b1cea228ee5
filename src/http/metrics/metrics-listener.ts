import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { LIMITS } from '../../limits.ts';
import { EXPOSITION_TYPE, type Family, renderFamilies } from './exposition.ts';

/** Answers what it counts at this moment. Must not reject. */
export type FigureSource = () => readonly Family[] | Promise<readonly Family[]>;

export type MetricsListenerOptions = {
  readonly host: string;
  readonly port: number;
  readonly sources: readonly FigureSource[];
  readonly onFailure: (error: unknown) => void;
};

/**
 * GET /metrics on a port of its own: 200 in the Prometheus text format, 404 elsewhere, 405 for other methods, 500 when a
 * source fails. Answers everybody who can reach it. Resolves with what closes it; throws what listening throws.
 */
export async function listenForMetrics(options: MetricsListenerOptions): Promise<() => Promise<void>> {
  let gathering: Promise<string> | null = null;
  /** Who asks while an answer is being gathered shares it: scrapes cannot pile up. */
  const gathered = (): Promise<string> => {
    gathering ??= gather(options.sources).finally(() => {
      gathering = null;
    });
    return gathering;
  };
  const server = createServer(
    { headersTimeout: LIMITS.headersTimeoutMs, requestTimeout: LIMITS.headersTimeoutMs, keepAliveTimeout: 5_000 },
    (request, response) => {
      answer(request, response, gathered).catch((error: unknown) => {
        options.onFailure(error);
        end(response, 500, 'the figures could not be gathered; it was logged why\n');
      });
    },
  );
  server.maxConnections = LIMITS.metricsConnections;
  server.listen({ host: options.host, port: options.port });
  await once(server, 'listening');
  return async () => {
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  gathered: () => Promise<string>,
): Promise<void> {
  const [path] = (request.url ?? '').split('?', 1);
  if (path !== '/metrics') return end(response, 404, 'there is /metrics and nothing else\n');
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('allow', 'GET, HEAD');
    return end(response, 405, 'allowed: GET, HEAD\n');
  }
  const text = await gathered();
  response.setHeader('content-type', EXPOSITION_TYPE);
  end(response, 200, text);
}

function end(response: ServerResponse, status: number, text: string): void {
  response.statusCode = status;
  if (!response.hasHeader('content-type')) response.setHeader('content-type', 'text/plain; charset=utf-8');
  response.setHeader('cache-control', 'no-store');
  response.end(text);
}

async function gather(sources: readonly FigureSource[]): Promise<string> {
  const families = await Promise.all(sources.map((source) => source()));
  return renderFamilies(families.flat());
}
