import { sameLines } from '../../src/domain/restatement/loan-event.ts';
import type { Command } from '../../src/posting/command.ts';
import type { Decision } from '../../src/posting/decide-batch.ts';
import { eventIdOf } from '../../src/posting/entry-id.ts';
import { type Accepted, dateOf, isClearing, type KeptOut, loansOf, registered, type Told } from './arrival-order.ts';
import { TENANT_ID, tenantWith, withoutPrincipalCheck } from './arrival-order-policies.ts';
import { MemoryBooks } from './memory-books.ts';
import { WatchedBooks } from './watched-books.ts';

/** Money that moved outside is a fact: where it would be refused as something new, it stands all the same. */
const MONEY_FACTS: readonly Command['kind'][] = [
  'payment',
  'payment_settling',
  'recovery',
  'suspense_refund',
  'suspense_allocation',
];

/**
 * The standing events of a history by themselves, arriving in order of effect; of one day in the order in which they first
 * arrived. null where there is no such ledger: a correction stands of a run that would have passed its loan over before it was
 * disbursed. Throws when one of them is refused.
 */
export function tellInEffectiveOrder(told: Told): Pick<Told, 'books'> | null {
  const telling = new TellingInEffect(told, told.standing);
  for (const one of inOrderOfEffect(told.standing)) {
    if (telling.correctsWhatWasPassedOver(one)) return null;
    if (!telling.post(one)) {
      throw new Error(`${one.command.kind} of ${dateOf(one.command)} is refused in its own order`);
    }
  }
  return { books: telling.books };
}

/** What the order of effect says of a refusal; `unknown` where it says something else before. */
export type Judged = 'justified' | 'unjustified' | 'unknown';

/** Whether a request that was kept out is kept out in order of effect too, for the reason that it was told. */
export function judgeRefusal(told: Told, { code, standing }: KeptOut): Judged {
  return code === 'replay_blocked' ? judgeBlock(told, standing) : judgeOwn(told, standing);
}

/** Refused by its loan: that has to refuse it at its place, as something new. */
function judgeOwn(told: Told, standing: readonly Accepted[]): Judged {
  const telling = new TellingInEffect(told, standing);
  for (const one of inOrderOfEffect(standing)) {
    if (one.entryId === '') return telling.refusesAsNew(one) ? 'justified' : 'unjustified';
    if (telling.correctsWhatWasPassedOver(one) || !telling.post(one)) return 'unknown';
  }
  return 'unknown';
}

/** Blocked: with it in its place, one of the other events is refused, or is a refinance that would pay off another sum. */
function judgeBlock(told: Told, standing: readonly Accepted[]): Judged {
  const telling = new TellingInEffect(told, standing);
  for (const one of inOrderOfEffect(standing)) {
    if (telling.correctsWhatWasPassedOver(one)) return 'unknown';
    const isOwn = one.entryId === '';
    if (!telling.post(one)) return isOwn ? 'unknown' : 'justified';
    if (one.command.kind === 'refinance' && !isOwn && !telling.hasLinesOf(one)) return 'justified';
  }
  return 'unjustified';
}

function inOrderOfEffect(standing: readonly Accepted[]): readonly Accepted[] {
  return standing.toSorted((one, other) => compare(dateOf(one.command), dateOf(other.command)));
}

class TellingInEffect {
  readonly books: WatchedBooks;
  readonly #standing: readonly Accepted[];
  /** The entries of these books by those of the others. */
  readonly #entryIds = new Map<string, string>();

  /** The loans are known from the beginning: whose they are was fixed in order of arrival, and no restatement changes it. */
  constructor({ programs, books }: Told, standing: readonly Accepted[]) {
    this.#standing = standing;
    this.books = new WatchedBooks(
      new MemoryBooks([], new Map([[TENANT_ID, tenantWith(withoutPrincipalCheck(programs))]])),
    );
    const { interest, loans } = books.books;
    this.books.post(
      loansOf(books.books).map((loanId, index) =>
        registered(loanId, index, {
          programId: loans.get(TENANT_ID + loanId)?.programId ?? null,
          annualRate: interest.registered.get(TENANT_ID + loanId)?.annualRate ?? null,
        }),
      ),
    );
  }

  /** False when the event is refused here. */
  post(one: Accepted): boolean {
    const command = this.#asLines(one) ?? this.#named(one);
    if (command.kind === 'adjustment' && command.approval.proposal?.lines.length === 0) return true;
    if (command.kind === 'reversal' && command.reversal.reversesEntryId === '') return true;
    if (command.kind === 'registration') this.#unmake(command.registration.loanId);
    if (command.kind === 'refinance') this.#unmake(command.refinance.newLoanId);
    const [asNew] = this.books.post([command]).decisions;
    const posted =
      asNew?.outcome !== 'posted' && MONEY_FACTS.includes(command.kind)
        ? this.books.post([asFact(this.books.books, command, asNew)], { version: null }).decisions[0]
        : asNew;
    const entryId = posted?.outcome === 'posted' ? posted.entry.entryId : accruedWithoutLost(this.books, command);
    if (entryId !== null) this.#entryIds.set(one.entryId, entryId);
    return entryId !== null;
  }

