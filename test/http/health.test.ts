import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type LedgerServer, startLedger } from './ledger-server.ts';
import { expectProblem } from './problem.ts';

let ledger: LedgerServer;
beforeAll(async () => {
  ledger = await startLedger();
});
afterAll(() => ledger.stop());

const open = { token: null };

test('200 GET /v1/health/live: to everybody, with version and revision', async () => {
  const answer = await ledger.api.get('/v1/health/live', open);
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  expect(answer.status).toBe(200);
  expect(answer.headers['cache-control']).toBe('no-store');
  expect(answer.json).toEqual({ status: 'ok', version, git_sha: expect.stringMatching(/^(?:unknown|[0-9a-f]{7})$/) });
});

test('200 GET /v1/health/ready: the database answers, in so many milliseconds', async () => {
  const answer = await ledger.api.get('/v1/health/ready', open);
  expect(answer.status).toBe(200);
  expect(answer.json).toEqual({
    status: 'ok',
    checks: { database: { status: 'ok', latency_ms: expect.any(Number) } },
  });
});

test.each(['/v1/health/live', '/v1/health/ready'])(
  '405 method_not_allowed: %s takes GET and HEAD alone',
  async (path) => {
    expect((await ledger.api.request('HEAD', path, open)).status).toBe(200);
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
      const answer = await ledger.api.request(method, path, open);
      expect([answer.status, answer.headers.allow]).toEqual([405, 'GET, HEAD']);
      expectProblem(answer, { status: 405, code: 'method_not_allowed' });
    }
  },
);
