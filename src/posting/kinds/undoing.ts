import type { ResolvedEntry } from '../ledger-state.ts';
import type { Reads, Target } from './command-kind.ts';

/** `reversedOn` is the effective date of the reversal. */
export type UndoingTarget = Target & { readonly tenantId: string; readonly reversedOn: string };

/**
 * What the reversal of an event takes back besides balances, and what must have been read for it. Stands beside the kind
 * that made it true.
 */
export type Undoing = {
  readonly reads: (reversed: ResolvedEntry, reads: Reads) => void;
  readonly undo: (reversed: ResolvedEntry, target: UndoingTarget) => void;
};
