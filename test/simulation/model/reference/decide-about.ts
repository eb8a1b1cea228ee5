import { type Books, type Entry, type Fact, isCleared, liveOf, loanOf, policyOf, standingAbout } from './books.ts';
import type { ClearingCommand, PendingCommand, ReturnCommand } from './command.ts';
import { reverse } from './decide-reversal.ts';
import { Draft, emptyPosting, restatementOf } from './posting.ts';
import { DEFAULT_POLICY } from './program.ts';
import { type Code, refuse } from './refusal.ts';
import { decideChange } from './restatement.ts';
import { allocationAnswer, type Decision, newFact, type Setting, wrongDay } from './setting.ts';
import { COMPONENT_MAX_MINOR, type Line, lines } from './terms.ts';
import { pendingCommand } from './verdict.ts';

/** The event by the server's id or the model's. */
export function eventOf(books: Books, eventId: string): Fact | undefined {
  return books.facts.get(books.eventNames.get(eventId) ?? eventId);
}

/** The entry that stands for an id: the live one where a restatement took its place. */
function entryOf(books: Books, entryId: string): Entry | undefined {
  return liveOf(books, books.entryNames.get(entryId) ?? entryId);
}

/** True for the settling of a pending payment or disbursement, as asked. */
function isSettling(books: Books, fact: Fact, kind: 'payment' | 'disbursement'): boolean {
  return fact.command.kind === 'settled' && pendingCommand(books, fact.command.pendingEventId)?.kind === kind;
}

/** What money a payment or recovery event brought in on the settled layer: the event itself, or its settling. */
function receivedBy(books: Books, fact: Fact): Fact | undefined {
  const { command } = fact;
  if (command.kind === 'recovery' || isSettling(books, fact, 'payment')) return fact;
  if (command.kind !== 'payment') return undefined;
  if (command.layer === 'SETTLED') return fact;
  return standingAbout(books, fact.eventId).find((other) => isSettling(books, other, 'payment'));
}

/** POST /v1/payments/{payment_event_id}/returns, with the NSF fee in the same transaction. */
export function decideReturn(setting: Setting, command: ReturnCommand): Decision {
  const { books } = setting;
  const named = eventOf(books, command.eventId);
  const isReceipt = named !== undefined && ['payment', 'recovery', 'settled'].includes(named.command.kind);
  if (named === undefined || !isReceipt || (named.command.kind === 'settled' && !isSettling(books, named, 'payment'))) {
    return refuse('not_found');
  }
  const { effectiveAt, nsfFeeMinor } = command;
  const wrong = wrongDay(setting, effectiveAt);
  if (wrong === 'effective_date_in_future') return refuse(wrong);
  const received = receivedBy(books, named);
  if (effectiveAt < (received ?? named).effectiveAt) return refuse('validation_failed', { fields: ['effective_at'] });
  if (wrong !== undefined) return refuse(wrong);
  if (named.reversed) return refuse('already_reversed');
  const loan = loanOf(books, named.loanIds[0] ?? '');
  const policy = policyOf(books, loan, effectiveAt);
  const draft = new Draft(books);
  // A payment on its way has brought nothing in: any amount is more than that.
  const left = received === undefined ? 0n : amountOf(books, received) - returnedOf(books, received);
  const amountMinor = command.amountMinor ?? left;
  const eventId = received?.eventId ?? named.eventId;
  const sent = { ...command, eventId, amountMinor };
  const loanIds = [loan.loanId];
  const fact = newFact(draft, { command: sent, effectiveAt, loanIds, policy, about: eventId });
  const fees = nsfFeeMinor === 0n ? [] : [nsfFee(draft, fact, nsfFeeMinor)];
  const added = [fact, ...fees];
  // The fee's dates and the loan's state are judged before the amount of the return, so by themselves.
  const ofFee = decideChange(books, { added: fees, dropped: [], loans: [loan] });
  const early: readonly Code[] = ['loan_charged_off', 'effective_date_before_disbursement'];
  if ('refusal' in ofFee && early.includes(ofFee.refusal.code)) return { refusal: ofFee.refusal };
  const change = decideChange(books, { added, dropped: [], loans: [loan] });
  const isTooMuch = amountMinor > left || amountMinor === 0n;
  if (isTooMuch) return refuse('amount_exceeds_payment');
  if ('refusal' in change) return { refusal: change.refusal };
  for (const each of added) draft.first(each);
  const answer = { ...allocationAnswer(fact, loan.loanId), ...restatementOf(draft, change, fact.correlationId) };
  return { posting: { ...emptyPosting(answer), facts: added, anew: change.anew, entries: draft.entries } };
}

