import { globSync } from 'node:fs';
import { expect, test } from 'vitest';
import { PORTIONS, portionFiles } from './portions.ts';
import { scoreOf, scoreTable } from './score.ts';

test('every file of src/domain but its tests is in one portion', async () => {
  const portions = await Promise.all(Array.from({ length: PORTIONS }, (_, at) => portionFiles(at + 1)));
  for (const files of portions) expect(files.length).toBeGreaterThan(0);
  const files = globSync('src/domain/**/*.ts').filter((file) => !file.endsWith('.test.ts'));
  expect(portions.flat().sort()).toEqual(files.sort());
  await expect(portionFiles(PORTIONS + 1)).rejects.toThrow('there are portions 1 to 10');
});

test('a score counts time-outs among what was noticed, and what no test comes by among what was not', () => {
  const files = [
    { file: 'one.ts', noticed: 8, timedOut: 3, unnoticed: 2, uncovered: 1, unrunnable: 0 },
    { file: 'two.ts', noticed: 1, timedOut: 0, unnoticed: 1, uncovered: 0, unrunnable: 4 },
    { file: 'types.ts', noticed: 0, timedOut: 0, unnoticed: 0, uncovered: 0, unrunnable: 0 },
  ];
  expect(scoreOf(files)).toBe(0.75);
  expect(scoreTable(files).split('\n').slice(2)).toEqual([
    '| one.ts | 10 | 8 | 3 | 2 | 1 | 0 | 80.0 % |',
    '| two.ts | 2 | 1 | 0 | 1 | 0 | 4 | 50.0 % |',
    '| types.ts | 0 | 0 | 0 | 0 | 0 | 0 | – |',
    '| all | 12 | 9 | 3 | 3 | 1 | 4 | 75.0 % |',
  ]);
});
