import { expect, test } from 'vitest';
import { seenText, shortfalls } from './arrival-order-counts.ts';
import { checkArrivalOrder } from './arrival-order-property.ts';

test('under replay a ledger does not depend on the order of arrival: accounts, components and dates are those of the effective order', () => {
  const seen = checkArrivalOrder({ histories: 1_000, eventsMax: 40, seed: 20_260_501 });
  // The property says nothing unless each kind of event comes up, restates and is restated.
  expect(shortfalls(seen), seenText(seen)).toEqual([]);
});
