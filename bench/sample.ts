import { cpuTimeUs } from './cpu-time.ts';
import type { LatencySummary } from './generator/latency-histogram.ts';

/** What one round of one measurement gave. CPU is user and system time in microseconds over the whole round. */
export type Sample = {
  /** Units done: payments, loans accrued, reads. */
  readonly count: number;
  readonly seconds: number;
  readonly postgresCpuUs: number;
  readonly apiCpuUs: number;
  /** Of the load generator, or of the process that drove SQL; never part of a ratio. */
  readonly driverCpuUs: number;
  readonly latency: LatencySummary | null;
  /** Bytes that the tables and indexes grew by, and what was written in that time; null where nobody looked. */
  readonly growth: { readonly bytes: number; readonly payments: number } | null;
};

/** Units per second. */
export function rateOf(sample: Sample): number {
  return sample.count / sample.seconds;
}

/** CPU µs per unit of API and PostgreSQL together. */
export function cpuPerUnitUs(sample: Sample): number {
  return (sample.postgresCpuUs + sample.apiCpuUs) / sample.count;
}

/** Reads the CPU time of PostgreSQL and, when it takes part, of the API. */
export class CpuWatch {
  readonly #postmasterPid: number;
  readonly #apiPid: number | null;
  #begin = { postgres: 0, api: 0 };
  #end = { postgres: 0, api: 0 };

  constructor(processes: { postmasterPid: number; apiPid: number | null }) {
    this.#postmasterPid = processes.postmasterPid;
    this.#apiPid = processes.apiPid;
  }

  begin(): void {
    this.#begin = this.#read();
  }

  end(): void {
    this.#end = this.#read();
  }

  get postgresCpuUs(): number {
    return this.#end.postgres - this.#begin.postgres;
  }

  get apiCpuUs(): number {
    return this.#end.api - this.#begin.api;
  }

  #read(): { postgres: number; api: number } {
    return { postgres: cpuTimeUs(this.#postmasterPid), api: this.#apiPid === null ? 0 : cpuTimeUs(this.#apiPid) };
  }
}

/** Median and quartiles, by linear interpolation. */
export type Spread = { readonly median: number; readonly lower: number; readonly upper: number };

export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number) => {
    const place = share * (sorted.length - 1);
    const below = sorted[Math.floor(place)] ?? Number.NaN;
    const above = sorted[Math.ceil(place)] ?? Number.NaN;
    return below + (above - below) * (place - Math.floor(place));
  };
  return { median: at(0.5), lower: at(0.25), upper: at(0.75) };
}
