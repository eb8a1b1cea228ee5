import type { EntryDraft } from '../../src/domain/journal-entry.ts';
import { PENDING, SETTLED } from '../../src/domain/layer.ts';
import type { RefusalCode } from '../../src/domain/refusal.ts';
import type { Command, CommandOf, Envelope } from '../../src/posting/command.ts';
import type { Decision } from '../../src/posting/decide-batch.ts';
import { eventIdOf } from '../../src/posting/entry-id.ts';
import { BORROWER, type DistributiveBody, id, LOANS, PROGRAM_IDS, runOf } from './arrival-order-events.ts';
import type { AskedCorrection, AskedReturn, History, Request } from './arrival-order-histories.ts';
import { type Programs, TENANT_ID, tenantWith } from './arrival-order-policies.ts';
import { MemoryBooks } from './memory-books.ts';
import { WatchedBooks } from './watched-books.ts';

/** What became of a history: the books, and which of its events stand. */
export type Told = {
  readonly programs: Programs;
  readonly books: WatchedBooks;
  /** What was sent, by its name among the counts, and what each was decided to. */
  readonly sent: readonly string[];
  readonly decisions: readonly Decision[];
  readonly standing: readonly Accepted[];
  readonly keptOut: readonly KeptOut[];
};

/** A request that was refused by the state of its loans, or blocked by an event behind it, and what would have stood with it. */
export type KeptOut = { readonly code: RefusalCode; readonly standing: readonly Accepted[] };

/**
 * Refusals by the state that a loan has at the place of the event, which for these kinds of event depends on nothing that is looked
 * at in the present.
 */
const BY_STATE: readonly RefusalCode[] = [
  'effective_date_before_disbursement',
  'loan_charged_off',
  'already_charged_off',
  'loan_not_charged_off',
  'amount_exceeds_outstanding',
  'amount_exceeds_suspense',
  'balance_would_be_negative',
];

type Posted = Extract<Decision, { outcome: 'posted' }>;

/** A command that was accepted, or that only another event kept out, with the entry of its event and those that it is about. */
export type Accepted = {
  readonly command: Command;
  readonly entryId: string;
  /** null of a command that was blocked. */
  readonly draft: EntryDraft | null;
  readonly of: readonly string[];
};

/** Sends the requests of a history in order of arrival, each by itself; LOANS are registered before. */
export function tell({ programs, requests }: History): Told {
  const telling = new Telling(programs);
  requests.forEach((request, index) => {
    telling.send(request, index);
  });
  const { books, sent, decisions, accepted, keptOut } = telling;
  return { programs, books, sent, decisions, standing: accepted.filter(({ isGone }) => !isGone), keptOut };
}

/** A command to be, the entries that it is about, and what drops out by it. */
type Aimed = { readonly body: DistributiveBody; readonly of: readonly Taken[]; readonly drops?: Taken };
type Taken = Accepted & { isGone: boolean };

class Telling {
  readonly books: WatchedBooks;
  readonly sent: string[] = [];
  readonly decisions: Decision[] = [];
  readonly accepted: Taken[] = [];
  readonly keptOut: KeptOut[] = [];

  constructor(programs: Programs) {
    this.books = new WatchedBooks(new MemoryBooks([], new Map([[TENANT_ID, tenantWith(programs)]])));
    this.books.post(LOANS.map((loanId, index) => registered(loanId, index)));
  }

  send(request: Request, index: number): void {
    const aimed = this.#aim(request, index);
    if (aimed === undefined) return;
    const command = { ...envelope(index), ...aimed.body } as Command;
    const [decision] = this.books.post([command]).decisions;
    if (decision === undefined) throw new Error('a batch of one command answered no decision');
    this.sent.push(nameOf(command, aimed, decision));
    this.decisions.push(decision);
    if (decision.outcome === 'posted') this.#take(command, aimed, decision);
    else if (decision.outcome === 'refused') this.#keepOut(command, aimed, decision.refusal.code);
  }

