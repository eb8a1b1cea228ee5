import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { ApiServer } from './api-server.ts';

const PROGRAM = fileURLToPath(new URL('bare-http-main.ts', import.meta.url));
/** As bin/hpts.mjs starts the server. */
const FLAGS = ['--max-semi-space-size=32', '--min-semi-space-size=32', '--no-allocation-site-pretenuring'];

/** The HTTP library without a ledger behind it, in a process of its own. Throws when it does not listen. */
export async function startBareHttp(): Promise<ApiServer> {
  const child = fork(PROGRAM, { execArgv: FLAGS, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const ended = once(child, 'exit');
  const [port] = await Promise.race([
    once(child, 'message'),
    ended.then(([code, signal]) => Promise.reject(new Error(`the bare HTTP server ended (${signal ?? code})`))),
  ]);
  const { pid } = child;
  if (pid === undefined || typeof port !== 'number') throw new Error('the bare HTTP server said no port');
  const stop = async () => {
    child.kill('SIGKILL');
    await ended;
  };
  return { port, pid, stop };
}
