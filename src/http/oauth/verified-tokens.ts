/**
 * A bounded memory in two halves. When the younger half is full it becomes the older one, and what was in the older one
 * and not asked for since is forgotten: nearly "least recently used", at the cost of one look-up.
 */
export class VerifiedTokens<Entry> {
  private readonly halfMax: number;
  private younger = new Map<string, Entry>();
  private older = new Map<string, Entry>();

  /** Holds at most `entriesMax` entries. */
  constructor(entriesMax: number) {
    this.halfMax = Math.max(1, Math.floor(entriesMax / 2));
  }

  get(digest: string): Entry | undefined {
    const entry = this.younger.get(digest);
    if (entry !== undefined) return entry;
    const seenBefore = this.older.get(digest);
    if (seenBefore !== undefined) {
      this.older.delete(digest);
      this.set(digest, seenBefore);
    }
    return seenBefore;
  }

  set(digest: string, entry: Entry): void {
    if (this.younger.size >= this.halfMax) {
      this.older = this.younger;
      this.younger = new Map();
    }
    this.younger.set(digest, entry);
  }

  clear(): void {
    this.younger.clear();
    this.older.clear();
  }

  get size(): number {
    return this.younger.size + this.older.size;
  }
}
