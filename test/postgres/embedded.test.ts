import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { OtherMajorVersion } from '../../src/postgres/embedded/cluster.ts';
import { acquireDataFolder, DataFolderBusy } from '../../src/postgres/embedded/data-folder-lock.ts';
import type { EmbeddedConnection } from '../../src/postgres/embedded/embedded-connection.ts';
import { connectEmbedded, type EmbeddedServer, openEmbedded } from '../../src/postgres/embedded/embedded-server.ts';
import { liveInstance, readInstance } from '../../src/postgres/embedded/instance-file.ts';
import { identityOf } from '../../src/postgres/embedded/process-identity.ts';
import type { ServerUser } from '../../src/postgres/embedded/server-user.ts';
import { type FolderGuard, guardFolder } from './folder-guard.ts';
import { type Holder, programWithin, startHolder } from './holder-process.ts';

const URL = 'http://127.0.0.1:8099';
const isRoot = process.geteuid?.() === 0;
const nobody: ServerUser = { uid: 65_534, gid: 65_534 };
const runtimeDir = inject('postgresRuntimeDir');

let folder: string;
let dataDir: string;
let guard: FolderGuard;
const cleanups: (() => Promise<unknown>)[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(realpathSync(tmpdir()), 'hpts-embedded-'));
  chmodSync(folder, 0o755);
  dataDir = join(folder, 'a folder with "spaces", it\'s true');
  guard = guardFolder({ dataDir, remove: folder });
});

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  rmSync(folder, { recursive: true, force: true });
  guard.release();
});

async function open(options: Partial<Parameters<typeof openEmbedded>[0]> = {}): Promise<EmbeddedServer> {
  const server = await openEmbedded({ dataDir, runtimeDir, ...options });
  cleanups.push(() => server.stop());
  return server;
}

async function hold(user?: ServerUser): Promise<Holder> {
  const program = programWithin({ user: user ?? nobody, folder });
  const own = user === undefined ? { runtimeDir } : {};
  const holder = await startHolder({ program, dataDir, url: URL, user, ...own });
  cleanups.push(() => holder.kill());
  return holder;
}

async function query(connection: EmbeddedConnection, sql: string): Promise<unknown[]> {
  const client = new Client(connection);
  // The query itself is rejected; this is the connection's second word on the same break.
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query({ text: sql, rowMode: 'array' })).rows.flat();
  } finally {
    await client.end();
  }
}

async function dies(pid: number): Promise<void> {
  await expect.poll(() => identityOf(pid), { interval: 10, timeout: 20_000 }).toBeUndefined();
}

describe('a server of our own', () => {
  it('is durable, closed to others, independent of the system, and gone after stop', async () => {
    const server = await open({ settings: { work_mem: '5MB' } });
    const settings = ['fsync', 'synchronous_commit', 'full_page_writes', 'data_checksums', 'jit', 'listen_addresses'];
    const shown = settings.map((name) => `current_setting('${name}')`).join(', ');
    expect(await query(server.connection, `SELECT ${shown}`)).toEqual(['on', 'on', 'on', 'on', 'off', '']);
    expect(await query(server.connection, "SELECT current_setting('work_mem')")).toEqual(['5MB']);
    const locale = await query(
      server.connection,
      'SELECT pg_encoding_to_char(encoding), datlocprovider, datlocale FROM pg_database WHERE datname = current_database()',
    );
    expect(locale).toEqual(['UTF8', 'b', 'C.UTF-8']);
    expect(statSync(server.connection.host).mode & 0o777).toBe(0o700);
    expect(statSync(join(dataDir, 'database-password')).mode & 0o777).toBe(0o600);
    await expect(query({ ...server.connection, password: 'guessed' }, 'SELECT 1')).rejects.toThrow(/password/);
    await server.stop();
    expect(identityOf(server.pid)).toBeUndefined();
    expect(await server.exited).toEqual({ reason: 'stopped' });
  });

  it('comes back by itself when it is killed, under the same address and with every committed row', async () => {
    const { promise, resolve } = Promise.withResolvers<{ readonly pid: number }>();
    const server = await open({ onRestart: resolve });
    await query(server.connection, 'CREATE TABLE kept AS SELECT 1 AS n');
    const killed = server.pid;
    process.kill(killed, 'SIGKILL');
    expect((await promise).pid).not.toBe(killed);
    expect(await query(server.connection, 'SELECT n FROM kept')).toEqual([1]);
  });

  it('gives up after three restarts within a minute and says so', async () => {
    let killed = 0;
    const server = await open({
      onRestart: ({ pid }) => {
        killed += 1;
        process.kill(pid, 'SIGKILL');
      },
    });
    process.kill(server.pid, 'SIGKILL');
    expect(await server.exited).toMatchObject({ reason: 'failed' });
    expect(killed).toBe(3);
  });

  it('reports the death to a command, which does not restart it', async () => {
    const server = await open({ supervise: false });
    process.kill(server.pid, 'SIGKILL');
    expect(await server.exited).toMatchObject({ reason: 'failed' });
  });

  it('says what PostgreSQL itself says when it does not start', async () => {
    await expect(open({ settings: { shared_buffers: 'much' } })).rejects.toThrow(/shared_buffers/);
  });
});

