import type { AccrualBatch } from '../../src/domain/accrual.ts';
import { interestBefore as interestFactsBefore } from '../../src/domain/accrual-run.ts';
import {
  type DraftLine,
  type EntryDraft,
  type EventInput,
  effectOfLines,
  linesByLayer,
} from '../../src/domain/journal-entry.ts';
import { addComponents, controlledComponent, noComponents } from '../../src/domain/loan.ts';
import type { StandingNonAccrual } from '../../src/domain/non-accrual.ts';
import type { EntryStanding } from '../../src/domain/posted-entry.ts';
import { byEffect, type KeptEntry, type LoanEvent } from '../../src/domain/restatement/loan-event.ts';
import { firstEntryIdOf, isRebooking } from '../../src/posting/entry-id.ts';
import { byEffectOfLoss, type KeptLoss } from '../../src/posting/kept-loss.ts';
import { type AccrualMonth, type LoanRef, type ResolvedEntry, scopedKey } from '../../src/posting/ledger-state.ts';
import type { PostingPlan } from '../../src/posting/posting-plan.ts';
import type { EntryRef } from '../../src/posting/posting-store.ts';
import type { HistoryRef, LoanHistory, ReturnedPayment } from '../../src/posting/restatement/loan-history.ts';
import type { InterestInMemory } from './memory-interest.ts';

/** The parts of books in memory that a loan's life is read from. */
type LivedBooks = {
  readonly lossesOf: (loans: readonly LoanRef[]) => ReadonlyMap<string, readonly KeptLoss[]>;
  readonly nonAccruals: ReadonlyMap<string, readonly StandingNonAccrual[]>;
  readonly entries: ReadonlyMap<string, ResolvedEntry>;
  readonly reversals: ReadonlyMap<string, string>;
  readonly superseded: ReadonlyMap<string, string>;
  readonly sentCorrections: ReadonlyMap<string, PostingPlan['accrualCorrections'][number]>;
  readonly standingsOf: (asked: readonly EntryRef[]) => ReadonlyMap<string, EntryStanding>;
  readonly batches: ReadonlyMap<string, AccrualBatch>;
  readonly interest: InterestInMemory;
  readonly accrualMonths: ReadonlyMap<string, AccrualMonth>;
  readonly facts: {
    readonly settlings: readonly { readonly tenantId: string; readonly entryId: string; readonly turn: number }[];
    readonly paymentReturns: PostingPlan['paymentReturns'];
    readonly clearings: readonly { readonly tenantId: string; readonly clearedEntryId: string }[];
  };
};

/** A loan's life from a day on, out of the entries alone, as the database answers it out of its tables. */
export function historyOf({ tenantId, loanId, from }: HistoryRef, books: LivedBooks): LoanHistory {
  const keys = [...books.entries.keys()];
  const before: LoanHistory['before'] = [noComponents(), noComponents(), noComponents()];
  const events = new Map<string, LoanEvent>();
  for (const [key, { entry }] of books.entries) {
    if (!key.startsWith(tenantId) || !isInLife(entry, loanId)) continue;
    const lines = entry.lines.filter((line) => line.loanId === loanId);
    if (entry.effectiveAt < from) {
      for (const { layer, lines: ofLayer } of linesByLayer({ ...entry, lines })) {
        const components = before[layer];
        if (components !== null) addComponents(components, effectOfLines(ofLayer));
      }
      continue;
    }
    if (entry.eventType === 'reversal' || books.reversals.has(key)) continue;
    const first = scopedKey(tenantId, firstEntryIdOf(entry.eventId));
    const known = events.get(entry.eventId);
    const isDifference = entry.eventType === 'accrual' && isRebooking(entry.entryId);
    const accrued = books.batches.get(first)?.loans.find((loan) => loan.loanId === loanId);
    const run = books.interest.runOf({ tenantId, loanId, entryId: firstEntryIdOf(entry.eventId) }, books);
    events.set(entry.eventId, {
      eventId: entry.eventId,
      arrival: BigInt(keys.indexOf(first)),
      entry: isDifference && known !== undefined ? known.entry : keptEntry(entry),
      lines: known === undefined ? lines : netOf([...known.lines, ...lines]),
      acceptedAs: books.entries.get(first)?.entry.eventType ?? entry.eventType,
      settlingTurn:
        books.facts.settlings.find((one) => one.tenantId === tenantId && one.entryId === entry.entryId)?.turn ?? null,
      returnOf:
        books.facts.paymentReturns.find((one) => one.tenantId === tenantId && one.entryId === entry.entryId)
          ?.paymentEntryId ?? null,
      accrual: accrued === undefined || run !== null ? null : { interestMinor: accrued.interestMinor },
      run,
      correction: correctionOf(books.sentCorrections.get(first), loanId),
    });
  }
  const ordered = [...events.values()].sort(byEffect);
  const key = scopedKey(tenantId, loanId);
  const inEffect = (one: { readonly effectiveAt: string }, other: { readonly effectiveAt: string }): number =>
    one.effectiveAt < other.effectiveAt ? -1 : one.effectiveAt > other.effectiveAt ? 1 : 0;
  const losses = (books.lossesOf([{ tenantId, loanId }]).get(key) ?? []).toSorted(byEffectOfLoss);
  const arrivalOf = ({ entryId }: StandingNonAccrual): number => {
    const { eventId = '' } = books.entries.get(scopedKey(tenantId, entryId))?.entry ?? {};
    return keys.indexOf(scopedKey(tenantId, firstEntryIdOf(eventId)));
  };
  const nonAccruals = (books.nonAccruals.get(key) ?? [])
    .toSorted((one, other) => arrivalOf(one) - arrivalOf(other))
    .toSorted(inEffect);
  const returned = returnedOf(tenantId, ordered, books);
  const interest = interestBefore({ tenantId, loanId, from }, ordered, books);
  const accrues = ordered.some(({ run }) => run !== null);
  const interestFacts = accrues ? interestFactsBefore(books.interest.wholeOf({ tenantId, loanId }, books), from) : null;
  return { from, before, events: ordered, losses, nonAccruals, returned, interest, interestFacts, truncated: false };
}

