import { expect, test } from 'vitest';
import type { Booked } from '../../src/domain/journal-entry.ts';
import type { Refusal } from '../../src/domain/refusal.ts';
import type { Expected } from './scene.ts';

/** A refusal written as tables of refusals have it. */
export function refusalOf({ code, field, detail, message = detail }: Omit<Expected<string>, 'fault'>): Refusal {
  const refusal = { code: code as Refusal['code'], detail };
  return field === undefined ? refusal : { ...refusal, errors: [{ field, code, message }] };
}

/**
 * Each fault is refused by itself, and before those that stand behind it in the table; without any the event is taken.
 * `decide` makes the event and what it meets faulty as it is told.
 */
export function refusesInOrder(
  order: readonly Expected<string>[],
  decide: (faults: readonly string[]) => Refusal | Booked,
): void {
  test.each(order)('$fault: $code', (expected) => {
    const behind = order.slice(order.indexOf(expected)).map(({ fault }) => fault);
    expect(decide(behind)).toEqual(refusalOf(expected));
    expect(decide([expected.fault])).toEqual(refusalOf(expected));
  });

  test('taken when each bound is met just so', () => {
    expect(decide([])).not.toHaveProperty('code');
  });
}
