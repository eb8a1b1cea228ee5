import { expect, test } from 'vitest';
import { pauseAfter, RETRY_PACE } from './retry.ts';

const pace = { attempts: 5, baseMs: 100, maxMs: 500 };

test('the pause doubles up to the longest, and there is none after the last attempt', () => {
  expect([1, 2, 3, 4, 5, 6].map((failures) => pauseAfter(failures, pace, 1))).toEqual([100, 200, 400, 500, null, null]);
});

test('at least half of the pause is kept, whatever chance says', () => {
  expect([1, 2, 3, 4].map((failures) => pauseAfter(failures, pace, 0))).toEqual([50, 100, 200, 250]);
});

test('an event is tried for five to ten hours before it is a dead letter', () => {
  const total = (chance: number) => {
    let sumMs = 0;
    for (let failures = 1; ; failures += 1) {
      const pause = pauseAfter(failures, RETRY_PACE, chance);
      if (pause === null) return sumMs / 3_600_000;
      sumMs += pause;
    }
  };
  expect(total(0)).toBeCloseTo(4.8, 0);
  expect(total(1)).toBeCloseTo(9.6, 0);
});
