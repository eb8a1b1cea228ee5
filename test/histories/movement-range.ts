import { isRebooking } from '../../src/posting/entry-id.ts';
import type { PlannedMovement } from '../../src/posting/posting-plan.ts';
import type { Answered } from './ledger-in-memory.ts';

const COMPONENT_MAX = 999_999_999_999_999_999n;

/** What a posting did to a loan between its first entry and its last. */
export interface MovementRange {
  /** Movements that leave a component outside 0 to 10^18-1 and may not. */
  readonly strays: readonly string[];
  /** Such a movement was set right by a later one of its posting. */
  readonly passes: 'restating' | 'taking back' | undefined;
}

/**
 * Looks at each movement of one accepted request, as `movement_order` of `hpts verify` does: a loan stays in its range on each
 * layer, but between the entries of a restatement, or of the reversal of several, whose last ones end in it.
 */
export function movementRange({ entries, movements }: Pick<Answered, 'entries' | 'movements'>): MovementRange {
  const again = new Set(entries.filter(({ entryId }) => isRebooking(entryId)).map(({ entryId }) => entryId));
  const undoing = entries.filter(({ reversesEntryId }) => reversesEntryId !== null);
  const back = new Set(undoing.map(({ entryId }) => entryId));
  const strays: string[] = [];
  let passes: MovementRange['passes'];
  for (const posting of Map.groupBy(movements, ({ loanId, layer }) => `${loanId} ${layer}`).values()) {
    const restates = posting.some(({ entryId }) => again.has(entryId));
    const takesBack = posting.some(({ entryId }) => back.has(entryId));
    for (const [at, movement] of posting.entries()) {
      if (isInRange(movement)) continue;
      const isLast = at === posting.length - 1;
      if (isLast || !(restates || takesBack)) strays.push(`entry ${movement.entryId} leaves a component out of range`);
      else if (posting.slice(at + 1).some(({ entryId }) => again.has(entryId))) passes ??= 'restating';
      else passes = 'taking back';
    }
  }
  return { strays, passes };
}

function isInRange({ after }: PlannedMovement): boolean {
  return Object.values(after).every((minor) => minor >= 0n && minor <= COMPONENT_MAX);
}
