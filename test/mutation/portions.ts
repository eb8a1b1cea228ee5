import { createHash } from 'node:crypto';
import { glob, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** In how many portions src/domain is gone through; each takes minutes. */
export const PORTIONS = 10;

/** The files of a portion, 1 to PORTIONS, as paths from the root: portions are alike in size. */
export async function portionFiles(portion: number): Promise<readonly string[]> {
  if (!(portion >= 1 && portion <= PORTIONS)) throw new Error(`there are portions 1 to ${PORTIONS}`);
  const files = (await filesOf(['src/domain'])).filter((file) => !file.endsWith('.test.ts'));
  const sizes = await Promise.all(files.map(async (file) => (await readFile(`${ROOT}${file}`)).length));
  const total = sizes.reduce((sum, size) => sum + size, 0);
  let before = 0;
  return files.filter((_, at) => {
    const place = Math.floor((before * PORTIONS) / total) + 1;
    before += sizes[at] ?? 0;
    return place === portion;
  });
}

/** What code and tests are: portions with one digest belong to one run. */
export async function digestOfCode(): Promise<string> {
  const hash = createHash('sha256');
  for (const file of await filesOf(['src', 'test'])) hash.update(file).update(await readFile(`${ROOT}${file}`));
  return hash.digest('hex');
}

async function filesOf(folders: readonly string[]): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const file of glob(
    folders.map((folder) => `${folder}/**/*.ts`),
    { cwd: ROOT },
  ))
    found.push(file);
  return found.sort();
}
