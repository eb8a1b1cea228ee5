import { refuseClosedPeriod } from '../../domain/dating.ts';
import type { Booked, DraftLine, EntryDraft, FollowingEntry } from '../../domain/journal-entry.ts';
import { LAYERS, type LayerNumber } from '../../domain/layer.ts';
import { COMPONENTS, componentsOn, type LoanState } from '../../domain/loan.ts';
import type { Refusal } from '../../domain/refusal.ts';
import { incomeAgainst } from '../../domain/restatement/accrual-again.ts';
import { byEffect, type LoanEvent } from '../../domain/restatement/loan-event.ts';
import { LIMITS } from '../../limits.ts';
import { applyBooked } from '../apply-entry.ts';
import { refuseBookedInClosedPeriod } from '../closed-period.ts';
import type { Command } from '../command.ts';
import { kindOf } from '../command-kinds.ts';
import { interestKey, type LedgerState, scopedKey, type TenantState } from '../ledger-state.ts';
import { tenantOf } from '../scene.ts';
import type { Backdated } from './backdated.ts';
import type { HistoryRef, LoanHistory } from './loan-history.ts';
import { LoanFold, type Restated, type RestatedInterest, type Shadow, shadowOf } from './restatement-fold.ts';

/** What a backdated command books with what it restates, and its loans as they then are. */
export type DecidedBackdated = {
  readonly booked: Booked;
  /** The ids under which its own entries were decided, to be posted under. */
  readonly ownIds: readonly string[];
  readonly shadow: Shadow;
  readonly loans: readonly LoanState[];
  readonly restated: readonly Restated[];
  /** What accruals by the server stand for anew, by loan. */
  readonly restatedInterest: readonly (RestatedInterest & { readonly loanId: string })[];
};

/** Histories that a backdated command needs and the state does not have. */
export function missingHistories(
  { tenantId }: Command,
  { loanIds, from }: Backdated,
  state: LedgerState,
): HistoryRef[] {
  return loanIds
    .filter((loanId) => state.histories?.get(scopedKey(tenantId, loanId))?.from !== from)
    .map((loanId) => ({ tenantId, loanId, from }));
}

/**
 * Decides a command at its place in the lives of its loans, and every event behind it again; each whose lines differ is
 * reversed and posted again on its own date (ACCOUNTING.md rule 11). Pure: the state stays as it is. Refusals in the order
 * of decisions/0016 answer 39: the command's own, then what blocks, then what is too much.
 */
export function decideBackdated(
  command: Command,
  { loanIds, drops, from }: Backdated,
  { state, newEntryId }: { readonly state: LedgerState; readonly newEntryId: () => string },
): Refusal | DecidedBackdated {
  const { tenantId } = command;
  const histories = historiesOf(tenantId, loanIds, state);
  if ([...histories.values()].some(({ truncated }) => truncated)) return tooLarge(LIMITS.eventsDecidedAgain);
  const shadow = shadowOf(state, histories);
  const folds = loanIds.map((loanId) => {
    const { events, interestFacts } = historyIn(histories, tenantId, loanId);
    const standing = events.filter(({ eventId }) => !drops.includes(eventId));
    return new LoanFold({ tenantId, loanId }, { events: standing, interestFacts }, { ...shadow, newEntryId });
  });
  // What was done to the entry that it names is asked as of now.
  const standings = structuredClone(state.standings);
  const decideOwn = (): Refusal | Booked =>
    kindOf(command).decide(command, {
      ...shadow.state,
      standings,
      atPlace: { standings: shadow.state.standings, interest: shadow.interest },
    });
  // What takes an event out is refused by what stands upon that one, before anybody looks at the events behind it.
  const taken = drops.length > 0 ? decideOwn() : null;
  if (taken !== null && 'code' in taken) return taken;
  // An event of the same day that arrived before stands before it.
  let blocked = firstRefusal(folds, from);
  const own = taken ?? decideOwn();
  if ('code' in own) return own;
  const closed = refuseBookedInClosedPeriod(own, tenantOf(state, tenantId));
  if (closed !== null) return closed;
  const ownIds = drops.length > 0 ? [] : applyOnShadow(command, own, { shadow, folds, newEntryId });
  blocked ??= firstRefusal(folds, null);
  if (blocked !== null) return blocked;
  const parts = folds.flatMap((fold) => fold.restated);
  const restated = restatements(parts);
  const inTheWay = refuseRestatedInClosedPeriod(restated, tenantOf(state, tenantId));
  if (inTheWay !== null) return inTheWay;
  if (restated.length > LIMITS.restatedEntries) return tooLarge(LIMITS.restatedEntries);
  const several = 'first' in own ? own : { first: own, following: [] };
  const booked = restated.length === 0 ? own : { ...several, restated: restated.flatMap((one) => one.booked) };
  const restatedInterest = folds.flatMap((fold) =>
    fold.restatedInterest.map((one) => ({ ...one, loanId: fold.loanId })),
  );
  return { booked, ownIds, shadow, loans: folds.map(({ loan }) => loan), restated: parts, restatedInterest };
}

