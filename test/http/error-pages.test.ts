import { afterAll, beforeAll, expect, test } from 'vitest';
import { PROBLEMS } from '../../src/http/problem-table.ts';
import { type LedgerServer, startLedger } from './ledger-server.ts';
import { expectProblem } from './problem.ts';
import { textAt } from './tenant-api.ts';

let ledger: LedgerServer;
beforeAll(async () => {
  ledger = await startLedger();
});
afterAll(() => ledger.stop());

const open = { token: null };

test.each(Object.entries(PROBLEMS))('GET /docs/errors/{code}: 200: %s', async (code, { status, title, advice }) => {
  const answer = await ledger.api.get(`/docs/errors/${code}`, open);
  expect(answer.status).toBe(200);
  expect(answer.headers['content-type']).toBe('text/plain; charset=utf-8');
  expect(answer.text).toBe(`${code} (HTTP ${status})\n\n${title}.\n\n${advice}\n`);
});

test('200: the type of a problem resolves to its page', async () => {
  const problem = await ledger.api.get('/v1/loans/x/balance');
  expect((await ledger.api.get(textAt(problem, 'type'), open)).text).toContain('loan_not_found (HTTP 404)');
});

test.each(['nothing', '__proto__', 'constructor', 'LOAN_NOT_FOUND', '%00'])(
  'GET /docs/errors/{code}: 404 not_found: there is no page for %s',
  async (code) => {
    expectProblem(await ledger.api.get(`/docs/errors/${code}`, open), { status: 404, code: 'not_found' });
  },
);

test('405 method_not_allowed', async () => {
  const answer = await ledger.api.request('DELETE', '/docs/errors/not_found', open);
  expectProblem(answer, { status: 405, code: 'method_not_allowed' });
  expect(answer.headers.allow).toBe('GET, HEAD');
});
