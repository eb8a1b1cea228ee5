import { expect, test } from 'vitest';
import { LIMITS } from '../../src/limits.ts';
import type { Decision } from '../../src/posting/decide-batch.ts';
import { type Outcome, PostingEngine } from '../../src/posting/engine.ts';
import { StoreFailure } from '../../src/posting/posting-store.ts';
import { aTurn, feeCommand, REFUSED, scriptedStore } from './scripted-store.ts';

const COMMANDS = 3 * LIMITS.answersPerTurn + 1;
const REPLAYED: Decision = { outcome: 'replayed', entryId: feeCommand().keyHash, receiptVersion: 1 };

/** Counts turns of the event loop until it is told to stop. */
function turnsOfTheLoop() {
  const turns = { now: 0, stopped: false };
  const go = (): void => {
    turns.now += 1;
    if (!turns.stopped) setImmediate(go);
  };
  setImmediate(go);
  return turns;
}

type Answering = {
  readonly what: string;
  readonly ends: string;
  readonly post: (commands: number) => Promise<readonly Decision[]>;
  readonly receipts?: () => Promise<never>;
  /** How far the clock moves while the first batch is under way. */
  readonly passesMs?: number;
};

const fails = (error: Error) => async () => {
  throw error;
};
const ANSWERING: readonly Answering[] = [
  { what: 'refused', ends: 'refused', post: async (commands) => Array.from({ length: commands }, () => REFUSED) },
  {
    what: 'of a batch that met no database',
    ends: 'unavailable',
    post: fails(new StoreFailure('unavailable', 'there is no database')),
  },
  {
    what: 'of a batch that met others too often',
    ends: 'too_busy',
    post: fails(new StoreFailure('conflict', 'another process was there first')),
  },
  {
    what: 'replays of what cannot be read',
    ends: 'unavailable',
    post: async (commands) => Array.from({ length: commands }, () => REPLAYED),
    receipts: fails(new StoreFailure('timeout', 'rows that cannot be read')),
  },
  {
    what: 'replays of what is not there',
    ends: 'unavailable',
    post: async (commands) => Array.from({ length: commands }, () => REPLAYED),
  },
  {
    what: 'of a batch that is halved and has waited too long by then',
    ends: 'too_busy',
    post: fails(new StoreFailure('timeout', 'a loan is held')),
    passesMs: LIMITS.queueWaitMs + 1,
  },
];

test.each(ANSWERING)('no more answers leave in one turn than the limit says: $what', async (way) => {
  let nowMs = 0;
  const store = scriptedStore({
    post: async ({ commands }) => {
      nowMs += way.passesMs ?? 0;
      // As a database would answer: in a later turn.
      await aTurn();
      return { decisions: await way.post(commands.length), postedAt: new Map() };
    },
    ...(way.receipts === undefined ? {} : { receipts: way.receipts }),
  });
  const engine = new PostingEngine({ store, lanes: 1, monotonicMs: () => nowMs, onFailure: () => undefined });
  const turns = turnsOfTheLoop();
  const answersOfTurn = new Map<number, number>();
  const told = (outcome: Outcome): string => {
    answersOfTurn.set(turns.now, (answersOfTurn.get(turns.now) ?? 0) + 1);
    return outcome.outcome;
  };
  const outcomes = Array.from({ length: COMMANDS }, () => engine.submit(feeCommand()).then(told));
  expect(await Promise.all(outcomes)).toEqual(outcomes.map(() => way.ends));
  turns.stopped = true;
  expect(Math.max(...answersOfTurn.values())).toBe(LIMITS.answersPerTurn);
});

test('commands that waited too long for a place in a batch are told so some at a time', async () => {
  let nowMs = 0;
  const { promise: opened, resolve: open } = Promise.withResolvers<void>();
  const store = scriptedStore({
    post: async ({ commands }) => {
      await opened;
      return { decisions: commands.map(() => REFUSED), postedAt: new Map() };
    },
  });
  const engine = new PostingEngine({ store, lanes: 1, monotonicMs: () => nowMs, onFailure: () => undefined });
  const first = engine.submit(feeCommand());
  while (engine.queued > 0) await aTurn();
  const turns = turnsOfTheLoop();
  const answersOfTurn = new Map<number, number>();
  const behind = Array.from({ length: COMMANDS }, () =>
    engine.submit(feeCommand()).then(({ outcome }) => {
      answersOfTurn.set(turns.now, (answersOfTurn.get(turns.now) ?? 0) + 1);
      return outcome;
    }),
  );
  nowMs += LIMITS.queueWaitMs + 1;
  open();
  expect((await first).outcome).toBe('refused');
  expect(await Promise.all(behind)).toEqual(behind.map(() => 'too_busy'));
  turns.stopped = true;
  expect(Math.max(...answersOfTurn.values())).toBe(LIMITS.answersPerTurn);
});

/**
 * An engine whose last two batches were as large as `before` says, asked for one command more in each turn from then on: how
 * many the next batch takes.
 */
async function nextBatchAfter(before: number): Promise<number> {
  const sizes: number[] = [];
  const store = scriptedStore({
    post: async ({ commands }) => {
      sizes.push(commands.length);
      return { decisions: commands.map(() => REFUSED), postedAt: new Map() };
    },
  });
  const engine = new PostingEngine({ store, lanes: 1, monotonicMs: () => 0, onFailure: () => undefined });
  for (let batch = 0; batch < 2; batch += 1) {
    await Promise.all(Array.from({ length: before }, () => engine.submit(feeCommand())));
    while (engine.batches > 0) await aTurn();
  }
  expect(sizes).toEqual([before, before]);
  const asked: Promise<Outcome>[] = [];
  while (sizes.length === 2) {
    asked.push(engine.submit(feeCommand()));
    await aTurn();
  }
  await Promise.all(asked);
  return sizes[2] ?? 0;
}

test.each([
  ['as large as the last two were', 1, 1],
  ['as large as the last two were', 3, 3],
  ['grown for so many turns behind the first', 100, LIMITS.gatherTurns + 1],
])('while one command arrives each turn, a batch begins when it is %s (%i): %i', async (_until, before, size) => {
  expect(await nextBatchAfter(before)).toBe(size);
});
