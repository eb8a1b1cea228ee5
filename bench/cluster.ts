import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { connect, type DatabaseAddress, parseDatabaseUrl } from '../src/postgres/connection.ts';
import { openEmbedded } from '../src/postgres/embedded/embedded-server.ts';

/** A PostgreSQL to measure on, local, so that its CPU can be read. */
export type Cluster = {
  readonly address: DatabaseAddress;
  /** Of the postmaster: every process of PostgreSQL descends from it. */
  readonly postmasterPid: number;
  readonly kind: 'embedded' | 'external';
  /** Its files lie on this kind of file system, as far as that is known. */
  readonly dataFolder: string | null;
  readonly close: () => Promise<void>;
};

/**
 * An embedded PostgreSQL of the bench's own in a temporary folder, or the one that `databaseUrl` names, which must run on
 * this machine and let us in as a superuser.
 */
export async function openCluster(databaseUrl: string | null): Promise<Cluster> {
  return databaseUrl === null ? openOwn() : openExternal(parseDatabaseUrl(databaseUrl));
}

async function openOwn(): Promise<Cluster> {
  const folder = await mkdtemp(join(tmpdir(), 'hpts-bench-'));
  // As root, PostgreSQL runs as another user, who has to reach its files in here.
  await chmod(folder, 0o755);
  const server = await openEmbedded({ dataDir: join(folder, 'data'), supervise: false }).catch(
    async (error: unknown) => {
      await rm(folder, { recursive: true, force: true });
      throw error;
    },
  );
  return {
    address: server.connection,
    postmasterPid: server.pid,
    kind: 'embedded',
    dataFolder: folder,
    async close() {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function openExternal(address: DatabaseAddress): Promise<Cluster> {
  const owner = await connect(address, { role: 'owner', applicationName: 'hpts bench' });
  try {
    const { rows } = await owner.query<{ pid: string; folder: string }>(
      "SELECT split_part(pg_read_file('postmaster.pid'), E'\\n', 1) AS pid, current_setting('data_directory') AS folder",
    );
    const row = rows[0];
    if (row === undefined) throw new Error('PostgreSQL does not say which process it is');
    return {
      address,
      postmasterPid: Number(row.pid),
      kind: 'external',
      dataFolder: row.folder,
      close: async () => undefined,
    };
  } finally {
    await owner.end();
  }
}

/** A database of the cluster, made anew: empty, or a copy of another to which nobody is connected. */
export async function makeDatabase(
  cluster: Cluster,
  database: { name: string; copyOf?: string },
): Promise<DatabaseAddress> {
  await onCluster(cluster, [
    `DROP DATABASE IF EXISTS ${pg.escapeIdentifier(database.name)}`,
    `CREATE DATABASE ${pg.escapeIdentifier(database.name)} TEMPLATE ${pg.escapeIdentifier(database.copyOf ?? 'template0')}`,
  ]);
  return { ...cluster.address, database: database.name };
}

/** Removes databases that makeDatabase made. */
export async function dropDatabases(cluster: Cluster, names: readonly string[]): Promise<void> {
  await onCluster(
    cluster,
    names.map((name) => `DROP DATABASE IF EXISTS ${pg.escapeIdentifier(name)} WITH (FORCE)`),
  );
}

/** So that every round begins with the same distance to the next checkpoint, and none pays for the round before it. */
export async function checkpoint(cluster: Cluster): Promise<void> {
  await onCluster(cluster, ['CHECKPOINT']);
}

async function onCluster(cluster: Cluster, statements: readonly string[]): Promise<void> {
  const address = cluster.kind === 'embedded' ? { ...cluster.address, database: 'postgres' } : cluster.address;
  const owner = await connect(address, { role: 'owner', applicationName: 'hpts bench' });
  try {
    for (const statement of statements) await owner.query(statement);
  } finally {
    await owner.end();
  }
}
