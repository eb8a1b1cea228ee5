import { chmodSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { type EmbeddedConnection, runStatements } from '../src/postgres/embedded/embedded-connection.ts';
import { openEmbedded } from '../src/postgres/embedded/embedded-server.ts';
import { createOwnFolder } from '../src/postgres/embedded/server-user.ts';
import { applySchema, TEMPLATE } from './database-template.ts';
import { guardFolder } from './postgres/folder-guard.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The PostgreSQL of this run, to the superuser; tests take a database of their own, see test/database.ts. */
    postgresConnection: EmbeddedConnection;
    /** Where the copy of PostgreSQL's programs lies from run to run, for tests that open clusters of their own. */
    postgresRuntimeDir: string;
  }
}

/** One PostgreSQL for the run, in a folder of its own that a guard clears away even after a kill -9 of vitest. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const temporary = realpathSync(tmpdir());
  const runtimeDir = join(temporary, `hpts-test-runtime-${process.geteuid?.() ?? 0}`);
  createOwnFolder({ path: runtimeDir, mode: 0o755 });
  const dataDir = mkdtempSync(join(temporary, 'hpts-test-'));
  chmodSync(dataDir, 0o711);
  const guard = guardFolder({ dataDir, remove: dataDir });
  const server = await openEmbedded({ dataDir, runtimeDir, settings: { shared_buffers: '128MB' } });
  await runStatements({
    connection: server.connection,
    statements: [`CREATE DATABASE ${TEMPLATE} TEMPLATE template0`],
  });
  await applySchema({ ...server.connection, database: TEMPLATE });
  project.provide('postgresConnection', server.connection);
  project.provide('postgresRuntimeDir', runtimeDir);
  return async () => {
    await server.stop();
    rmSync(dataDir, { recursive: true, force: true });
    guard.release();
  };
}