describe('what others left behind', () => {
  it('recovers from a killed postmaster', async () => {
    const first = await open({ supervise: false });
    await query(first.connection, 'CREATE TABLE kept AS SELECT 7 AS n');
    process.kill(first.pid, 'SIGKILL');
    await first.stop();
    const second = await open();
    expect(await query(second.connection, 'SELECT n FROM kept')).toEqual([7]);
  });

  it('waits for a backend that outlives its killed postmaster', async () => {
    const first = await open({ supervise: false });
    // Busy in a loop without any wait, a backend does not see that its postmaster is gone.
    const busy = query(first.connection, 'SELECT count(*) FROM generate_series(1, 8000000)').catch(() => undefined);
    const backends =
      "SELECT count(*)::int FROM pg_stat_activity WHERE query LIKE '%generate_series(1, 8%' AND pid <> pg_backend_pid()";
    await expect.poll(() => query(first.connection, backends), { interval: 5 }).toEqual([1]);
    process.kill(first.pid, 'SIGKILL');
    const second = await open();
    await busy;
    expect(await query(second.connection, 'SELECT 1')).toEqual([1]);
  });

  it('adopts the server of a killed process, and stops it in the end', async () => {
    const holder = await hold();
    await holder.kill();
    expect(liveInstance(dataDir)).toBeUndefined();
    const folderLock = await acquireDataFolder(dataDir);
    const server = await open();
    expect(server.pid).toBe(holder.postmaster);
    await server.stop();
    await dies(holder.postmaster);
    folderLock.release();
  });

  it('starts although the pid in postmaster.pid now belongs to another program', async () => {
    const first = await open();
    await first.stop();
    const { uid, gid } = statSync(join(dataDir, 'cluster'));
    const stranger = execStranger({ uid, gid });
    const path = join(dataDir, 'cluster', 'postmaster.pid');
    writeFileSync(path, `${stranger}\n${join(dataDir, 'cluster')}\n1\n5432\n/nowhere\n\n  1 1\nready   \n`);
    if (isRoot) chownSync(path, uid, gid);
    const second = await open();
    expect(second.pid).not.toBe(stranger);
    expect(identityOf(stranger)).toBeDefined();
  });

  it('starts although the lock file of its socket names a living stranger', async () => {
    const first = await open();
    const { host } = first.connection;
    await first.stop();
    const { uid, gid } = statSync(join(dataDir, 'cluster'));
    const stranger = execStranger({ uid, gid });
    const path = join(host, '.s.PGSQL.5432.lock');
    writeFileSync(path, `${stranger}\n${join(dataDir, 'cluster')}\n1\n5432\n${host}\n`);
    if (isRoot) chownSync(path, uid, gid);
    const second = await open();
    expect(second.pid).not.toBe(stranger);
    expect(identityOf(stranger)).toBeDefined();
  });

  it('refuses the data of another major release untouched', async () => {
    mkdirSync(join(dataDir, 'cluster'), { recursive: true });
    writeFileSync(join(dataDir, 'cluster', 'PG_VERSION'), '17\n');
    writeFileSync(join(dataDir, 'database-password'), 'x\n');
    await expect(open()).rejects.toThrow(OtherMajorVersion);
    await expect(open()).rejects.toThrow(/PostgreSQL 17.*PostgreSQL 18.*HPTS_DATABASE_URL/s);
    expect(readFileSync(join(dataDir, 'cluster', 'PG_VERSION'), 'utf8')).toBe('17\n');
  });
});

