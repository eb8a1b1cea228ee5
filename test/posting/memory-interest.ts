import type { AccrualBatch } from '../../src/domain/accrual.ts';
import type { InterestFacts } from '../../src/domain/accrual-run.ts';
import { parseAnnualRate } from '../../src/domain/annual-rate.ts';
import type { CalendarDate } from '../../src/domain/calendar-date.ts';
import { type EntryDraft, effectOfLines, linesByLayer } from '../../src/domain/journal-entry.ts';
import { SETTLED } from '../../src/domain/layer.ts';
import { noComponents } from '../../src/domain/loan.ts';
import {
  beginningBy,
  type InterestCheckpoint,
  type InterestEvent,
  reachesBehind,
} from '../../src/domain/loan-accruals.ts';
import type { LoanRegistration } from '../../src/domain/loan-registration.ts';
import type { Rational } from '../../src/domain/rational.ts';
import type { KeptRun } from '../../src/domain/restatement/loan-event.ts';
import { firstEntryIdOf } from '../../src/posting/entry-id.ts';
import { type AccrualMonth, type LoanRef, type ResolvedEntry, scopedKey } from '../../src/posting/ledger-state.ts';
import type { PostingPlan } from '../../src/posting/posting-plan.ts';

type InterestBooks = {
  readonly entries: ReadonlyMap<string, ResolvedEntry>;
  readonly reversals: ReadonlyMap<string, string>;
  readonly accrualMonths: ReadonlyMap<string, AccrualMonth>;
  readonly batches: ReadonlyMap<string, AccrualBatch>;
  readonly sentCorrections: ReadonlyMap<string, PostingPlan['accrualCorrections'][number]>;
};
type Counted = { readonly checkpoint: InterestCheckpoint; readonly entries: number };

/** What is kept of the interest of loans in memory, as the database does it. */
export class InterestInMemory {
  readonly exact = new Map<string, readonly Rational[]>();
  readonly restated: PostingPlan['restatedInterest'] = [];
  readonly counted = new Map<string, Counted>();
  readonly registered = new Map<string, LoanRegistration>();

  /** Takes a plan over; `entries`: how many the books then have. */
  take(
    { accrualBatches, registrations, restatedInterest, forgottenInterest, interestCheckpoints }: PostingPlan,
    entries: number,
  ): void {
    for (const { tenantId, entryId, exact } of accrualBatches) {
      if (exact !== null) this.exact.set(scopedKey(tenantId, entryId), exact);
    }
    for (const { tenantId, registration } of registrations) {
      this.registered.set(scopedKey(tenantId, registration.loanId), registration);
    }
    for (const one of restatedInterest) {
      const { turn } = this.#saidOf(one);
      if (one.turn !== turn + 1) throw new Error(`what accrual ${one.entryId} stands for is said as turn ${one.turn}`);
      this.restated.push(one);
    }
    for (const { tenantId, loanId } of forgottenInterest) this.counted.delete(scopedKey(tenantId, loanId));
    for (const { loan, checkpoint } of interestCheckpoints) {
      this.counted.set(scopedKey(loan.tenantId, loan.loanId), { checkpoint, entries });
    }
  }

  copy(): InterestInMemory {
    const copy = new InterestInMemory();
    for (const [key, exact] of this.exact) copy.exact.set(key, exact);
    for (const [key, counted] of this.counted) copy.counted.set(key, counted);
    for (const [key, registration] of this.registered) copy.registered.set(key, registration);
    copy.restated.push(...this.restated);
    return copy;
  }