  #aim(request: Request, index: number): Aimed | undefined {
    switch (request.about) {
      case 'nothing':
        return { body: this.#asSent(request.body, index), of: [] };
      case 'any':
        return this.#reversal(request.place);
      case 'payment':
        return aimedAt(this.#among(request.place, isMoneyIn), (paid) => this.#returnOf(paid, request.asked));
      case 'accrual':
        return aimedAt(this.#among(request.place, isBatch), (batch) => correctionOf(batch, request.asked));
      case 'cash':
        return this.#clearing(request.places, request.effectiveAt);
      case 'unsettled':
        return this.#settlement(request.place, request.effectiveAt);
      case 'pending':
        return this.#cancellation(request.place, request.effectiveAt);
    }
  }

  /** Accruals are over the loans that their program has by now; a proposal has an id of its own. */
  #asSent(unknown: DistributiveBody, index: number): DistributiveBody {
    const known = loansOf(this.books.books);
    const body = onKnownLoans(unknown, known);
    if (body.kind === 'accrual') return { ...body, accrual: this.#onOwnLoans(body.accrual) };
    if (body.kind === 'accrual_run') {
      const { programId, accrualDate } = body.portion;
      return { ...body, portion: runOf(programId, accrualDate, loansOf(this.books.books, programId)) };
    }
    if (body.kind !== 'adjustment' || body.approval.proposal === null) return body;
    const adjustmentId = id('d', 100 + index);
    return {
      ...body,
      approval: { ...body.approval, adjustmentId, proposal: { ...body.approval.proposal, adjustmentId } },
    };
  }

  /** The batch is of the default program while the other one has no loan. */
  #onOwnLoans(batch: CommandOf<'accrual'>['accrual']): CommandOf<'accrual'>['accrual'] {
    const [first = ''] = PROGRAM_IDS;
    const programId = loansOf(this.books.books, batch.programId).length === 0 ? first : batch.programId;
    const own = loansOf(this.books.books, programId);
    const loans = batch.loans.slice(0, own.length).map((loan, place) => ({ ...loan, loanId: own[place] ?? '' }));
    return { ...batch, programId, loans };
  }

  #reversal(place: number): Aimed | undefined {
    // Without its first disbursement a loan takes next to nothing: that one goes less often than others do.
    const target = this.#among(place, ({ isGone, entryId }) => !isGone && (place % 8 === 0 || !this.#isFirst(entryId)));
    return target && { body: reversalOf(target.entryId), of: [target], drops: target };
  }

  /** Of what is pending, it settles that; of what was paid out, it tells that the bank has done so. */
  #settlement(place: number, day: string): Aimed | undefined {
    const isOpen = (one: Taken): boolean => !one.isGone && isPending(one) && this.#settlingOf(one) === undefined;
    const isPaidOut = (one: Taken): boolean => !one.isGone && paysOut(one.command);
    // Few are pending among many that were paid out.
    const target = place % 3 === 0 ? this.#among(place, isPaidOut) : this.#among(place, isOpen);
    if (target === undefined) return undefined;
    const settling = this.#settlingOf(target);
    const effectiveAt = notBefore(settling?.command ?? target.command, day);
    const settlement = { eventId: eventIdOf(target.entryId), effectiveAt, externalRef: null };
    const kind = target.command.kind === 'payment' ? 'payment_settling' : 'disbursement_settlement';
    return { body: { kind, settlement }, of: settling === undefined ? [target] : [target, settling] };
  }

  /** What came in or went out and is not cleared yet; of a pending payment, what settled it. */
  #clearing(places: readonly number[], day: string): Aimed | undefined {
    const cleared = this.accepted.filter(isClearing).filter(({ entryId }) => !this.#isReversed(entryId));
    const isOpen = (one: Taken): boolean =>
      !one.isGone && isCash(one) && !cleared.some(({ of }) => of.includes(one.entryId));
    const of = [...new Set(places.flatMap((place) => this.#among(place, isOpen) ?? []))];
    if (of.length === 0) return undefined;
    const effectiveAt = of.reduce((latest, { command }) => notBefore(command, latest), day);
    const journalEntryIds = of.map(({ entryId }) => entryId);
    return {
      body: { kind: 'payment_clearing', paymentClearing: { journalEntryIds, bankRef: 'bank 1', effectiveAt } },
      of,
    };
  }

  #isReversed(entryId: string): boolean {
    return this.accepted.some(({ command, of }) => command.kind === 'reversal' && of.includes(entryId));
  }

  #cancellation(place: number, day: string): Aimed | undefined {
    const target = this.#among(place, (one) => !one.isGone && isPending(one));
    if (target === undefined) return undefined;
    const of = target.command.kind === 'payment' ? 'payment' : 'disbursement';
    const effectiveAt = notBefore(target.command, day);
    const asked = { of, eventId: eventIdOf(target.entryId), effectiveAt, reasonDescription: null } as const;
    return { body: { kind: 'cancellation', cancellation: asked }, of: [target], drops: target };
  }

  /** What settled a pending event and stands. */
  #settlingOf({ entryId }: Taken): Taken | undefined {
    return this.accepted.find((one) => !one.isGone && one.of.includes(entryId) && isSettling(one));
  }

  #returnOf(paid: Taken, asked: AskedReturn): DistributiveBody {
    const effectiveAt = notBefore((this.#settlingOf(paid) ?? paid).command, asked.effectiveAt);
    const paymentReturn = { ...asked, effectiveAt, paymentEventId: eventIdOf(paid.entryId), returnCode: 'R01' };
    return { kind: 'payment_return', paymentReturn };
  }

  #isFirst(entryId: string): boolean {
    return this.accepted.slice(0, LOANS.length).some((one) => one.entryId === entryId);
  }

  #among(place: number, isPossible: (one: Taken) => boolean): Taken | undefined {
    const possible = this.accepted.filter(isPossible);
    return possible[place % Math.max(possible.length, 1)];
  }

  #keepOut(command: Command, { of, drops }: Aimed, code: RefusalCode): void {
    // What is about an earlier event is judged by what befell that until now too.
    if (code !== 'replay_blocked' && (of.length > 0 || !BY_STATE.includes(code))) return;
    const gone = drops === undefined ? [] : this.#withCorrections(drops);
    const left = this.accepted.filter((one) => !one.isGone && !gone.includes(one));
    const own = { command, entryId: '', draft: null, of: of.map(({ entryId }) => entryId) };
    this.keptOut.push({ code, standing: drops === undefined ? [...left, own] : left });
  }

  /** The corrections of a batch go with it. */
  #withCorrections(drops: Taken): readonly Taken[] {
    const isOfBatch = (one: Taken): boolean =>
      one.command.kind === 'accrual_correction' && one.of.includes(drops.entryId);
    return [drops, ...this.accepted.filter(isOfBatch)];
  }

  #take(command: Command, { of, drops }: Aimed, { entry, following }: Posted): void {
    if (drops !== undefined && !isClearing(drops)) {
      for (const one of this.#withCorrections(drops)) one.isGone = true;
      return;
    }
    const { entryId, draft } = entry;
    const aboutIds = of.map((one) => one.entryId);
    this.accepted.push({
      command: asDecided(command, entry, this.books.books),
      entryId,
      draft,
      of: aboutIds,
      isGone: false,
    });
    const [charged] = following;
    if (command.kind !== 'payment_return' || charged?.draft.eventType !== 'fee_assessed') return;
    // Its fee is an event by itself.
    const fee = nsfFee(command, charged.draft.loanId ?? '');
    const asFee: Command = { ...envelope(2_000 + this.sent.length), kind: 'fee', fee };
    this.accepted.push({ command: asFee, entryId: charged.entryId, draft: charged.draft, of: [], isGone: false });
  }
}

