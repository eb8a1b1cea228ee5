import { latestClosed, monthAfter, monthOf } from '../simulation/model/reference/period.ts';
import { Random } from '../simulation/random.ts';
import type { Step } from './history.ts';
import type { StepRequest } from './step-request.ts';
import type { Stage } from './world.ts';

/** A month to be closed or reopened: mostly the one whose turn it is, now and then one that must be refused. */
export function periodOf(stage: Stage, { kind, seed }: Pick<Step, 'seed'> & { kind: 'close' | 'reopen' }): StepRequest {
  const random = new Random(`step:${seed}`);
  const { today } = stage.history;
  const turn = kind === 'close' ? closable(stage, random) : (latestClosed(stage.books) ?? monthOf(today));
  const period = random.weighted({
    [turn]: 110,
    [monthBefore(turn)]: 8,
    [monthAfter(turn)]: 5,
    [monthOf(today)]: 3,
    [monthAfter(monthOf(today))]: 3,
    '2026-13': 1,
  });
  const body = random.chance(0.2) ? { description: 'as agreed' } : {};
  return { kind, path: `/v1/periods/${period}/${kind}`, body, loanIds: [] };
}

/** The month whose turn it is to be closed; the first may be any up to that of the earliest line. */
function closable({ books, history }: Stage, random: Random): string {
  const latest = latestClosed(books);
  if (latest !== undefined) return monthAfter(latest);
  const days = [...books.entries.values()].filter(({ lines }) => lines.length > 0).map((entry) => entry.effectiveAt);
  const first = monthOf(days.sort()[0] ?? history.firstDay);
  return random.chance(0.2) ? monthBefore(first) : first;
}

function monthBefore(month: string): string {
  const [year = 0, number = 0] = month.split('-').map(Number);
  return new Date(Date.UTC(year, number - 2, 1)).toISOString().slice(0, 7);
}
