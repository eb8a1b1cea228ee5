import { relative } from 'node:path';
import { Stryker } from '@stryker-mutator/core';

/** What became of the changes made to one file. */
export type ScoredFile = {
  readonly file: string;
  readonly noticed: number;
  /** Among those noticed: the change never came to an end. */
  readonly timedOut: number;
  readonly unnoticed: number;
  /** Among those unnoticed: no test comes by. */
  readonly uncovered: number;
};

type MutantResult = Awaited<ReturnType<Stryker['runMutationTest']>>[number];

const CONFIG_FILE = 'test/mutation/stryker.config.json';

/** Runs every mutant of some files, `concurrency` at a time. Throws when the tests do not pass without one. */
export async function mutate(files: readonly string[], concurrency: number): Promise<readonly ScoredFile[]> {
  const mutants = await new Stryker({ configFile: CONFIG_FILE, mutate: [...files], concurrency }).runMutationTest();
  return files.map((file) =>
    scoredFile(
      file,
      mutants.filter((mutant) => relative('.', mutant.fileName) === file),
    ),
  );
}

function scoredFile(file: string, mutants: readonly MutantResult[]): ScoredFile {
  const count = (...statuses: MutantResult['status'][]) =>
    mutants.filter(({ status }) => statuses.includes(status)).length;
  const scored = {
    file,
    noticed: count('Killed', 'Timeout'),
    timedOut: count('Timeout'),
    unnoticed: count('Survived', 'NoCoverage'),
    uncovered: count('NoCoverage'),
  };
  // Nothing is left out: a mutant that could not be run would flatter the score.
  if (scored.noticed + scored.unnoticed !== mutants.length) throw new Error(`${file} has mutants that were not judged`);
  return scored;
}

/** Which part of the changes was noticed, 0 to 1. */
export function scoreOf(files: readonly ScoredFile[]): number {
  const { noticed, unnoticed } = sumOf(files);
  return noticed / (noticed + unnoticed);
}

/** A table of files in Markdown, the sum last. */
export function scoreTable(files: readonly ScoredFile[]): string {
  const row = (scored: ScoredFile) => {
    const { file, noticed, timedOut, unnoticed, uncovered } = scored;
    const score = noticed + unnoticed === 0 ? '–' : `${(scoreOf([scored]) * 100).toFixed(1)} %`;
    return `| ${[file, noticed + unnoticed, noticed, timedOut, unnoticed, uncovered, score].join(' | ')} |`;
  };
  return [
    '| file | mutants | noticed | of them by time-out | unnoticed | of them in no test | score |',
    '|---|---|---|---|---|---|---|',
    ...[...files, { ...sumOf(files), file: 'all' }].map(row),
  ].join('\n');
}

function sumOf(files: readonly ScoredFile[]): Omit<ScoredFile, 'file'> {
  const total = (member: keyof Omit<ScoredFile, 'file'>) => files.reduce((sum, scored) => sum + scored[member], 0);
  return {
    noticed: total('noticed'),
    timedOut: total('timedOut'),
    unnoticed: total('unnoticed'),
    uncovered: total('uncovered'),
  };
}
