import { addDays, daysBetween } from '../simulation/instant.ts';
import { Random } from '../simulation/random.ts';
import type { Step } from './history.ts';
import type { StepRequest } from './step-request.ts';
import type { Stage } from './world.ts';

/**
 * An accrual run of a program, of a day that is open. Where the program replays, no event has come behind that day: the ledger
 * passes over loans for which one has, and leaves what is open to the next run.
 */
export function runOf({ history, books }: Stage, { seed }: Step): StepRequest | undefined {
  const random = new Random(`step:${seed}`);
  const program = random.pick(history.programs);
  const [first] = program.versions;
  const days = [...books.entries.values()].map(({ effectiveAt }) => effectiveAt);
  const latest = days.reduce((one, other) => (one > other ? one : other), history.firstDay);
  const from = first?.policy.backdating === 'replay' ? latest : history.firstDay;
  if (from > history.today) return undefined;
  const left = daysBetween({ from, to: history.today });
  const date = addDays(from, random.chance(0.5) ? Math.min(random.below(3), left) : random.below(left + 1));
  if (books.closedThrough !== undefined && date <= books.closedThrough) return undefined;
  const body = { program_id: program.programId, accrual_date: date };
  return { kind: 'run', path: '/v1/accruals/runs', body, loanIds: [] };
}
