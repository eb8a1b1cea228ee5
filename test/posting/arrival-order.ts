import type { LoanStanding } from '../../src/domain/loan.ts';
import { standingAfterLosses } from '../../src/domain/loss.ts';
import type { Command, CommandOf, Envelope } from '../../src/posting/command.ts';
import type { Decision } from '../../src/posting/decide-batch.ts';
import { eventIdOf } from '../../src/posting/entry-id.ts';
import {
  type AskedCorrection,
  type AskedReturn,
  BORROWER,
  type DistributiveBody,
  id,
  LOANS,
  type Request,
  runOf,
  TENANT,
} from './arrival-order-histories.ts';
import { MemoryBooks } from './memory-books.ts';
import { WatchedBooks } from './watched-books.ts';

/** Histories of loans under `replay` told in two orders, and what of their ledgers must not depend on the order of arrival. */

/** What became of a history: the books, and which of its events stand. */
export type Told = {
  readonly books: WatchedBooks;
  /** What was sent, and what each was decided to. */
  readonly sent: readonly Command[];
  readonly decisions: readonly Decision[];
  readonly standing: readonly Accepted[];
};

/** A command that was accepted, with the first entry of its event, and, of a return, that of its payment. */
type Accepted = { readonly command: Command; readonly entryId: string; readonly of: string | null };

/** Sends requests in order of arrival, each by itself; the loans are registered before. */
export function tell(requests: readonly Request[]): Told {
  const books = booksWithLoans();
  const sent: Command[] = [];
  const decisions: Decision[] = [];
  const accepted: (Accepted & { reversed: boolean })[] = [];
  requests.forEach((request, index) => {
    const target =
      request.reverses === null
        ? undefined
        : accepted[(request.reverses + LOANS.length) % Math.max(accepted.length, 1)];
    const { of = null, body = request.body ?? (target === undefined ? undefined : reversalOf(target.entryId)) } =
      aboutEarlier(request, accepted) ?? {};
    if (body === undefined) return;
    const command = { ...envelope(index), ...body } as Command;
    const [decision] = books.post([command]).decisions;
    if (decision === undefined) throw new Error('a batch of one command answered no decision');
    sent.push(command);
    decisions.push(decision);
    if (decision.outcome !== 'posted') return;
    if (target !== undefined) {
      // The corrections of a batch go with it.
      const gone = accepted.filter((one) => one.command.kind === 'accrual_correction' && one.of === target.entryId);
      for (const one of [target, ...gone]) one.reversed = true;
    } else {
      const { entryId, draft } = decision.entry;
      const fixed = { amountMinor: BigInt(String(draft.eventInput['amount_minor'] ?? '0')), nsfFeeMinor: null };
      const kept =
        command.kind === 'payment_return'
          ? { ...command, paymentReturn: { ...command.paymentReturn, ...fixed } }
          : command;
      accepted.push({ command: asAccrued(kept, entryId, books.books), entryId, of, reversed: false });
      const [charged] = decision.following;
      if (command.kind !== 'payment_return' || charged?.draft.eventType !== 'fee_assessed') return;
      // Its fee is an event by itself.
      accepted.push({
        command: { ...envelope(2_000 + index), kind: 'fee', fee: nsfFee(command, charged.draft.loanId ?? '') },
        entryId: charged.entryId,
        of: null,
        reversed: false,
      });
    }
  });
  return { books, sent, decisions, standing: accepted.filter(({ reversed }) => !reversed) };
}

/** A run is an event of the loans that it accrued alone. */
function asAccrued(command: Command, entryId: string, books: MemoryBooks): Command {
  if (command.kind !== 'accrual_run') return command;
  const loanIds = books.batches.get(TENANT.tenantId + entryId)?.loans.map(({ loanId }) => loanId) ?? [];
  return { ...command, portion: { ...command.portion, loanIds } };
}

/** A request about an event that was accepted before, if there is such: its body, and the first entry of that event. */
function aboutEarlier(
  request: Request,
  accepted: readonly Accepted[],
): { readonly of: string; readonly body: DistributiveBody } | undefined {
  const among = (kinds: readonly string[], place: number): Accepted | undefined => {
    const possible = accepted.filter(({ command: { kind } }) => kinds.includes(kind));
    return possible[place % Math.max(possible.length, 1)];
  };
  if ('returns' in request) {
    const paid = among(['payment', 'recovery'], request.returns);
    return paid && { of: paid.entryId, body: returnOf(paid, request.asked) };
  }
  if (!('corrects' in request)) return undefined;
  const batch = among(['accrual', 'accrual_run'], request.corrects);
  return batch && { of: batch.entryId, body: correctionOf(batch, request.asked) };
}

