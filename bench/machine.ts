import { execFile } from 'node:child_process';
import { readFile, statfs } from 'node:fs/promises';
import { arch, availableParallelism, cpus, release, totalmem, type } from 'node:os';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Cluster } from './cluster.ts';
import { withOwner } from './prefilled-ledger.ts';

/** What a result was measured on, so that somebody else can judge and repeat it. Names no host and no folder. */
export type Machine = {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly kernel: string;
  readonly fileSystem: string;
  readonly node: string;
  readonly postgres: string;
  /** How that PostgreSQL was compiled: -Os and -O2 differ by a lot. */
  readonly postgresFlags: string;
  readonly postgresKind: Cluster['kind'];
  readonly settings: Readonly<Record<string, string>>;
  readonly commit: string;
};

/** Settings that bear on speed or durability; where they came from does not matter. */
const SETTINGS = [
  'autovacuum',
  'checkpoint_completion_target',
  'checkpoint_timeout',
  'data_checksums',
  'fsync',
  'full_page_writes',
  'huge_pages_status',
  'io_method',
  'jit',
  'max_connections',
  'max_wal_size',
  'shared_buffers',
  'synchronous_commit',
  'wal_buffers',
  'wal_compression',
  'wal_level',
  'wal_sync_method',
  'work_mem',
];

/** The numbers by which statfs(2) knows file systems that data folders lie on. */
const FILE_SYSTEMS: Readonly<Record<string, string>> = {
  ef53: 'ext4',
  '58465342': 'xfs',
  '9123683e': 'btrfs',
  '1021994': 'tmpfs',
  '794c7630': 'overlayfs',
  '2fc12fc1': 'zfs',
};

/** Describes this machine. Throws when PostgreSQL does not keep what it commits: such figures would be worth nothing. */
export async function describeMachine(cluster: Cluster): Promise<Machine> {
  const { version, flags, settings } = await withOwner(cluster.address, async (client) => {
    const { rows } = await client.query<{ name: string; value: string }>(
      'SELECT name, current_setting(name) AS value FROM pg_settings WHERE name = ANY ($1) ORDER BY name',
      [SETTINGS],
    );
    const [about] = (
      await client.query<{ version: string; flags: string | null }>(
        "SELECT version() AS version, (SELECT setting FROM pg_config() WHERE name = 'CFLAGS') AS flags",
      )
    ).rows;
    return {
      version: about?.version ?? 'unknown',
      flags: about?.flags ?? 'unknown',
      settings: Object.fromEntries(rows.map(({ name, value }) => [name, value])),
    };
  });
  for (const name of ['fsync', 'synchronous_commit', 'full_page_writes']) {
    if (settings[name] !== 'on')
      throw new Error(`${name} is ${settings[name]}: the bench measures durable payments only`);
  }
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: `${type()} ${release()} ${arch()}`,
    fileSystem: await fileSystemOf(cluster.dataFolder),
    node: process.version,
    postgres: version,
    postgresFlags: flags
      .split(' ')
      .filter((flag) => /^-(O|g|march|flto|DUSE)/.test(flag))
      .join(' '),
    postgresKind: cluster.kind,
    settings,
    commit: await currentCommit(),
  };
}

async function fileSystemOf(folder: string | null): Promise<string> {
  if (folder === null) return 'unknown';
  const kind = await statfs(folder).then(
    ({ type: number }) => number.toString(16),
    () => 'unknown',
  );
  return FILE_SYSTEMS[kind] ?? kind;
}

/** With `+` where files under version control differ from the commit. */
async function currentCommit(): Promise<string> {
  const root = fileURLToPath(new URL('../', import.meta.url));
  const git = async (args: readonly string[]) => (await promisify(execFile)('git', args, { cwd: root })).stdout.trim();
  try {
    const [commit, changed] = await Promise.all([
      git(['rev-parse', '--short=12', 'HEAD']),
      git(['status', '--porcelain', '-uno']),
    ]);
    return changed === '' ? commit : `${commit}+`;
  } catch {
    const { version } = JSON.parse(await readFile(new URL('../package.json', import.meta.url), 'utf8')) as {
      version: string;
    };
    return `version ${version}`;
  }
}
