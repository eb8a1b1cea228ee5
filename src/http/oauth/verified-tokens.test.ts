import { expect, test } from 'vitest';
import { VerifiedTokens } from './verified-tokens.ts';

test('never holds more than its bound, and keeps what is asked for again', () => {
  const remembered = new VerifiedTokens<number>(100);
  remembered.set('kept', 0);
  for (let at = 1; at <= 10_000; at++) {
    remembered.set(`token ${at}`, at);
    expect(remembered.get('kept')).toBe(0);
    expect(remembered.size).toBeLessThanOrEqual(100);
  }
  expect(remembered.get('token 10000')).toBe(10_000);
  expect(remembered.get('token 1')).toBeUndefined();
});

test('forgets everything when told to', () => {
  const remembered = new VerifiedTokens<number>(4);
  for (const digest of ['a', 'b', 'c']) remembered.set(digest, 1);
  remembered.clear();
  expect(remembered.size).toBe(0);
  expect(remembered.get('a')).toBeUndefined();
});
