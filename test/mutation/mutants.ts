import { relative } from 'node:path';
import { Stryker } from '@stryker-mutator/core';
import type { ScoredFile } from './score.ts';

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
    unrunnable: count('RuntimeError', 'CompileError'),
  };
  const { noticed, unnoticed, unrunnable } = scored;
  if (noticed + unnoticed + unrunnable !== mutants.length) throw new Error(`${file} has mutants that were left out`);
  return scored;
}
