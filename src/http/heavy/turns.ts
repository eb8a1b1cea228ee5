/** Lets so many works run at once, and the others wait in the order in which they came. */
export class Turns {
  readonly #waitMs: number;
  readonly #monotonicMs: () => number;
  /** Each is told whether its turn has come. */
  readonly #waiting: ((hasCome: boolean) => void)[] = [];
  #free: number;
  #ended = false;

  constructor(options: { readonly atOnce: number; readonly waitMs: number; readonly monotonicMs: () => number }) {
    this.#free = options.atOnce;
    this.#waitMs = options.waitMs;
    this.#monotonicMs = options.monotonicMs;
  }

  /** Resolves with what the work does; undefined, and it was not begun, when its turn came later than `waitMs`, or never. */
  async run<T>(work: () => Promise<T>): Promise<T | undefined> {
    const sinceMs = this.#monotonicMs();
    if (this.#ended) return undefined;
    if (this.#free > 0) this.#free -= 1;
    else if (!(await new Promise<boolean>((resolve) => this.#waiting.push(resolve)))) return undefined;
    try {
      return this.#monotonicMs() - sinceMs > this.#waitMs ? undefined : await work();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free += 1;
      else next(true);
    }
  }

  /** From now on nothing begins, and what waits does so no longer. */
  end(): void {
    this.#ended = true;
    for (const refuse of this.#waiting.splice(0)) refuse(false);
  }
}
