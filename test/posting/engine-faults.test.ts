import { expect, test } from 'vitest';
import type { Decision } from '../../src/posting/decide-batch.ts';
import { PostingEngine } from '../../src/posting/engine.ts';
import { StoreFailure } from '../../src/posting/posting-store.ts';
import { feeCommand, REFUSED, scriptedStore } from './scripted-store.ts';

test('a key whose receipt cannot be read is answered unavailable, its neighbours as ever', async () => {
  const [replay, other] = [feeCommand(), feeCommand()];
  const told: unknown[] = [];
  const unreadable = new StoreFailure('timeout', 'rows that cannot be read');
  const replayed: Decision = { outcome: 'replayed', entryId: replay.keyHash, receiptVersion: 1 };
  const store = scriptedStore({
    post: async ({ commands }) => ({
      decisions: commands.map((command) => (command === replay ? replayed : REFUSED)),
      postedAt: new Map(),
    }),
    receipts: async () => {
      throw unreadable;
    },
  });
  const engine = new PostingEngine({ store, lanes: 1, monotonicMs: () => 0, onFailure: (error) => told.push(error) });
  const outcomes = await Promise.all([replay, other].map((command) => engine.submit(command)));
  // Not too_busy, as the failed post would be: this one was posted long ago.
  expect(outcomes.map(({ outcome }) => outcome)).toEqual(['unavailable', 'refused']);
  expect(told).toEqual([unreadable]);
});

test('a fault in answering one half of a batch is told to whoever asked, and does not end the process', async () => {
  const told: unknown[] = [];
  const store = scriptedStore({
    post: async ({ commands }) => {
      if (commands.length > 2) throw new TypeError('a fault of ours');
      return { decisions: commands.slice(1).map(() => REFUSED), postedAt: new Map() };
    },
  });
  const engine = new PostingEngine({ store, lanes: 1, monotonicMs: () => 0, onFailure: (error) => told.push(error) });
  const outcomes = await Promise.all(Array.from({ length: 4 }, () => engine.submit(feeCommand())));
  expect(outcomes.map(({ outcome }) => outcome)).toEqual(['refused', 'unavailable', 'unavailable', 'unavailable']);
  expect(told.map(String)).toEqual([
    'TypeError: a fault of ours',
    'Error: a batch answered fewer decisions than it had commands',
  ]);
  expect([engine.pending, engine.batches]).toEqual([0, 0]);
});
