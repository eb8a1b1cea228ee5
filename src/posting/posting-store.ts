import type { Command } from './command.ts';
import type { DecidedBatch, Decision } from './decide-batch.ts';
import type { LedgerState, ResolvedEntry } from './ledger-state.ts';
import type { ReceiptFacts } from './receipt.ts';

/** One entry of one tenant. */
export type EntryRef = { readonly tenantId: string; readonly entryId: string };

/** A batch that committed: `postedAt` by tenant, RFC 3339 with six digits, the same for all its entries of the batch. */
export type CommittedBatch = {
  readonly decisions: readonly Decision[];
  readonly postedAt: ReadonlyMap<string, string>;
};

export type DecideBatch = (state: LedgerState, newEntryId: () => string) => DecidedBatch;

/** What the posting engine asks of a database; src/postgres implements it. Every method throws only StoreFailure. */
export type PostingStore = {
  /**
   * Finds earlier entries that commands name; entries never change, so no lock is needed. Keys are scopedKey of the ids asked
   * for. Of an entry that was restated it is the one that stands in its place.
   */
  readonly resolve: (refs: readonly EntryRef[]) => Promise<Map<string, ResolvedEntry>>;
  /**
   * Runs one batch as one database transaction: locks, reads, lets `decide` decide, writes, commits. `lane` says on which
   * of the store's connections; one batch at a time on each.
   */
  readonly post: (batch: PostingBatch, decide: DecideBatch) => Promise<CommittedBatch>;
  /** Which commands of a batch, by place, touch a loan that another transaction holds at this moment. Waits for none. */
  readonly held: (batch: PostingBatch) => Promise<ReadonlySet<number>>;
  /**
   * Reads what `post` would, from one snapshot and without a lock, lets `decide` decide, and writes nothing. Keys are not
   * looked up.
   */
  readonly preview: (batch: Omit<PostingBatch, 'lane'>, decide: DecideBatch) => Promise<DecidedBatch>;
  readonly receipts: (refs: readonly EntryRef[]) => Promise<Map<string, ReceiptFacts>>;
};

export type PostingBatch = {
  readonly commands: readonly Command[];
  readonly resolved: ReadonlyMap<string, ResolvedEntry>;
  readonly lane: number;
  /** The batch is one command by itself, and may read the lives of its loans. */
  readonly readsHistories?: boolean;
};

/**
 * Why a batch did not commit.
 * `conflict`: another process was there first, nothing was written, decide again. `timeout`: a lock or statement took too
 * long, nothing was written. `unavailable`: no database, nothing was written. `unknown`: the answer to COMMIT was lost, the
 * batch may have committed; never answer success, the retry with the same key finds the truth.
 */
export type StoreFailureKind = 'conflict' | 'timeout' | 'unavailable' | 'unknown';

export class StoreFailure extends Error {
  override readonly name = 'StoreFailure';
  readonly kind: StoreFailureKind;

  constructor(kind: StoreFailureKind, message: string, cause?: unknown) {
    super(message, { cause });
    this.kind = kind;
  }
}
