import { createHash, randomUUID } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  rmdirSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';
import { shellWord } from '../shell-word.ts';
import { errorCode, errorMessage } from './error-code.ts';
import { installServer, type PackagedServer, runProgram } from './server-binaries.ts';
import { chooseServerUser, createOwnFolder, folderInTheWay, type ServerUser } from './server-user.ts';

/** Where PostgreSQL's own files lie: in the data folder, or elsewhere when its user cannot reach that. */
export type Place = {
  readonly dir: string;
  readonly cluster: string;
  /** The folder of the copied server, with `bin` inside. */
  readonly server: string;
  readonly major: string;
  readonly user: ServerUser;
};

type Search = {
  readonly dataDir: string;
  readonly packaged: PackagedServer;
  /** Where the copy of the server goes; by default `runtime` at the place. */
  readonly runtimeDir: string | undefined;
};

const POINTER = 'place.json';

/**
 * Finds the place of a data folder, or chooses one that is proved to work and notes it in the folder: the data
 * folder itself, else below /var/lib/hpts (root) or the user's state folder, else the folder for temporary files.
 * Throws when the noted place is gone, when none works, with the reason for each, and when a cluster lies where one would
 * be made that the folder does not name: whoever deleted the folder may want it back, or not.
 */
export async function findPlace(search: Search): Promise<Place> {
  const dataDir = realpathSync(search.dataDir);
  if (existsSync(join(dataDir, 'cluster'))) return placeAt({ dir: dataDir, search });
  const noted = notedPlace(dataDir);
  if (noted !== undefined) {
    refuseLostPlace(dataDir);
    return placeAt({ dir: noted, search });
  }
  const refusals: string[] = [];
  for (const dir of candidates(dataDir)) {
    if (dir !== dataDir && isOwnCluster(dir)) throw notNamed({ dataDir, dir });
    try {
      const place = await provePlace({ dir, search, isDataDir: dir === dataDir });
      if (dir !== dataDir) {
        const text = JSON.stringify({ place: dir });
        writeFileSync(join(dataDir, POINTER), text, { mode: 0o600, flush: true });
      }
      return place;
    } catch (error) {
      refusals.push(`${dir}: ${errorMessage(error)}`);
    }
  }
  throw new Error(`PostgreSQL finds no folder to work in. ${refusals.join('; ')}`);
}

/** Throws where the data folder names another place, which is gone. */
export function refuseLostPlace(dataDir: string): void {
  const noted = notedPlace(dataDir);
  if (noted === undefined || existsSync(noted)) return;
  throw new Error(
    `The database of ${dataDir} lay in ${noted}, which is gone. Put it back, or remove ${join(dataDir, POINTER)} to begin with an empty ledger.`,
  );
}

/** Whether a cluster has been made for this data folder already. */
export function hasCluster(dataDir: string): boolean {
  const noted = notedPlace(dataDir);
  return existsSync(join(dataDir, 'cluster')) || (noted !== undefined && existsSync(join(noted, 'cluster')));
}

/** What to type to leave a cluster alone and have an empty one made in its stead; the way back is the same, turned round. */
export function wayToBeginAnew(cluster: string): string {
  // mv refuses to put it where one that was moved aside before lies.
  let free = `${cluster}.old`;
  for (let count = 2; existsSync(free); count += 1) free = `${cluster}.old-${count}`;
  const aside = `mv -T ${shellWord(cluster)} ${shellWord(free)}`;
  return `To begin with an empty ledger, move this one aside once nothing runs on it:\n  ${aside}`;
}

/** Creates a folder at the place that only the server's user may enter, or accepts the one made before. */
export function createServerFolder(folder: { readonly path: string; readonly user: ServerUser }): void {
  try {
    mkdirSync(folder.path, { mode: 0o700 });
    chmodSync(folder.path, 0o700);
    if (process.geteuid?.() === 0) chownSync(folder.path, folder.user.uid, folder.user.gid);
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error;
  }
  const found = statSync(folder.path);
  if (!found.isDirectory() || found.uid !== folder.user.uid || (found.mode & 0o077) !== 0) {
    throw new Error(`${folder.path} is not a folder that only the user ${folder.user.uid} may enter.`);
  }
}

