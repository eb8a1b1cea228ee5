import { chmodSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { connect, type DatabaseAddress } from '../../src/postgres/connection.ts';
import { runStatements } from '../../src/postgres/embedded/embedded-connection.ts';
import { type EmbeddedServer, openEmbedded } from '../../src/postgres/embedded/embedded-server.ts';
import { createDatabase, type TestDatabase } from '../database.ts';
import { databaseUrl } from '../http/database-url.ts';
import { type FolderGuard, guardFolder } from '../postgres/folder-guard.ts';
import { runCommand } from './command-process.ts';

const COMMANDS = [
  ['migrate'],
  ['tenant', 'create', '--name', 'Lender'],
  ['client', 'create', '--tenant', 'x', '--scope', 'hpts:ledger:read'],
  ['client', 'rotate', '--client', 'x'],
  ['client', 'revoke', '--client', 'x'],
  ['client', 'certificate', 'remove', '--client', 'x', '--thumbprint', 'x'],
  ['key', 'rotate'],
];

function runOn(address: DatabaseAddress, argv: readonly string[]) {
  const env = { HPTS_DATABASE_URL: databaseUrl(address), HPTS_MASTER_KEY_FILE: '/none' };
  return runCommand(argv, { env });
}

async function schemasOf(address: DatabaseAddress): Promise<unknown[]> {
  const client = await connect(address, { role: 'owner', applicationName: 'test' });
  try {
    return (await client.query(`SELECT FROM pg_namespace WHERE nspname = 'hpts'`)).rows;
  } finally {
    await client.end();
  }
}

describe('a server that may lose what it acknowledged', () => {
  let folder: string;
  let guard: FolderGuard;
  let server: EmbeddedServer;
  let hasty: TestDatabase;

  beforeAll(async () => {
    folder = mkdtempSync(join(realpathSync(tmpdir()), 'hpts-unsafe-'));
    chmodSync(folder, 0o755);
    const dataDir = join(folder, 'data');
    guard = guardFolder({ dataDir, remove: folder });
    const settings = { shared_buffers: '32MB', full_page_writes: 'off' };
    server = await openEmbedded({ dataDir, runtimeDir: inject('postgresRuntimeDir'), settings, supervise: false });
    hasty = await createDatabase({ template: 'template0' });
    const { database } = hasty.connection;
    const hurried = `ALTER DATABASE ${database} SET synchronous_commit = off`;
    await runStatements({ connection: hasty.connection, statements: [hurried] });
  });

  afterAll(async () => {
    await hasty.drop();
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
    guard.release();
  });

  it.each(COMMANDS.map((argv) => [argv]))('is refused by %j before anything is written', async (argv) => {
    const refused = await runOn(hasty.connection, argv);
    expect([refused.code, refused.out]).toEqual([1, []]);
    expect(refused.err).toEqual([expect.stringContaining('synchronous_commit is off on this PostgreSQL server')]);
    expect(await schemasOf(hasty.connection)).toEqual([]);
  });

  it('is refused for a setting of the server as well', async () => {
    const refused = await runOn(server.connection, ['migrate']);
    expect([refused.code, refused.out]).toEqual([1, []]);
    expect(refused.err).toEqual([expect.stringContaining('full_page_writes is off on this PostgreSQL server')]);
    expect(await schemasOf(server.connection)).toEqual([]);
  });
});
