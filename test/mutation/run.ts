import { parseArgs } from 'node:util';
import { mutate } from './mutants.ts';
import { PORTIONS, portionFiles } from './portions.ts';
import { keepPortion, keptPortions, recordRun } from './record.ts';
import { type ScoredFile, scoreOf, scoreTable } from './score.ts';

const HELP = `node test/mutation/run.ts [options]

Changes src/domain in one place after the other, and counts the changes that a test without a database notices.

  --only WORDS      the files whose names hold one of these words, separated by commas; keeps nothing
  --portion K       portion K of 1 to ${PORTIONS} alone; what it came to is kept under reports/
  --processes N     so many mutants at a time (1)
  --record          runs nothing: adds up the portions that are kept, which have to be of one state of the code

Without options it runs all portions and records them in test/mutation/results. Exits with 1 when less than
80 % are noticed.`;

const BAR = 0.8;

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    portion: { type: 'string' },
    processes: { type: 'string', default: '1' },
    record: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

const PROCESSES = Number(values.processes);

if (values.help) console.log(HELP);
else if (values.only !== undefined) show(await mutate(await filesNamed(values.only.split(',')), PROCESSES));
else if (values.portion !== undefined) show(await runPortion(Number(values.portion)));
else {
  const portions = values.record ? [] : Array.from({ length: PORTIONS }, (_, at) => at + 1);
  for (const portion of portions) await runPortion(portion);
  const files = await keptPortions();
  show(files);
  await recordRun(files);
}

async function runPortion(portion: number): Promise<readonly ScoredFile[]> {
  const files = await mutate(await portionFiles(portion), PROCESSES);
  await keepPortion(portion, files);
  return files;
}

async function filesNamed(words: readonly string[]): Promise<readonly string[]> {
  const all = await Promise.all(Array.from({ length: PORTIONS }, (_, at) => portionFiles(at + 1)));
  return all.flat().filter((file) => words.some((word) => file.includes(word)));
}

function show(files: readonly ScoredFile[]): void {
  console.log(scoreTable(files));
  if (scoreOf(files) < BAR) process.exitCode = 1;
}