/** What moved the loan or was about it alone, and what left it as it was; not an entry that names it where no loan is controlled. */
function isInLife(entry: object, loanId: string): boolean {
  const { loanId: only = null, lines = [], unmovedLoanIds = [] } = entry as Partial<EntryDraft>;
  const moves = lines.some((line) => line.loanId === loanId && controlledComponent(line.account) !== null);
  return moves || only === loanId || unmovedLoanIds.includes(loanId);
}

function correctionOf(sent: PostingPlan['accrualCorrections'][number] | undefined, loanId: string) {
  const own = sent?.loans.find((loan) => loan.loanId === loanId);
  return sent === undefined || own === undefined
    ? null
    : { accrualEntryId: sent.accrualEntryId, interestMinor: own.interestMinor };
}

/** What stands before a day of the accruals that corrections are of. */
function interestBefore(
  { tenantId, loanId, from }: HistoryRef,
  events: readonly LoanEvent[],
  { entries, reversals, sentCorrections }: LivedBooks,
): ReadonlyMap<string, bigint> {
  const accruals = new Set(events.flatMap(({ correction }) => correction?.accrualEntryId ?? []));
  const standing = new Map<string, bigint>();
  for (const [key, { entry }] of entries) {
    if (!key.startsWith(tenantId) || reversals.has(key) || entry.effectiveAt >= from || entry.eventType !== 'accrual') {
      continue;
    }
    const first = firstEntryIdOf(entry.eventId);
    const of = sentCorrections.get(scopedKey(tenantId, first))?.accrualEntryId ?? first;
    if (!accruals.has(of)) continue;
    const own = entry.lines.filter((line) => line.loanId === loanId);
    standing.set(
      of,
      own.reduce((sum, { amountMinor }) => sum + amountMinor, standing.get(of) ?? 0n),
    );
  }
  return standing;
}

function returnedOf(
  tenantId: string,
  events: readonly LoanEvent[],
  { facts, entries, reversals, superseded, standingsOf }: LivedBooks,
): readonly ReturnedPayment[] {
  const paymentIds = new Set(events.flatMap(({ returnOf }) => returnOf ?? []));
  return [...paymentIds].map((paymentEntryId) => {
    let liveId = paymentEntryId;
    for (let next = superseded.get(scopedKey(tenantId, liveId)); next !== undefined; ) {
      liveId = next;
      next = superseded.get(scopedKey(tenantId, liveId));
    }
    const payment = entries.get(scopedKey(tenantId, liveId))?.entry;
    if (payment === undefined) throw new Error(`payment ${paymentEntryId} has returns and no entry`);
    const said = facts.paymentReturns.filter(
      (one) => one.tenantId === tenantId && one.paymentEntryId === paymentEntryId,
    );
    const last = [...new Map(said.map((one) => [one.entryId, one])).values()];
    const standing = last.filter(({ entryId }) => !reversals.has(scopedKey(tenantId, entryId)));
    const took = standing.map(({ entryId, parts }) => {
      const { effectiveAt = '' } = entries.get(scopedKey(tenantId, entryId))?.entry ?? {};
      return { entryId, effectiveAt, parts };
    });
    const { settledBy = null } = standingsOf([{ tenantId, entryId: liveId }]).get(scopedKey(tenantId, liveId)) ?? {};
    return { payment, settledBy, turns: said.length, took };
  });
}

/** The books keep whole drafts, of which a resolved entry is a part. */
function keptEntry(entry: object): KeptEntry {
  const kept = entry as KeptEntry & { readonly eventInput: EventInput };
  return { ...kept };
}

function netOf(lines: readonly DraftLine[]): readonly DraftLine[] {
  const byAccount = Map.groupBy(lines, ({ account }) => account);
  return [...byAccount.values()].flatMap((own) => {
    const amountMinor = own.reduce((sum, line) => sum + line.amountMinor, 0n);
    const [first] = own;
    return first === undefined || amountMinor === 0n ? [] : [{ ...first, amountMinor }];
  });
}
