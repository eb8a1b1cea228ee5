import type { Refusal } from '../domain/refusal.ts';
import { LIMITS } from '../limits.ts';
import { someATurn } from './answer-turns.ts';
import type { Command } from './command.ts';
import { kindOf, referencesOf } from './command-kinds.ts';
import { type Decision, decideBatch } from './decide-batch.ts';
import type { EngineWatch } from './engine-watch.ts';
import { type ResolvedEntry, scopedKey } from './ledger-state.ts';
import { receiptFacts } from './posted-receipt.ts';
import {
  type CommittedBatch,
  type EntryRef,
  type PostingBatch,
  type PostingStore,
  StoreFailure,
} from './posting-store.ts';
import { type ReceiptFacts, renderReceipt } from './receipt.ts';
import { entryIdOf } from './reference.ts';

/** What a caller of the engine learns. `created` and `replayed` mean: committed. */
export type Outcome =
  | { readonly outcome: 'created'; readonly body: string }
  | { readonly outcome: 'replayed'; readonly body: string }
  | { readonly outcome: 'refused'; readonly refusal: Refusal }
  | { readonly outcome: 'in_progress' }
  | { readonly outcome: 'too_busy' }
  | { readonly outcome: 'unavailable' };

export type EngineOptions = {
  readonly store: PostingStore;
  /** Batches that may be under way at once, each on a connection of its own. */
  readonly lanes: number;
  /** Takes a command that is too heavy to share a batch; absent where the engine itself is the heavy one. */
  readonly heavy?: (command: Command) => Promise<Outcome>;
  readonly monotonicMs: () => number;
  /** Told of every failure that a caller only sees as 503, and of every bug. */
  readonly onFailure: (error: unknown) => void;
  /** Absent where nobody counts. */
  readonly watch?: EngineWatch;
};

const NOTHING: ReadonlyMap<string, ResolvedEntry> = new Map();
const NO_PLACES: ReadonlySet<number> = new Set();

type Waiting = {
  readonly command: Command;
  readonly weight: number;
  /** The earlier entries that it names, by scopedKey of the ids asked for, as far as there are such. */
  readonly resolved: ReadonlyMap<string, ResolvedEntry>;
  /** It was deferred so many times, and runs by itself from then on. */
  readonly deferrals: number;
  readonly sinceMs: number;
  /** Since when it waits for a loan that somebody holds. */
  readonly heldSinceMs: number | null;
  readonly answer: (outcome: Outcome) => void;
};

/** A decision that a batch's own rows answer. */
type Told = Exclude<Decision, { outcome: 'replayed' | 'deferred' }>;

type Replay = { readonly waiting: Waiting; readonly decision: Decision & { outcome: 'replayed' } };

type Unprepared = Pick<Waiting, 'command' | 'answer' | 'deferrals'>;

/**
 * The posting engine: the only way by which money is written. Commands that are waiting become one batch, bounded by the
 * rows it may write; a lone command never waits for company. Semantics: exactly as if commands ran one at a time.
 *
 * A key that is under way in this process is answered `in_progress`; a key that another process holds is met at the loan's
 * lock or at its unique index, where the batch is rolled back and decided again with the key in sight.
 */
export class PostingEngine {
  readonly #options: EngineOptions;
  readonly #inFlight = new Set<string>();
  readonly #freeLanes: number[];
  #queue: Waiting[] = [];
  #idle: (() => void)[] = [];
  #stopped = false;
  #beginsNothing = false;
  #pumpScheduled = false;
  /** When a loan of a tenant was last found held. */
  readonly #heldLoansOf = new Map<string, number>();
  /** How many commands the last two batches held. */
  #sizes: readonly [number, number] = [0, 0];

  constructor(options: EngineOptions) {
    this.#options = options;
    this.#freeLanes = Array.from({ length: options.lanes }, (_, lane) => lane);
  }

