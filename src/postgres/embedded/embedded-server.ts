import { join } from 'node:path';
import { DATABASE, databasePassword, ensureCluster, SUPERUSER } from './cluster.ts';
import { createDataFolder } from './data-folder.ts';
import { type EmbeddedConnection, ensureDatabase } from './embedded-connection.ts';
import { errorMessage } from './error-code.ts';
import { type FileLock, lockWithin, tryLock } from './file-lock.ts';
import { findPlace, hasCluster, type Place, refuseLostPlace } from './place.ts';
import {
  awaitReady,
  endsWithin,
  findPostmaster,
  type Postmaster,
  START_MS_MAX,
  startPostmaster,
  stopPostmaster,
} from './postmaster.ts';
import { isAlive } from './process-identity.ts';
import { packagedServer } from './server-binaries.ts';
import { writeSettings } from './server-settings.ts';
import { chooseSocketFolder } from './socket-folder.ts';

/** How it ended for us: `stopped` by our own `stop`, or `failed` although we did not ask. */
export type EmbeddedExit = { readonly reason: 'stopped' } | { readonly reason: 'failed'; readonly error: Error };

export type EmbeddedServer = {
  /** Stays the same over restarts. */
  readonly connection: EmbeddedConnection;
  /** Of the postmaster now; another one after a restart. */
  readonly pid: number;
  /** Fulfilled when the server is gone for good; never rejected. */
  readonly exited: Promise<EmbeddedExit>;
  /** Leaves the server, and shuts it down in order when nobody else uses it. May be called again. */
  stop(): Promise<void>;
};

export type EmbeddedOptions = {
  readonly dataDir: string;
  /** PostgreSQL settings over our own, for a server that this call starts; one that runs already keeps its own. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Start it again when it dies, at most 3 times within 60 s. Default true. */
  readonly supervise?: boolean;
  /** Called after each such start. */
  readonly onRestart?: (restart: { readonly pid: number }) => void;
  /** Where the copy of the server's programs goes; by default into the data folder. */
  readonly runtimeDir?: string;
  /** Make the database where the cluster has none. Default true. */
  readonly create?: boolean;
};

const RESTARTS_MAX = 3;
const RESTARTS_WITHIN_MS = 60_000;
const WATCH_MS = 100;
/** Longer than an ordered shutdown may take. */
const LEAVING_MS_MAX = 45_000;

/**
 * Opens the database of a data folder: makes the cluster at first, starts PostgreSQL, or adopts the one that runs
 * there, be it another process's or what a killed process left behind. Any number of processes may have it open; the
 * last to leave stops it. Throws OtherMajorVersion for the data of another release, and an Error that says what to do
 * when it cannot start.
 */
export async function openEmbedded(options: EmbeddedOptions): Promise<EmbeddedServer> {
  createDataFolder(options.dataDir);
  return underStartLock(options.dataDir, async () => {
    const packaged = packagedServer();
    const place = await findPlace({ dataDir: options.dataDir, packaged, runtimeDir: options.runtimeDir });
    const membership = await becomeUser(options.dataDir);
    try {
      const password = databasePassword({ dataDir: options.dataDir, place });
      await ensureCluster({ place, password });
      const postmaster = await ensureRunning({ place, options });
      const connection: EmbeddedConnection = {
        host: postmaster.socketDir,
        port: postmaster.port,
        user: SUPERUSER,
        password,
        database: DATABASE,
      };
      if (options.create !== false) await ensureDatabase(connection);
      return superviseServer({ place, options, membership, postmaster, connection });
    } catch (error) {
      membership.release();
      throw error;
    }
  });
}

/**
 * Opens the database for one command: beside a running server without disturbing it, or for the time of the command.
 * Whatever happens, the caller must `stop` it. With `create: false` a data folder without a database is refused.
 */
export async function connectEmbedded(options: {
  readonly dataDir: string;
  readonly create?: boolean;
}): Promise<EmbeddedServer> {
  if (options.create === false && !hasCluster(options.dataDir)) {
    refuseLostPlace(options.dataDir);
    throw new Error(`there is no ledger in ${options.dataDir}: start the server once, or look at HPTS_DATA_DIR`);
  }
  return openEmbedded({ ...options, supervise: false });
}

type Opened = {
  readonly place: Place;
  readonly options: EmbeddedOptions;
  readonly membership: FileLock;
  readonly postmaster: Postmaster;
  readonly connection: EmbeddedConnection;
};

