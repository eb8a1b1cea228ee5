import type { CalendarDate } from '../../domain/calendar-date.ts';
import { refuseOutOfRange } from '../../domain/component-range.ts';
import { type DraftLine, type EntryDraft, effectOfLines, linesByLayer } from '../../domain/journal-entry.ts';
import { addComponents, type LoanState, noComponents, PLAIN_STANDING } from '../../domain/loan.ts';
import { standingAfterLosses } from '../../domain/loss.ts';
import { nonAccrualSince } from '../../domain/non-accrual.ts';
import { RECEIVED } from '../../domain/payment-return.ts';
import { type PostedEntry, untouched } from '../../domain/posted-entry.ts';
import type { ProgramVersion } from '../../domain/program.ts';
import { equal, type Rational } from '../../domain/rational.ts';
import type { Refusal } from '../../domain/refusal.ts';
import { runLines } from '../../domain/restatement/accrual-again.ts';
import {
  type KeptRun,
  type LoanEvent,
  pendingOf,
  sameLines,
  settlementOf,
} from '../../domain/restatement/loan-event.ts';
import { addAllocations, NOTHING_ALLOCATED } from '../../domain/waterfall.ts';
import { applyBooked } from '../apply-entry.ts';
import type { Command } from '../command.ts';
import { kindOf } from '../command-kinds.ts';
import { firstEntryIdOf, rebookingIdOf } from '../entry-id.ts';
import { interestKey, type LedgerState, type ResolvedEntry, scopedKey } from '../ledger-state.ts';
import { emptyPlan, type PlannedEntry, type PostingPlan } from '../posting-plan.ts';
import { tenantOf } from '../scene.ts';
import type { Again } from './again.ts';
import { EVENTS_AGAIN } from './events-again.ts';
import { type DecidedEvent, InterestLife } from './interest-life.ts';
import type { LoanHistory, ReturnedPayment } from './loan-history.ts';

/** An event whose lines differ for a loan. `draft` is null for an entry over several loans: it is restated by a difference. */
export type Restated = {
  readonly event: LoanEvent;
  readonly loanId: string;
  readonly borrowerId: string | null;
  readonly draft: EntryDraft | null;
  /** The id of the entry that takes its place; null for an entry over several loans. */
  readonly entryId: string | null;
  readonly lines: readonly DraftLine[];
};

/** What an accrual by the server stands for anew of a loan; null: no nights. */
export type RestatedInterest = {
  readonly entryId: string;
  readonly turn: number;
  readonly exact: Rational | null;
};

/** Loans at a place in their lives, with a plan that nobody writes. */
export type Shadow = {
  readonly state: LedgerState;
  readonly plan: PostingPlan;
  /** The entries of the state, to which those are added that events behind are about. */
  readonly resolved: Map<string, ResolvedEntry>;
  /** What stands of accruals at the place where the loans are, by interestKey; one that is missing, as it stands now. */
  readonly interest: Map<string, bigint>;
  /** The tenants as if no period were closed. */
  readonly openTenants: LedgerState['tenants'];
};

/** Copies of the loans that were read, those with a history as they were before it, so that the real ones stay as they are. */
export function shadowOf(state: LedgerState, histories: ReadonlyMap<string, LoanHistory>): Shadow {
  const loans = new Map<string, LoanState>();
  for (const [key, loan] of state.loans) {
    const history = histories.get(key);
    loans.set(key, history === undefined ? { ...loan, layers: copied(loan.layers) } : loanBefore(loan, history));
  }
  const resolved = new Map(state.entries);
  const shadow: LedgerState = {
    ...state,
    entries: resolved,
    loans,
    keys: new Map(),
    standings: structuredClone(state.standings),
    accrualMonths: structuredClone(state.accrualMonths),
    corrections: structuredClone(state.corrections),
    verdicts: structuredClone(state.verdicts),
    losses: structuredClone(state.losses),
    nonAccruals: structuredClone(state.nonAccruals),
    disbursements: structuredClone(state.disbursements),
    nights: structuredClone(state.nights),
  };
  const openTenants = new Map(
    [...state.tenants].map(([tenantId, tenant]) => [tenantId, { ...tenant, closedThrough: null }]),
  );
  const interest = new Map<string, bigint>();
  for (const [key, history] of histories) {
    for (const [accrualEntryId, standing] of history.interest) interest.set(key + accrualEntryId, standing);
    standAsBefore(shadow, key, history);
    for (const one of history.returned)
      returnedBefore(shadow.standings, resolved, one, { tenantId: loans.get(key)?.tenantId ?? '', from: history.from });
  }
  return { state: shadow, plan: emptyPlan(), resolved, interest, openTenants };
}