describe('several processes', () => {
  it('refuses a second server with the address of the first, until that is gone', async () => {
    const holder = await hold();
    const refusal = await acquireDataFolder(dataDir).then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(refusal).toBeInstanceOf(DataFolderBusy);
    expect(refusal).toMatchObject({ url: URL });
    expect(statSync(join(dataDir, 'instance.json')).mode & 0o777).toBe(0o600);
    expect(await holder.finish()).toBe(0);
    await dies(holder.postmaster);
    expect(readInstance(dataDir)).toBeUndefined();
    (await acquireDataFolder(dataDir)).release();
  });

  it('lets a command use a running server without disturbing it', async () => {
    const server = await open();
    const command = await connectEmbedded({ dataDir, create: false });
    expect(command.pid).toBe(server.pid);
    await command.stop();
    expect(await query(server.connection, 'SELECT 1')).toEqual([1]);
  });

  it('keeps the server for a command that outlasts the one who started it', async () => {
    const holder = await hold();
    const command = await open({ supervise: false });
    expect(await holder.finish()).toBe(0);
    expect(command.pid).toBe(holder.postmaster);
    expect(await query(command.connection, 'SELECT 1')).toEqual([1]);
    await command.stop();
    await dies(command.pid);
  });

  it('starts one server for commands that start at once', async () => {
    const commands = await Promise.all([open(), open(), open()]);
    expect(new Set(commands.map((command) => command.pid)).size).toBe(1);
    await Promise.all(commands.map((command) => command.stop()));
    await dies(commands[0].pid);
  });

  it('does not make a cluster for a command that needs one', async () => {
    mkdirSync(dataDir);
    await expect(connectEmbedded({ dataDir, create: false })).rejects.toThrow(/no ledger/);
    expect(existsSync(join(dataDir, 'cluster'))).toBe(false);
  });
});

// These need root: it alone can be two users, and it alone may not run PostgreSQL itself.
describe.each(isRoot ? ['root'] : [])('as %s', () => {
  it('runs for an ordinary user, too', async () => {
    dataDir = join(folder, 'a folder of theirs');
    mkdirSync(dataDir);
    chownSync(dataDir, nobody.uid, nobody.gid);
    const holder = await hold(nobody);
    expect(statSync(`/proc/${holder.postmaster}`).uid).toBe(nobody.uid);
    expect(await query(holder.connection, 'SELECT 1')).toEqual([1]);
    expect(await holder.finish()).toBe(0);
    await dies(holder.postmaster);
  });

  it('runs PostgreSQL as somebody else, and lets no third user in', async () => {
    const server = await open();
    expect(statSync(`/proc/${server.pid}`).uid).not.toBe(0);
    const socket = join(server.connection.host, `.s.PGSQL.${server.connection.port}`);
    const script = `require('net').connect(${JSON.stringify(socket)}).once('error', (e) => console.log(e.code))`;
    const { node } = programWithin({ user: nobody, folder });
    const third = { uid: 54_321, gid: 54_321, cwd: '/', encoding: 'utf8' } as const;
    expect(execFileSync(node, ['-e', script], third).trim()).toBe('EACCES');
  });

  it('puts the cluster where that user can reach it, and finds it again', async () => {
    const closed = join(folder, `home-${randomUUID()}`);
    mkdirSync(closed, { mode: 0o700 });
    await usesPlaceElsewhere({ dataDir: join(closed, '.hpts'), runtimeDir });
  });
});

it('puts the cluster elsewhere when initdb could not work in the path', async () => {
  const named = mkdtempSync(join(folder, '$(false)'));
  chmodSync(named, 0o755);
  await usesPlaceElsewhere({ dataDir: named });
});

