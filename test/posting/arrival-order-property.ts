import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { tell } from './arrival-order.ts';
import { count, type Seen, up, VACUOUS } from './arrival-order-counts.ts';
import { histories } from './arrival-order-histories.ts';
import { judgeRefusal, tellInEffectiveOrder } from './arrival-order-in-effect.ts';
import { ledgerByDate, withLastRun } from './arrival-order-ledger.ts';

/**
 * Sends random histories in order of arrival and what stands of them in order of effect, and compares the ledgers account by
 * account, loan by loan and date by date; in both, control accounts have to tie with their loans. Throws with the smallest
 * history that differs, or in which a request was kept out for nothing; answers how often what came up.
 */
export function checkArrivalOrder(size: {
  readonly histories: number;
  readonly eventsMax: number;
  /** Another one each time unless it is given. */
  readonly seed?: number;
}): Seen {
  const seen = new Map<string, number>();
  fc.assert(
    fc.property(histories(size.eventsMax), (history) => {
      const told = tell(history);
      count(seen, told);
      for (const keptOut of told.keptOut) {
        const judged = judgeRefusal(told, keptOut);
        if (judged === 'unjustified') throw new Error(`${keptOut.code}: not in order of effect`);
        up(seen, `${keptOut.code === 'replay_blocked' ? 'block' : 'refusal by state'} ${judged}`);
      }
      const inOrder = tellInEffectiveOrder(told);
      if (inOrder === null) up(seen, VACUOUS);
      for (const one of inOrder === null ? [told] : [told, inOrder]) {
        const untied = withLastRun(one).books.untied();
        if (untied.length > 0) throw new Error(untied.join('\n'));
      }
      if (inOrder === null) return true;
      return isDeepStrictEqual(ledgerByDate(told.books.books), ledgerByDate(inOrder.books.books));
    }),
    { numRuns: size.histories, ...(size.seed === undefined ? {} : { seed: size.seed }) },
  );
  return seen;
}
