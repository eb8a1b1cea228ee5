import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { lockWithin, tryLock } from './file-lock.ts';

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hpts-lock-'));
  path = join(folder, 'x.lock');
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

it('bears many shared holders or one exclusive holder', () => {
  const shared = [tryLock({ path, mode: 'shared' }), tryLock({ path, mode: 'shared' })];
  expect(shared).not.toContain(undefined);
  expect(tryLock({ path, mode: 'exclusive' })).toBeUndefined();
  for (const lock of shared) lock?.release();
  const exclusive = tryLock({ path, mode: 'exclusive' });
  expect(exclusive).toBeDefined();
  expect(tryLock({ path, mode: 'exclusive' })).toBeUndefined();
  expect(tryLock({ path, mode: 'shared' })).toBeUndefined();
  exclusive?.release();
  exclusive?.release();
  tryLock({ path, mode: 'shared' })?.release();
});

it('stops waiting when the time is over', async () => {
  const held = tryLock({ path, mode: 'exclusive' });
  expect(await lockWithin({ path, mode: 'shared', waitMsMax: 30 })).toBeUndefined();
  held?.release();
});

/** Runs `work` with the lock's module at hand in a Node of its own. */
function inAnotherProcess(work: string) {
  const module = JSON.stringify(join(import.meta.dirname, 'file-lock.ts'));
  const program = `import { lockWithin, tryLock } from ${module}; const [, path, file] = process.argv; ${work}`;
  const args = ['--input-type=module-typescript', '-e', program, path, join(folder, 'count')];
  return spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
}

it('never lets two processes count at once', async () => {
  writeFileSync(join(folder, 'count'), '0');
  const work = `
    import { readFileSync, writeFileSync } from 'node:fs';
    for (let round = 0; round < 20; round += 1) {
      const lock = await lockWithin({ path, mode: 'exclusive', waitMsMax: 30000 });
      const count = Number(readFileSync(file, 'utf8'));
      await new Promise((resolve) => setImmediate(resolve));
      writeFileSync(file, String(count + 1));
      lock.release();
    }`;
  const ends = [1, 2, 3, 4].map(() => once(inAnotherProcess(work), 'exit'));
  expect((await Promise.all(ends)).map(([status]) => status)).toEqual([0, 0, 0, 0]);
  expect(readFileSync(join(folder, 'count'), 'utf8')).toBe('80');
});

it('falls free when its holder is killed', async () => {
  // Kept in a variable of the process: a lock that nothing refers to is collected, and falls free with it.
  const work = `globalThis.held = tryLock({ path, mode: 'exclusive' }); console.log('held'); setInterval(() => {}, 1000);`;
  const holder = inAnotherProcess(work);
  const ended = once(holder, 'exit');
  await once(holder.stdout, 'data');
  const whileHeld = tryLock({ path, mode: 'exclusive' });
  holder.kill('SIGKILL');
  await ended;
  expect(whileHeld).toBeUndefined();
  const lock = tryLock({ path, mode: 'exclusive' });
  expect(lock).toBeDefined();
  lock?.release();
});