function correctionOf({ command, entryId }: Accepted, { effectiveAt, interest }: AskedCorrection): DistributiveBody {
  const loans = interest.map((interestMinor, index) => ({ loanId: LOANS[index] ?? '', interestMinor }));
  const correction = {
    accrualEventId: eventIdOf(entryId),
    effectiveAt: effectiveAt < dateOf(command) ? dateOf(command) : effectiveAt,
    reasonCode: 'other',
    loans,
    metadata: null,
  };
  return { kind: 'accrual_correction', correction };
}

function returnOf({ command, entryId }: Accepted, asked: AskedReturn): DistributiveBody {
  const effectiveAt = asked.effectiveAt < dateOf(command) ? dateOf(command) : asked.effectiveAt;
  const paymentReturn = { ...asked, effectiveAt, paymentEventId: eventIdOf(entryId), returnCode: 'R01' };
  return { kind: 'payment_return', paymentReturn };
}

function nsfFee({ paymentReturn }: CommandOf<'payment_return'>, loanId: string): CommandOf<'fee'>['fee'] {
  const { effectiveAt, nsfFeeMinor } = paymentReturn;
  const terms = { borrowerId: BORROWER, feeType: 'nsf', currency: 'USD', externalRef: null, description: null };
  return { ...terms, loanId, amountMinor: nsfFeeMinor ?? 0n, effectiveAt, metadata: null };
}

/** Money that moved outside is a fact: where it would be refused as something new, it stands all the same. */
const MONEY_FACTS: readonly Command['kind'][] = ['payment', 'recovery', 'suspense_refund', 'suspense_allocation'];

/**
 * The same events by themselves, arriving in order of effect; of one day in the order in which they first arrived. null where
 * there is no such ledger: a correction stands of a run that would have passed its loan over before it was disbursed.
 */
export function tellInEffectiveOrder(standing: readonly Accepted[]): Pick<Told, 'books'> | null {
  const books = booksWithLoans();
  const ordered = standing.toSorted((one, other) => compare(dateOf(one.command), dateOf(other.command)));
  /** The entries of these books by those of the others. */
  const entryIds = new Map<string, string>();
  for (const { command: told, entryId, of } of ordered) {
    const command = of === null ? told : aboutEntry(told, entryIds.get(of) ?? '');
    if (
      told.kind === 'accrual_correction' &&
      correctsWhatWasPassedOver(told, { books: books.books, standing, of, entryIds })
    )
      return null;
    const [asNew] = books.post([command]).decisions;
    const posted =
      asNew?.outcome !== 'posted' && MONEY_FACTS.includes(command.kind)
        ? books.post([asFact(books.books, command, asNew)], { version: 1 }).decisions[0]
        : asNew;
    const asPosted = posted?.outcome === 'posted' ? posted.entry.entryId : accruedWithoutLost(books, command);
    if (asPosted === null) throw new Error(`${command.kind} of ${dateOf(command)} is refused in its own order`);
    entryIds.set(entryId, asPosted);
  }
  return { books };
}

function correctsWhatWasPassedOver(
  { correction }: CommandOf<'accrual_correction'>,
  at: {
    readonly books: MemoryBooks;
    readonly standing: readonly Accepted[];
    readonly of: string | null;
    readonly entryIds: ReadonlyMap<string, string>;
  },
): boolean {
  const run = at.standing.find(({ command, entryId }) => command.kind === 'accrual_run' && entryId === at.of);
  if (run === undefined) return false;
  const accrued = at.books.batches.get(TENANT.tenantId + (at.entryIds.get(run.entryId) ?? ''))?.loans ?? [];
  return correction.loans.some(
    ({ loanId }) =>
      !accrued.some((loan) => loan.loanId === loanId) &&
      at.books.loans.get(TENANT.tenantId + loanId)?.standing.status !== 'charged_off',
  );
}

function aboutEntry(command: Command, entryId: string): Command {
  if (command.kind === 'accrual_correction') {
    return { ...command, correction: { ...command.correction, accrualEventId: eventIdOf(entryId) } };
  }
  if (command.kind !== 'payment_return') return command;
  return { ...command, paymentReturn: { ...command.paymentReturn, paymentEventId: eventIdOf(entryId) } };
}

/**
 * A client's accrual and its correction are 0 for a loan that is charged off by then: the others accrue. Answers the entry of
 * the one that does; null when it is refused for another reason.
 */
function accruedWithoutLost(books: WatchedBooks, command: Command): string | null {
  // A run passes over whatever does not accrue.
  if (command.kind === 'accrual_run') return '';
  const decisions = oneByOne(command).map((part) => books.post([part]).decisions[0]);
  const wrong = decisions.some(
    (decision) => decision?.outcome === 'refused' && !LEFT_OUT.includes(decision.refusal.code),
  );
  if (wrong || decisions.length === 0) return null;
  return decisions.flatMap((decision) => (decision?.outcome === 'posted' ? decision.entry.entryId : []))[0] ?? '';
}