function candidates(dataDir: string): string[] {
  const hash = createHash('sha256').update(dataDir).digest('hex').slice(0, 16);
  const state = process.env['XDG_STATE_HOME'];
  const stateDir = state !== undefined && isAbsolute(state) ? state : join(homedir(), '.local', 'state');
  const lasting = process.geteuid?.() === 0 ? '/var/lib/hpts' : join(stateDir, 'hpts-clusters');
  return [dataDir, join(lasting, hash), join(realpathSync(tmpdir()), `hpts-${hash}-data`)];
}

/** What others put into a folder such as /tmp is no ledger that anybody should be told to go on with. */
function isOwnCluster(dir: string): boolean {
  const found = lstatSync(dir, { throwIfNoEntry: false });
  return found?.uid === process.geteuid?.() && existsSync(join(dir, 'cluster'));
}

function notNamed(found: { readonly dataDir: string; readonly dir: string }): Error {
  const note = `printf '%s' ${shellWord(JSON.stringify({ place: found.dir }))} > ${shellWord(join(found.dataDir, POINTER))}`;
  return new Error(
    `The data folder ${found.dataDir} is empty or lost its ${POINTER}, and PostgreSQL cannot work in it; where its files ` +
      `would lie instead, ${found.dir}, is the ledger of a data folder that had this path before. Nothing was changed. ` +
      `To go on with that ledger:\n  ${note}\n${wayToBeginAnew(join(found.dir, 'cluster'))}\nThen start again.`,
  );
}

/** Where the data folder says that its cluster lies; undefined when it names no other place than itself. */
export function notedPlace(dataDir: string): string | undefined {
  const path = join(dataDir, POINTER);
  if (!existsSync(path)) return undefined;
  const pointer: unknown = JSON.parse(readFileSync(path, 'utf8'));
  const place: unknown = typeof pointer === 'object' && pointer !== null ? Reflect.get(pointer, 'place') : undefined;
  if (typeof place !== 'string') throw new Error(`${path} does not name a place.`);
  return place;
}

function placeAt(found: { readonly dir: string; readonly search: Search }): Place {
  const { packaged, runtimeDir } = found.search;
  // Without links, because the kernel tells a process's working folder without them.
  const dir = realpathSync(found.dir);
  const cluster = join(dir, 'cluster');
  const server = installServer({ server: packaged, parent: runtimeDir ?? join(dir, 'runtime') });
  return { dir, cluster, server, major: packaged.major, user: chooseServerUser(cluster) };
}

/** Modes and owners must hold here (they do not on every mounted drive), and the server's user must run the copy. */
async function provePlace(candidate: {
  readonly dir: string;
  readonly search: Search;
  readonly isDataDir: boolean;
}): Promise<Place> {
  if (!candidate.isDataDir) {
    const parent = dirname(candidate.dir);
    if (!existsSync(parent)) {
      mkdirSync(parent, { recursive: true });
      chmodSync(parent, 0o711);
    }
    createOwnFolder({ path: candidate.dir, mode: 0o711 });
  }
  const user = chooseServerUser(join(candidate.dir, 'cluster'));
  const closed = folderInTheWay({ path: candidate.dir, user });
  if (closed !== undefined) throw new Error(`the user ${user.uid} may not pass ${closed}`);
  const programs = candidate.search.runtimeDir ?? candidate.dir;
  // initdb hands its own path to a shell between double quotes, where these keep their meaning.
  if (/["$`\\\n]/.test(programs)) throw new Error('initdb cannot work in a path with one of " $ ` \\');
  const probe = join(candidate.dir, `probe-${randomUUID()}`);
  createServerFolder({ path: probe, user });
  rmdirSync(probe);
  const place = placeAt(candidate);
  const { status, output } = await runProgram({ path: join(place.server, 'bin', 'postgres'), args: ['-V'], user });
  if (status !== 0) throw new Error(output.trim());
  return place;
}