function historyIn(histories: ReadonlyMap<string, LoanHistory>, tenantId: string, loanId: string): LoanHistory {
  const history = histories.get(scopedKey(tenantId, loanId));
  if (history === undefined) throw new Error(`loan ${loanId} is set back without its history`);
  return history;
}

function historiesOf(
  tenantId: string,
  loanIds: readonly string[],
  { histories }: LedgerState,
): Map<string, LoanHistory> {
  return new Map(
    loanIds.map((loanId) => [scopedKey(tenantId, loanId), historyIn(histories ?? new Map(), tenantId, loanId)]),
  );
}

function firstRefusal(folds: readonly LoanFold[], through: string | null): Refusal | null {
  for (const fold of folds) {
    const refused = fold.advance(through);
    if (refused !== null) return refused;
  }
  return null;
}

type OnShadow = {
  readonly shadow: Shadow;
  readonly folds: readonly LoanFold[];
  readonly newEntryId: () => string;
};

/** Answers the ids of its entries, the one that its key names first. */
function applyOnShadow(command: Command, booked: Booked, { shadow, folds, newEntryId }: OnShadow): readonly string[] {
  const { state, plan, interest } = shadow;
  const ids: string[] = [];
  const kept = (): string => {
    const id = newEntryId();
    ids.push(id);
    return id;
  };
  const { entry } = applyBooked({ command, booked, newEntryId: kept, state, plan });
  const [corrected] = plan.accrualCorrections;
  for (const fold of folds) fold.takeOwn(entry, corrected?.accrualEntryId ?? null);
  for (const { tenantId, accrualEntryId, loans } of plan.accrualCorrections) {
    for (const { loanId, interestMinor } of loans) {
      interest.set(interestKey(tenantId, loanId, accrualEntryId), interestMinor);
    }
  }
  return ids;
}

type RestatedEvent = { readonly event: LoanEvent; readonly booked: readonly FollowingEntry[] };

/** What is posted for each event whose lines differ, in order of effect: a mirror and the event again, or a difference. */
function restatements(restated: readonly Restated[]): readonly RestatedEvent[] {
  const byEvent = new Map<string, Restated[]>();
  for (const one of restated) {
    const known = byEvent.get(one.event.eventId);
    if (known === undefined) byEvent.set(one.event.eventId, [one]);
    else known.push(one);
  }
  return [...byEvent.values()]
    .sort(([one], [other]) => (one === undefined || other === undefined ? 0 : byEffect(one.event, other.event)))
    .map((parts) => {
      const [first] = parts;
      if (first === undefined) throw new Error('an event is restated for no loan');
      const { event, draft, entryId } = first;
      return { event, booked: draft === null ? [differenceOf(event, parts)] : pairOf(event, draft, entryId) };
    });
}

