import type { Books, Fact, Loan } from './books.ts';
import { firstDayOf, interestTerms } from './books.ts';
import type { DisbursementCommand, PaymentCommand, RefinanceCommand } from './command.ts';
import { clientAccrual, correction, serverAccrual } from './event/accrual.ts';
import { chargeoff } from './event/charge-off.ts';
import { disbursement, fixed, opening, refinance, refinancedInto, settledDisbursement } from './event/disbursement.ts';
import { fee, nonAccrual, restructure, waiver } from './event/fee.ts';
import { goodwill, payment, recovery, settledPayment } from './event/payment.ts';
import { allocation, refund, returned } from './event/return.ts';
import type { Given, Verdict } from './event/rule.ts';
import { apply, type LoanState, wrongBalance } from './state.ts';
import { componentOf, type Line } from './terms.ts';

/** One fact to be decided for one loan. */
interface Question {
  readonly fact: Fact;
  readonly loan: Loan;
  /** The standing events among which the loan's beginning is looked for: those before it, under `append` all. */
  readonly life: readonly Fact[];
  /** True for a fact that was accepted before and is decided again. */
  readonly again: boolean;
}

/** Payments, returns, refunds and recoveries stand whatever the state, and suspense allocations take what is there (rule 11). */
function isMoneyFact({ command }: Fact, books: Books): boolean {
  if (command.kind === 'settled') return books.facts.get(command.pendingEventId)?.command.kind === 'payment';
  return ['payment', 'recovery', 'return', 'refund', 'allocation'].includes(command.kind);
}

/** Decides a fact at its place in a loan's life; the state takes it in when it stands. */
export function decideFact(books: Books, state: LoanState, question: Question): Verdict {
  const { fact, loan, life, again } = question;
  const stands = again && isMoneyFact(fact, books);
  if (!stands && isTooEarly(fact, life, loan.loanId)) return 'effective_date_before_disbursement';
  const verdict = ruleOf(books, state, question);
  if (typeof verdict === 'string') return verdict;
  apply(state, verdict, fact.effectiveAt);
  const wrong = wrongBalance(state);
  // No ledger could hold a component of more than 18 digits: that is in the way of money too (decisions/0025-restatement.md).
  const isBorne = wrong === undefined || (stands && wrong === 'balance_would_be_negative');
  return isBorne ? verdict : wrong;
}

/** Begin a loan, are about an event that stands already, or are 0 then. */
const NEEDS_NO_BEGINNING = ['disbursement', 'registration', 'return', 'settled', 'correction', 'server_accrual'];

function isMoved({ accountCode, loanId }: Line, ofLoan: string): boolean {
  return loanId === ofLoan && componentOf(accountCode) !== undefined;
}

/** Rule 4, for events that need the loan's beginning. */
function isTooEarly({ command, effectiveAt }: Fact, life: readonly Fact[], loanId: string): boolean {
  if (NEEDS_NO_BEGINNING.includes(command.kind)) return false;
  if (command.kind === 'refinance' && command.newLoanId === loanId) return false;
  if (command.kind === 'adjustment' && !command.lines.some((line) => isMoved(line, loanId))) return false;
  const first = firstDayOf(life, loanId);
  return first === undefined || effectiveAt < first;
}

function ruleOf(books: Books, state: LoanState, { fact, loan, again }: Question): Verdict {
  const { command } = fact;
  const given: Given = { eventId: fact.eventId, effectiveAt: fact.effectiveAt, policy: fact.policy, again };
  switch (command.kind) {
    case 'disbursement':
      return disbursement(state, command, given);
    case 'registration':
      return opening(state, command);
    case 'payment':
      return payment(state, command, given);
    case 'settled':
      return settled(books, state, command.pendingEventId, given);
    case 'recovery':
      return recovery(state, command, given);
    case 'goodwill':
      return goodwill(state, command, given);
    case 'fee':
      return fee(state, command, given);
    case 'waiver':
      return waiver(state, command);
    case 'allocation':
      return allocation(state, command, given);
    case 'refund':
      return refund(state, command, given);
    case 'return':
      return returned(state, { ...command, amountMinor: command.amountMinor ?? 0n }, given);
    case 'chargeoff':
      return chargeoff(state, command, given);
    case 'restructure':
      return restructure(state, command);
    case 'non_accrual':
      return nonAccrual(state, command);
    case 'accrual':
      return clientAccrual(state, interestFor(command.loans, loan.loanId), given);
    case 'server_accrual':
      return serverAccrual(state, interestTerms(books, loan), given);
    case 'correction':
      return correction(
        state,
        { eventId: command.eventId, interestMinor: interestFor(command.loans, loan.loanId) },
        given,
      );
    case 'refinance':
      return refinanced(state, fact, command);
    case 'adjustment':
      return fixed('manual_adjustment', command.lines);
    default:
      throw new Error(`${command.kind} is no event of a loan`);
  }
}

function settled(books: Books, state: LoanState, pendingEventId: string, given: Given): Verdict {
  const pending: PaymentCommand | DisbursementCommand | undefined = pendingCommand(books, pendingEventId);
  if (pending?.kind === 'payment') return settledPayment(state, pending, given);
  if (pending?.kind === 'disbursement') return settledDisbursement(state, pending, given);
  throw new Error(`event ${pendingEventId} was never pending`);
}

/** The command of a payment or disbursement event. */
export function pendingCommand(books: Books, eventId: string): PaymentCommand | DisbursementCommand | undefined {
  const command = books.facts.get(eventId)?.command;
  return command?.kind === 'payment' || command?.kind === 'disbursement' ? command : undefined;
}

function interestFor(loans: readonly { loanId: string; interestMinor: bigint }[], loanId: string): bigint {
  const found = loans.find((item) => item.loanId === loanId);
  if (found === undefined) throw new Error(`loan ${loanId} is not in the batch`);
  return found.interestMinor;
}

/** The old loan decides; what was refused there is no beginning of the new one. */
function refinanced(state: LoanState, fact: Fact, command: RefinanceCommand): Verdict {
  if (state.loanId === command.oldLoanId) return refinance(state, command);
  const old = fact.outcomes.get(command.oldLoanId);
  return old === undefined ? 'amount_exceeds_outstanding' : refinancedInto(old, fact.effectiveAt);
}