  /**
   * That the loan is known here from the beginning must not refuse what made it: `loan_already_exists` is judged as requests arrive,
   * and again by nobody.
   */
  #unmake(loanId: string): void {
    const loan = this.books.books.loans.get(TENANT_ID + loanId);
    if (loan !== undefined) loan.borrowerId = null;
  }

  /** Whether an event that names no earlier one is refused here as it would be on its own day. */
  refusesAsNew({ command }: Accepted): boolean {
    if (command.kind === 'refinance') this.#unmake(command.refinance.newLoanId);
    return this.books.books.copy().post([command]).decisions[0]?.outcome === 'refused';
  }

  /** Whether an event that was posted here has the lines that it has in order of arrival. */
  hasLinesOf({ entryId, draft }: Accepted): boolean {
    const posted = this.books.books.entries.get(TENANT_ID + (this.#entryIds.get(entryId) ?? ''));
    return draft !== null && posted !== undefined && sameLines(posted.entry.lines, draft.lines);
  }

  correctsWhatWasPassedOver({ of: [of], command: told }: Accepted): boolean {
    if (told.kind !== 'accrual_correction') return false;
    const run = this.#standing.find(({ command, entryId }) => command.kind === 'accrual_run' && entryId === of);
    if (run === undefined) return false;
    const { batches, loans } = this.books.books;
    const accrued = batches.get(TENANT_ID + (this.#entryIds.get(run.entryId) ?? ''))?.loans ?? [];
    return told.correction.loans.some(
      ({ loanId }) =>
        !accrued.some((loan) => loan.loanId === loanId) &&
        loans.get(TENANT_ID + loanId)?.standing.status !== 'charged_off',
    );
  }

  /**
   * A clearing that was reversed, or of which what it cleared no longer stands. It was judged as it arrived: here another may
   * stand already, or there is nothing to be cleared, and its money has moved all the same. So its lines stand, as somebody could
   * post them by hand.
   */
  #asLines({ of, draft, entryId, ...one }: Accepted): Command | null {
    if (draft === null || !isClearing({ draft })) return null;
    const isReversed = this.#standing.some((other) => other.command.kind === 'reversal' && other.of.includes(entryId));
    if (!isReversed && of.every((id) => this.#entryIds.has(id))) return null;
    const { effectiveAt, currency, layer } = draft;
    const lines = draft.lines.map(({ account, amountMinor }) => ({
      account,
      amountMinor,
      currency,
      layer,
      loanId: null,
    }));
    const asked = { effectiveAt, reasonCode: 'other', description: null, proposedBy: 'colleague', lines };
    const { kind: _kind, tenantId, actor, key, keyHash, payloadHash } = one.command;
    const proposal = { ...asked, adjustmentId: keyHash };
    const approval = { adjustmentId: keyHash, note: null, proposal };
    return { tenantId, actor, key, keyHash, payloadHash, kind: 'adjustment', approval };
  }

  /** The command with the names that these books have for what it is about. */
  #named({ command, of }: Accepted): Command {
    const journalEntryIds = of.map((one) => this.#entryIds.get(one) ?? '');
    const [entryId = ''] = journalEntryIds;
    switch (command.kind) {
      case 'payment_clearing':
        return { ...command, paymentClearing: { ...command.paymentClearing, journalEntryIds } };
      case 'accrual_correction':
        return { ...command, correction: { ...command.correction, accrualEventId: eventIdOf(entryId) } };
      case 'payment_return':
        return { ...command, paymentReturn: { ...command.paymentReturn, paymentEventId: eventIdOf(entryId) } };
      case 'payment_settling':
      case 'disbursement_settlement':
        return { ...command, settlement: { ...command.settlement, eventId: eventIdOf(entryId) } };
      case 'reversal':
        return { ...command, reversal: { ...command.reversal, reversesEntryId: entryId } };
      default:
        return command;
    }
  }
}

/**
 * A client's accrual and its correction are 0 for a loan that is charged off by then: the others accrue, in one batch as they were
 * sent. Answers its entry, empty when every loan is lost; null when it is refused for another reason.
 */
function accruedWithoutLost(books: WatchedBooks, command: Command): string | null {
  // A run passes over whatever does not accrue.
  if (command.kind === 'accrual_run') return '';
  const { loans } = books.books;
  const isLeft = ({ loanId }: { readonly loanId: string }): boolean =>
    loans.get(TENANT_ID + loanId)?.standing.status !== 'charged_off';
  const left = withLoans(command, isLeft);
  if (left === null || left.loans === 0) return left === null ? null : '';
  const [decision] = books.post([left.command]).decisions;
  return decision?.outcome === 'posted' ? decision.entry.entryId : null;
}

/** A batch or a correction over some of its loans, and over how many; null of every other command. */
function withLoans(
  command: Command,
  isLeft: (loan: { readonly loanId: string }) => boolean,
): { readonly command: Command; readonly loans: number } | null {
  if (command.kind === 'accrual') {
    const loans = command.accrual.loans.filter(isLeft);
    return { command: { ...command, accrual: { ...command.accrual, loans } }, loans: loans.length };
  }
  if (command.kind !== 'accrual_correction') return null;
  const loans = command.correction.loans.filter(isLeft);
  return { command: { ...command, correction: { ...command.correction, loans } }, loans: loans.length };
}

/** What a money fact is that is refused as something new: on a charged-off loan a recovery, else a payment. */
function asFact(books: MemoryBooks, command: Command, refused: Decision | undefined): Command {
  const code = refused?.outcome === 'refused' ? refused.refusal.code : '';
  if (command.kind === 'payment' && code === 'loan_charged_off' && command.payment.layer === 0) {
    const { layer: _layer, ...recovery } = command.payment;
    return { ...command, kind: 'recovery', payment: undefined, recovery } as Command;
  }
  if (command.kind === 'recovery' && code === 'loan_not_charged_off') {
    const payment = { ...command.recovery, layer: 0 };
    const paid = { ...command, kind: 'payment', recovery: undefined, payment } as Command;
    const [asNew] = books.copy().post([paid]).decisions;
    const isLost = asNew?.outcome === 'refused' && asNew.refusal.code === 'loan_charged_off';
    return isLost ? command : paid;
  }
  return command;
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
