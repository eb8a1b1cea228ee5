import { randomUUID } from 'node:crypto';
import type { CommandOf } from '../../src/posting/command.ts';
import type { Decision } from '../../src/posting/decide-batch.ts';
import { type PostingStore, StoreFailure } from '../../src/posting/posting-store.ts';

const TENANT = randomUUID();

export const REFUSED: Decision = { outcome: 'refused', refusal: { code: 'not_found', detail: 'there is nothing' } };

/** A store that does as it is told and keeps nothing, for what the engine makes of it; there are no earlier entries in it. */
export function scriptedStore(told: Pick<PostingStore, 'post'> & Partial<PostingStore>): PostingStore {
  return {
    resolve: async () => new Map(),
    receipts: async () => new Map(),
    held: async () => new Set(),
    preview: async () => {
      throw new StoreFailure('unavailable', 'it has no previews');
    },
    ...told,
  };
}

/** A light command that names no earlier entry, for a loan and under a key of its own. */
export function feeCommand(tenantId: string = TENANT, loanId: string = randomUUID()): CommandOf<'fee'> {
  return {
    kind: 'fee',
    tenantId,
    actor: 'test',
    key: 'test:engine',
    keyHash: randomUUID(),
    payloadHash: randomUUID(),
    fee: {
      loanId,
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

/** Resolves in the next turn of the event loop. */
export function aTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
