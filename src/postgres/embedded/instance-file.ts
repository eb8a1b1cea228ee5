import { randomUUID } from 'node:crypto';
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { errorCode } from './error-code.ts';
import { isAlive } from './process-identity.ts';

/** What a running server tells the commands beside it (CONTRACT 5): `instance.json` in the data folder, 0600. */
export type Instance = {
  /** Where it answers HTTP, such as `http://127.0.0.1:8080`. */
  readonly url: string;
  readonly pid: number;
  /** Of the process with that pid, see ProcessIdentity. */
  readonly startTime: string;
  /** The folder of PostgreSQL's socket; null when the database is not the embedded one. */
  readonly socket: string | null;
  readonly database: string;
  /** Of HPTS. */
  readonly version: string;
};

const FILE_NAME = 'instance.json';

/** Writes the file whole or not at all. */
export function writeInstance(place: { readonly dataDir: string; readonly instance: Instance }): void {
  const path = join(place.dataDir, FILE_NAME);
  const unfinished = `${path}.${randomUUID()}.tmp`;
  const file = openSync(unfinished, 'wx', 0o600);
  try {
    writeSync(file, `${JSON.stringify(place.instance, null, 2)}\n`);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(unfinished, path);
}

/** What the file says, whether or not that server still lives; undefined when absent or not such a file. */
export function readInstance(dataDir: string): Instance | undefined {
  let text: string;
  try {
    text = readFileSync(join(dataDir, FILE_NAME), 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
  return parseInstance(text);
}

/** The server that serves this folder now: the process named by the file must be the one that wrote it. */
export function liveInstance(dataDir: string): Instance | undefined {
  const instance = readInstance(dataDir);
  return instance !== undefined && isAlive(instance) ? instance : undefined;
}

/** Removes the file if it is there. */
export function removeInstance(dataDir: string): void {
  rmSync(join(dataDir, FILE_NAME), { force: true });
}

function parseInstance(text: string): Instance | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    // Only a foreign hand can leave half a file here; the next server overwrites it.
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
  return isInstance(value) ? value : undefined;
}

function isInstance(value: unknown): value is Instance {
  if (typeof value !== 'object' || value === null) return false;
  const has = (name: string, type: 'string' | 'number') => typeof Reflect.get(value, name) === type;
  const texts = ['url', 'startTime', 'database', 'version'].every((name) => has(name, 'string'));
  return texts && has('pid', 'number') && (has('socket', 'string') || Reflect.get(value, 'socket') === null);
}
