/** A page of a list, as far as walking it goes. */
export type WalkedPage = { readonly ids: readonly string[]; readonly next: string | null };

/** What was shown of a list that grew meanwhile. Numbers of acknowledged entries are those of the list. */
export type ListWalk = {
  readonly order: 'asc' | 'desc';
  /** In the order in which they came. */
  readonly shown: readonly string[];
  readonly pages: number;
  /** Acknowledged before the first page was asked for. */
  readonly knownBefore: readonly string[];
  /** Acknowledged before the last page was asked for. */
  readonly knownBeforeLast: readonly string[];
};

const PAGES_MAX = 100_000;

/** Reads a list to its end. `known` is asked for the acknowledged entries of the list at that moment. */
export async function walkList(
  order: 'asc' | 'desc',
  page: (token: string | undefined) => Promise<WalkedPage>,
  known: () => readonly string[],
): Promise<ListWalk> {
  const shown: string[] = [];
  const knownBefore = known();
  let token: string | undefined;
  for (let pages = 1; pages <= PAGES_MAX; pages += 1) {
    const knownBeforeLast = known();
    const { ids, next } = await page(token);
    shown.push(...ids);
    if (next === null) return { order, shown, pages, knownBefore, knownBeforeLast };
    token = next;
  }
  throw new Error('the list has no end');
}

/**
 * Every way in which a walk was not one of a list that stays in place. `whole` is the list in order of posting, read when
 * nobody wrote any more. Newest first, all that was known before the walk must come; in the order of posting all that was
 * known before its last page too. Either way what comes is a stretch of the list without a gap.
 */
export function faultsOf(walk: ListWalk, whole: readonly string[]): string[] {
  const { order, shown, knownBefore, knownBeforeLast } = walk;
  const faults: string[] = [];
  const ids = new Set(shown);
  if (ids.size !== shown.length) faults.push(`${shown.length - ids.size} entries came twice`);
  const due = order === 'desc' ? knownBefore : knownBeforeLast;
  const missing = due.filter((id) => !ids.has(id));
  if (missing.length > 0) faults.push(`${missing.length} of ${due.length} entries are missing, ${missing[0]} first`);
  const real = new Set(whole);
  const foreign = shown.filter((id) => !real.has(id));
  if (foreign.length > 0) faults.push(`${foreign.length} entries do not belong to the list, ${foreign[0]} first`);
  const stretch = whole.slice(0, shown.length);
  const wanted = order === 'desc' ? stretch.toReversed() : stretch;
  const wrongAt = shown.findIndex((id, at) => id !== wanted[at]);
  if (wrongAt >= 0) faults.push(`entry ${wrongAt} that came is not the one of that place`);
  return faults;
}

/** Every way in which a list that nobody writes to is not what was acknowledged. */
export function faultsOfWhole(shown: readonly string[], acknowledged: readonly string[]): string[] {
  const ids = new Set(shown);
  const wanted = new Set(acknowledged);
  const faults: string[] = [];
  if (ids.size !== shown.length) faults.push(`${shown.length - ids.size} entries came twice`);
  const missing = acknowledged.filter((id) => !ids.has(id));
  if (missing.length > 0) faults.push(`${missing.length} acknowledged entries are missing, ${missing[0]} first`);
  const foreign = shown.filter((id) => !wanted.has(id));
  if (foreign.length > 0) faults.push(`${foreign.length} entries were never acknowledged, ${foreign[0]} first`);
  return faults;
}