/** One process at a time starts or stops the server of a data folder; the kernel lets go for one that dies. */
async function underStartLock<T>(dataDir: string, work: () => Promise<T>): Promise<T> {
  const path = join(dataDir, 'start.lock');
  const lock = await lockWithin({ path, mode: 'exclusive', waitMsMax: START_MS_MAX });
  if (lock === undefined) throw new Error(`Another process has been starting the database in ${dataDir} for too long.`);
  try {
    return await work();
  } finally {
    lock.release();
  }
}

function usersLock(dataDir: string): string {
  return join(dataDir, 'users.lock');
}

/** While anybody holds the users' lock shared, nobody stops the server. */
async function becomeUser(dataDir: string): Promise<FileLock> {
  const lock = await lockWithin({ path: usersLock(dataDir), mode: 'shared', waitMsMax: 10_000 });
  if (lock === undefined) throw new Error(`${usersLock(dataDir)} is held by another program.`);
  return lock;
}

async function ensureRunning(wanted: {
  readonly place: Place;
  readonly options: EmbeddedOptions;
}): Promise<Postmaster> {
  const found = findPostmaster(wanted.place);
  if (found?.status === 'stopping') {
    const ended = await endsWithin({ identity: found.identity, waitMsMax: LEAVING_MS_MAX });
    if (!ended) throw new Error(`PostgreSQL (pid ${found.identity.pid}) is shutting down and does not come to an end.`);
  } else if (found !== undefined) {
    const ready = await awaitReady(wanted.place);
    if (ready !== undefined) return ready;
  }
  const socketDir = await chooseSocketFolder(wanted.place);
  await writeSettings({ place: wanted.place, socketDir, overrides: wanted.options.settings ?? {} });
  return startPostmaster(wanted.place);
}

async function restart(opened: Opened): Promise<Postmaster> {
  const postmaster = await underStartLock(opened.options.dataDir, () => ensureRunning(opened));
  if (postmaster.socketDir !== opened.connection.host) throw new Error('it came back under another address');
  await ensureDatabase(opened.connection);
  return postmaster;
}

/** Watches the postmaster by its identity, the same for one we started and one we adopted. */
function superviseServer(opened: Opened): EmbeddedServer {
  const { dataDir } = opened.options;
  let postmaster = opened.postmaster;
  let recovering: Promise<void> = Promise.resolve();
  let stopping: Promise<void> | undefined;
  let watch: NodeJS.Timeout | undefined;
  const restarts: number[] = [];
  const exit = Promise.withResolvers<EmbeddedExit>();

  const fail = (cause: unknown) => {
    const error = new Error(`The embedded PostgreSQL died: ${errorMessage(cause)}`, { cause });
    exit.resolve({ reason: 'failed', error });
  };
  const startWatch = () => {
    watch = setInterval(() => {
      if (isAlive(postmaster.identity)) return;
      clearInterval(watch);
      recovering = recover().catch(fail);
    }, WATCH_MS);
    watch.unref();
  };
  const recover = async () => {
    if (opened.options.supervise === false) throw new Error(`the process ${postmaster.identity.pid} ended`);
    let complaint: unknown = new Error(`the process ${postmaster.identity.pid} ended`);
    while (stopping === undefined) {
      const now = performance.now();
      if (restarts.filter((at) => now - at < RESTARTS_WITHIN_MS).length >= RESTARTS_MAX) throw complaint;
      restarts.push(now);
      try {
        postmaster = await restart(opened);
        opened.options.onRestart?.({ pid: postmaster.identity.pid });
        startWatch();
        return;
      } catch (error) {
        complaint = error;
      }
    }
  };
  const stop = async () => {
    await recovering;
    clearInterval(watch);
    await underStartLock(dataDir, async () => {
      opened.membership.release();
      const last = tryLock({ path: usersLock(dataDir), mode: 'exclusive' });
      if (last === undefined) return;
      try {
        // Whoever restarted it meanwhile: we are the last, so what runs now goes.
        const running = findPostmaster(opened.place);
        if (running !== undefined) await stopPostmaster(running.identity);
      } finally {
        last.release();
      }
    });
    exit.resolve({ reason: 'stopped' });
  };

  startWatch();
  return {
    connection: opened.connection,
    get pid() {
      return postmaster.identity.pid;
    },
    exited: exit.promise,
    stop() {
      stopping ??= stop();
      return stopping;
    },
  };
}
