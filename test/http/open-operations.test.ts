import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DOCUMENTED } from '../openapi/api-document.ts';
import { type LedgerServer, startLedger } from './ledger-server.ts';

/** What the operations that are open to everybody have in common. */
const OPEN = DOCUMENTED.filter(({ security }) => !security.some((way) => 'OAuth2' in way));
const MORE_THAN_THE_SERVER_READS = 17 * 1024;

let ledger: LedgerServer;
beforeAll(async () => {
  ledger = await startLedger();
});
afterAll(() => ledger.stop());

describe('headers of more than 16 KiB', () => {
  test.each(OPEN)('$operation: 400 malformed_request', async ({ method, path }) => {
    const headers = ['x-large', 'x'.repeat(MORE_THAN_THE_SERVER_READS)];
    const answer = await ledger.http.send({ method, path: path.replace('{code}', 'not_found'), headers });
    expect(answer.json).toMatchObject({ status: 400, code: 'malformed_request' });
    expect(answer.headers['connection']).toBe('close');
  });
});

test('the token endpoint, health, the documents and the error pages are open, and nothing else', () => {
  expect(OPEN.map(({ operation }) => operation).sort()).toEqual([
    'GET /.well-known/jwks.json',
    'GET /.well-known/oauth-authorization-server',
    'GET /docs/errors/{code}',
    'GET /v1/health/live',
    'GET /v1/health/ready',
    'GET /v1/openapi.json',
    'POST /oauth2/token',
  ]);
});
