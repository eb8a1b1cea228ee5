import { LIMITS } from '../../limits.ts';
import type { DatabaseAddress } from '../connection.ts';
import { TooManyReads } from './reader-pool.ts';
import { type Reconciliation, type ReconciliationQuestion, reconcile } from './reconciliation.ts';

/**
 * Runs of reconciliation in this process: few at once, few that wait, and one for all who ask the same while it has not
 * begun. Each run reads the whole of a tenant's books, so that whoever asks often must not take the database from those
 * who post.
 */
export class ReconciliationRuns {
  readonly #address: DatabaseAddress;
  readonly #timeoutMs: number;
  readonly #waiting = new Map<string, Waiting>();
  #running = 0;

  constructor(address: DatabaseAddress, timeoutMs: number = LIMITS.reconciliationTimeoutMs) {
    this.#address = address;
    this.#timeoutMs = timeoutMs;
  }

  /** Throws TooManyReads when too many others wait, or what the driver throws: a statement that timed out among it. */
  reconcile(question: ReconciliationQuestion): Promise<Reconciliation> {
    const name = `${question.tenantId} ${question.asOfDate ?? 'today'}`;
    // A run that has begun has an older snapshot than this caller may expect; one that waits has none yet.
    const same = this.#waiting.get(name);
    if (same !== undefined) return same.answer.promise;
    if (this.#waiting.size >= LIMITS.queuedReconciliations) {
      return Promise.reject(new TooManyReads('too many reconciliations are waiting'));
    }
    const answer = Promise.withResolvers<Reconciliation>();
    const tooLong = setTimeout(() => {
      this.#waiting.delete(name);
      answer.reject(new TooManyReads('other reconciliations took too long'));
    }, LIMITS.queueWaitMs);
    this.#waiting.set(name, { question, answer, tooLong });
    this.#begin();
    return answer.promise;
  }

  #begin(): void {
    const [next] = this.#waiting;
    if (next === undefined || this.#running >= LIMITS.reconciliations) return;
    const [name, { question, answer, tooLong }] = next;
    clearTimeout(tooLong);
    this.#waiting.delete(name);
    this.#running += 1;
    reconcile(this.#address, question, this.#timeoutMs)
      .finally(() => {
        this.#running -= 1;
        this.#begin();
      })
      .then(answer.resolve, answer.reject);
  }
}

type Waiting = {
  readonly question: ReconciliationQuestion;
  readonly answer: PromiseWithResolvers<Reconciliation>;
  readonly tooLong: NodeJS.Timeout;
};
