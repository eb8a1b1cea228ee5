import { Counts, type CountTables } from './counts.ts';
import { type History, historyOf } from './history.ts';
import { type Life, live } from './live.ts';

/** Seeds of histories, and how many commands end the run. */
export interface Portion {
  readonly firstSeed: number;
  /** From one seed to the next: as many threads share the seeds. */
  readonly stride: number;
  readonly events: number;
}

/** What a portion came to; `difference` is the shortest history found in which ledger and model differ. */
export interface PortionResult {
  readonly counts: CountTables;
  readonly difference: string | undefined;
}

/** Lives one history after the other, until there were enough commands or one of them differs. */
export function runPortion({ firstSeed, stride, events }: Portion): PortionResult {
  const counts = new Counts();
  for (let seed = firstSeed; counts.tables.events < events; seed += stride) {
    const history = historyOf(seed);
    const { found } = lifeOf(history, counts);
    if (found.length > 0) return { counts: counts.tables, difference: written(shrunk(history)) };
  }
  return { counts: counts.tables, difference: undefined };
}

/** A fault of ledger or model is a difference like any other. */
function lifeOf(history: History, counts: Counts): Life {
  try {
    return live(history, counts);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return { sent: [], found: [`thrown: ${error.stack ?? error.message}`] };
  }
}

/** Leaves out steps as long as some difference remains. */
function shrunk(history: History): History {
  let shortest = history;
  for (let size = Math.ceil(history.steps.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = 0; at < shortest.steps.length; ) {
      const shorter = { ...shortest, steps: shortest.steps.toSpliced(at, size) };
      if (lifeOf(shorter, new Counts()).found.length > 0) shortest = shorter;
      else at += size;
    }
  }
  return shortest;
}

/** A history as a script: its programs, what was sent and answered, and how it ended. */
function written(history: History): string {
  const { sent, found } = lifeOf(history, new Counts());
  const programs = history.programs.map((program) => `program ${JSON.stringify(program)}`);
  const requests = sent.map(({ request, outcome }) => {
    return `POST ${request.path} ${request.keyHeaders[0]}\n  ${request.body}\n  ${outcome}`;
  });
  return [
    `seed ${history.seed}, business date ${history.today}, ${history.steps.length} steps: ${JSON.stringify(history.steps)}`,
    ...programs,
    ...requests,
    ...found.map((text) => `DIFFERENT: ${text}`),
  ].join('\n');
}
