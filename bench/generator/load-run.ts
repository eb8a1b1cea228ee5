import { HttpConnection } from './http-connection.ts';
import { LatencyHistogram } from './latency-histogram.ts';
import type { LoadJob, LoadResult } from './load-job.ts';
import { type RequestSource, requestSource } from './request-source.ts';

const UNEXPECTED_KEPT = 3;
/** How long an answer may still take after the last request was sent. */
const TAIL_MS_MAX = 15_000;

/** Told when the measured part begins and ends. */
export type LoadListener = { readonly onBegin: () => void; readonly onEnd: () => void };

/** Runs a job. Rejects when a connection breaks, when nothing answers, or when the requests run out. */
export function runLoad(job: LoadJob, listener: LoadListener): Promise<LoadResult> {
  return new LoadRun(job, listener).run();
}

class LoadRun {
  readonly #job: LoadJob;
  readonly #listener: LoadListener;
  readonly #source: RequestSource;
  readonly #histogram = new LatencyHistogram();
  readonly #statuses = new Map<number, number>();
  readonly #unexpected: string[] = [];
  readonly #connections: HttpConnection[] = [];
  /** Per connection: when its request was sent or, in an open loop, was due. 0: free. */
  readonly #startedMs: Float64Array;
  /** Open loop: connections without a request. */
  readonly #free: number[] = [];
  /** Open loop: when requests were due that found no free connection. */
  readonly #waitingMs: number[] = [];
  readonly #finished = Promise.withResolvers<void>();
  readonly #timers = new Set<NodeJS.Timeout>();
  #phase: 'warm-up' | 'measured' | 'tail' = 'warm-up';
  #beganMs = 0;
  #endedMs = 0;
  #cpuAtBegin: NodeJS.CpuUsage = process.cpuUsage();
  #cpuUs = 0;
  #nextDueMs = 0;
  #underWay = 0;
  #answered = 0;
  #succeeded = 0;
  #answeredInAll = 0;
  #succeededInAll = 0;
  #unsent = 0;

  constructor(job: LoadJob, listener: LoadListener) {
    this.#job = job;
    this.#listener = listener;
    this.#source = requestSource(job.workload, { host: `127.0.0.1:${job.port}`, connections: job.connections });
    this.#startedMs = new Float64Array(job.connections);
  }

  async run(): Promise<LoadResult> {
    try {
      await Promise.race([this.#connect(), this.#finished.promise]);
      this.#after(this.#job.warmupMs, () => this.#begin());
      this.#start();
      await this.#finished.promise;
    } finally {
      for (const timer of this.#timers) clearTimeout(timer);
      for (const connection of this.#connections) connection.close();
    }
    return {
      answered: this.#answered,
      succeeded: this.#succeeded,
      seconds: (this.#endedMs - this.#beganMs) / 1000,
      latency: this.#histogram.summary(),
      statuses: Object.fromEntries(this.#statuses),
      unexpected: this.#unexpected,
      generatorCpuUs: this.#cpuUs,
      unsent: this.#unsent,
      succeededInAll: this.#succeededInAll,
    };
  }

  async #connect(): Promise<void> {
    const ready = Array.from(
      { length: this.#job.connections },
      (_, index) =>
        new Promise<void>((resolve) => {
          const connection = new HttpConnection(
            {
              port: this.#job.port,
              onAnswer: (status, answer) => this.#guard(() => this.#answer(index, status, answer)),
              onLost: (error) => this.#finished.reject(error),
            },
            resolve,
          );
          this.#connections.push(connection);
        }),
    );
    await Promise.all(ready);
  }

  #start(): void {
    if (this.#job.ratePerS === null) {
      for (let index = 0; index < this.#job.connections; index += 1) this.#send(index, performance.now());
      return;
    }
    for (let index = 0; index < this.#job.connections; index += 1) this.#free.push(index);
    this.#nextDueMs = performance.now();
    this.#dispatch(this.#job.ratePerS);
  }

  /** Sends what is due, then sleeps for the shortest time a timer knows. */
  #dispatch(ratePerS: number): void {
    if (this.#phase === 'tail') return;
    const now = performance.now();
    while (this.#nextDueMs <= now) {
      const connection = this.#free.pop();
      if (connection === undefined) this.#waitingMs.push(this.#nextDueMs);
      else this.#send(connection, this.#nextDueMs);
      // Poisson arrivals: the gaps of independent clients are exponentially distributed.
      this.#nextDueMs += (-Math.log(1 - Math.random()) * 1000) / ratePerS;
    }
    this.#after(1, () => this.#dispatch(ratePerS));
  }

  #send(index: number, startedMs: number): void {
    this.#startedMs[index] = startedMs;
    this.#underWay += 1;
    this.#connections[index]?.send(this.#source.next(index));
  }

  #answer(index: number, status: number, answer: Buffer): void {
    const now = performance.now();
    this.#underWay -= 1;
    this.#answeredInAll += 1;
    const expected = status === this.#job.expectedStatus;
    if (expected) this.#succeededInAll += 1;
    else if (this.#unexpected.length < UNEXPECTED_KEPT) this.#unexpected.push(answer.toString('utf8'));
    if (this.#phase === 'measured') {
      this.#answered += 1;
      if (expected) this.#succeeded += 1;
      this.#statuses.set(status, (this.#statuses.get(status) ?? 0) + 1);
      this.#histogram.record((now - (this.#startedMs[index] ?? now)) * 1000);
    }
    if (this.#answeredInAll === this.#job.requestsMax) this.#end();
    if (this.#phase === 'tail') {
      if (this.#underWay === 0) this.#finished.resolve();
    } else if (this.#job.ratePerS === null) this.#send(index, now);
    else {
      const due = this.#waitingMs.shift();
      if (due === undefined) this.#free.push(index);
      else this.#send(index, due);
    }
  }

  #begin(): void {
    if (this.#phase !== 'warm-up') return;
    this.#phase = 'measured';
    this.#cpuAtBegin = process.cpuUsage();
    this.#beganMs = performance.now();
    this.#listener.onBegin();
    this.#after(this.#job.durationMs, () => this.#end());
  }

  #end(): void {
    if (this.#phase === 'tail') return;
    if (this.#phase === 'warm-up') this.#begin();
    this.#phase = 'tail';
    this.#endedMs = performance.now();
    const cpu = process.cpuUsage(this.#cpuAtBegin);
    this.#cpuUs = cpu.user + cpu.system;
    this.#unsent = this.#waitingMs.length;
    this.#listener.onEnd();
    if (this.#underWay === 0) this.#finished.resolve();
    this.#after(TAIL_MS_MAX, () =>
      this.#finished.reject(new Error(`${this.#underWay} requests were not answered within ${TAIL_MS_MAX} ms`)),
    );
  }

  #after(ms: number, act: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.#guard(act);
    }, ms);
    this.#timers.add(timer);
  }

  /** What is thrown in a callback of a socket or timer ends the run. */
  #guard(act: () => void): void {
    try {
      act();
    } catch (error) {
      this.#finished.reject(error);
    }
  }
}
