import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type Check, readSourceTree } from './source-tree.ts';

/** Files of a small project with something wrong in it, by path. */
export type PlantedFiles = Readonly<Record<string, string>>;

/** What a check finds in a temporary folder with these files, which is gone afterwards. */
export async function findIn(check: Check, files: PlantedFiles): Promise<readonly string[]> {
  const root = mkdtempSync(join(tmpdir(), 'hpts-check-'));
  try {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    }
    return await check.find(await readSourceTree(root));
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}