  #saidOf({ tenantId, loanId, entryId }: LoanRef & { readonly entryId: string }): {
    turn: number;
    exact: Rational | null;
  } {
    const said = this.restated.findLast(
      (one) => one.tenantId === tenantId && one.loanId === loanId && one.entryId === entryId,
    );
    return said ?? { turn: 0, exact: null };
  }

  /** What an accrual by the server stands for, by its first entry; null of every other entry. */
  runOf(of: LoanRef & { readonly entryId: string }, { batches }: Pick<InterestBooks, 'batches'>): KeptRun | null {
    const key = scopedKey(of.tenantId, of.entryId);
    const place = batches.get(key)?.loans.findIndex(({ loanId }) => loanId === of.loanId) ?? -1;
    const exact = this.exact.get(key)?.[place];
    if (exact === undefined) return null;
    const { turn, exact: said } = this.#saidOf(of);
    return { turn, exact: turn === 0 ? exact : said };
  }

  /** As readInterest answers it. */
  factsOf(loan: LoanRef, books: InterestBooks): InterestFacts {
    const whole = this.wholeOf(loan, books);
    const counted = this.counted.get(scopedKey(loan.tenantId, loan.loanId));
    if (counted === undefined) return whole;
    const [...keys] = books.entries.keys();
    const since = whole.events.filter(
      ({ entryId }) => keys.indexOf(scopedKey(loan.tenantId, entryId)) >= counted.entries,
    );
    return reachesBehind(counted.checkpoint, since)
      ? whole
      : { ...whole, checkpoint: counted.checkpoint, events: since };
  }

  /** As readWholeInterest answers it. */
  wholeOf(loan: LoanRef, books: InterestBooks): InterestFacts {
    const events: InterestEvent[] = [];
    let accruedThrough: CalendarDate | null = null;
    for (const [key, one] of books.entries) {
      if (!key.startsWith(loan.tenantId)) continue;
      const event = this.#eventOf(one, loan, books);
      if (event === null) continue;
      events.push(event);
      const opening = openingOf(one.entry);
      if (opening !== null && !books.reversals.has(key)) ({ accruedThrough } = opening);
    }
    const accrued = [...books.accrualMonths.values()]
      .filter((month) => month.tenantId === loan.tenantId && month.loanId === loan.loanId && month.days !== 0)
      .map(({ month, days }) => `${month.slice(0, 8)}${String(32 - Math.clz32(days)).padStart(2, '0')}`);
    const accruedOn = accrued.sort().at(-1) ?? null;
    const registration = this.registered.get(scopedKey(loan.tenantId, loan.loanId));
    const annualRate = parseAnnualRate(registration?.annualRate ?? '') ?? null;
    const maturity = (registration?.maturityDate ?? null) as CalendarDate | null;
    return { accruedOn, annualRate, maturity, accruedThrough, checkpoint: null, events };
  }

  #eventOf({ entry, loanIds }: ResolvedEntry, loan: LoanRef, books: InterestBooks): InterestEvent | null {
    const { unmovedLoanIds = [], reversesEntryId = null } = entry as Partial<EntryDraft>;
    const isNamed = [...loanIds, ...unmovedLoanIds].includes(loan.loanId);
    const undone = reversesEntryId === null ? undefined : books.entries.get(scopedKey(loan.tenantId, reversesEntryId));
    if (!isNamed && undone?.loanIds.includes(loan.loanId) !== true) return null;
    const lines = entry.lines.filter((line) => line.loanId === loan.loanId);
    const own = linesByLayer({ ...entry, lines }).find(({ layer }) => layer === SETTLED);
    const { principal, interest, memoInterest } = own === undefined ? noComponents() : effectOfLines(own.lines);
    const first = firstEntryIdOf(entry.eventId);
    const corrected = books.sentCorrections.get(scopedKey(loan.tenantId, first))?.accrualEntryId;
    const isDifference = entry.eventType === 'accrual' && entry.entryId !== first;
    const run = entry.eventType === 'accrual' && !isDifference ? this.runOf({ ...loan, entryId: first }, books) : null;
    const moved = {
      eventType: entry.eventType,
      effectiveAt: entry.effectiveAt as CalendarDate,
      principalMinor: principal,
    };
    return {
      ...moved,
      entryId: entry.entryId,
      interestMinor: interest + memoInterest,
      reversesEntryId,
      correctsEntryId: entry.eventType === 'accrual' ? (corrected ?? (isDifference ? first : null)) : null,
      exact: run?.exact ?? null,
      ...(run !== null && run.exact === null ? { isPassedOver: true } : {}),
      beginsOn: beginningBy(moved, openingOf(entry)),
    };
  }
}

function openingOf(entry: object): { readonly accruedThrough: CalendarDate | null } | null {
  const { eventInput = {}, lines = [] } = entry as Partial<EntryDraft>;
  if (!('registered_loan_id' in eventInput) || lines.length === 0) return null;
  const through = eventInput['accrued_through'];
  return { accruedThrough: typeof through === 'string' ? (through as CalendarDate) : null };
}
