import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { connect, type DatabaseAddress, type DatabaseRole } from '../../src/postgres/connection.ts';
import { runStatements } from '../../src/postgres/embedded/embedded-connection.ts';
import { type EmbeddedServer, openEmbedded } from '../../src/postgres/embedded/embedded-server.ts';
import { migrate } from '../../src/postgres/migrate.ts';
import { type FolderGuard, guardFolder } from './folder-guard.ts';

const ROLES: readonly DatabaseRole[] = [
  'hpts_poster',
  'hpts_reader',
  'hpts_access',
  'hpts_auditor',
  'hpts_delivery',
  'hpts_configurator',
];

// As docs/operations.md sets a ledger up: an owner who is no superuser and may create roles, in a cluster without ours.
describe('an owner who is no superuser', () => {
  let folder: string;
  let guard: FolderGuard;
  let server: EmbeddedServer;

  beforeAll(async () => {
    folder = mkdtempSync(join(realpathSync(tmpdir()), 'hpts-owner-'));
    chmodSync(folder, 0o755);
    const dataDir = join(folder, 'data');
    guard = guardFolder({ dataDir, remove: folder });
    server = await openEmbedded({
      dataDir,
      runtimeDir: inject('postgresRuntimeDir'),
      settings: { shared_buffers: '32MB' },
      supervise: false,
    });
  });

  afterAll(async () => {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
    guard.release();
  });

  async function owned(user: string, attributes: string): Promise<DatabaseAddress> {
    const password = randomBytes(16).toString('hex');
    const statements = [
      `CREATE ROLE ${user} LOGIN ${attributes} PASSWORD '${password}'`,
      `CREATE DATABASE ledger_of_${user} OWNER ${user} TEMPLATE template0`,
    ];
    await runStatements({ connection: server.connection, statements });
    return { ...server.connection, user, password, database: `ledger_of_${user}` };
  }

  it('who may create roles migrates, and works as each of them', async () => {
    const address = await owned('lender', 'CREATEROLE');
    expect((await migrate(address)).length).toBeGreaterThan(0);
    for (const role of ROLES) {
      const client = await connect(address, { role, applicationName: 'test' });
      try {
        expect((await client.query('SELECT current_user AS name')).rows).toEqual([{ name: role }]);
      } finally {
        await client.end();
      }
    }
  });

  it('whose roles belong to somebody else is told who has to grant them', async () => {
    const address = await owned('latecomer', 'CREATEROLE');
    const grant = 'have a superuser run: GRANT hpts_poster TO latecomer';
    await expect(migrate(address)).rejects.toThrow(grant);
    const statements = [`GRANT ${ROLES.join(', ')} TO latecomer`];
    await runStatements({ connection: server.connection, statements });
    expect((await migrate(address)).length).toBeGreaterThan(0);
  });
});
