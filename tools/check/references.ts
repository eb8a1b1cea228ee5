import { posix } from 'node:path';
import { lineAt } from './source-text.ts';
import type { Check, SourceFile, SourceTree } from './source-tree.ts';

const LINK = /\]\((?![a-z]+:|#)([^)#\s]+)(?:#[^)]*)?\)/g;
// A path of this project in running text or a comment; one with an ellipsis, a star or a brace is a pattern.
const MENTION =
  /(?<![\w/.-])(?:src|docs|decisions|migrations|test|bench|tools|bin)\/[\w./-]*\w\.(?:ts|md|sql|mjs|json)\b/g;

/** A reader who follows a reference finds something. */
export const references: Check = {
  name: 'references',
  promise: 'every file that a document links to or a comment names is there; ARCHITECTURE.md names every folder of src',
  find: async (tree) => {
    const known = new Set(tree.files.map(({ path }) => path));
    const isThere = (path: string): boolean =>
      known.has(path) || tree.files.some((file) => file.path.startsWith(`${path}/`));
    return [
      ...tree.files.flatMap((file) => (file.path.endsWith('.md') ? deadLinks(file, isThere) : [])),
      ...tree.files.flatMap((file) => (isPlanted(file.path) ? [] : deadMentions(file, isThere))),
      ...unmappedFolders(tree),
    ];
  },
};

function deadLinks({ path, text }: SourceFile, isThere: (path: string) => boolean): readonly string[] {
  return [...text.matchAll(LINK)].flatMap((match) => {
    const target = posix.join(posix.dirname(path), match[1] ?? '').replace(/\/$/, '');
    return target === '.' || isThere(target)
      ? []
      : [`${path}:${lineAt(text, match.index)}: links to ${match[1]}, which is not there`];
  });
}

function deadMentions({ path, text }: SourceFile, isThere: (path: string) => boolean): readonly string[] {
  if (!/\.(?:ts|md|sql|mjs)$/.test(path)) return [];
  return [...text.matchAll(MENTION)].flatMap((match) =>
    isThere(match[0]) ? [] : [`${path}:${lineAt(text, match.index)}: names ${match[0]}, which is not there`],
  );
}

/** The tests of the checks plant files that are not there. */
function isPlanted(path: string): boolean {
  return path.startsWith('tools/') && path.endsWith('.test.ts');
}

function unmappedFolders(tree: SourceTree): readonly string[] {
  const map = tree.files.find(({ path }) => path === 'ARCHITECTURE.md')?.text ?? '';
  const folders = new Set(
    tree.files.filter(({ path }) => /^src\/.*\.ts$/.test(path)).map(({ path }) => posix.dirname(path)),
  );
  return [...folders]
    .filter((folder) => !map.includes(`${folder}/`))
    .map((folder) => `ARCHITECTURE.md: does not name ${folder}/`);
}
