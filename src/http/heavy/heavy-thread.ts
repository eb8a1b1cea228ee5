import { parentPort, workerData } from 'node:worker_threads';
import { LIMITS } from '../../limits.ts';
import { PostgresStore } from '../../postgres/posting/store.ts';
import { ReaderPool } from '../../postgres/reading/reader-pool.ts';
import { PostingEngine } from '../../posting/engine.ts';
import type { EngineWatch } from '../../posting/engine-watch.ts';
import { previewCommand } from '../../posting/preview.ts';
import { readCommand } from '../posting-operation.ts';
import { POSTING_ROUTES } from '../routes/posting-routes.ts';
import type { HeavyAnswer, HeavyFigure, HeavyQuestion, HeavyThreadData } from './heavy-message.ts';
import { Turns } from './turns.ts';

type HeavyOutcome = Extract<HeavyAnswer, { id: number }>['outcome'];
type LargeQuestion = Extract<HeavyQuestion, { bytes: Uint8Array }>;

/**
 * The thread on which large bodies are read and heavy commands posted, with an engine and a connection of its own: ten
 * thousand loans take longer to read, decide and write than the serving thread may be held up. The same code as there;
 * two engines meet at the loans' locks and the unique keys, as two processes do.
 */
const port = parentPort;
if (port === null) throw new Error('this file runs as a worker thread');
const { address, watched } = workerData as HeavyThreadData;
const reader = new ReaderPool(address, 1, true);
const store = new PostgresStore({ address, lanes: 1, heavy: true, reader });
const answer = (message: HeavyAnswer): void => port.postMessage(message);
const onFailure = (error: unknown): void =>
  answer({ id: null, failure: error instanceof Error ? (error.stack ?? error.message) : String(error) });
// A figure goes out before the answers that it counts, so whoever was answered finds it counted.
const tell = (figure: HeavyFigure): void => answer({ id: null, figure });
const watch: EngineWatch = {
  waited: (ms) => tell({ what: 'waited', ms }),
  batchEnded: (commands, ms, end) => tell({ what: 'batchEnded', commands, ms, end }),
  replayed: (commands) => tell({ what: 'replayed', commands }),
};
const engine = new PostingEngine({
  store,
  lanes: 1,
  monotonicMs: () => performance.now(),
  onFailure,
  ...(watched ? { watch } : {}),
});

const turns = new Turns({
  atOnce: LIMITS.largeBodiesRead,
  waitMs: LIMITS.queueWaitMs,
  monotonicMs: () => performance.now(),
});

port.on('message', (question: HeavyQuestion) => {
  // The question is not kept until its answer: it holds the body.
  const { id } = question;
  handle(question).then(
    (outcome) => answer({ id, outcome }),
    (error: unknown) => {
      onFailure(error);
      answer({ id, outcome: { outcome: 'unavailable' } });
    },
  );
});

async function handle(question: HeavyQuestion): Promise<HeavyOutcome> {
  switch (question.ask) {
    case 'begin_nothing':
      turns.end();
      engine.beginNothing();
      return { outcome: 'too_busy' };
    case 'post':
      return engine.submit(question.command);
    case 'preview':
      return previewCommand(question.command, { store, onFailure });
    case 'read_and_post':
    case 'read_and_preview':
      // Read, a body takes up many times its bytes: it is read when it can be posted, and waits as it came.
      return (await turns.run(() => readLarge(question))) ?? { outcome: 'too_busy' };
    case 'stop':
      await engine.drain();
      await store.close();
      await reader.close();
      return { outcome: 'too_busy' };
  }
}

async function readLarge(question: LargeQuestion): Promise<HeavyOutcome> {
  const { path, sender, bytes } = question;
  const route = POSTING_ROUTES.get(path);
  if (route === undefined) throw new Error(`there is no posting route ${path}`);
  const command = route.use((posting) => readCommand(posting, sender, bytes));
  if ('problem' in command) return command;
  return question.ask === 'read_and_post' ? engine.submit(command) : previewCommand(command, { store, onFailure });
}
