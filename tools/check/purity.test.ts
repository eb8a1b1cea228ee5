import { expect, test } from 'vitest';
import { findIn } from './planted-tree.ts';
import { purity } from './purity.ts';

test.each([
  'const now = new Date();',
  'const now = Date.now();',
  'const now = Date();',
  'const id = Math.random();',
  'const ms = performance.now();',
  'const id = crypto.randomUUID();',
  "const home = process.env['HOME'];",
  'const text = `on ${Date.now()}`;',
  'setTimeout(() => undefined, 1);',
])('found in the domain: %s', async (line) => {
  expect(await findIn(purity, { 'src/domain/a.ts': `\n${line}\n` })).toHaveLength(1);
});

test('speaking of a clock, a date type, and tests are not found', async () => {
  const text = "// No Date.now() here.\nexport type CalendarDate = string;\nexport const word = 'process';\n";
  expect(await findIn(purity, { 'src/domain/a.ts': text, 'src/domain/a.test.ts': 'Date.now();\n' })).toEqual([]);
});
