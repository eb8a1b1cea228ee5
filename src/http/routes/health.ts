import { sendJson } from '../json-answer.ts';
import type { About } from '../openapi/about.ts';
import { objectOf } from '../openapi/json-schema.ts';
import type { Operation } from '../operation.ts';

const liveAbout: About = {
  id: 'getLiveness',
  tag: 'Operations',
  summary: 'Ask whether the server lives',
  description: 'Answers as long as the process does, whatever the database does.',
  answers: {
    200: {
      description: 'It lives.',
      schema: {
        name: 'Liveness',
        schema: objectOf({
          status: { type: 'string', const: 'ok' },
          version: { type: 'string', description: 'Of the program.' },
          git_sha: { type: 'string', description: 'The revision that it was started from, or `unknown`.' },
        }),
      },
      example: { status: 'ok', version: '0.1.0', git_sha: 'a8d1494' },
    },
  },
  problems: [],
};

const READINESS = {
  name: 'Readiness',
  schema: objectOf({
    status: { type: 'string', enum: ['ok', 'unavailable'] },
    checks: objectOf({
      database: objectOf({
        status: { type: 'string', enum: ['ok', 'unavailable'] },
        latency_ms: { type: 'number', minimum: 0, description: 'Milliseconds that its answer took.' },
      }),
    }),
  }),
};

const readyAbout: About = {
  id: 'getReadiness',
  tag: 'Operations',
  summary: 'Ask whether the server can serve',
  description: 'Asks the database.',
  answers: {
    200: {
      description: 'The database answers.',
      schema: READINESS,
      example: { status: 'ok', checks: { database: { status: 'ok', latency_ms: 0.4 } } },
    },
    503: {
      description: 'The database does not answer.',
      schema: READINESS,
      example: { status: 'unavailable', checks: { database: { status: 'unavailable', latency_ms: 2000 } } },
      headers: ['NoStore', 'RetryAfter'],
    },
  },
  problems: [],
};

/** GET /v1/health/live: 200. */
export function healthLive(program: { readonly version: string; readonly gitSha: string }): Operation {
  const body = JSON.stringify({ status: 'ok', version: program.version, git_sha: program.gitSha });
  return {
    method: 'GET',
    path: '/v1/health/live',
    scope: null,
    about: liveAbout,
    async handle(_request, reply) {
      return sendJson(reply, body);
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
    about: readyAbout,
    async handle(_request, reply) {
      const database = await probe();
      const status = database.ok ? 'ok' : 'unavailable';
      if (!database.ok) reply.code(503).header('retry-after', '1');
      return sendJson(
        reply,
        JSON.stringify({
          status,
          checks: { database: { status, latency_ms: Math.round(database.latencyMs * 10) / 10 } },
        }),
      );
    },
  };
}
