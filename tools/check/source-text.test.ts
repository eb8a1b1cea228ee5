import { expect, test } from 'vitest';
import { lineAt, scanSource } from './source-text.ts';

test('comments, strings and patterns are blanked, lines and columns stay', () => {
  const source = "const a = 'x'; // Date\n/* Math.random */ const b = /[/]process/g;\n";
  const { code } = scanSource(source);
  expect(code).toHaveLength(source.length);
  expect(code).toMatch(/^const a = {4}; +\n +const b = +g;\n$/);
});

test('a division is no pattern', () => {
  expect(scanSource('const half = (a + b) / 2; const c = d / e;').code).toContain('/ 2; const c = d / e;');
});

test('what stands in a template’s ${…} is code, nested templates included', () => {
  const { code, literals } = scanSource('f(`SELECT ${now(`x ${inner}`)} FROM {t}`);');
  expect(code).toContain('now(');
  expect(code).toContain('inner');
  expect(code).not.toContain('SELECT');
  expect(literals.map(({ text }) => text)).toEqual(['x ', 'SELECT  FROM {t}']);
});

test('a literal tells its line, also behind characters outside the basic plane', () => {
  expect(scanSource("const a = '😀';\nconst b = 'second';").literals[1]).toEqual({ text: 'second', line: 2 });
  expect(lineAt('a\nb\nc', 4)).toBe(3);
});

test('what does not end is refused', () => {
  expect(() => scanSource("const a = 'x")).toThrow(/line 1/);
  expect(() => scanSource('`${a')).toThrow(/template/);
});
