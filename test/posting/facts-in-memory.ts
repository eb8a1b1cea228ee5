import { SETTLED } from '../../src/domain/layer.ts';
import { type EntryStanding, linesOn, untouched } from '../../src/domain/posted-entry.ts';
import { addAllocations, NOTHING_ALLOCATED } from '../../src/domain/waterfall.ts';
import { firstEntryIdOf } from '../../src/posting/entry-id.ts';
import { type ResolvedEntry, scopedKey } from '../../src/posting/ledger-state.ts';
import type { PostingPlan } from '../../src/posting/posting-plan.ts';
import type { EntryRef } from '../../src/posting/posting-store.ts';

type Facts = Pick<PostingPlan, 'settlings' | 'clearings' | 'paymentReturns'>;
type Books = {
  readonly reversals: ReadonlyMap<string, string>;
  readonly superseded: ReadonlyMap<string, string>;
  readonly entries: ReadonlyMap<string, ResolvedEntry>;
};

/** What was done to earlier entries, kept and read as the database does it. */
export class FactsInMemory implements Facts {
  readonly settlings: PostingPlan['settlings'] = [];
  readonly clearings: PostingPlan['clearings'] = [];
  readonly paymentReturns: PostingPlan['paymentReturns'] = [];

  /** Adds the facts of a plan, each turn of each entry once. */
  take({ settlings, clearings, paymentReturns }: Facts): void {
    this.settlings.push(...settlings);
    this.clearings.push(...clearings);
    this.paymentReturns.push(...paymentReturns);
    const turns = [
      ...this.settlings.map((one) => `settling ${one.tenantId}${one.pendingEntryId}${one.turn}`),
      ...this.clearings.map((one) => `clearing ${one.tenantId}${one.clearedEntryId}${one.turn}`),
      ...this.paymentReturns.map((one) => `return ${one.tenantId}${one.paymentEntryId}${one.turn}`),
    ];
    if (new Set(turns).size < turns.length) throw new Error('a fact has the turn of another');
  }

  /** The standings of entries, and of those that settled them or that they settled. */
  standingsOf(asked: readonly EntryRef[], books: Books): Map<string, EntryStanding> {
    const wanted = new Map(asked.map((ref) => [scopedKey(ref.tenantId, ref.entryId), ref]));
    for (const { tenantId, pendingEntryId, entryId } of this.settlings) {
      for (const [one, other] of [
        [pendingEntryId, entryId],
        [entryId, pendingEntryId],
      ] as const) {
        if (asked.some((ref) => ref.tenantId === tenantId && ref.entryId === one)) {
          wanted.set(scopedKey(tenantId, other), { tenantId, entryId: other });
        }
      }
    }
    return new Map([...wanted].map(([key, ref]) => [key, this.#standingOf(ref, books)]));
  }

  #standingOf({ tenantId, entryId }: EntryRef, { reversals, entries, superseded }: Books): EntryStanding {
    const own = <Fact extends { readonly tenantId: string }>(facts: readonly Fact[]) =>
      facts.filter((fact) => fact.tenantId === tenantId);
    const stands = (fact: { readonly entryId: string }) => !reversals.has(scopedKey(tenantId, fact.entryId));
    const settlings = own(this.settlings).filter((one) => one.pendingEntryId === entryId);
    const { eventId } = entries.get(scopedKey(tenantId, entryId))?.entry ?? {};
    const firstId = eventId === undefined ? entryId : firstEntryIdOf(eventId);
    const clearings = own(this.clearings).filter((one) => one.clearedEntryId === firstId);
    const told = own(this.paymentReturns).filter((one) => one.paymentEntryId === firstId);
    const returns = told.filter((one) => !told.some((other) => other.entryId === one.entryId && other.turn > one.turn));
    const settled = settlings.find(stands);
    const settling = settled === undefined ? undefined : entries.get(scopedKey(tenantId, settled.entryId))?.entry;
    const back = own(this.paymentReturns).findLast((one) => one.entryId === entryId);
    return {
      ...untouched(),
      reversedBy: reversals.get(scopedKey(tenantId, entryId)) ?? null,
      supersededBy: superseded.get(scopedKey(tenantId, entryId)) ?? null,
      settledBy:
        settling === undefined
          ? null
          : {
              entryId: settling.entryId,
              effectiveAt: settling.effectiveAt,
              lines: linesOn(settling, SETTLED),
              isRecovery: settling.eventType === 'recovery',
            },
      settlings: settlings.length,
      settles: own(this.settlings).find((one) => one.entryId === entryId)?.pendingEntryId ?? null,
      clearedBy: clearings.find(stands)?.entryId ?? null,
      clearings: clearings.length,
      returnedBy: returns.filter(stands).map((one) => one.entryId),
      returned: returns.filter(stands).reduce((sum, { parts }) => addAllocations(sum, parts), NOTHING_ALLOCATED),
      returns: told.length,
      returnOf: back === undefined ? null : { paymentEntryId: back.paymentEntryId, parts: back.parts },
    };
  }
}
