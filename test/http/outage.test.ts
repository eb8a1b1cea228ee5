import { chmodSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { openEmbedded } from '../../src/postgres/embedded/embedded-server.ts';
import { byName, DOCUMENTED } from '../openapi/api-document.ts';
import { guardFolder } from '../postgres/folder-guard.ts';
import { type LedgerServer, startLedger } from './ledger-server.ts';
import { NOBODY } from './loan-story.ts';
import { expectProblem } from './problem.ts';

/** A ledger whose PostgreSQL has gone away, with a token from before. */
let ledger: LedgerServer;
let removeFolder: () => void;
beforeAll(async () => {
  const folder = mkdtempSync(join(realpathSync(tmpdir()), 'hpts-outage-'));
  chmodSync(folder, 0o711);
  const guard = guardFolder({ dataDir: join(folder, 'data'), remove: folder });
  removeFolder = () => {
    rmSync(folder, { recursive: true, force: true });
    guard.release();
  };
  const postgres = await openEmbedded({
    dataDir: join(folder, 'data'),
    runtimeDir: inject('postgresRuntimeDir'),
    settings: { shared_buffers: '32MB' },
    supervise: false,
  });
  try {
    ledger = await startLedger({ address: postgres.connection });
    await ledger.api.token();
  } finally {
    await postgres.stop();
  }
});
afterAll(async () => {
  await ledger.stop();
  removeFolder();
});

const READING = DOCUMENTED.filter(({ method, path, responses }) => {
  return method === 'GET' && '503' in responses && path.startsWith('/v1/') && path !== '/v1/health/ready';
});

describe('while the database does not answer', () => {
  test.each(byName(READING))('%s: 503 unavailable', async (_name, { path }) => {
    const query = path.startsWith('/v1/accounts/') ? '?currency=USD' : '';
    const address = path.replace('{account_code}', '1100').replaceAll(/\{\w+\}/g, NOBODY);
    expectProblem(await ledger.api.get(`${address}${query}`), { status: 503, code: 'unavailable' });
  });

  test('GET /v1/health/ready: 503 with Retry-After', async () => {
    const answer = await ledger.api.get('/v1/health/ready', { token: null });
    expect([answer.status, answer.headers['retry-after']]).toEqual([503, '1']);
    expect(answer.json).toMatchObject({ status: 'unavailable', checks: { database: { status: 'unavailable' } } });
  });
});
