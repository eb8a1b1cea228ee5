import { expect, it } from 'vitest';
import { readReference, readSqlFile, section } from './sql-file.ts';

it('finds ceiling R as it was frozen', async () => {
  const file = await readReference();
  expect([...file.sections.keys()]).toEqual(['schema', 'loans', 'payments', 'size']);
});

it('names a section that is missing', async () => {
  const file = await readSqlFile('own-tables');
  expect(() => section(file, 'refunds')).toThrow(/refunds/);
});
