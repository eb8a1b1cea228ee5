import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A text file of the project: `path` from the root, with `/` on every system. */
export type SourceFile = { readonly path: string; readonly text: string };

/** The project as the checks see it. `files` are all its text files, in order of their paths. */
export type SourceTree = { readonly root: string; readonly files: readonly SourceFile[] };

/** What a check is: `promise` says in one sentence what holds when it finds nothing. A finding begins with its place. */
export type Check = {
  readonly name: string;
  readonly promise: string;
  readonly find: (tree: SourceTree) => Promise<readonly string[]>;
};

/** What .gitignore leaves out, and git's own folder. */
const SKIPPED_FOLDERS: ReadonlySet<string> = new Set(['node_modules', '.git', '.hpts', 'coverage', 'reports']);
const SKIPPED_FILES = /\.(?:log|tmp)$/;

/** Reads every text file below `root`. A file with a NUL byte is no text. */
export async function readSourceTree(root: string): Promise<SourceTree> {
  const files: SourceFile[] = [];
  await readFolder(root, '', files);
  return { root, files: files.sort((a, b) => (a.path < b.path ? -1 : 1)) };
}

async function readFolder(root: string, folder: string, files: SourceFile[]): Promise<void> {
  for (const entry of await readdir(join(root, folder), { withFileTypes: true })) {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory()) {
      if (!SKIPPED_FOLDERS.has(entry.name)) await readFolder(root, path, files);
    } else if (entry.isFile() && !SKIPPED_FILES.test(entry.name)) {
      const text = await readFile(join(root, path), 'utf8');
      if (!text.includes('\0')) files.push({ path, text });
    }
  }
}

/** The text of one file. Undefined when the project has none of that path. */
export function textOf(tree: SourceTree, path: string): string | undefined {
  return tree.files.find((file) => file.path === path)?.text;
}

/** TypeScript of the program itself: below src, tests left out. */
export function programFiles(tree: SourceTree): readonly SourceFile[] {
  return tree.files.filter(({ path }) => path.startsWith('src/') && path.endsWith('.ts') && !isTest(path));
}

/** Whether a file holds tests. */
export function isTest(path: string): boolean {
  return path.endsWith('.test.ts');
}
