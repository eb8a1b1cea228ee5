import { addDays, daysBetween } from './instant.ts';
import type { JsonObject } from './model/fields.ts';
import type { Fact } from './model/reference/books.ts';
import type { TokenKind } from './model/request.ts';
import type { Draft, Scene, Slot } from './scene.ts';

/** An id of nothing. */
const NOWHERE = '99999999-0000-4000-8000-000000000009';

/** How long ago the loans of a life begin, in days. */
const DAYS = 60;

/** The loans of a life story and what is written of them: nobody else knows of these loans, so every step is certain. */
export class Life {
  readonly scene: Scene;
  readonly firstDay: string;

  constructor(scene: Scene) {
    this.scene = scene;
    this.firstDay = addDays(scene.businessDate, -DAYS);
  }

  /** A loan of this program that nothing has made yet. */
  loan(programId: string): Slot {
    return { ...this.scene.newSlot(), programId };
  }

  /** A small amount. */
  amount(most = 900): string {
    return (1 + this.scene.random.below(most)).toString();
  }

  /** A day from this one on, most often that very one or the next. */
  dayFrom(day: string): string {
    const { random, businessDate } = this.scene;
    const left = daysBetween({ from: day, to: businessDate });
    return addDays(day, Math.min(left, random.chance(0.6) ? random.below(3) : random.below(left + 1)));
  }

  /** Whose, how much, when. */
  money({ loanId, borrowerId, currency }: Slot, amountMinor: string, day = this.dayFrom(this.firstDay)): JsonObject {
    return {
      loan_id: loanId,
      borrower_id: borrowerId,
      amount_minor: amountMinor,
      currency,
      effective_at: day,
    };
  }

  /** One step of the story. */
  post(path: string, body: JsonObject, about: { readonly loans: readonly Slot[]; readonly token?: TokenKind }): Draft {
    const { ledger } = this.scene;
    const loanIds = about.loans.map(({ loanId }) => loanId);
    const date = String(body['effective_at'] ?? body['accrual_date'] ?? '9999');
    const backdated = loanIds.some((loanId) => date < (ledger.loans.get(loanId)?.latestEffectiveAt ?? ''));
    return { path, body, loanIds, backdated, ...(about.token === undefined ? {} : { token: about.token }) };
  }

  /** The latest event of a kind that a loan has had; undefined when it was refused. */
  last(kind: Fact['command']['kind'], { loanId }: Slot): Fact | undefined {
    const facts = this.scene.ledger.books.found.lives.get(loanId) ?? [];
    return facts.findLast(({ command }) => command.kind === kind);
  }

  /** What the ledger calls an event. */
  eventName(fact: Fact | undefined): string {
    return (fact && this.scene.ledger.eventNames.get(fact.eventId)) ?? NOWHERE;
  }

  /** What the ledger calls the entry of an event. */
  entryName(fact: Fact | undefined): string {
    return (fact && this.scene.ledger.byModelId.get(fact.liveEntryId)?.entryId) ?? NOWHERE;
  }

  /** What the ledger calls the adjustment proposed last. */
  get proposed(): string {
    return this.scene.proposals.at(-1) ?? NOWHERE;
  }

  /** A day on or after an event. */
  dayAfter(fact: Fact | undefined): string {
    return this.dayFrom(fact?.effectiveAt ?? this.firstDay);
  }
}
