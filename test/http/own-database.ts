import { chmodSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DatabaseAddress } from '../../src/postgres/connection.ts';
import { openEmbedded } from '../../src/postgres/embedded/embedded-server.ts';
import { migrate } from '../../src/postgres/migrate.ts';
import { guardFolder } from '../postgres/folder-guard.ts';

/** A PostgreSQL of one command's own, for runs outside of vitest. */
export type OwnDatabase = { readonly address: DatabaseAddress; close(): Promise<void> };

/** Opens an embedded PostgreSQL in a temporary folder, with the schema; close() removes all of it, and so does our end. */
export async function openOwnDatabase(): Promise<OwnDatabase> {
  const folder = mkdtempSync(join(realpathSync(tmpdir()), 'hpts-own-'));
  // As root, PostgreSQL runs as another user, who has to reach its files in here.
  chmodSync(folder, 0o711);
  const dataDir = join(folder, 'data');
  const guard = guardFolder({ dataDir, remove: folder });
  const close = () => {
    rmSync(folder, { recursive: true, force: true });
    guard.release();
  };
  try {
    const server = await openEmbedded({ dataDir });
    await migrate(server.connection);
    return {
      address: server.connection,
      async close() {
        await server.stop();
        close();
      },
    };
  } catch (error) {
    close();
    throw error;
  }
}
