import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { errorCode } from './error-code.ts';
import { createServerFolder, type Place } from './place.ts';
import { identityOf, isAlive, type ProcessIdentity } from './process-identity.ts';
import { serverEnvironment } from './server-binaries.ts';

/** A running server of one cluster. */
export type Postmaster = { readonly identity: ProcessIdentity; readonly socketDir: string; readonly port: number };

/** Recovery after a crash replays up to max_wal_size, which can take minutes on a slow disk. */
export const START_MS_MAX = 600_000;
const ORPHANS_MS_MAX = 10_000;
const FAST_STOP_MS_MAX = 30_000;
const IMMEDIATE_STOP_MS_MAX = 10_000;
const LAST_WORDS_MS_MAX = 5_000;
const POLL_MS = 20;

type PidFile = { readonly pid: number; readonly port: number; readonly socketDir: string; readonly status: string };

/**
 * The server that runs on this cluster, whoever started it; undefined when `postmaster.pid` is absent or names a
 * process that is not ours. The command line decides, for it holds the cluster's own path; the time in the file is
 * no help, since the clock may have been stepped.
 */
export function findPostmaster(place: Place): (Postmaster & { readonly status: string }) | undefined {
  const file = readPidFile(place.cluster);
  const identity = file === undefined ? undefined : identityOf(file.pid);
  if (file === undefined || identity === undefined || !isServerProcess({ pid: file.pid, place })) return undefined;
  return { identity, socketDir: file.socketDir, port: file.port, status: file.status };
}

/** Waits until a server found in whatever state takes connections; undefined when it ends instead. */
export async function awaitReady(place: Place): Promise<Postmaster | undefined> {
  const deadline = performance.now() + START_MS_MAX;
  while (performance.now() < deadline) {
    const found = findPostmaster(place);
    if (found === undefined) return undefined;
    if (found.status === 'ready') return found;
    await delay(POLL_MS);
  }
  throw new Error(`PostgreSQL on ${place.cluster} was not ready after ${START_MS_MAX / 1000} s; see ${place.dir}/log.`);
}

/**
 * Starts the server on a cluster where none runs, and waits until it takes connections. What a killed one left is
 * PostgreSQL's own to clear, with two exceptions: its orphaned backends are waited for, and a lock file whose pid
 * now belongs to a stranger is removed. Throws with PostgreSQL's own words when it does not start.
 */
export async function startPostmaster(place: Place): Promise<Postmaster> {
  const orphansDeadline = performance.now() + ORPHANS_MS_MAX;
  for (;;) {
    const complaint = await tryStart(place);
    const running = await awaitReady(place);
    if (running !== undefined) return running;
    if (/pre-existing shared memory block/.test(complaint)) {
      if (performance.now() >= orphansDeadline) throw orphansRemain(place);
      await delay(100);
    } else if (/lock file "postmaster\.pid" already exists/.test(complaint) && isAbandoned(place)) {
      // PostgreSQL sees a live process under the pid and cannot know that it is another program.
      rmSync(join(place.cluster, 'postmaster.pid'), { force: true });
    } else if ((await becomesAbandoned(place)) && removeSocketLock(`${complaint}\n${logTail(place)}`)) {
      // The same for its socket, where the pid may also be that of the killed server itself, which its parent has not
      // waited for yet: in a container without an init it stays a zombie, and to PostgreSQL it lives.
    } else {
      throw new Error(`PostgreSQL did not start on ${place.cluster}. ${complaint}\n${logTail(place)}`.trim());
    }
  }
}

/** Ends the server in order: fast shutdown, and after 30 s the immediate one, from which the next start recovers. */
export async function stopPostmaster(identity: ProcessIdentity): Promise<void> {
  signal({ identity, name: 'SIGINT' });
  if (await endsWithin({ identity, waitMsMax: FAST_STOP_MS_MAX })) return;
  signal({ identity, name: 'SIGQUIT' });
  if (await endsWithin({ identity, waitMsMax: IMMEDIATE_STOP_MS_MAX })) return;
  throw new Error(`PostgreSQL (pid ${identity.pid}) did not end ${FAST_STOP_MS_MAX / 1000} s after it was asked to.`);
}

/** Waits for a process to end; false when it still runs after that time. */
export async function endsWithin(end: {
  readonly identity: ProcessIdentity;
  readonly waitMsMax: number;
}): Promise<boolean> {
  const deadline = performance.now() + end.waitMsMax;
  while (isAlive(end.identity)) {
    if (performance.now() >= deadline) return false;
    await delay(POLL_MS);
  }
  return true;
}

/**
 * Spawns the server and waits until it is ready or gone; answers what it complained of. It gets a session of its
 * own, so that Ctrl-C on the terminal reaches us and not it, and files instead of pipes, so that it outlives us.
 */
