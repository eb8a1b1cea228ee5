import { randomBytes, randomUUID } from 'node:crypto';
import {
  chownSync,
  closeSync,
  constants,
  existsSync,
  fsyncSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { createServerFolder, type Place, wayToBeginAnew } from './place.ts';
import { runProgram } from './server-binaries.ts';

/** The superuser that initdb makes, and the database of the ledger. */
export const SUPERUSER = 'hpts';
export const DATABASE = 'hpts';

const PASSWORD_FILE = 'database-password';

/** The cluster was written by another major release of PostgreSQL, whose files this one cannot read. */
export class OtherMajorVersion extends Error {
  override readonly name = 'OtherMajorVersion';

  constructor(found: { readonly cluster: string; readonly major: string; readonly ours: string }) {
    super(
      `The data in ${found.cluster} were written by PostgreSQL ${found.major}, and this release of HPTS brings PostgreSQL ${found.ours}, which cannot read them. ` +
        `Nothing was changed. Start the release of HPTS that wrote them and take a backup there to restore here, or run a PostgreSQL ${found.major} on them and name it in HPTS_DATABASE_URL, or set HPTS_DATA_DIR to an empty folder to begin anew.`,
    );
  }
}

/**
 * The password of the superuser: 256 random bits, made at first and kept in a file that only this user can read.
 * Written through to the disk before any cluster knows it. It lies beside the cluster, so that a data folder that was
 * deleted does not take it along; clusters elsewhere that were made before that have it in the data folder.
 */
export function databasePassword(data: { readonly dataDir: string; readonly place: Place }): string {
  const { dir, cluster } = data.place;
  const path = join(dir, PASSWORD_FILE);
  for (const kept of [path, join(data.dataDir, PASSWORD_FILE)]) {
    if (existsSync(kept)) return readFileSync(kept, 'utf8').trim();
  }
  if (existsSync(cluster)) throw passwordMissing({ path, cluster });
  const password = randomBytes(32).toString('hex');
  const unfinished = `${path}.${randomUUID()}.tmp`;
  writeSynced({ path: unfinished, text: `${password}\n` });
  renameSync(unfinished, path);
  syncFolder(dir);
  return password;
}

function passwordMissing(lost: { readonly path: string; readonly cluster: string }): Error {
  return new Error(
    `The database in ${lost.cluster} lets nobody in without its password, and ${lost.path} is missing. Nothing was changed. ` +
      `Restore that file from a copy, with mode 600, and start again. ${wayToBeginAnew(lost.cluster)}`,
  );
}

/** Makes the cluster if there is none, whole or not at all. Throws OtherMajorVersion for one that is not ours. */
export async function ensureCluster(wanted: { readonly place: Place; readonly password: string }): Promise<void> {
  const { place } = wanted;
  if (existsSync(place.cluster)) {
    const major = readFileSync(join(place.cluster, 'PG_VERSION'), 'utf8').trim();
    if (major !== place.major) throw new OtherMajorVersion({ cluster: place.cluster, major, ours: place.major });
    return;
  }
  removeUnfinished(place);
  const unfinished = join(place.dir, `cluster-${randomUUID()}.tmp`);
  createServerFolder({ path: unfinished, user: place.user });
  await initialise({ ...wanted, folder: unfinished });
  includeSettings(unfinished);
  renameSync(unfinished, place.cluster);
  syncFolder(place.dir);
}

async function initialise(wanted: {
  readonly place: Place;
  readonly password: string;
  readonly folder: string;
}): Promise<void> {
  const { place } = wanted;
  const passwordFile = join(place.dir, `password-${randomUUID()}.tmp`);
  writeSynced({ path: passwordFile, text: `${wanted.password}\n` });
  try {
    if (process.geteuid?.() === 0) chownSync(passwordFile, place.user.uid, place.user.gid);
    const { status, output } = await runProgram({
      path: join(place.server, 'bin', 'initdb'),
      user: place.user,
      args: [
        `--pgdata=${wanted.folder}`,
        `--username=${SUPERUSER}`,
        `--pwfile=${passwordFile}`,
        // The socket's folder keeps others out; the password also stops a process of the same user by accident.
        '--auth=scram-sha-256',
        '--encoding=UTF8',
        // PostgreSQL's own locale needs none of the system's and sorts the same on every machine.
        '--locale-provider=builtin',
        '--builtin-locale=C.UTF-8',
        '--locale=C',
        '--data-checksums',
        '--no-instructions',
      ],
    });
    if (status !== 0) throw new Error(`initdb failed (${status}): ${output.trim()}`);
  } finally {
    rmSync(passwordFile, { force: true });
  }
}

/**
 * The settings lie beside the cluster, not in it: its folder belongs to the server's user, where root must not write
 * through a link that this user might have laid. For the same reason a link is refused here.
 */
function includeSettings(cluster: string): void {
  const flags = constants.O_WRONLY | constants.O_APPEND | constants.O_NOFOLLOW;
  const file = openSync(join(cluster, 'postgresql.conf'), flags);
  try {
    writeSync(
      file,
      "\n# Written by HPTS at every start; what ALTER SYSTEM sets wins over it.\ninclude_if_exists '../hpts.conf'\n",
    );
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** What a start that was killed during initdb left behind. */
function removeUnfinished(place: Place): void {
  for (const name of readdirSync(place.dir)) {
    if (/^(cluster|password)-.*\.tmp$/.test(name)) {
      rmSync(join(place.dir, name), { recursive: true, force: true, maxRetries: 3 });
    }
  }
}

function writeSynced(file: { readonly path: string; readonly text: string }): void {
  writeFileSync(file.path, file.text, { mode: 0o600, flag: 'wx', flush: true });
}

function syncFolder(path: string): void {
  const folder = openSync(path, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
