import type { HeavyPoster } from './http/heavy/heavy-poster.ts';
import { LIMITS } from './limits.ts';
import type { Listeners } from './listeners.ts';
import type { PostingEngine } from './posting/engine.ts';

/** What a server that is told to end has under way. */
export type Drained = {
  readonly listeners: Pick<Listeners, 'close'>;
  readonly engine: Pick<PostingEngine, 'beginNothing' | 'drain'>;
  readonly heavy: Pick<HeavyPoster, 'beginNothing' | 'cut'>;
  /** What works without being asked over HTTP; each is stopped. */
  readonly jobs: readonly { readonly stop: () => Promise<void> }[];
  readonly onFailure: (error: unknown) => void;
};

/**
 * Answers what was accepted, within LIMITS.drainCutMs whatever it is. Commands are begun for LIMITS.drainBeginMs; a heavy one
 * takes seconds and cannot be taken back, so it has the rest of the time to end. Jobs end meanwhile, not behind.
 */
export async function drain({ listeners, engine, heavy, jobs, onFailure }: Drained): Promise<void> {
  const endsMs = performance.now() + LIMITS.drainCutMs;
  const jobsEnded = jobs.map((job) => job.stop().catch(onFailure));
  const beginNothing = (): void => {
    engine.beginNothing();
    heavy.beginNothing().catch(onFailure);
  };
  const timer = setTimeout(beginNothing, LIMITS.drainBeginMs);
  await listeners.close().catch(onFailure);
  clearTimeout(timer);
  // Nobody waits for an answer any more; what is under way for a run, or for somebody who went away, may end.
  beginNothing();
  const isOver = await within(endsMs - performance.now(), Promise.all([engine.drain(), ...jobsEnded]));
  if (!isOver) await heavy.cut();
}

/** Whether `work` ended within `waitMs`; what it rejects with is thrown. */
export async function within(waitMs: number, work: Promise<unknown>): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<false>();
  const timer = setTimeout(() => resolve(false), Math.max(0, waitMs));
  try {
    return await Promise.race([work.then(() => true), promise]);
  } finally {
    clearTimeout(timer);
  }
}