  /** Of thousands of loans somebody holds one at nearly every moment: whoever locks so many waits for them in turn. */
  get #isHeavy(): boolean {
    return this.#options.heavy === undefined;
  }

  /** Commands accepted and not yet answered. */
  get pending(): number {
    return this.#inFlight.size;
  }

  /** Commands that wait for a place in a batch. */
  get queued(): number {
    return this.#queue.length;
  }

  /** Batches under way. */
  get batches(): number {
    return this.#options.lanes - this.#freeLanes.length;
  }

  /** Decides and posts one command. Never rejects: what goes wrong is an outcome. */
  submit(command: Command): Promise<Outcome> {
    return new Promise((resolve) => {
      const key = scopedKey(command.tenantId, command.keyHash);
      if (this.#inFlight.has(key)) {
        resolve({ outcome: 'in_progress' });
        return;
      }
      if (this.#stopped || this.#inFlight.size >= LIMITS.queuedCommands) {
        resolve({ outcome: 'too_busy' });
        return;
      }
      this.#inFlight.add(key);
      const answer = (outcome: Outcome): void => {
        this.#inFlight.delete(key);
        resolve(outcome);
        if (this.#inFlight.size === 0) for (const wake of this.#idle.splice(0)) wake();
      };
      this.#prepare({ command, answer, deferrals: 0 });
    });
  }

  /** From now on no batch begins: what waits for one is answered too_busy, with nothing posted, and so is what comes. */
  beginNothing(): void {
    this.#stopped = true;
    this.#beginsNothing = true;
    answerAll(this.#queue.splice(0), { outcome: 'too_busy' }).catch(this.#options.onFailure);
  }

  /** Refuses what comes from now on, and resolves when everything accepted before has been answered. */
  async drain(): Promise<void> {
    this.#stopped = true;
    if (this.#inFlight.size === 0) return;
    await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  /** Finds the earlier entries that a command names, so that their loans can be locked. */
  #prepare(asked: Unprepared): void {
    const { command, answer } = asked;
    const { tenantId } = command;
    const references = referencesOf(command);
    // Many are looked up where they are posted.
    const isHeavy = references.length > LIMITS.lightWeight && this.#options.heavy !== undefined;
    if (references.length === 0 || isHeavy) {
      this.#route({ ...asked, resolved: NOTHING });
      return;
    }
    this.#options.store
      .resolve(references.map((reference) => ({ tenantId, entryId: entryIdOf(reference) })))
      .then((resolved) => this.#route({ ...asked, resolved }))
      .catch((error: unknown) => {
        this.#options.onFailure(error);
        answer({ outcome: 'unavailable' });
      });
  }

  #route(asked: Unprepared & Pick<Waiting, 'resolved'>): void {
    const [first] = asked.resolved.values();
    const weight = kindOf(asked.command).weight(asked.command, first);
    if (weight > LIMITS.lightWeight && this.#options.heavy !== undefined) {
      this.#postElsewhere(asked, this.#options.heavy);
      return;
    }
    this.#enqueue({ ...asked, weight, sinceMs: this.#options.monotonicMs(), heldSinceMs: null });
  }

  #enqueue(waiting: Waiting): void {
    if (this.#beginsNothing) {
      waiting.answer({ outcome: 'too_busy' });
      return;
    }
    this.#queue.push(waiting);
    this.#pumpSoon();
  }

  #postElsewhere({ command, answer }: Unprepared, heavy: (command: Command) => Promise<Outcome>): void {
    heavy(command).then(answer, (error: unknown) => {
      this.#options.onFailure(error);
      answer({ outcome: 'unavailable' });
    });
  }

  /**
   * A command that needs more than a shared batch reads (decisions/0017): it goes where heavy commands go, or runs again
   * here by itself, its earlier entry looked up anew.
   */
  #defer({ command, answer, deferrals }: Waiting): void {
    const { heavy } = this.#options;
    if (heavy !== undefined) this.#postElsewhere({ command, answer, deferrals }, heavy);
    else if (deferrals < LIMITS.batchAttempts) this.#prepare({ command, answer, deferrals: deferrals + 1 });
    else answer({ outcome: 'too_busy' });
  }

  /**
   * Makes a batch once the input that has arrived is read and for as long as more of it keeps arriving, until it is as large
   * as the last two were, at most LIMITS.gatherTurns turns of the event loop more: what each batch costs once is then shared by
   * more. A turn waits for nothing that is not there. What is left over arrives while the database works, and goes into the
   * next batch: a batch of all there is would let the database wait for this process and this process for the database.
   */
  #pumpSoon(): void {
    if (this.#pumpScheduled) return;
    this.#pumpScheduled = true;
    this.#gather(0, LIMITS.gatherTurns);
  }

  #gather(before: number, turnsLeft: number): void {
    setImmediate(() => {
      const waiting = this.#queue.length;
      const isGrowing = waiting > before && 2 * waiting < this.#sizes[0] + this.#sizes[1];
      if (this.#freeLanes.length > 0 && isGrowing && turnsLeft > 0) {
        this.#gather(waiting, turnsLeft - 1);
        return;
      }
      this.#pumpScheduled = false;
      this.#pump();
    });
  }

  #pump(): void {
    while (this.#queue.length > 0) {
      const lane = this.#freeLanes.pop();
      if (lane === undefined) return;
      const batch = this.#takeBatch();
      if (batch.length === 0) {
        this.#freeLanes.push(lane);
        continue;
      }
      this.#sizes = [this.#sizes[1], batch.length];
      this.#work(batch, lane).catch((error: unknown) => {
        this.#options.onFailure(error);
        return answerAll(batch, { outcome: 'unavailable' });
      });
    }
  }

  /** The next batch begins before this one is answered, so that the database works meanwhile. */
  async #work(batch: readonly Waiting[], lane: number): Promise<void> {
    let committed: CommittedBatch | null;
    try {
      committed = await this.#run(batch, lane);
    } finally {
      this.#freeLanes.push(lane);
      this.#pump();
    }
    if (committed !== null) await this.#answer(batch, committed);
  }

  #takeBatch(): Waiting[] {
    const nowMs = this.#options.monotonicMs();
    const oldestMs = nowMs - LIMITS.queueWaitMs;
    const { watch } = this.#options;
    const batch: Waiting[] = [];
    const stale: Waiting[] = [];
    let weight = 0;
    let taken = 0;
    for (const waiting of this.#queue) {
      if (batch.length > 0 && (waiting.deferrals > 0 || weight + waiting.weight > LIMITS.batchWeight)) break;
      taken += 1;
      watch?.waited(nowMs - waiting.sinceMs);
      if (waiting.sinceMs < oldestMs) {
        stale.push(waiting);
        continue;
      }
      weight += waiting.weight;
      batch.push(waiting);
      if (waiting.deferrals > 0) break;
    }
    this.#queue = taken === this.#queue.length ? [] : this.#queue.slice(taken);
    answerAll(stale, { outcome: 'too_busy' }).catch(this.#options.onFailure);
    return batch;
  }

  /** Answers what was committed; null when every command has its answer already, or waits for it elsewhere. */
  async #run(batch: readonly Waiting[], lane: number): Promise<CommittedBatch | null> {
    if (!this.#mayMeetHeldLoans(batch)) return this.#lockAndRun(batch, lane);
    const free = await this.#setHeldAside(batch, lane, { haveWaited: false });
    return free.length === batch.length ? this.#lockAndRun(batch, lane) : this.#runRest(free, lane, 'lock');
  }

  async #lockAndRun(batch: readonly Waiting[], lane: number): Promise<CommittedBatch | null> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#watched(batch, lane);
      } catch (error) {
        if (!(error instanceof StoreFailure)) {
          this.#options.onFailure(error);
          // A fault of ours in deciding or writing one command must not fail its neighbours; nothing was committed, or
          // else the halves find their keys; where nothing begins any more, nobody is told that nothing was posted.
          if (batch.length > 1 && !this.#beginsNothing) return this.#runHalves(batch, lane);
          await answerAll(batch, { outcome: 'unavailable' });
          return null;
        }
        if (error.kind === 'conflict' && attempt < LIMITS.batchAttempts && !this.#beginsNothing) continue;
        this.#options.onFailure(error);
        if (error.kind === 'timeout') {
          if (batch.length > 1) return this.#isHeavy ? this.#runHalves(batch, lane) : this.#runWithoutHeld(batch, lane);
          this.#rememberHeld(batch);
        }
        const outcome = error.kind === 'timeout' || error.kind === 'conflict' ? 'too_busy' : 'unavailable';
        await answerAll(batch, { outcome });
        return null;
      }
    }
  }

  /** One slow loan must not fail its neighbours, nor keep them waiting again: those that wait for it have waited. */
  async #runWithoutHeld(batch: readonly Waiting[], lane: number): Promise<null> {
    const free = await this.#setHeldAside(batch, lane, { haveWaited: true });
    return free.length === batch.length ? this.#runHalves(batch, lane) : this.#runRest(free, lane, 'look');
  }

  /** A batch that failed, nobody knows by whose fault, is halved until the culprit is alone. */
  async #runHalves(batch: readonly Waiting[], lane: number): Promise<null> {
    const wanted = await this.#withoutStale(batch);
    const middle = wanted.length >> 1;
    for (const half of [wanted.slice(0, middle), wanted.slice(middle)]) await this.#runRest(half, lane, 'look');
    return null;
  }

  /** `lock`: they were found free a moment ago. */
  async #runRest(rest: readonly Waiting[], lane: number, next: 'look' | 'lock'): Promise<null> {
    // Hundreds of commands for a loan that stays held would else take a time-out each, one after the other.
    const wanted = await this.#withoutStale(rest);
    if (wanted.length === 0) return null;
    const committed = await (next === 'look' ? this.#run(wanted, lane) : this.#lockAndRun(wanted, lane));
    if (committed !== null) await this.#answer(wanted, committed);
    return null;
  }

  #mayMeetHeldLoans(batch: readonly Waiting[]): boolean {
    if (this.#heldLoansOf.size === 0 || this.#isHeavy) return false;
    const oldestMs = this.#options.monotonicMs() - LIMITS.heldLoanMemoryMs;
    for (const [tenantId, atMs] of this.#heldLoansOf) if (atMs < oldestMs) this.#heldLoansOf.delete(tenantId);
    return batch.some(({ command }) => this.#heldLoansOf.has(command.tenantId));
  }

  #rememberHeld(waiting: readonly Waiting[]): void {
    const nowMs = this.#options.monotonicMs();
    for (const { command } of waiting) this.#heldLoansOf.set(command.tenantId, nowMs);
  }

  /**
   * Answers the commands of a batch whose loans nobody holds. The others are tried again soon, each for as long as a lock would
   * be waited for, and then told too_busy; a batch that waited itself has waited for them.
   */
  async #setHeldAside(
    batch: readonly Waiting[],
    lane: number,
    { haveWaited }: { readonly haveWaited: boolean },
  ): Promise<readonly Waiting[]> {
    const places = await this.#heldOf(batch, lane);
    if (places.size === 0) return batch;
    const held = batch.filter((_, place) => places.has(place));
    this.#rememberHeld(held);
    const nowMs = this.#options.monotonicMs();
    await someATurn(held, (waiting) => {
      const sinceMs = waiting.heldSinceMs ?? nowMs;
      if (haveWaited || nowMs - sinceMs >= LIMITS.posterLockTimeoutMs) waiting.answer({ outcome: 'too_busy' });
      else this.#tryAgainSoon({ ...waiting, heldSinceMs: sinceMs });
    });
    return batch.filter((_, place) => !places.has(place));
  }

  async #heldOf(batch: readonly Waiting[], lane: number): Promise<ReadonlySet<number>> {
    try {
      return await this.#options.store.held(this.#asked(batch, lane));
    } catch (error) {
      // Whoever locks meets the same, and says it to the callers.
      this.#options.onFailure(error);
      return NO_PLACES;
    }
  }

  #tryAgainSoon(waiting: Waiting): void {
    setTimeout(() => this.#enqueue(waiting), LIMITS.heldLoanRetryMs);
  }

  /** Answers what waited longer than LIMITS.queueWaitMs, before anything is done for it, and leaves the rest. */
  async #withoutStale(batch: readonly Waiting[]): Promise<readonly Waiting[]> {
    const oldestMs = this.#beginsNothing ? Number.POSITIVE_INFINITY : this.#options.monotonicMs() - LIMITS.queueWaitMs;
    const stale = batch.filter((waiting) => waiting.sinceMs < oldestMs);
    await answerAll(stale, { outcome: 'too_busy' });
    return stale.length === 0 ? batch : batch.filter((waiting) => waiting.sinceMs >= oldestMs);
  }

  async #watched(batch: readonly Waiting[], lane: number): Promise<CommittedBatch> {
    const { watch, monotonicMs } = this.#options;
    if (watch === undefined) return this.#post(batch, lane);
    const beganMs = monotonicMs();
    try {
      const committed = await this.#post(batch, lane);
      watch.batchEnded(batch.length, monotonicMs() - beganMs, 'decided');
      return committed;
    } catch (error) {
      const end = error instanceof StoreFailure ? error.kind : 'fault';
      watch.batchEnded(batch.length, monotonicMs() - beganMs, end);
      throw error;
    }
  }

  #post(batch: readonly Waiting[], lane: number): Promise<CommittedBatch> {
    const asked = this.#asked(batch, lane);
    return this.#options.store.post(asked, (state, newEntryId) => decideBatch(asked.commands, state, newEntryId));
  }

  #asked(batch: readonly Waiting[], lane: number): PostingBatch {
    const commands = batch.map((waiting) => waiting.command);
    const resolved = new Map<string, ResolvedEntry>();
    for (const { resolved: found } of batch) {
      // By the ids that were sent: that of an entry that was restated leads to the one that stands in its place.
      for (const [key, one] of found) resolved.set(key, one);
    }
    const readsHistories = batch.length === 1 && this.#isHeavy;
    return { commands, resolved, lane, readsHistories };
  }

  /** Some at a time: the next batch, which the database has begun, must not wait until all of them have left. */
  async #answer(batch: readonly Waiting[], committed: CommittedBatch): Promise<void> {
    const replays: Replay[] = [];
    await someATurn(batch, (waiting, index) => {
      const decision = committed.decisions[index];
      if (decision === undefined) throw new Error('a batch answered fewer decisions than it had commands');
      if (decision.outcome === 'replayed') replays.push({ waiting, decision });
      else if (decision.outcome === 'deferred') this.#defer(waiting);
      else this.#tell(waiting, () => this.#outcomeOf(decision, committed));
    });
    if (replays.length > 0) await this.#answerReplays(replays);
  }

  /** Everybody else has their answer; whoever replays waits for one more read of rows that never change. */
  async #answerReplays(replays: readonly Replay[]): Promise<void> {
    this.#options.watch?.replayed(replays.length);
    const refs: EntryRef[] = replays.map(({ waiting, decision }) => ({
      tenantId: waiting.command.tenantId,
      entryId: decision.entryId,
    }));
    let facts: ReadonlyMap<string, ReceiptFacts>;
    try {
      facts = await this.#options.store.receipts(refs);
    } catch (error) {
      this.#options.onFailure(error);
      return answerAll(
        replays.map(({ waiting }) => waiting),
        { outcome: 'unavailable' },
      );
    }
    await someATurn(replays, ({ waiting, decision }) =>
      this.#tell(waiting, () => {
        const found = facts.get(scopedKey(waiting.command.tenantId, decision.entryId));
        if (found === undefined) throw new Error(`a key names entry ${decision.entryId}, which is not there`);
        return { outcome: 'replayed', body: renderReceipt(decision.receiptVersion, found) };
      }),
    );
  }

  /** A fault of ours in rendering one answer must not keep its neighbours from theirs: whoever asks again finds the key. */
  #tell(waiting: Waiting, outcomeOf: () => Outcome): void {
    let outcome: Outcome;
    try {
      outcome = outcomeOf();
    } catch (error) {
      this.#options.onFailure(error);
      outcome = { outcome: 'unavailable' };
    }
    waiting.answer(outcome);
  }

  #outcomeOf(decision: Told, committed: CommittedBatch): Outcome {
    if (decision.outcome === 'refused') return decision;
    const { entry, following, receiptVersion } = decision;
    const postedAt = committed.postedAt.get(entry.tenantId);
    if (postedAt === undefined) throw new Error('a committed batch has no time for one of its tenants');
    const body = renderReceipt(receiptVersion, receiptFacts({ entry, following }, postedAt));
    return { outcome: 'created', body };
  }
}

function answerAll(batch: readonly Waiting[], outcome: Outcome): Promise<void> {
  return someATurn(batch, (waiting) => waiting.answer(outcome));
}