function nsfFee(draft: Draft, returned: Fact, amountMinor: bigint): Fact {
  const { effectiveAt, loanIds, policy, correlationId } = returned;
  const [loanId = ''] = loanIds;
  const command = {
    kind: 'fee',
    loanId,
    borrowerId: undefined,
    amountMinor,
    currency: '',
    effectiveAt,
    feeType: 'nsf',
  } as const;
  return newFact(draft, { command, effectiveAt, loanIds, policy, correlationId });
}

function amountOf(books: Books, received: Fact): bigint {
  const { command } = received;
  if (command.kind === 'payment' || command.kind === 'recovery') return command.amountMinor;
  return command.kind === 'settled' ? (pendingCommand(books, command.pendingEventId)?.amountMinor ?? 0n) : 0n;
}

function returnedOf(books: Books, received: Fact): bigint {
  let total = 0n;
  for (const { command } of standingAbout(books, received.eventId)) {
    if (command.kind === 'return') total += command.amountMinor ?? 0n;
  }
  return total;
}

/** Settling what is pending; and for a disbursement that is settled already, its meeting with the bank. */
export function decideSettlement(setting: Setting, command: PendingCommand): Decision {
  const { books } = setting;
  const kind = command.kind === 'settle_payment' ? 'payment' : 'disbursement';
  const named = eventOf(books, command.eventId);
  const isLent = kind === 'disbursement' && named?.command.kind === 'refinance' && named.command.newMoneyMinor > 0n;
  if (named === undefined || (named.command.kind !== kind && !isLent)) return refuse('not_found');
  const { effectiveAt } = command;
  const wrong = wrongDay(setting, effectiveAt);
  if (wrong === 'effective_date_in_future') return refuse(wrong);
  if (effectiveAt < named.effectiveAt) return refuse('validation_failed', { fields: ['effective_at'] });
  if (wrong !== undefined) return refuse(wrong);
  if (named.reversed) return refuse('already_reversed');
  const settling = standingAbout(books, named.eventId).find(({ command: { kind: about } }) => about === 'settled');
  const isPending = 'layer' in named.command && named.command.layer === 'PENDING';
  if (isPending && settling === undefined) return settlePending(setting, named, effectiveAt);
  const paidOut = settling ?? named;
  const isPaidOut = standingAbout(books, paidOut.eventId).some(({ command: { kind: about } }) => about === 'cleared');
  if (kind === 'payment' || isPaidOut) return refuse('already_settled');
  if (effectiveAt < paidOut.effectiveAt) return refuse('validation_failed', { fields: ['effective_at'] });
  return clearDisbursement(setting, paidOut, effectiveAt);
}

function settlePending({ books }: Setting, pending: Fact, effectiveAt: string): Decision {
  const loan = loanOf(books, pending.loanIds[0] ?? '');
  const draft = new Draft(books);
  const fact = newFact(draft, {
    command: { kind: 'settled', pendingEventId: pending.eventId },
    effectiveAt,
    loanIds: [loan.loanId],
    policy: policyOf(books, loan, effectiveAt),
    about: pending.eventId,
    correlationId: pending.correlationId,
  });
  const changed = decideChange(books, { added: [fact], dropped: [], loans: [loan] });
  if ('refusal' in changed) return { refusal: changed.refusal };
  draft.first(fact);
  const answer = { ...allocationAnswer(fact, loan.loanId), ...restatementOf(draft, changed, fact.correlationId) };
  return { posting: { ...emptyPosting(answer), facts: [fact], anew: changed.anew, entries: draft.entries } };
}

/** disbursement_settled: DR 2000, CR 1000. */
function clearDisbursement({ books }: Setting, paidOut: Fact, effectiveAt: string): Decision {
  const amountMinor = settledOn(books, paidOut, '2000');
  const pen = { loanId: '', currency: currencyOf(books, paidOut) };
  const booked = lines(pen, ['DR', '2000', -amountMinor], ['CR', '1000', -amountMinor]);
  const about = { about: paidOut.eventId, correlationId: paidOut.correlationId };
  return postCleared(books, { eventType: 'disbursement_settled', booked, effectiveAt, ...about });
}