/** What the loan was charged off and recovered, and its mark of non-accrual, by what counts from before the day. */
function standAsBefore(shadow: LedgerState, key: string, { from, losses, nonAccruals }: LoanHistory): void {
  const isBefore = ({ effectiveAt }: { readonly effectiveAt: string }): boolean => effectiveAt < from;
  const lost = losses.filter(isBefore).map((loss) => ({ ...loss, recovered: loss.recovered.filter(isBefore) }));
  const marks = nonAccruals.filter(isBefore);
  shadow.losses.set(key, lost);
  shadow.nonAccruals.set(key, marks);
  const loan = shadow.loans.get(key);
  if (loan !== undefined) {
    loan.standing = standingAfterLosses({ ...PLAIN_STANDING, nonAccrualSince: nonAccrualSince(marks) }, lost);
  }
}

/** A payment as it stands, and what had gone back of it before the day. */
function returnedBefore(
  standings: LedgerState['standings'],
  resolved: Map<string, ResolvedEntry>,
  { payment, settledBy, turns, took }: ReturnedPayment,
  { tenantId, from }: { readonly tenantId: string; readonly from: string },
): void {
  const { entryId, eventId, loanId } = payment;
  const before = took.filter(({ effectiveAt }) => effectiveAt < from);
  const loanIds = loanId === null ? [] : [loanId];
  resolved.set(scopedKey(tenantId, firstEntryIdOf(eventId)), {
    entry: payment,
    loanIds,
    accrued: null,
    correctsEntryId: null,
  });
  standings.set(scopedKey(tenantId, entryId), {
    ...untouched(),
    settledBy,
    returns: turns,
    returned: before.reduce((sum, { parts }) => addAllocations(sum, parts), NOTHING_ALLOCATED),
    returnedBy: before.map((one) => one.entryId),
  });
}

function loanBefore(loan: LoanState, { before, from }: LoanHistory): LoanState {
  const began = loan.firstDisbursedOn !== null && loan.firstDisbursedOn < from ? loan.firstDisbursedOn : null;
  return { ...loan, firstDisbursedOn: began, layers: copied(before) };
}

function copied([settled, pending, encumbrance]: LoanHistory['before']): LoanState['layers'] {
  return [{ ...settled }, pending === null ? null : { ...pending }, encumbrance === null ? null : { ...encumbrance }];
}

/** What happened to one loan from a day on is decided again, event after event, each on what those before it leave. */
export class LoanFold {
  readonly loanId: string;
  readonly restated: Restated[] = [];
  readonly restatedInterest: RestatedInterest[] = [];
  readonly #tenantId: string;
  readonly #shadow: Shadow;
  readonly #events: readonly LoanEvent[];
  readonly #newEntryId: () => string;
  /** null where no accrual by the server is among the events. */
  readonly #interest: InterestLife | null;
  #next = 0;

  constructor(
    loan: { readonly tenantId: string; readonly loanId: string },
    { events, interestFacts }: Pick<LoanHistory, 'events' | 'interestFacts'>,
    on: Shadow & { readonly newEntryId: () => string },
  ) {
    this.#newEntryId = on.newEntryId;
    this.#tenantId = loan.tenantId;
    this.loanId = loan.loanId;
    this.#events = events;
    this.#shadow = on;
    this.#interest =
      interestFacts === null ? null : new InterestLife(interestFacts, programOf(on.state, this.loan), this.loan);
  }

  /** The loan as the fold has it now. */
  get loan(): LoanState {
    const loan = this.#shadow.state.loans.get(scopedKey(this.#tenantId, this.loanId));
    if (loan === undefined) throw new Error(`loan ${this.loanId} is not in its own restatement`);
    return loan;
  }

  /** Decides again what is effective up to a day, or all that is left; answers the first event that cannot stand, if any. */
  advance(through: string | null): Refusal | null {
    for (; this.#next < this.#events.length; this.#next += 1) {
      const event = this.#events[this.#next];
      if (event === undefined || (through !== null && event.entry.effectiveAt > through)) return null;
      const refused = this.#decide(event);
      if (refused !== null) return blockedBy(event, refused);
    }
    return null;
  }

