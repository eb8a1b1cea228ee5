import { closeSync, openSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import { errorCode } from './error-code.ts';

/** A lock that is held until `release`, or until the kernel ends the process that holds it, in whatever way. */
export type FileLock = { release(): void };

/** `exclusive` bears no other holder; any number of `shared` holders bear each other. */
export type LockMode = 'exclusive' | 'shared';

const POLL_MS = 20;

/**
 * Tries once; undefined when somebody else, in this process or another, holds the lock in the way.
 *
 * Node offers no flock. Lock files with a pid inside cannot be taken over from the dead without a race, and a pid
 * means nothing across containers that share a volume. The record locks (fcntl) that SQLite takes on its file have
 * neither flaw, so an empty SQLite file serves as the lock. Nothing else may open that file: POSIX drops a process's
 * record locks when it closes any descriptor of the file.
 */
export function tryLock(lock: { readonly path: string; readonly mode: LockMode }): FileLock | undefined {
  createForOwnerOnly(lock.path);
  const database = new DatabaseSync(lock.path, { timeout: 0 });
  try {
    database.exec('PRAGMA journal_mode=MEMORY');
    database.exec(lock.mode === 'exclusive' ? 'BEGIN EXCLUSIVE' : 'BEGIN; SELECT count(*) FROM sqlite_schema');
  } catch (error) {
    database.close();
    if (isBusy(error)) return undefined;
    throw new Error(`The lock ${lock.path} cannot be taken; the folder must be on a file system with locks.`, {
      cause: error,
    });
  }
  let held = true;
  return {
    release() {
      if (held) database.close();
      held = false;
    },
  };
}

/** As `tryLock`, asking again for `waitMsMax`; undefined when the time is over. */
export async function lockWithin(lock: {
  readonly path: string;
  readonly mode: LockMode;
  readonly waitMsMax: number;
}): Promise<FileLock | undefined> {
  const deadline = performance.now() + lock.waitMsMax;
  for (;;) {
    const held = tryLock(lock);
    if (held !== undefined) return held;
    if (performance.now() >= deadline) return undefined;
    await delay(POLL_MS);
  }
}

function createForOwnerOnly(path: string): void {
  try {
    // SQLite would create it readable by all, and whoever may read a file may take a shared lock on it.
    closeSync(openSync(path, 'wx', 0o600));
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error;
  }
}

function isBusy(error: unknown): boolean {
  const SQLITE_BUSY = 5;
  return error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY;
}
