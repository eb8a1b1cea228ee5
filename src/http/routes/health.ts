import type { Operation } from '../operation.ts';

/** GET /v1/health/live: 200. */
export function healthLive(program: { readonly version: string; readonly gitSha: string }): Operation {
  const body = JSON.stringify({ status: 'ok', version: program.version, git_sha: program.gitSha });
  return {
    method: 'GET',
    path: '/v1/health/live',
    scope: null,
    async handle(_request, reply) {
      return reply
        .header('content-type', 'application/json; charset=utf-8')
        .header('cache-control', 'no-store')
        .send(body);
    },
  };
}

/** Tells whether the database answers, and in how many milliseconds. Never rejects. */
export type DatabaseProbe = () => Promise<{ readonly ok: boolean; readonly latencyMs: number }>;

/** GET /v1/health/ready: 200, 503. */
export function healthReady(probe: DatabaseProbe): Operation {
  return {
    method: 'GET',
    path: '/v1/health/ready',
    scope: null,
    async handle(_request, reply) {
      const database = await probe();
      const status = database.ok ? 'ok' : 'unavailable';
      if (!database.ok) reply.code(503).header('retry-after', '1');
      return reply
        .header('content-type', 'application/json; charset=utf-8')
        .header('cache-control', 'no-store')
        .send(
          JSON.stringify({
            status,
            checks: { database: { status, latency_ms: Math.round(database.latencyMs * 10) / 10 } },
          }),
        );
    },
  };
}
