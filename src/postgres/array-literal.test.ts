import { expect, test } from 'vitest';
import { plainArray } from './array-literal.ts';

test('numbers of any size and null, in the form of an array literal', () => {
  expect(plainArray([10n ** 18n - 1n, -1n, 0, null])).toBe('{999999999999999999,-1,0,NULL}');
  expect(plainArray([])).toBe('{}');
});
