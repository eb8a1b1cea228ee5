import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { LIMITS } from '../../src/limits.ts';
import type { Decision } from '../../src/posting/decide-batch.ts';
import { type Outcome, PostingEngine } from '../../src/posting/engine.ts';
import type { PlannedEntry } from '../../src/posting/posting-plan.ts';
import { type PostingBatch, StoreFailure, type StoreFailureKind } from '../../src/posting/posting-store.ts';
import { aTurn, feeCommand, REFUSED, scriptedStore } from './scripted-store.ts';

/** A store on which every batch fails after a second: what is tested is what the engine makes of it. */
function engineWithFailures(kind: StoreFailureKind) {
  let nowMs = 0;
  let posts = 0;
  const store = scriptedStore({
    post: async () => {
      posts += 1;
      nowMs += LIMITS.posterLockTimeoutMs;
      throw new StoreFailure(kind, 'it fails');
    },
  });
  const engine = new PostingEngine({ store, lanes: 1, monotonicMs: () => nowMs, onFailure: () => undefined });
  return { engine, posts: () => posts, seconds: () => nowMs / 1_000 };
}

test('500 commands for a loan that stays held are all answered too_busy soon after the queue wait, not one by one', async () => {
  const { engine, seconds } = engineWithFailures('timeout');
  const outcomes = await Promise.all(Array.from({ length: 500 }, () => engine.submit(feeCommand())));
  expect(new Set(outcomes.map(({ outcome }) => outcome))).toEqual(new Set(['too_busy']));
  expect(seconds()).toBeLessThanOrEqual(LIMITS.queueWaitMs / 1_000 + 2);
  expect(engine.pending).toBe(0);
});

test('a batch that meets another process again and again is given up as too_busy after so many attempts', async () => {
  const { engine, posts } = engineWithFailures('conflict');
  expect(await engine.submit(feeCommand())).toEqual({ outcome: 'too_busy' });
  expect(posts()).toBe(LIMITS.batchAttempts);
});

test.each(['unavailable', 'unknown'] as const)(
  '%s is answered unavailable at once, and never tried again',
  async (kind) => {
    const { engine, posts } = engineWithFailures(kind);
    expect(await engine.submit(feeCommand())).toEqual({ outcome: 'unavailable' });
    expect(posts()).toBe(1);
  },
);

test('in_progress for a key that is under way; a drained engine takes nothing more', async () => {
  const { engine } = engineWithFailures('unavailable');
  const command = feeCommand();
  const first = engine.submit(command);
  expect(await engine.submit(command)).toEqual({ outcome: 'in_progress' });
  expect(await first).toEqual({ outcome: 'unavailable' });
  await engine.drain();
  expect(await engine.submit(command)).toEqual({ outcome: 'too_busy' });
});

/** A store that refuses whatever it is asked, batch by batch as `post` lets it, and says what happened in which order. */
function engineThatRefuses(lanes: number, post: (batch: PostingBatch) => Promise<void>) {
  const active = new Map<number, number>();
  let most = 0;
  const store = scriptedStore({
    post: async (batch) => {
      const here = (active.get(batch.lane) ?? 0) + 1;
      active.set(batch.lane, here);
      most = Math.max(most, here);
      try {
        await post(batch);
      } finally {
        active.set(batch.lane, here - 1);
      }
      return { decisions: batch.commands.map(() => REFUSED), postedAt: new Map() };
    },
  });
  const engine = new PostingEngine({ store, lanes, monotonicMs: () => 0, onFailure: () => undefined });
  return { engine, mostOnOneLane: () => most };
}

test('the next batch begins before the last one is answered', async () => {
  const order: string[] = [];
  const waiting: Promise<unknown>[] = [];
  const ask = (name: string) => engine.submit(feeCommand()).then(() => order.push(`answer ${name}`));
  const { engine } = engineThatRefuses(1, async () => {
    order.push('batch');
    if (order.length === 1) waiting.push(ask('second'));
    await aTurn();
  });
  await ask('first');
  await Promise.all(waiting);
  expect(order).toEqual(['batch', 'batch', 'answer first', 'answer second']);
});

test.each([1, 2])('with %i lanes no lane has two batches at once, also where batches are halved', async (lanes) => {
  let posts = 0;
  const { engine, mostOnOneLane } = engineThatRefuses(lanes, async ({ commands }) => {
    posts += 1;
    await aTurn();
    if (commands.length > 3) throw new StoreFailure('timeout', 'a loan is held');
  });
  const outcomes: Promise<Outcome>[] = [];
  for (let wave = 0; wave < 20; wave += 1) {
    outcomes.push(...Array.from({ length: 10 }, () => engine.submit(feeCommand())));
    await aTurn();
  }
  expect(new Set((await Promise.all(outcomes)).map(({ outcome }) => outcome))).toEqual(new Set(['refused']));
  expect(mostOnOneLane()).toBe(1);
  expect(posts).toBeGreaterThan(60);
  await aTurn();
  expect(engine.batches).toBe(0);
});

