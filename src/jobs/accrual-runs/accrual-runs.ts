import { hash, randomUUID } from 'node:crypto';
import { LIMITS } from '../../limits.ts';
import type { TenantConnections } from '../../postgres/acts/tenant-connections.ts';
import { type RunPlace, readRunPlace, readRunWindow } from '../../postgres/reading/accrual-runs.ts';
import type { ReaderPool } from '../../postgres/reading/reader-pool.ts';
import {
  type ClaimedRun,
  claimRun,
  findOpenRuns,
  finishRun,
  holdRun,
  insertEmptyPortion,
  othersWait,
  type RunRef,
} from '../../postgres/runs/run-registry.ts';
import type { Command } from '../../posting/command.ts';
import type { Outcome } from '../../posting/engine.ts';

export type AccrualRunsOptions = {
  readonly database: TenantConnections;
  readonly reader: ReaderPool;
  /** The posting engine. */
  readonly submit: (command: Command) => Promise<Outcome>;
  readonly onFailure: (error: unknown) => void;
  /** Runs that this process goes on with at once. */
  readonly places: number;
  /** Loans that one portion looks at. */
  readonly portionLoans: number;
  /** How long a run is gone on with before it gives way to another tenant's that waits. */
  readonly turnMs: number;
};

/**
 * Goes on with accrual runs, portion by portion, until they are done: each portion is a command of the posting engine that
 * locks its own loans and no others, so that payments go on beside it and memory does not grow with the program. A run whose
 * process died is taken over by another one when its lease runs out, or by the next that is started. Two that go on with one
 * run do no harm: the portions have one key each, and a loan accrues once for a date whoever posts it. Between portions a long
 * run gives way to another tenant's.
 */
export class AccrualRuns {
  readonly #options: AccrualRunsOptions;
  readonly #underWay = new Set<Promise<void>>();
  #watching: Promise<void> | null = null;
  #stopped = false;
  #wakeUp: (() => void) | null = null;
  #woken = false;
  #failing = false;

  constructor(options: AccrualRunsOptions) {
    this.#options = options;
  }

  start(): void {
    this.#watching ??= this.#watch();
  }

  /** Tells that a run was asked for here. */
  wake(): void {
    this.#woken = true;
    this.#wakeUp?.();
  }

  /** Lets the portions under way end and gives the runs back. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.wake();
    await this.#watching;
    await Promise.all(this.#underWay);
  }

  async #watch(): Promise<void> {
    while (!this.#stopped) {
      this.#woken = false;
      try {
        await this.#takeOpen();
        this.#failing = false;
      } catch (error) {
        // Once for each time that the database goes away.
        if (!this.#failing) this.#options.onFailure(error);
        this.#failing = true;
      }
      await this.#pause();
    }
  }

  async #pause(): Promise<void> {
    if (this.#woken || this.#stopped) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, LIMITS.accrualRunPollMs);
      this.#wakeUp = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wakeUp = null;
  }

  async #takeOpen(): Promise<void> {
    const free = this.#options.places - this.#underWay.size;
    if (free <= 0) return;
    for (const ref of await findOpenRuns(this.#options.database, free)) {
      if (this.#stopped) return;
      const lease = { leaseId: randomUUID(), leaseMs: LIMITS.accrualRunLeaseMs };
      const run = await claimRun(this.#options.database, ref, lease);
      if (run !== undefined) this.#begin(run);
    }
  }

  #begin(run: ClaimedRun): void {
    const done = this.#goOn(run)
      .catch(this.#options.onFailure)
      .finally(() => {
        this.#underWay.delete(done);
        // Another one may be waiting for the place.
        this.wake();
      });
    this.#underWay.add(done);
  }

  /** Portion after portion, as long as the lease holds; what could not be posted is tried again after a pause. */
  async #goOn(run: ClaimedRun): Promise<void> {
    const { database, reader, turnMs } = this.#options;
    const turnEndsMs = performance.now() + turnMs;
    while (!this.#stopped) {
      if (!(await holdRun(database, run, LIMITS.accrualRunLeaseMs))) return;
      const place = await readRunPlace(reader, run);
      if (place?.isLast === true) return finishRun(database, run);
      if (!(await this.#post(run, place))) {
        await holdRun(database, run, LIMITS.accrualRunRetryMs);
        return;
      }
      if (performance.now() >= turnEndsMs && (await othersWait(database, run))) break;
    }
    await holdRun(database, run, 0);
  }

  /** Does the portion behind `place`; false when nobody knows whether it was done. */
  async #post(run: ClaimedRun, place: RunPlace | undefined): Promise<boolean> {
    const { database, reader, submit, portionLoans: limit } = this.#options;
    const window = await readRunWindow(reader, run, { after: place?.lastLoanId ?? null, limit });
    const portion = {
      number: (place?.portion ?? 0) + 1,
      lastLoanId: window.lastLoanId,
      lookedAt: window.lookedAt,
      isLast: window.lookedAt < limit,
    };
    const outcome = window.loanIds.length === 0 ? null : await submit(portionCommand(run, portion, window.loanIds));
    if (outcome === null || outcome.outcome === 'refused') {
      await insertEmptyPortion(database, run, portion);
      return true;
    }
    return outcome.outcome === 'created' || outcome.outcome === 'replayed';
  }
}

type Portion = Parameters<typeof insertEmptyPortion>[2];

/** The key of a portion begins as no client's may, so that nobody else can have used it. */
function portionCommand(run: ClaimedRun, portion: Portion, loanIds: readonly string[]): Command {
  const { tenantId, accrualRunId, programId, accrualDate, actor } = run;
  const key = portionKey(run, portion.number);
  const keyHash = hashAsUuid(key);
  const { number, lastLoanId, lookedAt, isLast } = portion;
  return {
    kind: 'accrual_run',
    tenantId,
    actor,
    key,
    keyHash,
    // Whoever posted the portion first has done it, whichever loans it found.
    payloadHash: keyHash,
    portion: { accrualRunId, portion: number, programId, accrualDate, loanIds, lookedAt, lastLoanId, isLast },
  };
}

function portionKey({ accrualRunId }: RunRef, portion: number): string {
  return `/v1/accruals/runs/${accrualRunId}/portions/${portion}`;
}

/** The first 16 bytes of a SHA-256 as a UUID, as keys are kept. */
function hashAsUuid(text: string): string {
  const hex = hash('sha256', text, 'hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join('-');
}
