import { spawn } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { stdin } from 'node:process';
import { fileURLToPath } from 'node:url';
import { errorCode } from '../../src/postgres/embedded/error-code.ts';
import { stopPostmaster } from '../../src/postgres/embedded/postmaster.ts';
import { identityOf } from '../../src/postgres/embedded/process-identity.ts';

/** Ends the guard, once the folder has been cleared away by its owner. */
export type FolderGuard = { release(): void };

type Guarded = { readonly dataDir: string; readonly remove: string };

/**
 * Starts a process that waits for this one to end, in whatever way, and then stops the PostgreSQL of the data folder
 * and removes its files and the folder `remove`. It learns of the end by its standard input, which the kernel closes.
 */
export function guardFolder(guarded: Guarded): FolderGuard {
  const guard = spawn(process.execPath, [fileURLToPath(import.meta.url), guarded.dataDir, guarded.remove], {
    detached: true,
    stdio: ['pipe', 'ignore', 'inherit'],
  });
  guard.unref();
  if ('unref' in guard.stdin && typeof guard.stdin.unref === 'function') guard.stdin.unref();
  return { release: () => guard.stdin.end() };
}

async function clearAway(guarded: Guarded): Promise<void> {
  // A start under way may still bring up a server after the first look.
  for (let look = 0; look < 3; look += 1) {
    const place = placeOf(guarded.dataDir);
    const identity = identityOf(Number.parseInt(textOf(join(place, 'cluster', 'postmaster.pid')), 10));
    if (identity !== undefined) await stopPostmaster(identity);
    for (const folder of new Set([place, guarded.remove])) {
      rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
    }
  }
}

/** The cluster may lie elsewhere, and then a note in the data folder says where. */
function placeOf(dataDir: string): string {
  const note = textOf(join(dataDir, 'place.json'));
  return note === '' ? dataDir : String(Reflect.get(Object(JSON.parse(note)), 'place'));
}

/** Empty where there is no such file. */
function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return '';
    throw error;
  }
}

const [, script, dataDir, remove] = process.argv;
if (script === fileURLToPath(import.meta.url) && dataDir !== undefined && remove !== undefined) {
  stdin.resume();
  stdin.once('end', () => void clearAway({ dataDir, remove }));
}
