import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { LIMITS } from '../../src/limits.ts';
import type { Command } from '../../src/posting/command.ts';
import { PostingEngine } from '../../src/posting/engine.ts';
import { type PostingStore, StoreFailure, type StoreFailureKind } from '../../src/posting/posting-store.ts';

const TENANT = randomUUID();

/** A store on which every batch fails after a second: what is tested is what the engine makes of it. */
function engineWithFailures(kind: StoreFailureKind) {
  let nowMs = 0;
  let posts = 0;
  const store: PostingStore = {
    resolve: async () => new Map(),
    receipts: async () => new Map(),
    preview: async () => {
      throw new StoreFailure(kind, 'it fails');
    },
    post: async () => {
      posts += 1;
      nowMs += LIMITS.posterLockTimeoutMs;
      throw new StoreFailure(kind, 'it fails');
    },
  };
  const engine = new PostingEngine({ store, lanes: 1, monotonicMs: () => nowMs, onFailure: () => undefined });
  return { engine, posts: () => posts, seconds: () => nowMs / 1_000 };
}

function feeCommand(): Command {
  return {
    kind: 'fee',
    tenantId: TENANT,
    actor: 'test',
    key: 'test:engine',
    keyHash: randomUUID(),
    payloadHash: randomUUID(),
    fee: {
      loanId: randomUUID(),
      borrowerId: null,
      feeType: 'late_fee',
      amountMinor: 1n,
      currency: 'USD',
      effectiveAt: '2026-05-01',
      externalRef: null,
      description: null,
      metadata: null,
    },
  };
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
