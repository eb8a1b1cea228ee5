import { addDays, daysBetween } from '../simulation/instant.ts';
import { isClosed } from '../simulation/model/reference/period.ts';
import { Random } from '../simulation/random.ts';
import type { Step } from './history.ts';
import type { StepRequest } from './step-request.ts';
import type { Stage } from './world.ts';

/** An accrual run of a program, of a day that is open. */
export function runOf({ history, books }: Stage, { seed }: Step): StepRequest | undefined {
  const random = new Random(`step:${seed}`);
  const program = random.pick(history.programs);
  const [first] = program.versions;
  const days = [...books.entries.values()].map(({ effectiveAt }) => effectiveAt);
  const latest = days.reduce((one, other) => (one > other ? one : other), history.firstDay);
  // Loans with anything behind that day are passed over where the program replays.
  const isBehind = first?.policy.backdating === 'replay' && random.chance(0.7);
  const from = isBehind ? latest : history.firstDay;
  if (from > history.today) return undefined;
  const left = daysBetween({ from, to: history.today });
  const date = addDays(from, random.chance(0.5) ? Math.min(random.below(3), left) : random.below(left + 1));
  if (isClosed(books, date)) return undefined;
  const body = { program_id: program.programId, accrual_date: date };
  return { kind: 'run', path: '/v1/accruals/runs', body, loanIds: [] };
}
