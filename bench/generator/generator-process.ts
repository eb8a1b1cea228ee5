import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { GeneratorMessage, LoadJob, LoadResult } from './load-job.ts';

const PROGRAM = fileURLToPath(new URL('main.ts', import.meta.url));

/** Runs a job in a process of its own. `listener` is told when its measured part begins and ends. Rejects when it fails. */
export async function generateLoad(job: LoadJob, listener: { onBegin(): void; onEnd(): void }): Promise<LoadResult> {
  const child = fork(PROGRAM, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  try {
    return await new Promise<LoadResult>((resolve, reject) => {
      child.on('message', (message: GeneratorMessage) => {
        if (message.kind === 'begin') listener.onBegin();
        else if (message.kind === 'end') listener.onEnd();
        else if (message.kind === 'result') resolve(message.result);
        else reject(new Error(`the load generator failed: ${message.message}`));
      });
      child.once('error', reject);
      child.once('exit', (code, signal) => reject(new Error(`the load generator ended early (${signal ?? code})`)));
      child.send(job);
    });
  } finally {
    child.kill('SIGKILL');
  }
}
