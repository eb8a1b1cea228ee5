import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { deadCode, lintAndFormat, types } from './external-tool.ts';
import { findIn } from './planted-tree.ts';

function ours(file: string): string {
  return readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');
}

test('types: text for a number is found', async () => {
  const settings = '{ "compilerOptions": { "strict": true, "noEmit": true, "types": [] }, "include": ["src"] }';
  const findings = await findIn(types, { 'tsconfig.json': settings, 'src/a.ts': "export const a: number = 'text';\n" });
  expect(findings.join('\n')).toContain('src/a.ts(1,14): error TS2322');
  expect(await findIn(types, { 'tsconfig.json': settings, 'src/a.ts': 'export const a: number = 1;\n' })).toEqual([]);
});

test.each([
  ['a default export', 'export default function a(): number {\n  return 1;\n}\n'],
  ['any', 'export const a: any = 1;\n'],
  ['a silenced null', 'export const a = (b: string | null): number => b!.length;\n'],
  ['a statement formatted otherwise', 'export const a = "x"\n'],
  ['a skipped test', "import { test } from 'vitest';\n\ntest.skip('a', () => undefined);\n"],
  ['an enum', 'export enum A {\n  b = 1,\n}\n'],
])('lint: %s is found', async (_what, text) => {
  const files = { 'biome.json': ours('biome.json'), 'src/a.ts': text };
  expect((await findIn(lintAndFormat, files)).join('\n')).toContain('src/a.ts');
});

test('dead code: a file, an export and a dependency that nothing uses are found, and one that is missing', async () => {
  const files = {
    'package.json': '{ "name": "planted", "type": "module", "dependencies": { "left-alone": "1.0.0" } }',
    'knip.json': '{ "entry": ["src/main.ts"], "project": ["src/**/*.ts"] }',
    'src/main.ts': "import { pick } from 'not-listed';\nimport { used } from './used.ts';\npick(used);\n",
    'src/used.ts': 'export const used = 1;\nexport const unused = 2;\n',
    'src/dead.ts': 'export const dead = 1;\n',
  };
  const findings = (await findIn(deadCode, files)).join('\n');
  for (const word of ['src/dead.ts', 'unused', 'left-alone', 'not-listed']) expect(findings).toContain(word);
});
