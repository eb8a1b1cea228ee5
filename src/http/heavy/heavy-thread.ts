import { parentPort, workerData } from 'node:worker_threads';
import { PostgresStore } from '../../postgres/posting/store.ts';
import { ReaderPool } from '../../postgres/reading/reader-pool.ts';
import { PostingEngine } from '../../posting/engine.ts';
import type { EngineWatch } from '../../posting/engine-watch.ts';
import { previewCommand } from '../../posting/preview.ts';
import { readCommand } from '../posting-operation.ts';
import { POSTING_ROUTES } from '../routes/posting-routes.ts';
import type { HeavyAnswer, HeavyFigure, HeavyQuestion, HeavyThreadData } from './heavy-message.ts';

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

/** Read one in a turn: a body takes a while to read, and whoever says that nothing more begins must not wait for all. */
const unread: HeavyQuestion[] = [];
let beginsNothing = false;

port.on('message', (question: HeavyQuestion) => {
  if (question.ask === 'begin_nothing') {
    beginsNothing = true;
    engine.beginNothing();
  }
  unread.push(question);
  if (unread.length === 1) setImmediate(readOne);
});

function readOne(): void {
  const question = unread.shift();
  if (unread.length > 0) setImmediate(readOne);
  if (question !== undefined) answerTo(question);
}

function answerTo(question: HeavyQuestion): void {
  handle(question).then(
    (outcome) => answer({ id: question.id, outcome }),
    (error: unknown) => {
      onFailure(error);
      answer({ id: question.id, outcome: { outcome: 'unavailable' } });
    },
  );
}

async function handle(question: HeavyQuestion): Promise<Extract<HeavyAnswer, { id: number }>['outcome']> {
  if (beginsNothing && question.ask !== 'stop') return { outcome: 'too_busy' };
  switch (question.ask) {
    case 'begin_nothing':
      return { outcome: 'too_busy' };
    case 'post':
      return engine.submit(question.command);
    case 'preview':
      return previewCommand(question.command, { store, onFailure });
    case 'read_and_post':
    case 'read_and_preview': {
      const route = POSTING_ROUTES.get(question.path);
      if (route === undefined) throw new Error(`there is no posting route ${question.path}`);
      const command = route.use((posting) => readCommand(posting, question.sender, question.bytes));
      if ('problem' in command) return command;
      return question.ask === 'read_and_post' ? engine.submit(command) : previewCommand(command, { store, onFailure });
    }
    case 'stop':
      await engine.drain();
      await store.close();
      await reader.close();
      return { outcome: 'too_busy' };
  }
}
