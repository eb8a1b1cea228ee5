import { expect, test } from 'vitest';
import { checkArrivalOrder } from './arrival-order-property.ts';

test('under replay a ledger does not depend on the order of arrival: accounts, components and dates are those of the effective order', () => {
  const seen = checkArrivalOrder({ histories: 2_000, eventsMax: 14 });
  // The property says nothing unless such histories restate, are blocked and reverse.
  for (const what of [
    'restated',
    'replay_blocked',
    'reversal',
    'payment_allocated',
    'suspense_refunded',
    'payment_returned',
    'goodwill_credit',
  ]) {
    expect([what, (seen.get(what) ?? 0) > 0]).toEqual([what, true]);
  }
});