/** Each is booked again on its own date: the first one that is closed stands in the way by its id. */
function refuseRestatedInClosedPeriod(restated: readonly RestatedEvent[], calendar: TenantState): Refusal | null {
  for (const { event } of restated) {
    const closed = refuseClosedPeriod(event.entry.effectiveAt, calendar, 'effective_at', event.entry);
    if (closed !== null) return closed;
  }
  return null;
}

function pairOf(
  { eventId, entry }: LoanEvent,
  draft: EntryDraft,
  decidedUnder: string | null,
): readonly FollowingEntry[] {
  if (decidedUnder === null) throw new Error(`event ${eventId} was decided again under no id`);
  const { currency, layer, loanId, borrowerId, effectiveAt, entryId, externalRef } = entry;
  const mirror: EntryDraft = {
    eventType: 'reversal',
    effectiveAt,
    currency,
    layer,
    loanId,
    borrowerId,
    lines: entry.lines.map((line) => ({ ...line, amountMinor: -line.amountMinor })),
    reversesEntryId: entryId,
    externalRef,
    description: null,
    eventInput: { restatement: 'reversed' },
    metadata: null,
  };
  return [
    { draft: mirror, eventId: null },
    { draft, eventId, entryId: decidedUnder, supersedes: entryId },
  ];
}

/** What is to be added to an entry over several loans, so that each has what it is to have (decisions/0016 answer 34). */
function differenceOf({ eventId, entry }: LoanEvent, parts: readonly Restated[]): FollowingEntry {
  const lines = parts.flatMap(differencesOfLoan);
  const income = new Map<number, bigint>();
  for (const { account, amountMinor } of lines) {
    const against = incomeAgainst(account);
    income.set(against, (income.get(against) ?? 0n) - amountMinor);
  }
  for (const [account, amountMinor] of income) {
    if (amountMinor !== 0n) lines.push({ account, amountMinor, loanId: null, borrowerId: null });
  }
  const { eventType, effectiveAt, currency, layer } = entry;
  const draft: EntryDraft = {
    eventType,
    effectiveAt,
    currency,
    layer,
    loanId: null,
    borrowerId: null,
    lines,
    reversesEntryId: null,
    externalRef: null,
    description: null,
    eventInput: { restatement: 'difference' },
    metadata: null,
  };
  return { draft, eventId };
}

function differencesOfLoan({ event, lines, borrowerId }: Restated): DraftLine[] {
  const net = new Map<number, DraftLine>();
  const add = (line: DraftLine, amountMinor: bigint): void => {
    net.set(line.account, {
      ...line,
      borrowerId,
      amountMinor: (net.get(line.account)?.amountMinor ?? 0n) + amountMinor,
    });
  };
  for (const line of lines) add(line, line.amountMinor);
  for (const line of event.lines) add(line, -line.amountMinor);
  return [...net.values()].filter(({ amountMinor }) => amountMinor !== 0n);
}

/**
 * The present that posting arrives at must be the end of the fold: both were moved by the same lines. Throws when they
 * differ, before anything is written, since one of them is then wrong.
 */
export function assertArrived(posted: LoanState, folded: LoanState): void {
  for (const layer of LAYERS.keys()) {
    const [one, other] = [posted, folded].map((loan) => componentsOn(loan, layer as LayerNumber));
    if (COMPONENTS.some((component) => one?.[component] !== other?.[component])) {
      throw new Error(`loan ${posted.loanId} was restated to another balance than its events make`);
    }
  }
  if (posted.firstDisbursedOn !== folded.firstDisbursedOn) {
    throw new Error(`loan ${posted.loanId} was restated to another beginning than its events make`);
  }
}

function tooLarge(most: number): Refusal {
  return {
    code: 'restatement_too_large',
    detail: `more than ${most} entries would have to be decided or posted again; nothing was posted`,
  };
}
