import { expect, test } from 'vitest';
import { findIn } from './planted-tree.ts';
import { sqlRoom, tenantFilter } from './sql-text.ts';

test.each([
  "const text = 'SELECT * FROM hpts.loan';",
  'const text = `\n  UPDATE hpts.loan SET frontier = ${day}`;',
  "const text = 'INSERT INTO hpts.loan VALUES (1)';",
  "const text = 'DELETE FROM hpts.loan';",
])('a statement outside src/postgres is found: %s', async (line) => {
  expect(await findIn(sqlRoom, { 'src/http/routes/a.ts': `${line}\n` })).toHaveLength(1);
});

test('the same under src/postgres, a comment about SQL and the setting hpts.tenants are not found', async () => {
  const files = {
    'src/postgres/a.ts': "const text = 'SELECT * FROM hpts.loan';\n",
    'src/http/a.ts': "// SELECT * FROM hpts.loan\nconst text = `SELECT set_config('hpts.tenants', $1, false)`;\n",
  };
  expect(await findIn(sqlRoom, files)).toEqual([]);
});

test('a statement of the poster or reader without tenant_id is found, one with it is not', async () => {
  const text = [
    "const one = 'SELECT * FROM hpts.loan WHERE loan_id = $1';",
    "const other = 'SELECT * FROM hpts.loan WHERE tenant_id = $1';",
  ].join('\n');
  expect(await findIn(tenantFilter, { 'src/postgres/posting/a.ts': text })).toEqual([
    'src/postgres/posting/a.ts:1: a statement without tenant_id',
  ]);
  expect(await findIn(tenantFilter, { 'src/postgres/reading/a.ts': text })).toHaveLength(1);
});