/** The same, with the first of LOANS wherever it names a loan that there is not, but for what makes one. */
function onKnownLoans(body: DistributiveBody, known: readonly string[]): DistributiveBody {
  if (body.kind === 'registration' || body.kind === 'accrual') return body;
  const named = (name: string, value: unknown): unknown =>
    (name === 'loanId' || name === 'oldLoanId') && typeof value === 'string' && !known.includes(value)
      ? LOANS[0]
      : value;
  const copied = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(copied);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, copied(named(name, one))]));
  };
  return copied(body) as DistributiveBody;
}

function isMoneyIn({ command: { kind } }: Taken): boolean {
  return kind === 'payment' || kind === 'recovery' || kind === 'payment_settling';
}

function isPending({ command }: Taken): boolean {
  if (command.kind === 'payment') return command.payment.layer === PENDING;
  return command.kind === 'disbursement' && command.disbursement.layer === PENDING;
}

function paysOut(command: Command): boolean {
  return command.kind === 'disbursement' || (command.kind === 'refinance' && command.refinance.newMoneyMinor > 0n);
}

function isCash(one: Taken): boolean {
  const { kind } = one.command;
  return (isMoneyIn(one) && !isPending(one)) || kind === 'payment_return' || kind === 'suspense_refund';
}

function isSettling({ command: { kind }, draft }: Taken): boolean {
  return kind === 'payment_settling' || (kind === 'disbursement_settlement' && draft?.eventType === 'disbursement');
}

/** A clearing names no loan: nothing is decided again by it, and its reversal counts from the day sent (decisions/0016 answer 40). */
export function isClearing({ draft }: Pick<Accepted, 'draft'>): boolean {
  return draft?.eventType === 'payment_settled' || draft?.eventType === 'disbursement_settled';
}

function isBatch({ command }: Taken): boolean {
  return accruedBy(command).length > 0;
}

/** What is counted: a kind of command, told apart where it stands for several kinds of event. */
function nameOf(command: Command, { drops }: Aimed, decision: Decision): string {
  const clearing = drops?.draft?.eventType === 'disbursement_settled' ? ', cleared' : '';
  const target = drops === undefined ? '' : ` of ${drops.command.kind}${clearing}`;
  switch (command.kind) {
    case 'payment':
      return command.payment.layer === PENDING ? 'payment, pending' : command.kind;
    case 'disbursement':
      return command.disbursement.layer === PENDING ? 'disbursement, pending' : command.kind;
    case 'disbursement_settlement':
      return decision.outcome === 'posted' && isClearing(decision.entry)
        ? 'disbursement_settlement, cleared'
        : command.kind;
    case 'adjustment':
      return `adjustment${sortOf(command.approval.proposal?.lines ?? [])}`;
    default:
      return `${command.kind}${target}`;
  }
}

