import { expect, test } from 'vitest';
import { importCycles, importDirection } from './import-direction.ts';
import { findIn } from './planted-tree.ts';

const allowed = {
  'src/limits.ts': 'export const LIMITS = {};\n',
  'src/domain/money.ts': "import { LIMITS } from '../limits.ts';\nexport const money = LIMITS;\n",
  'src/posting/engine.ts': "import { money } from '../domain/money.ts';\nexport const engine = money;\n",
  'src/postgres/store.ts': "import { engine } from '../posting/engine.ts';\nexport const store = engine;\n",
  'src/http/server.ts': "import { store } from '../postgres/store.ts';\nexport const server = store;\n",
  'src/main.ts': "import { server } from './http/server.ts';\nexport const main = server;\n",
  'src/cli/serve.ts': "import { main } from '../main.ts';\nexport const serve = main;\n",
  'src/domain/money.test.ts': "import { readFileSync } from 'node:fs';\nreadFileSync('x');\n",
};

test('the layout itself passes; tests may import what they need', async () => {
  expect(await findIn(importDirection, allowed)).toEqual([]);
});

test.each([
  ['domain', 'src/domain/a.ts', "import { engine } from '../posting/engine.ts';"],
  ['domain, a type', 'src/domain/a.ts', "import type { Engine } from '../posting/engine.ts';"],
  ['domain, a package', 'src/domain/a.ts', "import { hash } from 'node:crypto';"],
  ['posting', 'src/posting/a.ts', "import { store } from '../postgres/store.ts';"],
  ['postgres', 'src/postgres/a.ts', "import {\n  server,\n} from '../http/server.ts';"],
  ['http to cli', 'src/http/a.ts', "import { serve } from '../cli/serve.ts';"],
  ['http to the composition', 'src/http/a.ts', "import { main } from '../main.ts';"],
  ['cli to http', 'src/cli/a.ts', "import { server } from '../http/server.ts';"],
  ['jobs to http', 'src/jobs/a.ts', "import { server } from '../http/server.ts';"],
  ['main to cli', 'src/a.ts', "import { serve } from './cli/serve.ts';"],
  ['by import()', 'src/posting/a.ts', "const late = await import('../http/server.ts');"],
  ['a side effect', 'src/posting/a.ts', "import '../http/server.ts';"],
  ['the program to its tests', 'src/posting/a.ts', "import { database } from '../../test/database.ts';"],
  ['limits to anything', 'src/limits.ts', "import { money } from './domain/money.ts';"],
])('a wrong-way import is found: %s', async (_what, path, text) => {
  const findings = await findIn(importDirection, { ...allowed, [path]: `${text}\n` });
  expect(findings).toHaveLength(1);
  expect(findings[0]).toMatch(new RegExp(`^${path}:1: `));
});

test('a folder of src that is no layer is found', async () => {
  expect(await findIn(importDirection, { 'src/engine-room/a.ts': 'export const a = 1;\n' })).toHaveLength(1);
});

test('a ring of three and a file that imports itself are found; a diamond is none', async () => {
  const diamond = {
    'src/a.ts': "import './b.ts';\nimport './c.ts';\n",
    'src/b.ts': "import './d.ts';\n",
    'src/c.ts': "import './d.ts';\n",
    'src/d.ts': 'export const d = 1;\n',
  };
  expect(await findIn(importCycles, diamond)).toEqual([]);
  const ring = { ...diamond, 'src/d.ts': "import type { A } from './a.ts';\nexport type D = A;\n" };
  expect(await findIn(importCycles, ring)).toEqual(['src/a.ts: in a ring with src/b.ts, src/c.ts, src/d.ts']);
  expect(await findIn(importCycles, { 'test/a.ts': "import './a.ts';\n" })).toHaveLength(1);
});