/** Of a loan that is charged off, and of its part of a batch that it was left out of. */
const LEFT_OUT: readonly string[] = ['loan_charged_off', 'loan_not_found', 'not_found'];

function oneByOne(command: Command): readonly Command[] {
  const keyed = (index: number): string => `${command.keyHash}${index}`;
  if (command.kind === 'accrual') {
    const { accrual } = command;
    return accrual.loans.map((loan, index) => ({
      ...command,
      keyHash: keyed(index),
      accrual: { ...accrual, loans: [loan] },
    }));
  }
  if (command.kind !== 'accrual_correction') return [];
  const { correction } = command;
  return correction.loans.map((loan, index) => ({
    ...command,
    keyHash: keyed(index),
    correction: { ...correction, loans: [loan] },
  }));
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

function booksWithLoans(): WatchedBooks {
  const books = new WatchedBooks(new MemoryBooks([TENANT]));
  const terms = { borrowerId: BORROWER, currency: 'USD', programId: null, annualRate: null, maturityDate: null };
  books.post(
    LOANS.map((loanId, index): Command => {
      const registration = { ...terms, loanId, opening: null, externalRef: null, metadata: null };
      return { ...envelope(1_000 + index), kind: 'registration', registration };
    }),
  );
  return books;
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

function dateOf(command: Command): string {
  switch (command.kind) {
    case 'payment':
      return command.payment.effectiveAt;
    case 'disbursement':
      return command.disbursement.effectiveAt;
    case 'fee':
      return command.fee.effectiveAt;
    case 'fee_waiver':
      return command.feeWaiver.effectiveAt;
    case 'goodwill_credit':
      return command.goodwillCredit.effectiveAt;
    case 'suspense_allocation':
      return command.suspenseAllocation.effectiveAt;
    case 'suspense_refund':
      return command.suspenseRefund.effectiveAt;
    case 'charge_off':
      return command.chargeOff.effectiveAt;
    case 'recovery':
      return command.recovery.effectiveAt;
    case 'non_accrual':
      return command.nonAccrual.effectiveAt;
    case 'payment_return':
      return command.paymentReturn.effectiveAt;
    case 'restructure':
      return command.restructure.effectiveAt;
    case 'accrual':
      return command.accrual.accrualDate;
    case 'accrual_run':
      return command.portion.accrualDate;
    case 'accrual_correction':
      return command.correction.effectiveAt;
    default:
      throw new Error(`${command.kind} is no event of these histories`);
  }
}

/** The same with a run behind all that there is: what it posts tells how interest is counted until then. */
export function withLastRun<Of extends Pick<Told, 'books'>>(told: Of): Of {
  told.books.post([{ ...envelope(5_000), kind: 'accrual_run', portion: runOf('2026-05-09') }]);
  return told;
}

/** What every loan is, every account, and every component of every loan, at every date and on every layer; places at zero are left out. */
export function ledgerByDate(books: MemoryBooks): Readonly<Record<string, string>> {
  const sums = new Map<string, bigint>();
  for (const { entry } of books.entries.values()) {
    for (const line of entry.lines) {
      for (const loan of line.loanId === null ? ['every loan'] : ['every loan', line.loanId]) {
        const place = `${entry.effectiveAt} layer ${entry.layer} ${line.account} ${loan}`;
        sums.set(place, (sums.get(place) ?? 0n) + line.amountMinor);
      }
    }
  }
  const standings = [...books.loans.values()].map((loan) => {
    const [, losses = []] = [...books.lossesOf([loan])][0] ?? [];
    const kept = standingText(loan.standing);
    // What is known of each loss has to sum up to what the loan says of them.
    if (standingText(standingAfterLosses(loan.standing, losses)) !== kept)
      throw new Error(`${kept} is not by its losses`);
    return [loan.loanId, kept] as const;
  });
  const kept = [...sums].filter(([, sum]) => sum !== 0n).map(([place, sum]) => [place, sum.toString()] as const);
  return Object.fromEntries([...standings, ...kept].sort(([one], [other]) => (one < other ? -1 : 1)));
}

function standingText(standing: LoanStanding): string {
  return JSON.stringify(standing, (_name, value: unknown) => (typeof value === 'bigint' ? value.toString() : value));
}

function reversalOf(entryId: string): DistributiveBody {
  return {
    kind: 'reversal',
    reversal: {
      reversesEntryId: entryId,
      reasonCode: 'other',
      reasonDescription: null,
      effectiveAt: '2026-05-10',
      metadata: null,
    },
  };
}

function envelope(index: number): Envelope {
  const keyHash = id('e', index);
  return { tenantId: TENANT.tenantId, actor: 'client', key: `key:${keyHash}`, keyHash, payloadHash: id('f', index) };
}
