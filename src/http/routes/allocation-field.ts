import type { Allocation } from '../../domain/waterfall.ts';
import { amountField, objectField } from '../field-reader.ts';

/** The caller's own allocation, in place of the waterfall. */
export const allocationField = objectField(
  {},
  {
    fees_minor: amountField,
    interest_minor: amountField,
    principal_minor: amountField,
    suspense_minor: amountField,
  },
);

/** An absent part is 0. */
export function splitOf(allocation: ReturnType<typeof allocationField.read> | null): Allocation | null {
  if (allocation === null || allocation === undefined) return null;
  return {
    fees: allocation.fees_minor ?? 0n,
    interest: allocation.interest_minor ?? 0n,
    principal: allocation.principal_minor ?? 0n,
    suspense: allocation.suspense_minor ?? 0n,
  };
}
