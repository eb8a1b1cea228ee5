import { expect, test } from 'vitest';
import type { Scope } from '../../src/domain/scope.ts';
import type { LedgerServer } from './ledger-server.ts';
import { expectProblem } from './problem.ts';

/** What the tests that are the same for every reading operation need to know of one. */
export type ReadingExample = {
  readonly ledger: () => LedgerServer;
  readonly scope: Scope;
  /** A path that answers 200. */
  readonly valid: () => Promise<string>;
  /** What stands before a further parameter: `&` when the path has a query already. */
  readonly separator?: '?' | '&';
  /** Whether the address also takes a POST. */
  readonly alsoPost?: boolean;
};

/** Every status and code that a reading operation answers whatever it reads (CONTRACT.md section 2). */
export function testReadingGates({ ledger, scope, valid, separator = '?', alsoPost = false }: ReadingExample): void {
  test('401 invalid_token: none, and one that is none, with WWW-Authenticate', async () => {
    const path = await valid();
    const without = await ledger().api.get(path, { token: null });
    expectProblem(without, { status: 401, code: 'invalid_token' });
    expect(without.headers['www-authenticate']).toBe('Bearer realm="hpts"');
    const bad = await ledger().api.get(path, { token: 'none.at.all' });
    expectProblem(bad, { status: 401, code: 'invalid_token' });
    expect(bad.headers['www-authenticate']).toBe('Bearer realm="hpts", error="invalid_token"');
  });

  test(`403 insufficient_scope: a token without ${scope}`, async () => {
    const token = await ledger().api.token('hpts:payments:write');
    const answer = await ledger().api.get(await valid(), { token });
    expectProblem(answer, { status: 403, code: 'insufficient_scope' });
    expect(answer.headers['www-authenticate']).toContain(`scope="${scope}"`);
  });

  test(`200: a token with ${scope} alone`, async () => {
    const token = await ledger().api.token(scope);
    const answer = await ledger().api.get(await valid(), { token });
    expect(answer.status).toBe(200);
    expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
    expect(answer.headers['cache-control']).toBe('no-store');
  });

  test('400 duplicate_header: two Authorization headers', async () => {
    const headers = ['Authorization', `Bearer ${await ledger().api.token()}`];
    const answer = await ledger().api.get(await valid(), { headers });
    expectProblem(answer, { status: 400, code: 'duplicate_header' });
  });

  test('400 validation_failed: a parameter that is none here', async () => {
    const answer = await ledger().api.get(`${await valid()}${separator}page=1`);
    expectProblem(answer, { status: 400, code: 'validation_failed', fields: ['page'], fieldCodes: ['unknown_field'] });
  });

  test('200: HEAD answers the headers of GET', async () => {
    const answer = await ledger().api.request('HEAD', await valid());
    expect([answer.status, answer.headers['content-type']]).toEqual([200, 'application/json; charset=utf-8']);
  });

  test('405 method_not_allowed: every other method, with Allow', async () => {
    const path = await valid();
    for (const method of [...(alsoPost ? [] : ['POST']), 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
      const answer = await ledger().api.request(method, path);
      expect([method, answer.status, answer.headers.allow]).toEqual([
        method,
        405,
        alsoPost ? 'GET, HEAD, POST' : 'GET, HEAD',
      ]);
      expectProblem(answer, { status: 405, code: 'method_not_allowed' });
    }
  });
}