  /** The command's own event, which has taken effect behind those that are decided so far. */
  takeOwn({ entryId, draft }: PlannedEntry, correctsEntryId: string | null): void {
    const { eventType, effectiveAt } = draft;
    this.#interest?.take({ entryId, eventType, effectiveAt, correctsEntryId, exact: null, opening: null }, this.loan);
  }

  #decide(event: LoanEvent): Refusal | null {
    const again = EVENTS_AGAIN[event.entry.eventType];
    if (again === undefined) throw new Error(`a ${event.entry.eventType} is no part of a loan's life`);
    if ('lines' in again) return this.#decideInterest(event, again);
    const refused = 'command' in again ? this.#decideCommand(event, again) : this.#leave(event, again);
    if (refused === null) this.#interest?.take(decidedEvent(event, event.entry.entryId), this.loan);
    return refused;
  }

  #leave(event: LoanEvent, again: Extract<Again, { fixed: unknown }>): Refusal | null {
    const refused = again.fixed(event, this.loan) ?? refuseFixedOutOfRange(event, this.loan);
    if (refused === null) moveBy(this.loan, event.lines, event);
    return refused;
  }

  #decideInterest(event: LoanEvent, again: Extract<Again, { lines: unknown }>): Refusal | null {
    const { loan } = this;
    const entryId = firstEntryIdOf(event.eventId);
    const key = interestKey(this.#tenantId, this.loanId, event.correction?.accrualEntryId ?? entryId);
    const { interest } = this.#shadow;
    const standing = event.correction === null ? 0n : (interest.get(key) ?? 0n);
    const run = event.run === null ? null : this.#accrueAgain(event, event.run);
    const lines = run === null ? again.lines(event, loan, standing) : run.lines;
    if ('code' in lines) return lines;
    interest.set(
      key,
      lines.reduce((sum, { amountMinor }) => sum + amountMinor, standing),
    );
    moveBy(loan, lines, event);
    this.#interest?.take({ ...decidedEvent(event, entryId), ...run?.standsFor }, loan);
    if (!sameLines(event.lines, lines)) this.#tell({ event, draft: null, entryId: null, lines });
    return null;
  }

  /** An accrual by the server: what its nights are worth and what that makes of the loan are computed anew. */
  #accrueAgain({ eventId, entry }: LoanEvent, known: KeptRun): AccruedAgain {
    if (this.#interest === null)
      throw new Error(`accrual ${eventId} is decided again without what interest is counted on`);
    const accrued = this.#interest.accrue(this.loan, entry.effectiveAt);
    const exact = accrued?.exact ?? null;
    const isKnown = known.exact === null || exact === null ? known.exact === exact : equal(known.exact, exact);
    if (!isKnown) this.restatedInterest.push({ entryId: firstEntryIdOf(eventId), turn: known.turn + 1, exact });
    return accrued === null
      ? { lines: [], standsFor: { exact: null, isPassedOver: true } }
      : { lines: runLines(this.loan, accrued.interestMinor), standsFor: { exact: accrued.exact } };
  }

  /** What an event settled is pending at its place, and looked up by its id. */
  #resolvePending(event: LoanEvent): void {
    const entry = pendingOf(event);
    if (entry === null) return;
    const key = scopedKey(this.#tenantId, entry.entryId);
    this.#shadow.resolved.set(key, { entry, loanIds: [this.loanId], accrued: null, correctsEntryId: null });
    const { standings } = this.#shadow.state;
    const returns = standings.get(key)?.returns ?? 0;
    standings.set(key, { ...untouched(), settlings: event.settlingTurn ?? 0, returns });
  }

  /** What came in is looked up by the returns of it, as it is booked at its place; none of them stands before it. */
  #resolveReceived(event: LoanEvent, draft: EntryDraft, entryId: string): void {
    if (!RECEIVED.has(draft.eventType) || settlementOf(event) !== null) return;
    const entry: PostedEntry = { ...event.entry, ...keptDraft(draft, event), entryId };
    const first = scopedKey(this.#tenantId, firstEntryIdOf(event.eventId));
    this.#shadow.resolved.set(first, { entry, loanIds: [this.loanId], accrued: null, correctsEntryId: null });
    const { standings } = this.#shadow.state;
    // How often something was said of it goes on from what was said by now, wherever that has its place.
    const { returns = 0, settlings = 0 } = standings.get(scopedKey(this.#tenantId, event.entry.entryId)) ?? {};
    standings.set(scopedKey(this.#tenantId, entryId), { ...untouched(), returns, settlings });
  }

  #tell(restated: Omit<Restated, 'loanId' | 'borrowerId'>): void {
    this.restated.push({ ...restated, loanId: this.loanId, borrowerId: this.loan.borrowerId });
  }

  #decideCommand(event: LoanEvent, again: Extract<Again, { command: unknown }>): Refusal | null {
    const command: Command = { ...again.command(event, this.loan), ...NOBODY, tenantId: this.#tenantId };
    const kept = event.entry.eventInput['program_version'];
    // What is closed stays as it is booked; whether it may be booked otherwise is asked once it is known to differ.
    const tenants = this.#shadow.openTenants;
    const state = { ...this.#shadow.state, tenants, again: { version: typeof kept === 'number' ? kept : null } };
    this.#resolvePending(event);
    const booked = kindOf(command).decide(command, state);
    if ('code' in booked) return booked;
    if ('first' in booked) throw new Error(`${command.kind} was decided again as several entries`);
    const isOtherwise = !sameLines(event.lines, booked.lines);
    const entryId = isOtherwise ? rebookingIdOf(this.#newEntryId()) : event.entry.entryId;
    applyBooked({ command, booked, newEntryId: () => entryId, state, plan: this.#shadow.plan });
    this.#resolveReceived(event, booked, entryId);
    if (!isOtherwise) return null;
    const draft = keptDraft(booked, event);
    this.#tell({ event, draft, entryId, lines: booked.lines });
    return null;
  }
}

/** What is kept of the fact stays as it was accepted; only what it posts is made anew, and what it recovers by that. */
function keptDraft(booked: EntryDraft, { entry, acceptedAs }: LoanEvent): EntryDraft {
  const { externalRef, description, metadata } = entry;
  const { recovered: _before, accepted_as: _type, ...asked } = entry.eventInput;
  const { recovered } = booked.eventInput;
  const eventInput = {
    ...asked,
    ...(recovered === undefined ? {} : { recovered }),
    ...(booked.eventType === acceptedAs ? {} : { accepted_as: acceptedAs }),
  };
  return { ...booked, eventInput, externalRef, description, metadata };
}

type AccruedAgain = {
  readonly lines: readonly DraftLine[];
  readonly standsFor: Pick<DecidedEvent, 'exact' | 'isPassedOver'>;
};

function decidedEvent({ entry, correction }: LoanEvent, entryId: string): DecidedEvent {
  const { eventType, effectiveAt, eventInput } = entry;
  const through = eventInput['accrued_through'];
  const accruedThrough = typeof through === 'string' ? (through as CalendarDate) : null;
  const opening = 'registered_loan_id' in eventInput ? { accruedThrough } : null;
  const correctsEntryId = correction?.accrualEntryId ?? null;
  return { entryId, eventType, effectiveAt, correctsEntryId, exact: null, opening };
}

function programOf(state: LedgerState, { tenantId, loanId, programId }: LoanState): readonly ProgramVersion[] {
  const program = tenantOf(state, tenantId).configuration.programs.get(programId ?? '');
  if (program === undefined) throw new Error(`loan ${loanId} has accrued by a program that is not configured`);
  return program;
}

const NOBODY = { actor: '', key: '', keyHash: '', payloadHash: '' };

/** What stays as it was posted has to fit what stands before it. */
function refuseFixedOutOfRange({ entry, lines }: LoanEvent, loan: LoanState): Refusal | null {
  for (const { layer, lines: ofLayer } of linesByLayer({ ...entry, lines })) {
    const refused = refuseOutOfRange(loan, { layer, effect: effectOfLines(ofLayer), field: 'lines' });
    if (refused !== null) return refused;
  }
  return null;
}

function moveBy(loan: LoanState, lines: readonly DraftLine[], { entry }: LoanEvent): void {
  for (const { layer, lines: ofLayer } of linesByLayer({ ...entry, lines })) {
    const present = loan.layers[layer] ?? noComponents();
    addComponents(present, effectOfLines(ofLayer));
    loan.layers[layer] = present;
  }
}

function blockedBy({ entry }: LoanEvent, refused: Refusal): Refusal {
  const { entryId, eventType, effectiveAt } = entry;
  return {
    code: 'replay_blocked',
    detail: `entry ${entryId} (${eventType} of ${effectiveAt}) could no longer stand behind it: ${refused.detail}; reverse that entry first`,
    blockingEntryId: entryId,
  };
}