/** payment_settled: DR 1000, CR 1010, the net of the entries named; sides swapped when it is negative. */
export function decideClearing(setting: Setting, command: ClearingCommand): Decision {
  const { books } = setting;
  const { effectiveAt } = command;
  const entries = command.entryIds.map((entryId) => entryOf(books, entryId));
  const facts = entries.map((entry) => clearable(books, entry));
  const missing = facts.flatMap((fact, at) => (fact === undefined ? [`journal_entry_ids[${at}]`] : []));
  if (missing.length > 0) return refuse('journal_entry_not_found', { fields: missing });
  const known = facts.flatMap((fact) => fact ?? []);
  const [currency = '', ...others] = new Set(known.map((fact) => currencyOf(books, fact)));
  if (others.length > 0) return refuse('currency_mismatch');
  const wrong = wrongDay(setting, effectiveAt);
  if (wrong === 'effective_date_in_future') return refuse(wrong);
  if (known.some((fact) => effectiveAt < fact.effectiveAt))
    return refuse('validation_failed', { fields: ['effective_at'] });
  if (wrong !== undefined) return refuse(wrong);
  if (known.some((fact) => fact.reversed)) return refuse('already_reversed');
  const clears = known.map(({ eventId }) => eventId);
  const isTwice = new Set(clears).size < clears.length;
  if (isTwice || clears.some((eventId) => isCleared(books, eventId))) return refuse('already_settled');
  let net = 0n;
  for (const fact of known) net += settledOn(books, fact, '1010');
  // Cash is one line, and no amount has more than 18 digits.
  if (net > COMPONENT_MAX_MINOR || -net > COMPONENT_MAX_MINOR) {
    return refuse('amount_out_of_range', { fields: ['journal_entry_ids'] });
  }
  const pen = { loanId: '', currency };
  const booked =
    net < 0n
      ? lines(pen, ['DR', '1010', -net], ['CR', '1000', -net])
      : lines(pen, ['DR', '1000', net], ['CR', '1010', net]);
  return postCleared(books, { eventType: 'payment_settled', booked, effectiveAt, clears });
}

/** The event of an entry that moves payment clearing on the settled layer, and is the event's own entry. */
function clearable(books: Books, entry: Entry | undefined): Fact | undefined {
  if (entry === undefined || entry.eventType === 'reversal') return undefined;
  const fact = books.facts.get(entry.eventId);
  if (fact === undefined) return undefined;
  const { command } = fact;
  if (['recovery', 'return', 'refund'].includes(command.kind) || isSettling(books, fact, 'payment')) return fact;
  return command.kind === 'payment' && command.layer === 'SETTLED' ? fact : undefined;
}

function settledOn(books: Books, fact: Fact, accountCode: string): bigint {
  const entry = books.entries.get(fact.liveEntryId);
  let net = 0n;
  for (const line of entry?.lines ?? []) {
    if (line.accountCode !== accountCode || line.layer !== 'SETTLED') continue;
    net += line.direction === 'DR' ? line.amountMinor : -line.amountMinor;
  }
  return net;
}

function currencyOf(books: Books, fact: Fact): string {
  return loanOf(books, fact.loanIds[0] ?? '').currency;
}

function postCleared(
  books: Books,
  parts: {
    readonly eventType: string;
    readonly booked: readonly Line[];
    readonly effectiveAt: string;
    readonly about?: string;
    readonly clears?: readonly string[];
    readonly correlationId?: string;
  },
): Decision {
  const { eventType, booked, ...rest } = parts;
  const draft = new Draft(books);
  const fact = newFact(draft, { command: { kind: 'cleared' }, loanIds: [], policy: DEFAULT_POLICY, ...rest });
  fact.outcomes.set('', { eventType, lines: booked, effects: [] });
  draft.first(fact);
  return { posting: { ...emptyPosting(), facts: [fact], entries: draft.entries } };
}

/** Cancelling what is pending: its mirror, a reversal. */
export function decideCancel(setting: Setting, command: PendingCommand): Decision {
  const { books } = setting;
  const kind = command.kind === 'cancel_payment' ? 'payment' : 'disbursement';
  const fact = eventOf(books, command.eventId);
  if (fact === undefined || fact.command.kind !== kind) return refuse('not_found');
  const isPending = fact.command.layer === 'PENDING';
  const isSettled = standingAbout(books, fact.eventId).some(({ command: { kind: about } }) => about === 'settled');
  const stateOf = () => (!isPending || isSettled ? ('already_settled' as const) : undefined);
  return reverse(setting, { fact, answeredId: fact.liveEntryId, effectiveAt: command.effectiveAt, stateOf });
}
