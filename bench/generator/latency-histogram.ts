/** Values below this have a bucket each; above, every power of two has SUB_BUCKETS, so no bucket is wider than 1 %. */
const LINEAR = 256;
const SUB_BUCKETS = 128;
const BUCKETS = LINEAR + SUB_BUCKETS * 24;

/** Latencies in microseconds, counted in buckets whose width grows with the value. Recording allocates nothing. */
export class LatencyHistogram {
  readonly #counts = new Float64Array(BUCKETS);
  #count = 0;
  #maxUs = 0;

  record(latencyUs: number): void {
    const value = latencyUs < 0 ? 0 : Math.trunc(latencyUs);
    const bucket = bucketOf(value);
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
    this.#count += 1;
    if (value > this.#maxUs) this.#maxUs = value;
  }

  clear(): void {
    this.#counts.fill(0);
    this.#count = 0;
    this.#maxUs = 0;
  }

  /** The latency that a share of the requests (0 to 1) did not exceed; 0 when nothing was recorded. */
  quantileUs(share: number): number {
    const wanted = Math.ceil(share * this.#count);
    let seen = 0;
    for (let bucket = 0; bucket < BUCKETS; bucket += 1) {
      seen += this.#counts[bucket] ?? 0;
      if (seen >= wanted && seen > 0) return Math.min(upperEndOf(bucket), this.#maxUs);
    }
    return this.#maxUs;
  }

  summary(): LatencySummary {
    return {
      p50Us: this.quantileUs(0.5),
      p90Us: this.quantileUs(0.9),
      p99Us: this.quantileUs(0.99),
      p999Us: this.quantileUs(0.999),
      maxUs: this.#maxUs,
    };
  }
}

/** Latencies in microseconds. */
export type LatencySummary = {
  readonly p50Us: number;
  readonly p90Us: number;
  readonly p99Us: number;
  readonly p999Us: number;
  readonly maxUs: number;
};

function bucketOf(value: number): number {
  if (value < LINEAR) return value;
  const exponent = 31 - Math.clz32(value);
  const bucket = LINEAR + (exponent - 8) * SUB_BUCKETS + ((value >>> (exponent - 7)) & (SUB_BUCKETS - 1));
  return Math.min(bucket, BUCKETS - 1);
}

function upperEndOf(bucket: number): number {
  if (bucket < LINEAR) return bucket;
  const exponent = 8 + Math.floor((bucket - LINEAR) / SUB_BUCKETS);
  const sub = (bucket - LINEAR) % SUB_BUCKETS;
  return (SUB_BUCKETS + sub + 1) * 2 ** (exponent - 7) - 1;
}
