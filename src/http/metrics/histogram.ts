/** Bounds of durations in milliseconds: from half a millisecond, which a payment alone takes longer than, to time-outs. */
const DURATION_BOUNDS_MS = [0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000] as const;

/**
 * Counts how many values lie below fixed bounds. Everything is allocated when it is made: a value costs a walk over a few
 * numbers and three additions.
 */
export class Histogram {
  /** Upper bounds, rising. */
  readonly bounds: readonly number[];
  /** What a value is divided by to be shown: 1,000 where milliseconds become seconds. */
  readonly divisor: number;
  readonly #counts: Float64Array;
  #sum = 0;

  constructor(bounds: readonly number[], divisor = 1) {
    this.bounds = bounds;
    this.divisor = divisor;
    this.#counts = new Float64Array(bounds.length + 1);
  }

  observe(value: number): void {
    let bucket = 0;
    while (bucket < this.bounds.length && value > (this.bounds[bucket] ?? 0)) bucket += 1;
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
    this.#sum += value;
  }

  /** Values up to each bound, the last entry being all of them. */
  cumulative(): readonly number[] {
    let below = 0;
    return Array.from(this.#counts, (count) => {
      below += count;
      return below;
    });
  }

  /** Of all values, undivided. */
  get sum(): number {
    return this.#sum;
  }
}

/** A histogram of durations that are observed in milliseconds and shown in seconds. */
export function durations(): Histogram {
  return new Histogram(DURATION_BOUNDS_MS, 1_000);
}