describe('a data folder that was deleted while its cluster lay elsewhere', () => {
  /** Lets a cluster be made elsewhere, with a table, and deletes the data folder. */
  async function losesItsFolder(): Promise<{ readonly options: { readonly dataDir: string }; readonly place: string }> {
    const named = join(folder, '$(false)');
    const options = { dataDir: named };
    const ownGuard = guardFolder({ dataDir: named, remove: folder });
    cleanups.push(async () => ownGuard.release());
    const place = await opened(options, async (connection) => {
      await query(connection, 'CREATE TABLE kept AS SELECT 3 AS n');
      return placeOf(named);
    });
    cleanups.push(async () => rmSync(place, { recursive: true, force: true }));
    rmSync(named, { recursive: true });
    return { options, place };
  }

  it('is told where that lies; what it is told to type brings the ledger back', async () => {
    const { options, place } = await losesItsFolder();
    const { message } = await refusalOf(options);
    expect(message).toContain(`${place}, is the ledger of a data folder that had this path before`);
    type(message, 'printf');
    expect(await opened(options, (connection) => query(connection, 'SELECT n FROM kept'))).toEqual([3]);
  });

  it('… or moves it aside whole, and begins with an empty ledger', async () => {
    const { options, place } = await losesItsFolder();
    type((await refusalOf(options)).message, 'mv');
    const tables = "SELECT count(*)::int FROM pg_tables WHERE tablename = 'kept'";
    expect(await opened(options, (connection) => query(connection, tables))).toEqual([0]);
    // A second time what was moved aside before is not in the way.
    rmSync(options.dataDir, { recursive: true });
    type((await refusalOf(options)).message, 'mv');
    expect(await opened(options, (connection) => query(connection, tables))).toEqual([0]);
    // The way back: the password lies beside the cluster, and is that of both.
    rmSync(join(place, 'cluster'), { recursive: true });
    renameSync(join(place, 'cluster.old'), join(place, 'cluster'));
    expect(await opened(options, (connection) => query(connection, 'SELECT n FROM kept'))).toEqual([3]);
  });

  it('a password that is missing is asked for by its path; a cluster from before has it in the data folder', async () => {
    const { options, place } = await losesItsFolder();
    type((await refusalOf(options)).message, 'printf');
    const copy = join(folder, 'copy');
    renameSync(join(place, 'database-password'), copy);
    const { message } = await refusalOf(options);
    expect(message).toContain(`${join(place, 'database-password')} is missing`);
    expect(message).toContain(`mv -T ${join(place, 'cluster')} ${join(place, 'cluster.old')}`);
    renameSync(copy, join(options.dataDir, 'database-password'));
    expect(await opened(options, (connection) => query(connection, 'SELECT n FROM kept'))).toEqual([3]);
  });
});

/** Opens the database for some work, and leaves it. */
async function opened<T>(
  options: { readonly dataDir: string },
  work: (connection: EmbeddedConnection) => Promise<T>,
): Promise<T> {
  const server = await openEmbedded(options);
  try {
    return await work(server.connection);
  } finally {
    await server.stop();
  }
}

/** What openEmbedded throws. */
async function refusalOf(options: { readonly dataDir: string }): Promise<Error> {
  const server = await openEmbedded(options).catch((error: unknown) => error);
  if (server instanceof Error) return server;
  throw new Error('it was opened');
}

/** Runs the command of a message that begins with this word, as somebody would who copies its line. */
function type(message: string, word: string): void {
  const line = message.split('\n').find((text) => text.startsWith(`  ${word} `));
  if (line === undefined) throw new Error(`the message has no line with ${word}: ${message}`);
  execFileSync('/bin/sh', ['-c', line]);
}

function placeOf(dataDir: string): string {
  const place: unknown = JSON.parse(readFileSync(join(dataDir, 'place.json'), 'utf8'));
  return String(Reflect.get(Object(place), 'place'));
}

async function usesPlaceElsewhere(options: { readonly dataDir: string; readonly runtimeDir?: string }): Promise<void> {
  const servers: EmbeddedServer[] = [];
  const ownGuard = guardFolder({ dataDir: options.dataDir, remove: folder });
  cleanups.push(async () => ownGuard.release());
  const first = await openEmbedded(options);
  servers.push(first);
  const dir = placeOf(options.dataDir);
  cleanups.push(async () => rmSync(dir, { recursive: true, force: true }));
  cleanups.push(() => Promise.all(servers.map((server) => server.stop())));
  expect(existsSync(join(dir, 'cluster'))).toBe(true);
  await query(first.connection, 'CREATE TABLE kept AS SELECT 3 AS n');
  await first.stop();
  const second = await openEmbedded(options);
  servers.push(second);
  expect(await query(second.connection, 'SELECT n FROM kept')).toEqual([3]);
}

/** A process of that user that has nothing to do with us; it ends with the test. */
function execStranger(user: ServerUser): number {
  const { node } = programWithin({ user, folder });
  const command = `require('child_process')`;
  const script = `const c = ${command}.spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60000)'], { detached: true, stdio: 'ignore' }); console.log(c.pid); c.unref()`;
  const pid = Number(execFileSync(node, ['-e', script], { ...(isRoot ? user : {}), cwd: '/', encoding: 'utf8' }));
  cleanups.push(async () => process.kill(pid, 'SIGKILL'));
  return pid;
}
