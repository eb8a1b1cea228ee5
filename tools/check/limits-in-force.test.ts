import { expect, test } from 'vitest';
import { LIMITS } from '../../src/limits.ts';
import { limitsInForce } from './limits-in-force.ts';
import { findIn } from './planted-tree.ts';

test('a limit that no code reads is found; one that only a longer name contains does not count', async () => {
  const names = Object.keys(LIMITS);
  const reads = names.map((name) => `use(LIMITS.${name});\n`);
  expect(await findIn(limitsInForce, { 'src/a.ts': reads.join('') })).toEqual([]);
  const without = reads.map((line) => line.replace('LIMITS.queuedReads)', 'LIMITS.queuedReadsMax)'));
  expect(await findIn(limitsInForce, { 'src/a.ts': without.join('') })).toEqual([
    'src/limits.ts: queuedReads is read nowhere',
  ]);
});
