/**
 * The load generator, a process of its own so that its CPU is told apart from the server's. Started by
 * generator-process.ts with a channel: it gets one job, reports begin, end and result, and ends.
 */
import type { GeneratorMessage, LoadJob } from './load-job.ts';
import { runLoad } from './load-run.ts';

function report(message: GeneratorMessage): void {
  process.send?.(message);
}

process.once('message', (job: LoadJob) => {
  runLoad(job, { onBegin: () => report({ kind: 'begin' }), onEnd: () => report({ kind: 'end' }) })
    .then(
      (result) => report({ kind: 'result', result }),
      (error: unknown) => report({ kind: 'failed', message: error instanceof Error ? error.message : String(error) }),
    )
    .finally(() => process.disconnect());
});
