import { expect, test } from 'vitest';
import { Turns } from './turns.ts';

/** Works that begin when they are let, and end when the test says. */
function works(turns: Turns) {
  const begun: number[] = [];
  const start = (number: number) => {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const result = turns.run(() => {
      begun.push(number);
      return promise;
    });
    return { result, end: () => resolve(`work ${number}`), fail: () => reject(new Error(`work ${number}`)) };
  };
  return { begun, start };
}

test('so many run at once; the next begins when one ends or fails, in the order in which they came', async () => {
  const { begun, start } = works(new Turns({ atOnce: 2, waitMs: 10, monotonicMs: () => 0 }));
  const [first, second, third, fourth] = [start(1), start(2), start(3), start(4)];
  expect(begun).toEqual([1, 2]);
  second.fail();
  await expect(second.result).rejects.toThrow('work 2');
  await expect.poll(() => begun).toEqual([1, 2, 3]);
  first.end();
  expect(await first.result).toBe('work 1');
  await expect.poll(() => begun).toEqual([1, 2, 3, 4]);
  third.end();
  fourth.end();
  expect(await Promise.all([third.result, fourth.result])).toEqual(['work 3', 'work 4']);
  const [fifth, sixth, seventh] = [start(5), start(6), start(7)];
  expect(begun.slice(4)).toEqual([5, 6]);
  for (const one of [fifth, sixth, seventh]) one.end();
  expect(await seventh.result).toBe('work 7');
});

test('what waited too long is not begun, and the one behind it has its turn', async () => {
  let nowMs = 0;
  const { begun, start } = works(new Turns({ atOnce: 1, waitMs: 10, monotonicMs: () => nowMs }));
  const [first, late] = [start(1), start(2)];
  nowMs = 5;
  const third = start(3);
  nowMs = 11;
  first.end();
  third.end();
  expect(await Promise.all([first.result, late.result, third.result])).toEqual(['work 1', undefined, 'work 3']);
  expect(begun).toEqual([1, 3]);
});

test('once it ended nothing begins, and what waited is told so at once; what runs goes on', async () => {
  const turns = new Turns({ atOnce: 1, waitMs: 10, monotonicMs: () => 0 });
  const { begun, start } = works(turns);
  const [first, second] = [start(1), start(2)];
  await expect.poll(() => begun).toEqual([1]);
  turns.end();
  expect(await second.result).toBeUndefined();
  expect(await start(3).result).toBeUndefined();
  first.end();
  expect(await first.result).toBe('work 1');
  expect(await start(4).result).toBeUndefined();
  expect(begun).toEqual([1]);
});
