import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import type { Decision } from '../../src/posting/decide-batch.ts';
import { ledgerByDate, tell, tellInEffectiveOrder, withLastRun } from './arrival-order.ts';
import { histories } from './arrival-order-histories.ts';

/**
 * Sends random histories in order of arrival and what stands of them in order of effect, and compares the ledgers account by
 * account, loan by loan and date by date. Throws with the smallest history that differs; answers how often what came up.
 */
export function checkArrivalOrder(size: {
  readonly histories: number;
  readonly eventsMax: number;
}): ReadonlyMap<string, number> {
  const seen = new Map<string, number>();
  fc.assert(
    fc.property(histories(size.eventsMax), (requests) => {
      const told = tell(requests);
      for (const decision of told.decisions) count(seen, decision);
      const inOrder = tellInEffectiveOrder(told.standing);
      if (inOrder === null) return true;
      return isDeepStrictEqual(ledgerByDate(withLastRun(told.books)), ledgerByDate(withLastRun(inOrder)));
    }),
    { numRuns: size.histories },
  );
  return seen;
}

function count(seen: Map<string, number>, decision: Decision): void {
  if (decision.outcome === 'deferred') throw new Error('a command by itself was deferred');
  const names: string[] = [];
  if (decision.outcome === 'refused') names.push(decision.refusal.code);
  if (decision.outcome === 'posted') {
    names.push(decision.entry.draft.eventType);
    if (decision.following.length > 0) names.push('restated');
  }
  for (const name of names) seen.set(name, (seen.get(name) ?? 0) + 1);
}