function sortOf(lines: readonly { readonly loanId: string | null; readonly layer: number }[]): string {
  if (lines.some(({ layer }) => layer !== SETTLED)) return ', on another layer';
  return new Set(lines.flatMap(({ loanId }) => loanId ?? [])).size > 1 ? ', over several loans' : '';
}

function aimedAt(target: Taken | undefined, bodyOf: (target: Taken) => DistributiveBody): Aimed | undefined {
  return target && { body: bodyOf(target), of: [target] };
}

/** What a command is once it was decided: a return of so much, a run over the loans that it accrued. */
function asDecided(command: Command, { entryId, draft }: Posted['entry'], books: MemoryBooks): Command {
  if (command.kind === 'payment_return') {
    const fixed = { amountMinor: BigInt(String(draft.eventInput['amount_minor'] ?? '0')), nsfFeeMinor: null };
    return { ...command, paymentReturn: { ...command.paymentReturn, ...fixed } };
  }
  if (command.kind !== 'accrual_run') return command;
  const loanIds = books.batches.get(TENANT_ID + entryId)?.loans.map(({ loanId }) => loanId) ?? [];
  return { ...command, portion: { ...command.portion, loanIds } };
}

function accruedBy(command: Command): readonly string[] {
  if (command.kind === 'accrual_run') return command.portion.loanIds;
  return command.kind === 'accrual' ? command.accrual.loans.map(({ loanId }) => loanId) : [];
}

function correctionOf({ command, entryId }: Taken, { effectiveAt, interest }: AskedCorrection): DistributiveBody {
  const accrued = accruedBy(command);
  const loans = interest.flatMap((interestMinor, index) => {
    const loanId = accrued[index];
    return loanId === undefined ? [] : [{ loanId, interestMinor }];
  });
  const correction = {
    accrualEventId: eventIdOf(entryId),
    effectiveAt: notBefore(command, effectiveAt),
    reasonCode: 'other',
    loans,
    metadata: null,
  };
  return { kind: 'accrual_correction', correction };
}

/** What is about an event is not earlier than that (decisions/0016 answer 1). */
function notBefore(about: Command, day: string): string {
  const earliest = dateOf(about);
  return day < earliest ? earliest : day;
}

function nsfFee({ paymentReturn }: CommandOf<'payment_return'>, loanId: string): CommandOf<'fee'>['fee'] {
  const { effectiveAt, nsfFeeMinor } = paymentReturn;
  const terms = { borrowerId: BORROWER, feeType: 'nsf', currency: 'USD', externalRef: null, description: null };
  return { ...terms, loanId, amountMinor: nsfFeeMinor ?? 0n, effectiveAt, metadata: null };
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

/** The loans that the books know, all or those of a program, in one order. */
export function loansOf(books: MemoryBooks, of?: string): readonly string[] {
  const known = [...books.loans.values()].filter(({ borrowerId }) => borrowerId !== null);
  return known.flatMap(({ loanId, programId }) => (of === undefined || programId === of ? [loanId] : [])).sort();
}

const PLAIN = { programId: null, annualRate: null };

/** Makes a loan known before anything happens to it. */
export function registered(
  loanId: string,
  index: number,
  { programId, annualRate }: { readonly programId: string | null; readonly annualRate: string | null } = PLAIN,
): CommandOf<'registration'> {
  const terms = { borrowerId: BORROWER, currency: 'USD', programId, annualRate, maturityDate: null };
  const registration = { ...terms, loanId, opening: null, externalRef: null, metadata: null };
  return { ...envelope(1_000 + index), kind: 'registration', registration };
}

/** The nth key of the tenant. */
export function envelope(index: number): Envelope {
  const keyHash = id('e', index);
  return { tenantId: TENANT_ID, actor: 'client', key: `key:${keyHash}`, keyHash, payloadHash: id('f', index) };
}

/** The day from which an event counts. */
export function dateOf(command: Command): string {
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
    case 'payment_settling':
    case 'disbursement_settlement':
      return command.settlement.effectiveAt;
    case 'refinance':
      return command.refinance.effectiveAt;
    case 'registration':
      return command.registration.opening?.asOf ?? '';
    case 'adjustment':
      return command.approval.proposal?.effectiveAt ?? '';
    case 'payment_clearing':
      return command.paymentClearing.effectiveAt;
    case 'reversal':
      return command.reversal.effectiveAt;
    default:
      throw new Error(`${command.kind} is no event of these histories`);
  }
}