test('one answer that cannot be rendered keeps no other of a large batch from its own', async () => {
  const told: unknown[] = [];
  const broken = feeCommand();
  const commands = Array.from({ length: 3 * LIMITS.answersPerTurn }, (_, at) => (at === 20 ? broken : feeCommand()));
  // Posted for a tenant of which the batch does not know when.
  const unknown = { tenantId: randomUUID() } as PlannedEntry;
  const posted: Decision = { outcome: 'posted', entry: unknown, following: [], receiptVersion: 1 };
  const store = scriptedStore({
    post: async (batch) => ({
      decisions: batch.commands.map((command) => (command === broken ? posted : REFUSED)),
      postedAt: new Map(),
    }),
  });
  const engine = new PostingEngine({ store, lanes: 1, monotonicMs: () => 0, onFailure: (error) => told.push(error) });
  const outcomes = await Promise.all(commands.map((command) => engine.submit(command)));
  expect(outcomes.findIndex(({ outcome }) => outcome === 'unavailable')).toBe(20);
  expect(outcomes.filter(({ outcome }) => outcome === 'refused')).toHaveLength(commands.length - 1);
  expect(told).toHaveLength(1);
});

test('a command that breaks its batch is answered alone: the key of a neighbour, sent again meanwhile, stays in flight', async () => {
  const [good, poison] = [feeCommand(), feeCommand()];
  const [breaks, repeats] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  let goodRuns = 0;
  const { engine } = engineThatRefuses(1, async ({ commands }) => {
    if (commands.length > 1) throw new TypeError('a fault of ours');
    if (commands[0] === poison) {
      await breaks.promise;
      throw new TypeError('a fault of ours');
    }
    goodRuns += 1;
    if (goodRuns > 1) await repeats.promise;
  });
  const [first, broken] = [engine.submit(good), engine.submit(poison)];
  expect(await first).toMatchObject({ outcome: 'refused' });
  const again = engine.submit(good);
  breaks.resolve();
  expect(await broken).toEqual({ outcome: 'unavailable' });
  await aTurn();
  expect(await engine.submit(good)).toEqual({ outcome: 'in_progress' });
  expect(engine.pending).toBe(1);
  repeats.resolve();
  expect(await again).toMatchObject({ outcome: 'refused' });
});

test('beginNothing: what waits is answered too_busy at once, what is under way ends, and nothing more is asked of the store', async () => {
  const [begun, ends] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  let posts = 0;
  const { engine } = engineThatRefuses(1, async () => {
    posts += 1;
    begun.resolve();
    await ends.promise;
  });
  const underWay = engine.submit(feeCommand());
  await begun.promise;
  const waiting = [engine.submit(feeCommand()), engine.submit(feeCommand())];
  await aTurn();
  engine.beginNothing();
  expect(await Promise.all(waiting)).toEqual([{ outcome: 'too_busy' }, { outcome: 'too_busy' }]);
  expect(await engine.submit(feeCommand())).toEqual({ outcome: 'too_busy' });
  ends.resolve();
  expect((await underWay).outcome).toBe('refused');
  await engine.drain();
  expect(posts).toBe(1);
});

test.each(['conflict', 'timeout'] as const)(
  'beginNothing: a batch under way that fails with %s is not tried again, nor are its parts',
  async (kind) => {
    const [begun, ends] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    let posts = 0;
    const { engine } = engineThatRefuses(1, async () => {
      posts += 1;
      begun.resolve();
      await ends.promise;
      throw new StoreFailure(kind, 'it fails');
    });
    const underWay = [engine.submit(feeCommand()), engine.submit(feeCommand())];
    await begun.promise;
    engine.beginNothing();
    ends.resolve();
    expect(await Promise.all(underWay)).toEqual([{ outcome: 'too_busy' }, { outcome: 'too_busy' }]);
    expect(posts).toBe(1);
  },
);

test('beginNothing: a fault of ours in a batch under way is answered unavailable, since nobody knows what was posted', async () => {
  const [begun, ends] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const { engine } = engineThatRefuses(1, async () => {
    begun.resolve();
    await ends.promise;
    throw new Error('a fault');
  });
  const underWay = [engine.submit(feeCommand()), engine.submit(feeCommand())];
  await begun.promise;
  engine.beginNothing();
  ends.resolve();
  expect(await Promise.all(underWay)).toEqual([{ outcome: 'unavailable' }, { outcome: 'unavailable' }]);
});
