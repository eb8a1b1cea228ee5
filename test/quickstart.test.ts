import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  type FSWatcher,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  watch,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { packageFolder } from '../src/postgres/embedded/data-folder.ts';
import { guardFolder } from './postgres/folder-guard.ts';

let folder: string;
let temporary: string;
const cleanups: (() => unknown)[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(realpathSync(tmpdir()), 'hpts-quickstart-test-'));
  chmodSync(folder, 0o755);
  temporary = join(folder, 'tmp');
});

afterEach(() => {
  for (const cleanup of cleanups.splice(0).reverse()) cleanup();
  rmSync(folder, { recursive: true, force: true });
});

type Quickstart = {
  readonly child: ChildProcess;
  readonly dataDir: Promise<string>;
  /** Fulfilled once it has printed this. */
  says(text: string): Promise<void>;
  exit(): Promise<Ended>;
};
type Ended = { readonly status: number | null; readonly out: string };

/** `hpts quickstart` where no instance runs, with a folder for temporary files of this mode. `dataDir` is the one that it makes. */
function runQuickstart(mode: number): Quickstart {
  mkdirSync(temporary);
  chmodSync(temporary, mode);
  const dataDir = firstEntry(temporary);
  const child = spawn(process.execPath, [join(packageFolder(), 'bin', 'hpts.mjs'), 'quickstart'], {
    env: { PATH: process.env['PATH'], TMPDIR: temporary, HPTS_DATA_DIR: join(folder, 'none'), XDG_STATE_HOME: folder },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  cleanups.push(() => child.kill('SIGKILL'));
  const closed = once(child, 'close');
  let out = '';
  const listeners: (() => void)[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      out += text;
      for (const listener of listeners) listener();
    });
  }
  const guarded = dataDir.then((made) => {
    const guard = guardFolder({ dataDir: made, remove: folder });
    cleanups.push(() => guard.release());
    return made;
  });
  return {
    child,
    dataDir: guarded,
    says: (text) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (out.includes(text)) resolve();
        };
        listeners.push(look);
        look();
      }),
    async exit() {
      const [status] = await closed;
      return { status, out };
    },
  };
}

function firstEntry(parent: string): Promise<string> {
  return new Promise((resolve) => {
    const watcher: FSWatcher = watch(parent, (_event, name) => {
      if (name === null) return;
      watcher.close();
      resolve(join(parent, name));
    });
    cleanups.push(() => watcher.close());
  });
}

/** Where root's PostgreSQL works when it cannot in the data folder. */
function placeOfRoot(dataDir: string): string {
  return join('/var/lib/hpts', createHash('sha256').update(dataDir).digest('hex').slice(0, 16));
}

function expectNothingLeft(dataDir: string): void {
  expect(readdirSync(temporary)).toEqual([]);
  // Nor the data folder that a server would have made.
  expect(readdirSync(folder)).toEqual(['tmp']);
  expect(existsSync(placeOfRoot(dataDir))).toBe(false);
}

it.each([
  ['that everybody may pass', 0o1777],
  ['that its owner alone may enter', 0o700],
])('leaves nothing behind of an instance of its own, in a folder for temporary files %s', async (_what, mode) => {
  const quickstart = runQuickstart(mode);
  const { status, out } = await quickstart.exit();
  const dataDir = await quickstart.dataDir;
  cleanups.push(() => rmSync(placeOfRoot(dataDir), { recursive: true, force: true }));
  expect([status, out]).toEqual([0, expect.stringContaining('Every figure is as promised')]);
  expectNothingLeft(dataDir);
});

it('nor when it is told to end while the database is being made', async () => {
  const quickstart = runQuickstart(0o700);
  const dataDir = await quickstart.dataDir;
  cleanups.push(() => rmSync(placeOfRoot(dataDir), { recursive: true, force: true }));
  quickstart.child.kill('SIGINT');
  const { status, out } = await quickstart.exit();
  expect([status, out]).toEqual([1, expect.stringContaining('SIGINT: ended')]);
  expectNothingLeft(dataDir);
});

it('nor when it is told twice', async () => {
  const quickstart = runQuickstart(0o1777);
  const dataDir = await quickstart.dataDir;
  quickstart.child.kill('SIGINT');
  await quickstart.says('SIGINT: ended');
  quickstart.child.kill('SIGINT');
  const { status } = await quickstart.exit();
  expect(status).toBe(1);
  expectNothingLeft(dataDir);
});
