import { execFileSync } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { cpus, totalmem } from 'node:os';
import { digestOfCode, PORTIONS } from './portions.ts';
import { type ScoredFile, scoreTable } from './score.ts';

type Kept = { readonly digest: string; readonly files: readonly ScoredFile[] };

const KEPT = new URL('../../reports/mutation/', import.meta.url);
const RESULTS = new URL('results/', import.meta.url);

/** Keeps what a portion came to, with the state of the code it was about. */
export async function keepPortion(portion: number, files: readonly ScoredFile[]): Promise<void> {
  await mkdir(KEPT, { recursive: true });
  const kept: Kept = { digest: await digestOfCode(), files };
  await writeFile(keptFile(portion), JSON.stringify(kept));
}

/** The files of all portions. Throws when one is missing or is of another state of the code. */
export async function keptPortions(): Promise<readonly ScoredFile[]> {
  const digest = await digestOfCode();
  const files: ScoredFile[] = [];
  for (let portion = 1; portion <= PORTIONS; portion += 1) {
    const kept = JSON.parse(await readFile(keptFile(portion), 'utf8')) as Kept;
    if (kept.digest !== digest) throw new Error(`portion ${portion} was run on other code; run it again`);
    files.push(...kept.files);
  }
  return files;
}

/** Writes the record of a whole run. */
export async function recordRun(files: readonly ScoredFile[]): Promise<void> {
  await mkdir(RESULTS, { recursive: true });
  const today = new Date().toISOString().slice(0, 10);
  const cores = cpus();
  const machine = `On ${cores.length} cores of ${cores[0]?.model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}.`;
  const commit = execFileSync('git', ['rev-parse', '--short=12', 'HEAD'], { cwd: RESULTS, encoding: 'utf8' }).trim();
  const about = `Run of ${today} on commit ${commit} by \`node test/mutation/run.ts\`. ${machine}`;
  const text = `# Mutants of src/domain\n\n${about}\n\n${scoreTable(files)}\n`;
  await writeFile(new URL(`${today}.md`, RESULTS), text);
}

function keptFile(portion: number): URL {
  return new URL(`portion-${portion}.json`, KEPT);
}
