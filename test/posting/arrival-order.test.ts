import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Decision } from '../../src/posting/decide-batch.ts';
import { histories, ledgerByDate, tell, tellInEffectiveOrder } from './arrival-order.ts';

const RUNS = Number(process.env['HPTS_TEST_HISTORIES'] ?? 2_000);
const EVENTS = Number(process.env['HPTS_TEST_EVENTS'] ?? 14);

test('under replay a ledger does not depend on the order of arrival: accounts, components and dates are those of the effective order', () => {
  const seen = new Map<string, number>();
  fc.assert(
    fc.property(histories(EVENTS), (requests) => {
      const told = tell(requests);
      for (const decision of told.decisions) count(seen, decision);
      expect(ledgerByDate(told.books)).toEqual(ledgerByDate(tellInEffectiveOrder(told.standing)));
    }),
    { numRuns: RUNS },
  );
  for (const what of ['restated', 'replay_blocked', 'reversal'])
    expect([what, (seen.get(what) ?? 0) > 0]).toEqual([what, true]);
});

function count(seen: Map<string, number>, decision: Decision): void {
  if (decision.outcome === 'deferred') throw new Error('a command by itself was deferred');
  const names = [];
  if (decision.outcome === 'refused') names.push(decision.refusal.code);
  if (decision.outcome === 'posted') {
    names.push(decision.entry.draft.eventType);
    if (decision.following.length > 0) names.push('restated');
  }
  for (const name of names) seen.set(name, (seen.get(name) ?? 0) + 1);
}
