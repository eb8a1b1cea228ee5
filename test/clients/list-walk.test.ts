import { expect, test } from 'vitest';
import { faultsOf, faultsOfWhole, type ListWalk, walkList } from './list-walk.ts';

const WHOLE = ['a', 'b', 'c', 'd', 'e', 'f'];

function walk(order: 'asc' | 'desc', shown: string, changes: Partial<ListWalk> = {}): ListWalk {
  const known = { knownBefore: WHOLE.slice(0, 4), knownBeforeLast: WHOLE.slice(0, 5) };
  return { order, shown: [...shown], pages: 1, ...known, ...changes };
}

test('a walk that saw all that was known, in order, has no fault', () => {
  for (const shown of ['dcba', 'edcba', 'fedcba']) expect(faultsOf(walk('desc', shown), WHOLE)).toEqual([]);
  for (const shown of ['abcde', 'abcdef']) expect(faultsOf(walk('asc', shown), WHOLE)).toEqual([]);
});

test.each([
  ['desc', 'dcbba', '1 entries came twice'],
  ['desc', 'dca', 'b first'],
  ['desc', 'cba', 'd first'],
  ['desc', 'dcab', 'not the one of that place'],
  ['desc', 'fdcba', 'not the one of that place'],
  ['desc', 'dcbax', 'x first'],
  ['asc', 'abcd', 'e first'],
  ['asc', 'abcdde', '1 entries came twice'],
  ['asc', 'acde', 'b first'],
  ['asc', 'abdce', 'not the one of that place'],
] as const)('%s %s: %s', (order, shown, fault) => {
  expect(faultsOf(walk(order, shown), WHOLE).join()).toContain(fault);
});

test('the list at rest has to be what was acknowledged', () => {
  expect(faultsOfWhole(['a', 'b'], ['b', 'a'])).toEqual([]);
  expect(faultsOfWhole(['a', 'a', 'b'], ['a', 'b']).join()).toContain('came twice');
  expect(faultsOfWhole(['a'], ['a', 'b']).join()).toContain('b first');
  expect(faultsOfWhole(['a', 'c'], ['a']).join()).toContain('never acknowledged');
});

test('a walk follows the tokens to the end, and notes what was known when', async () => {
  const known = ['a'];
  const walked = await walkList(
    'asc',
    async (token) => {
      known.push('more');
      return { ids: [token ?? 'first'], next: token === 'third' ? null : token === undefined ? 'second' : 'third' };
    },
    () => [...known],
  );
  expect(walked).toMatchObject({ shown: ['first', 'second', 'third'], pages: 3, knownBefore: ['a'] });
  expect(walked.knownBeforeLast).toHaveLength(3);
});
