import type { About } from '../openapi/about.ts';
import { objectOf } from '../openapi/json-schema.ts';
import type { Operation } from '../operation.ts';

const about: About = {
  id: 'getApiDocument',
  tag: 'Operations',
  summary: 'Read this document',
  description: 'The OpenAPI 3.1 document of the whole API, open to everybody.',
  answers: {
    200: {
      description: 'The document.',
      schema: {
        name: 'ApiDocument',
        schema: objectOf({
          openapi: { type: 'string', const: '3.1.0' },
          info: { type: 'object', additionalProperties: true },
          servers: { type: 'array', items: { type: 'object', additionalProperties: true } },
          tags: { type: 'array', items: { type: 'object', additionalProperties: true } },
          paths: { type: 'object', additionalProperties: true },
          webhooks: { type: 'object', additionalProperties: true },
          components: { type: 'object', additionalProperties: true },
        }),
      },
      example: {
        openapi: '3.1.0',
        info: { title: 'High-Performance Transaction System (HPTS) API', version: '0.1.0' },
        servers: [{ url: '/' }],
        tags: [],
        paths: {},
        webhooks: {},
        components: {},
      },
      headers: ['ForAMinute'],
    },
  },
  problems: [],
};

/** GET /v1/openapi.json: 200, 400. `document` is answered as it is. */
export function apiDocument(document: string): Operation {
  // Made into bytes once: it is a megabyte nearly, and may be asked for by anybody, a thousand times on one connection.
  const bytes = Buffer.from(document, 'utf8');
  return {
    method: 'GET',
    path: '/v1/openapi.json',
    scope: null,
    about,
    async handle(_request, reply) {
      return reply
        .header('content-type', 'application/json; charset=utf-8')
        .header('cache-control', 'public, max-age=60')
        .send(bytes);
    },
  };
}
