import { expect, test } from 'vitest';
import { findIn } from './planted-tree.ts';
import { references } from './references.ts';

const files = {
  'ARCHITECTURE.md':
    'The map: src/domain/. See [how](docs/how.md#part) and [elsewhere](https://www.rfc-editor.org/).\n',
  'docs/how.md': 'Back to [the map](../ARCHITECTURE.md).\n',
  'src/domain/a.ts': '// Explained in docs/how.md, as docs/….md would be.\n',
};

test('references that lead somewhere pass', async () => {
  expect(await findIn(references, files)).toEqual([]);
});

test('a dead link, a dead mention and a folder that the map leaves out are found', async () => {
  const planted = {
    ...files,
    'docs/how.md': 'See [why](why.md).\n',
    'src/domain/a.ts': '// Explained in decisions/0099-nothing.md\n',
    'src/posting/b.ts': 'export const b = 1;\n',
  };
  expect(await findIn(references, planted)).toEqual([
    'docs/how.md:1: links to why.md, which is not there',
    'src/domain/a.ts:1: names decisions/0099-nothing.md, which is not there',
    'ARCHITECTURE.md: does not name src/posting/',
  ]);
});