async function tryStart(place: Place): Promise<string> {
  createServerFolder({ path: join(place.dir, 'log'), user: place.user });
  const startLog = join(place.dir, 'start.log');
  const log = openSync(startLog, 'w', 0o600);
  try {
    const child = spawn(join(place.server, 'bin', 'postgres'), ['-D', place.cluster], {
      ...place.user,
      cwd: '/',
      env: serverEnvironment(),
      detached: true,
      stdio: ['ignore', log, log],
    });
    child.unref();
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', (error) => reject(new Error(`PostgreSQL cannot be run: ${error.message}`)));
    });
    const deadline = performance.now() + START_MS_MAX;
    while (child.exitCode === null && child.signalCode === null && performance.now() < deadline) {
      const found = findPostmaster(place);
      if (found?.identity.pid === child.pid && found?.status === 'ready') break;
      await delay(POLL_MS);
    }
  } finally {
    closeSync(log);
  }
  return readFileSync(startLog, 'utf8').trim();
}

/** `postmaster.pid`: pid, folder, start, port, socket's folder, address, shared memory, state; one a line. */
function readPidFile(cluster: string): PidFile | undefined {
  let lines: string[];
  try {
    lines = readFileSync(join(cluster, 'postmaster.pid'), 'utf8').split('\n');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
  const [pid, , , port, socketDir, , , status] = lines;
  // A single-user server and a crash in mid-write leave a negative or empty pid.
  if (pid === undefined || !/^[1-9][0-9]*$/.test(pid)) return undefined;
  return { pid: Number(pid), port: Number(port), socketDir: socketDir ?? '', status: status?.trim() ?? '' };
}

function isServerProcess(claim: { readonly pid: number; readonly place: Place }): boolean {
  try {
    const [program, option, cluster] = readFileSync(`/proc/${claim.pid}/cmdline`, 'utf8').split('\0');
    const isServer = program?.endsWith('/bin/postgres') === true && option === '-D' && cluster === claim.place.cluster;
    return isServer && statSync(`/proc/${claim.pid}`).uid === claim.place.user.uid;
  } catch (error) {
    if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ESRCH') return false;
    throw error;
  }
}

/** The processes whose working folder is the cluster: the server and all its children stand there. */
function processesInside(place: Place): number[] {
  return readdirSync('/proc')
    .filter((name) => /^[0-9]+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        return readlinkSync(`/proc/${pid}/cwd`) === place.cluster;
      } catch (error) {
        // Of another user, hence not of this server, or just ended.
        if (['EACCES', 'EPERM', 'ENOENT', 'ESRCH'].includes(errorCode(error) ?? '')) return false;
        throw error;
      }
    });
}

function isAbandoned(place: Place): boolean {
  return findPostmaster(place) === undefined && processesInside(place).length === 0;
}

/** Of a server that has ended, the process that writes the log goes on until it has written all: only then the log says why. */
async function becomesAbandoned(place: Place): Promise<boolean> {
  const deadline = performance.now() + LAST_WORDS_MS_MAX;
  while (!isAbandoned(place)) {
    if (performance.now() >= deadline) return false;
    await delay(POLL_MS);
  }
  return true;
}

const SOCKET_LOCK = /lock file "(\/.*\/\.s\.PGSQL\.\d+\.lock)" already exists/g;

/** Removes the socket's lock file that PostgreSQL complained of last; false when there is none, or none any more. */
function removeSocketLock(complaints: string): boolean {
  const path = [...complaints.matchAll(SOCKET_LOCK)].at(-1)?.[1];
  if (path === undefined || !existsSync(path)) return false;
  rmSync(path, { force: true });
  return true;
}

function orphansRemain(place: Place): Error {
  const pids = processesInside(place).join(', ');
  return new Error(
    `PostgreSQL on ${place.cluster} was killed, and after ${ORPHANS_MS_MAX / 1000} s some of its processes (${pids}) still hold its memory. Two servers on one cluster would destroy it: end those processes, then start again.`,
  );
}

/** The end of the newest log, because once the log's own process runs, complaints go there. */
function logTail(place: Place): string {
  const folder = join(place.dir, 'log');
  const files = readdirSync(folder).map((name) => join(folder, name));
  const newest = files.sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs)[0];
  return newest === undefined ? '' : readFileSync(newest, 'utf8').trimEnd().split('\n').slice(-8).join('\n');
}

function signal(to: { readonly identity: ProcessIdentity; readonly name: NodeJS.Signals }): void {
  if (!isAlive(to.identity)) return;
  try {
    process.kill(to.identity.pid, to.name);
  } catch (error) {
    if (errorCode(error) !== 'ESRCH') throw error;
  }
}
