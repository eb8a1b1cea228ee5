import type { Loss, RecoveredPart } from '../domain/loss.ts';

/**
 * A part of a loss that was recovered, as it is kept. `turn` counts how often it was said of the entry; more than once where a
 * restatement left the entry and took it out of another loss.
 */
export type KeptPart = RecoveredPart & { readonly effectiveAt: string; readonly turn: number };

/** A loss as it is kept, with its place among the loan's events. */
export type KeptLoss = Omit<Loss, 'recovered'> & {
  readonly recovered: readonly KeptPart[];
  readonly effectiveAt: string;
  /** The place of its event's first entry, which no restatement changes; null while it is not committed. */
  readonly arrival: bigint | null;
  /** How often it was said of the entry; more than once where a restatement left the entry and changed what it means. */
  readonly turn: number;
};

/** The order of losses under `replay`: effective date, then arrival; what has none yet arrives last. */
export function byEffectOfLoss(one: KeptLoss, other: KeptLoss): number {
  if (one.effectiveAt !== other.effectiveAt) return one.effectiveAt < other.effectiveAt ? -1 : 1;
  if (one.arrival === other.arrival) return 0;
  return other.arrival === null || (one.arrival !== null && one.arrival < other.arrival) ? -1 : 1;
}
