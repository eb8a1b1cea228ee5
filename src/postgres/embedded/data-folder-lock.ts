import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createDataFolder } from './data-folder.ts';
import { tryLock } from './file-lock.ts';
import { liveInstance, removeInstance } from './instance-file.ts';

/** The right to serve a data folder, exclusive until `release` or the end of the process. */
export type DataFolderLock = { release(): void };

/** Another process serves this data folder. `url` is undefined when it has not begun to listen yet. */
export class DataFolderBusy extends Error {
  override readonly name = 'DataFolderBusy';
  readonly url: string | undefined;
  readonly dataDir: string;

  constructor(busy: { readonly dataDir: string; readonly url: string | undefined }) {
    const state = busy.url === undefined ? 'is being opened by another process' : `is already served at ${busy.url}`;
    super(`The data folder ${busy.dataDir} ${state}.`);
    this.url = busy.url;
    this.dataDir = busy.dataDir;
  }
}

/** How long to wait for the other server to say where it listens. */
const URL_WAIT_MS_MAX = 5_000;

/**
 * Takes the data folder for one server process, and clears the `instance.json` of a dead one.
 * Throws DataFolderBusy when another process holds it.
 */
export async function acquireDataFolder(dataDir: string): Promise<DataFolderLock> {
  createDataFolder(dataDir);
  const path = join(dataDir, 'serve.lock');
  const deadline = performance.now() + URL_WAIT_MS_MAX;
  for (;;) {
    // The holder may go while we wait for its address: then the folder is ours.
    const lock = tryLock({ path, mode: 'exclusive' });
    if (lock !== undefined) return ownedFolder({ dataDir, release: () => lock.release() });
    const url = liveInstance(dataDir)?.url;
    if (url !== undefined || performance.now() >= deadline) throw new DataFolderBusy({ dataDir, url });
    await delay(50);
  }
}

function ownedFolder(owned: { readonly dataDir: string; readonly release: () => void }): DataFolderLock {
  removeInstance(owned.dataDir);
  let held = true;
  return {
    release() {
      if (!held) return;
      held = false;
      // First the file, then the lock: the next holder's file must not be the one removed.
      removeInstance(owned.dataDir);
      owned.release();
    },
  };
}
