/**
 * A small seeded generator (sfc32, public domain, by Chris Doty-Humphrey): one seed text gives one
 * stream, on every machine. `Math.random` cannot be seeded, so a failing run could not be repeated.
 */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  constructor(seedText: string) {
    // FNV-1a over the text, three times with different bases, then a few rounds to mix.
    this.#a = fnv1a(seedText, 0x811c9dc5);
    this.#b = fnv1a(seedText, 0x9e3779b9);
    this.#c = fnv1a(seedText, 0x85ebca6b);
    for (let round = 0; round < 16; round += 1) this.word();
  }

  /** The next 32 bits as an unsigned integer. */
  word(): number {
    const sum = (((this.#a + this.#b) | 0) + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }

  /** An integer from 0 up to, not including, `limit`. */
  below(limit: number): number {
    return Math.floor((this.word() / 0x1_0000_0000) * limit);
  }

  /** True with the probability given, 0 to 1. */
  chance(probability: number): boolean {
    return this.word() / 0x1_0000_0000 < probability;
  }

  /** One of the values; the list must not be empty. */
  pick<Value>(values: readonly Value[]): Value {
    const value = values[this.below(values.length)];
    if (value === undefined) throw new Error('nothing to pick from');
    return value;
  }

  /** One of the names, each as often as its weight says. */
  weighted<Name extends string>(weights: Readonly<Record<Name, number>>): Name {
    const names = Object.keys(weights) as Name[];
    let rest = this.below(names.reduce((sum, name) => sum + weights[name], 0));
    for (const name of names) {
      rest -= weights[name];
      if (rest < 0) return name;
    }
    throw new Error('weights must be positive');
  }

  /** An amount from `from` to `upTo`, both included, in minor units. */
  amount(from: bigint, upTo: bigint): bigint {
    if (upTo <= from) return from;
    const wide = (BigInt(this.word()) << 32n) | BigInt(this.word());
    return from + (wide % (upTo - from + 1n));
  }

  /** The values in another order; the list given is left alone. */
  shuffled<Value>(values: readonly Value[]): Value[] {
    return values
      .map((value) => ({ value, rank: this.word() }))
      .sort((left, right) => left.rank - right.rank)
      .map(({ value }) => value);
  }

  /** A UUID of version 4 from this stream, in lower case. */
  uuid(): string {
    const hex = Array.from({ length: 4 }, () => this.word().toString(16).padStart(8, '0')).join('');
    const variant = '89ab'[this.below(4)] ?? '8';
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20)}`;
  }
}

function fnv1a(text: string, basis: number): number {
  let hash = basis;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash;
}
