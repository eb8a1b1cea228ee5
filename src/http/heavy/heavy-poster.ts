import { Worker } from 'node:worker_threads';
import { LIMITS } from '../../limits.ts';
import type { DatabaseAddress } from '../../postgres/connection.ts';
import type { Command } from '../../posting/command.ts';
import type { Outcome } from '../../posting/engine.ts';
import type { EngineWatch } from '../../posting/engine-watch.ts';
import type { PreviewOutcome } from '../../posting/preview.ts';
import type { LargeBody } from '../posting-operation.ts';
import type { Problem } from '../problem.ts';
import type { HeavyAnswer, HeavyFigure, HeavyQuestion, HeavyThreadData } from './heavy-message.ts';

type HeavyOutcome = Outcome | PreviewOutcome | { readonly problem: Problem };
/** A question before it is numbered, for each form of it. */
type Unnumbered = HeavyQuestion extends infer One ? (One extends HeavyQuestion ? Omit<One, 'id'> : never) : never;

/** The serving thread's side of the heavy thread; starts it, asks it, starts it again when it died. */
export class HeavyPoster {
  readonly #address: DatabaseAddress;
  readonly #onFailure: (error: unknown) => void;
  readonly #watch: EngineWatch | undefined;
  readonly #waiting = new Map<number, (outcome: HeavyOutcome) => void>();
  #worker: Worker | null = null;
  #lastId = 0;
  #stopped = false;

  /** `watch` hears what the thread's engine does; undefined: the thread tells nothing. */
  constructor(options: {
    readonly address: DatabaseAddress;
    readonly onFailure: (error: unknown) => void;
    readonly watch: EngineWatch | undefined;
  }) {
    this.#address = options.address;
    this.#onFailure = options.onFailure;
    this.#watch = options.watch;
  }

  /** Starts the thread, so that the first heavy command does not wait for it. */
  start(): void {
    this.#thread();
  }

  /** Heavy commands and large bodies that were not answered yet. */
  get pending(): number {
    return this.#waiting.size;
  }

  /** Posts a command that is too heavy to share a batch. */
  readonly submit = async (command: Command): Promise<Outcome> => {
    const outcome = await this.#ask({ ask: 'post', command });
    if ('problem' in outcome || outcome.outcome === 'previewed') throw new Error('the heavy thread did not post');
    return outcome;
  };

  /** Says what a command that is too heavy for the serving thread would post. */
  readonly preview = async (command: Command): Promise<PreviewOutcome> =>
    previewOutcome(await this.#ask({ ask: 'preview', command }));

  /** Reads a large body and posts it, or says what it would post. */
  readonly submitLarge = ({ isPreview, ...large }: LargeBody): Promise<HeavyOutcome> =>
    this.#ask({ ask: isPreview ? 'read_and_preview' : 'read_and_post', ...large });

  /** What the thread has not begun is answered too_busy, and so is what comes from now on. */
  async beginNothing(): Promise<void> {
    this.#stopped = true;
    if (this.#worker !== null) await this.#send({ ask: 'begin_nothing' });
  }

  /** Ends the thread in the middle of what it does, of which nobody knows then whether it was posted. */
  async cut(): Promise<void> {
    this.#stopped = true;
    await this.#worker?.terminate();
  }

  /** Lets the thread finish what it has, then ends it. */
  async stop(): Promise<void> {
    this.#stopped = true;
    if (this.#worker === null) return;
    await this.#send({ ask: 'stop' });
    await this.#worker?.terminate();
  }

  #ask(question: Unnumbered): Promise<HeavyOutcome> {
    if (this.#stopped || this.#waiting.size >= LIMITS.queuedHeavyCommands)
      return Promise.resolve({ outcome: 'too_busy' });
    return this.#send(question);
  }

  #send(question: Unnumbered): Promise<HeavyOutcome> {
    this.#lastId += 1;
    const id = this.#lastId;
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
      this.#thread().postMessage({ ...question, id } as HeavyQuestion, movedWith(question));
    });
  }

  #thread(): Worker {
    if (this.#worker !== null) return this.#worker;
    const workerData: HeavyThreadData = { address: this.#address, watched: this.#watch !== undefined };
    const worker = new Worker(new URL('./heavy-thread.ts', import.meta.url), { workerData });
    this.#worker = worker;
    worker.on('message', (answer: HeavyAnswer) => this.#receive(answer));
    worker.on('error', (error) => this.#onFailure(error));
    worker.on('exit', () => this.#lose(worker));
    return worker;
  }

  #receive(answer: HeavyAnswer): void {
    if (answer.id === null) {
      if ('figure' in answer) this.#count(answer.figure);
      else this.#onFailure(new Error(`heavy thread: ${answer.failure}`));
      return;
    }
    this.#waiting.get(answer.id)?.(answer.outcome);
    this.#waiting.delete(answer.id);
  }

  #count(figure: HeavyFigure): void {
    if (figure.what === 'waited') this.#watch?.waited(figure.ms);
    else if (figure.what === 'replayed') this.#watch?.replayed(figure.commands);
    else this.#watch?.batchEnded(figure.commands, figure.ms, figure.end);
  }

  /** What the thread was doing when it ended may have been committed: nobody is told otherwise. */
  #lose(worker: Worker): void {
    if (this.#worker === worker) this.#worker = null;
    for (const resolve of this.#waiting.values()) resolve({ outcome: 'unavailable' });
    this.#waiting.clear();
  }
}

/** A body of megabytes moves to the thread in place of being copied; where it lies among others, it is copied. */
function movedWith(question: Unnumbered): ArrayBuffer[] {
  if (!('bytes' in question)) return [];
  const { buffer, byteLength } = question.bytes;
  return buffer instanceof ArrayBuffer && buffer.byteLength === byteLength ? [buffer] : [];
}

function previewOutcome(outcome: HeavyOutcome): PreviewOutcome {
  if ('problem' in outcome) throw new Error('the heavy thread found a problem in a command that had been read');
  switch (outcome.outcome) {
    case 'previewed':
    case 'refused':
    case 'too_busy':
    case 'unavailable':
      return outcome;
    default:
      throw new Error(`the heavy thread answered a preview with ${outcome.outcome}`);
  }
}
