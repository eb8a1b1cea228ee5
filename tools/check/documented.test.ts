import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { documentedCommands } from './documented-commands.ts';
import { documentedOperations, documentedTables } from './documented-tables.ts';
import { tableBelow } from './markdown-table.ts';
import { findIn, type PlantedFiles } from './planted-tree.ts';

const PAGES = ['docs/errors.md', 'docs/settings.md', 'docs/limits.md', 'docs/api.md'];

function ours(): Record<string, string> {
  return Object.fromEntries(PAGES.map((path) => [path, page(path)]));
}

function page(path: string): string {
  return readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
}

test('a table is read below its heading, code marks and escaped bars taken off', () => {
  const text = '# A\n\n| x |\n|---|\n| no |\n\n## B\ntext\n| a | b |\n|---|---|\n| `c` | d \\| e |\n\n| f |\n';
  expect(tableBelow(text, 'B')).toEqual([['c', 'd | e']]);
  expect(tableBelow(text, 'C')).toBeUndefined();
});

test('the pages as they are pass', async () => {
  expect(await findIn(documentedTables, ours())).toEqual([]);
});

test.each([
  ['docs/errors.md', '| `too_busy` | 503 |', '| `too_busy` | 500 |'],
  ['docs/errors.md', '| `too_busy` |', '| `too_lazy` |'],
  ['docs/settings.md', '| `HPTS_HOST` |', '| `HPTS_HOSTS` |'],
  ['docs/limits.md', '| `batchWeight` | 2000 |', '| `batchWeight` | 2001 |'],
  ['docs/api.md', '| `hpts:fees:write` | fees', '| `hpts:fee:write` | fees'],
])('a row of %s that is not the code’s is found: %s', async (path, right, wrong) => {
  const files = ours();
  const changed = (files[path] ?? '').replace(right, wrong);
  expect(changed).not.toBe(files[path]);
  // The row that is wrong, and the row that is missing for it.
  expect(await findIn(documentedTables, { ...files, [path]: changed })).toHaveLength(2);
});

test('a row left out and a page left out are found', async () => {
  const files = ours();
  const shorter = (files['docs/errors.md'] ?? '').replace(/^\| `not_found`.*\n/m, '');
  expect(await findIn(documentedTables, { ...files, 'docs/errors.md': shorter })).toHaveLength(1);
  expect(await findIn(documentedTables, { ...files, 'docs/errors.md': '# Errors\n' })).toHaveLength(1);
  expect(await findIn(documentedTables, {})).toHaveLength(4);
});

test('an operation that the page does not list, or lists with another scope, is found', async () => {
  const files: PlantedFiles = {
    'docs/api.md':
      '## Operations\n\n| method | path | scope |\n|---|---|---|\n| `POST` | `/v1/fees` | `hpts:fees:write` |\n| `GET` | `/v1/loans/{loan_id}` | `none` |\n',
    'src/http/routes/fees.ts': "const fees = {\n  path: '/v1/fees',\n  scope: 'hpts:fees:write',\n};\n",
    'src/http/routes/loan.ts': "const loan = {\n  method: 'GET',\n  path: '/v1/loans/:loan_id',\n  scope: null,\n};\n",
  };
  expect(await findIn(documentedOperations, files)).toEqual([]);
  const wider = (files['docs/api.md'] ?? '').replace('`hpts:fees:write`', '`hpts:ledger:read`');
  expect(await findIn(documentedOperations, { ...files, 'docs/api.md': wider })).toHaveLength(2);
  const another = "const a = {\n  path: '/v1/recoveries',\n  scope: 'hpts:chargeoffs:write',\n};\n";
  expect(await findIn(documentedOperations, { ...files, 'src/http/routes/a.ts': another })).toHaveLength(1);
});

test('a command left out, one that is none, and a help text that differs are found', async () => {
  const text = page('docs/cli.md');
  expect(await findIn(documentedCommands, { 'docs/cli.md': text })).toEqual([]);
  const wrong = text.replace('## hpts verify', '## hpts vouch').replace('Exit: 0 made', 'Exit: 0 made up');
  expect(await findIn(documentedCommands, { 'docs/cli.md': wrong })).toHaveLength(3);
  expect(await findIn(documentedCommands, {})).toHaveLength(1);
});
