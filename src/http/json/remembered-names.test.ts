import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { namesInOrder } from './name-order.ts';
import { parseStrictJson } from './strict-json.ts';

// What strangers name is remembered to be read faster the next time; what it may cost in memory is tested here.
setFlagsFromString('--expose-gc');
const collect: () => void = runInNewContext('gc');

const MIB = 1024 * 1024;

/** Bytes that the heap has more of behind some work on large texts than behind the same on small ones, once nobody needs them. */
function keptBytes(work: (chars: number) => void): number {
  work(1);
  collect();
  const before = process.memoryUsage().heapUsed;
  work(MIB / 4);
  collect();
  return process.memoryUsage().heapUsed - before;
}

let bodies = 0;

test.each([
  ['is read whole', '":0,"rest":"', '"}'],
  ['breaks off behind the name', '"!', ''],
])('a name that is remembered keeps none of its body in memory when that %s', (_how, behind, end) => {
  const kept = keptBytes((chars) => {
    for (let number = 0; number < 100; number += 1) {
      bodies += 1;
      const text = `{"a name of its own ${bodies}${behind}${'x'.repeat(chars)}${end}`;
      expect(parseStrictJson(Buffer.from(text)).ok).toBe(end !== '');
    }
  });
  expect(kept).toBeLessThan(4 * MIB);
});

test('the order of long names is not kept', () => {
  const kept = keptBytes((chars) => {
    for (let count = 2; count <= 16; count += 1) {
      const names = Array.from({ length: count }, (_, place) => `${count - place} ${'x'.repeat(chars)}`);
      expect(namesInOrder(Object.fromEntries(names.map((name) => [name, null])))).toEqual(names.toSorted());
    }
  });
  expect(kept).toBeLessThan(4 * MIB);
});
