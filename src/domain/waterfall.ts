import type { Receivables } from './loan.ts';
import type { WaterfallComponent } from './program.ts';

/** Where one amount went; the four fields of a payment's answer, in minor units. They sum to the amount. */
export type Allocation = {
  readonly fees: bigint;
  readonly interest: bigint;
  readonly principal: bigint;
  readonly suspense: bigint;
};

export const NOTHING_ALLOCATED: Allocation = { fees: 0n, interest: 0n, principal: 0n, suspense: 0n };

/** Adds two allocations part by part; `sign` -1n takes the second away. */
export function addAllocations(one: Allocation, other: Allocation, sign: 1n | -1n = 1n): Allocation {
  return {
    fees: one.fees + sign * other.fees,
    interest: one.interest + sign * other.interest,
    principal: one.principal + sign * other.principal,
    suspense: one.suspense + sign * other.suspense,
  };
}

/** All parts together. */
export function sumOf({ fees, interest, principal, suspense }: Allocation): bigint {
  return fees + interest + principal + suspense;
}

/**
 * Lets `amountMinor` run down the components in order, each taking what it has outstanding; what is left over goes to
 * suspense (ACCOUNTING.md rule 10).
 */
export function allocate(
  amountMinor: bigint,
  outstanding: Receivables,
  waterfall: readonly WaterfallComponent[],
): Allocation {
  const taken = { fees: 0n, interest: 0n, principal: 0n };
  let left = amountMinor;
  for (const component of waterfall) {
    const has = outstanding[component];
    const takes = left < has ? left : has;
    taken[component] = takes;
    left -= takes;
  }
  return { ...taken, suspense: left };
}
