import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, it } from 'vitest';
import { identityOf, isAlive, ownIdentity } from './process-identity.ts';

it('knows a living process, and not another one with its pid', () => {
  expect(isAlive(ownIdentity())).toBe(true);
  expect(isAlive({ ...ownIdentity(), startTime: 'another' })).toBe(false);
});

it('knows that a process has ended, and refuses what is no pid', async () => {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
  await once(child, 'spawn');
  const identity = identityOf(child.pid ?? 0);
  expect(identity).toBeDefined();
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
  expect(identity !== undefined && isAlive(identity)).toBe(false);
  expect([identityOf(0), identityOf(-1), identityOf(Number.NaN)]).toEqual([undefined, undefined, undefined]);
});
