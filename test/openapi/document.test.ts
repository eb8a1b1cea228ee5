import { execFile } from 'node:child_process';
import { subscribe } from 'node:diagnostics_channel';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeApiDocument } from '../../src/operations.ts';
import { HttpClient } from '../http/http-client.ts';
import { type LedgerServer, startLedger } from '../http/ledger-server.ts';
import { wrongBy } from './answer-check.ts';
import { DOCUMENT_TEXT, DOCUMENTED } from './api-document.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** Every route of every server that this process makes, `GET /v1/loans/:loan_id/balance`, as the router is told of it. */
const routed = new Set<string>();
subscribe('fastify.initialization', (message) => {
  const { fastify } = message as { fastify: FastifyInstance };
  fastify.addHook('onRoute', ({ method, url }) => {
    for (const one of [method].flat()) routed.add(`${one} ${url}`);
  });
});

let ledger: LedgerServer;
beforeAll(async () => {
  ledger = await startLedger();
});
afterAll(() => ledger.stop());

test('openapi.json is what the routes give: npm run openapi writes it anew', () => {
  const { version } = JSON.parse(readFileSync(`${ROOT}package.json`, 'utf8')) as { version: string };
  expect(DOCUMENT_TEXT).toBe(`${JSON.stringify(makeApiDocument(version), null, 2)}\n`);
});

test('GET /v1/openapi.json: 200 with the file as it is, to everybody', async () => {
  const answer = await ledger.api.get('/v1/openapi.json', { token: null });
  expect([answer.status, answer.headers['content-type']]).toEqual([200, 'application/json; charset=utf-8']);
  expect(answer.text).toBe(DOCUMENT_TEXT);
});

test('GET /v1/openapi.json: 405 method_not_allowed for everything but GET and HEAD', async () => {
  expect((await ledger.api.request('HEAD', '/v1/openapi.json', { token: null })).status).toBe(200);
  for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
    const answer = await ledger.api.request(method, '/v1/openapi.json', { token: null });
    expect([answer.status, answer.headers.allow]).toEqual([405, 'GET, HEAD']);
  }
});

test('what the router serves and does not refuse with 405 is documented, and nothing else is', async () => {
  const http = new HttpClient(ledger.url);
  const served: string[] = [];
  for (const route of routed) {
    const [method = '', url = ''] = route.split(' ');
    if (method === 'HEAD') continue;
    const answer = await http.send({ method, path: url.replaceAll(/:\w+/g, 'x'), headers: [] });
    if (answer.status !== 405) served.push(`${method} ${url.replaceAll(/:(\w+)/g, '{$1}')}`);
  }
  http.close();
  expect(served.sort()).toEqual(DOCUMENTED.map(({ operation }) => operation).sort());
});

describe('every example is as its schema wants it', () => {
  const examples = [...examplesIn(JSON.parse(DOCUMENT_TEXT), '')];

  test('there are examples of requests and answers of every operation', () => {
    for (const { method, path, responses } of DOCUMENTED) {
      const place = `/paths/${path}/${method.toLowerCase()}/`;
      const here = examples.filter((one) => one.place.startsWith(place));
      if (method === 'POST') expect(here.some((one) => one.place.startsWith(`${place}requestBody/`))).toBe(true);
      for (const [status, response] of Object.entries(responses)) {
        const isShared = '$ref' in response;
        expect([status, isShared || here.some((one) => one.place.startsWith(`${place}responses/${status}/`))]).toEqual([
          status,
          true,
        ]);
      }
    }
  });

  test.each(examples)('$place', ({ schema, value }) => {
    expect(wrongBy(schema, value)).toBeNull();
  });
});

test('a linter finds nothing to remark', async () => {
  const program = `${ROOT}node_modules/@redocly/cli/bin/cli.js`;
  const env = { PATH: process.env['PATH'], REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' };
  // `/accruals/runs/{accrual_run_id}` and `/accruals/{accrual_event_id}/corrections`, both given, cannot meet: no id is "runs".
  const rules = ['--extends=recommended-strict', '--skip-rule=no-ambiguous-paths'];
  const options = ['lint', `${ROOT}openapi.json`, '--format=json', ...rules];
  const { stdout } = await promisify(execFile)(process.execPath, [program, ...options], { env, cwd: ROOT });
  const report = JSON.parse(stdout) as { totals: object; problems: readonly unknown[] };
  expect(report.problems).toEqual([]);
  expect(report.totals).toEqual({ errors: 0, warnings: 0, ignored: 0 });
});

type Example = { readonly place: string; readonly schema: Record<string, unknown>; readonly value: unknown };

/** Every example of a media type or parameter, with the schema that stands beside it. */
function* examplesIn(part: unknown, place: string): Generator<Example> {
  if (typeof part !== 'object' || part === null) return;
  const { schema, example, examples } = part as Record<string, Record<string, unknown>>;
  if (schema !== undefined && example !== undefined) yield { place, schema, value: example };
  if (schema !== undefined && examples !== undefined) {
    for (const [name, one] of Object.entries(examples)) {
      yield { place: `${place}/${name}`, schema, value: exampleValue(one) };
    }
  }
  for (const [name, value] of Object.entries(part)) {
    if (name !== 'schema' && name !== 'example' && name !== 'examples') {
      yield* examplesIn(value, `${place}/${name.startsWith('/') ? name : name}`);
    }
  }
}

function exampleValue(one: unknown): unknown {
  const { $ref, value } = one as { $ref?: string; value?: unknown };
  if ($ref === undefined) return value;
  const { components } = JSON.parse(DOCUMENT_TEXT) as { components: { examples: Record<string, { value: unknown }> } };
  return components.examples[$ref.split('/').at(-1) ?? '']?.value;
}
