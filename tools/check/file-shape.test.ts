import { expect, test } from 'vitest';
import { barrels, fileLengths, functionLengths, names } from './file-shape.ts';
import { findIn } from './planted-tree.ts';

const lines = (count: number): string => 'const a = 1;\n'.repeat(count);
const body = (count: number): string => '    a();\n'.repeat(count);

test('500 lines pass, 501 are found', async () => {
  expect(await findIn(fileLengths, { 'src/a.ts': lines(500) })).toEqual([]);
  expect(await findIn(fileLengths, { 'src/a.ts': lines(501) })).toEqual(['src/a.ts: 501 lines']);
});

test.each([
  ['a function', `export async function long(\n  a: string,\n): Promise<void> {\n${body(58)}}\n`],
  ['destructured arguments', `function long({\n  a,\n}: Options): void {\n${body(58)}}\n`],
  ['a method', `class A {\n  async #long(): Promise<void> {\n${body(60)}  }\n}\n`],
  ['an arrow function', `const long = async (a: string) => {\n${body(60)}};\n`],
  ['a member', `const a = {\n  run: async (b) => {\n${body(60)}  },\n};\n`],
])('a function of more than 60 lines is found: %s', async (_what, text) => {
  const findings = await findIn(functionLengths, { 'src/a.ts': text });
  expect(findings).toHaveLength(1);
  expect(findings[0]).toMatch(/a function of 6[1-3] lines/);
});

test('60 lines, a long call, a long literal and tests pass', async () => {
  const files = {
    'src/a.ts': `function short(): void {\n${body(58)}}\n`,
    'src/b.ts': `call(() => {\n${body(80)}});\nconst list = [\n${body(80)}];\n`,
    'test/c.ts': `function long(): void {\n${body(80)}}\n`,
    'src/d.test.ts': `function long(): void {\n${body(80)}}\n`,
  };
  expect(await findIn(functionLengths, files)).toEqual([]);
});

test('the ratchet admits as many as it says, and asks to be lowered when there are fewer', async () => {
  const long = `function long(): void {\n${body(80)}}\n`;
  const ratchet = { 'tools/check/ratchet.json': '{ "longFunctions": 1 }' };
  expect(await findIn(functionLengths, { ...ratchet, 'src/a.ts': long })).toEqual([]);
  expect(await findIn(functionLengths, { ...ratchet, 'src/a.ts': long, 'src/b.ts': long })).toHaveLength(2);
  expect(await findIn(functionLengths, ratchet)).toEqual([expect.stringContaining('lower it')]);
});

test.each([
  'src/utils.ts',
  'src/helpers/a.ts',
  'test/date-helper.ts',
  'src/common/a.ts',
  'src/lock-manager.ts',
  'src/index.ts',
])('a name that says nothing is found: %s', async (path) => {
  expect(await findIn(names, { [path]: 'export const a = 1;\n' })).toHaveLength(1);
});

test('a name that merely contains such a word is not found', async () => {
  expect(await findIn(names, { 'src/commonwealth.ts': '', 'src/by-index.ts': '' })).toEqual([]);
});

test.each(["export * from './a.ts';", "export { a } from './a.ts';", "export type {\n  A,\n} from './a.ts';"])(
  'exporting what another file declares is found: %s',
  async (line) => {
    expect(await findIn(barrels, { 'src/b.ts': `${line}\n` })).toHaveLength(1);
    expect(await findIn(barrels, { 'src/b.ts': "export const from = 'a';\nexport type B = 'x' | 'y';\n" })).toEqual([]);
  },
);
