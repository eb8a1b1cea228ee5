/** What became of the changes made to one file. */
export type ScoredFile = {
  readonly file: string;
  readonly noticed: number;
  /** Among those noticed: the change never came to an end. */
  readonly timedOut: number;
  readonly unnoticed: number;
  /** Among those unnoticed: no test comes by. */
  readonly uncovered: number;
  /** Broke a file while it was loaded, before any test; they count for nothing. */
  readonly unrunnable: number;
};

/** Which part of the changes was noticed, 0 to 1. */
export function scoreOf(files: readonly ScoredFile[]): number {
  const { noticed, unnoticed } = sumOf(files);
  return noticed / (noticed + unnoticed);
}

/** A table of files in Markdown, the sum last. */
export function scoreTable(files: readonly ScoredFile[]): string {
  const row = (scored: ScoredFile) => {
    const { file, noticed, timedOut, unnoticed, uncovered, unrunnable } = scored;
    const score = noticed + unnoticed === 0 ? '–' : `${(scoreOf([scored]) * 100).toFixed(1)} %`;
    return `| ${[file, noticed + unnoticed, noticed, timedOut, unnoticed, uncovered, unrunnable, score].join(' | ')} |`;
  };
  return [
    '| file | mutants | noticed | of them by time-out | unnoticed | of them in no test | not run | score |',
    '|---|---|---|---|---|---|---|---|',
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
    unrunnable: total('unrunnable'),
  };
}
