import type pg from 'pg';
import { LIMITS } from '../../limits.ts';
import type { DecidedBatch } from '../../posting/decide-batch.ts';
import { StoreFailure } from '../../posting/posting-store.ts';
import type { ReadSet } from '../../posting/read-set.ts';
import { type DatabaseAddress, renewPlans } from '../connection.ts';
import { failureOf, PosterConnection } from './poster-connection.ts';
import { type LockedRows, readSnapshot, SNAPSHOT_STATEMENTS } from './read-state.ts';

/** Decides on the rows that were read; what it asks of `client` is answered from the same snapshot. */
export type DecideOnSnapshot = (client: pg.Client, rows: LockedRows) => Promise<DecidedBatch>;

/**
 * The connection on which commands are decided and not posted: in a role that can write nothing of the books, in READ ONLY
 * transactions that see one snapshot, without a lock. One preview at a time, so that they never take more of the database
 * than one lane of postings.
 */
export class PreviewConnection {
  readonly #connection: PosterConnection;
  #last: Promise<void> = Promise.resolve();
  #waiting = 0;

  constructor(address: DatabaseAddress) {
    const options = {
      role: 'hpts_reader',
      applicationName: 'hpts preview',
      statementTimeoutMs: LIMITS.readerStatementTimeoutMs,
      lockTimeoutMs: LIMITS.readerLockTimeoutMs,
      idleInTransactionTimeoutMs: LIMITS.posterIdleInTransactionTimeoutMs,
      planEachTime: true,
    } as const;
    this.#connection = new PosterConnection(address, options, SNAPSHOT_STATEMENTS);
  }

  /** Throws StoreFailure; `timeout` when more previews wait than LIMITS.queuedPreviews. */
  run(set: ReadSet, decide: DecideOnSnapshot): Promise<DecidedBatch> {
    if (this.#waiting >= LIMITS.queuedPreviews) {
      return Promise.reject(new StoreFailure('timeout', 'too many previews are waiting'));
    }
    this.#waiting += 1;
    const running = this.#last.then(() => this.#decide(set, decide));
    // Who comes next waits for the end of this one, however it ended; the failure is the caller's.
    const ended = (): void => {
      this.#waiting -= 1;
    };
    this.#last = running.then(ended, ended);
    return running;
  }

  /** Closes the connection; previews under way must have ended. */
  async close(): Promise<void> {
    await this.#connection.discard();
  }

  async #decide(set: ReadSet, decide: DecideOnSnapshot): Promise<DecidedBatch> {
    const client = await this.#connection.client();
    renewPlans(client);
    try {
      const decided = await decide(client, await readSnapshot(client, set));
      await client.query('ROLLBACK');
      return decided;
    } catch (error) {
      // Previews are rare and a connection is cheap to them: whatever failed, the next one begins afresh.
      await this.#connection.discard();
      throw failureOf(error);
    }
  }
}
