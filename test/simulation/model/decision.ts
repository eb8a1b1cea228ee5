import type {
  AccrualCommand,
  Command,
  DisbursementCommand,
  FeeCommand,
  PaymentCommand,
  ReversalCommand,
} from './command.ts';
import {
  COMPONENTS,
  CONTROL_ACCOUNT,
  type Component,
  type Components,
  effectOf,
  entryOf,
  firstStandingDisbursement,
  type Layer,
  type Line,
  type Loan,
  loanOf,
  noComponents,
  type Plan,
  type TenantLedger,
} from './ledger.ts';
import type { Refusal, RefusalCode } from './refusal.ts';

/** What of the present a decision may look at beside the books. */
export interface BusinessNow {
  /** The tenant's business date. */
  readonly businessDate: string;
}

/** A command decided: refused, or a plan with the parts of the answer that follow from it. */
type Decision =
  | { readonly refusal: Refusal }
  | { readonly plan: Plan; readonly answer: Readonly<Record<string, unknown>> };

/** The most that a component of a loan may hold (CONTRACT.md section 2, 'Money'). */
export const COMPONENT_MAX_MINOR = 10n ** 18n - 1n;

/** Decides a well-formed command whose key is free, in the order: not found, whose, when, amounts. */
export function decide(ledger: TenantLedger, command: Command, now: BusinessNow): Decision {
  switch (command.kind) {
    case 'disbursement':
      return decideDisbursement(ledger, command, now);
    case 'payment':
      return decidePayment(ledger, command, now);
    case 'fee':
      return decideFee(ledger, command, now);
    case 'accrual':
      return decideAccrual(ledger, command, now);
    case 'reversal':
      return decideReversal(ledger, command, now);
  }
}

function refused(code: RefusalCode, fields?: readonly string[]): Decision {
  return { refusal: fields === undefined ? { code } : { code, fields } };
}

function decideDisbursement(ledger: TenantLedger, command: DisbursementCommand, now: BusinessNow): Decision {
  const { loanId, borrowerId, currency, amountMinor, effectiveAt, layer, feesMinor } = command;
  if (command.programId !== undefined && command.programId !== ledger.programId) return refused('program_not_found');
  const loan = ledger.loans.get(loanId);
  const stranger = loan && strangerTo(loan, command);
  if (stranger) return refused(stranger);
  // A disbursement may be earlier than the first one: it becomes the first.
  if (effectiveAt > now.businessDate) return refused('effective_date_in_future');
  const lines = [
    { accountCode: '1100', direction: 'DR', amountMinor, currency, layer, loanId } as const,
    {
      accountCode: '2000',
      direction: 'CR',
      amountMinor: amountMinor - feesMinor,
      currency,
      layer,
      loanId: undefined,
    } as const,
    { accountCode: '4100', direction: 'CR', amountMinor: feesMinor, currency, layer, loanId: undefined } as const,
  ].filter((line) => line.amountMinor > 0n);
  const wrong = wrongAmount(ledger, lines);
  if (wrong !== undefined) return refused(wrong);
  const plan: Plan = { eventType: 'disbursement', effectiveAt, lines };
  return { plan: loan ? plan : { ...plan, newLoan: { loanId, borrowerId, currency } }, answer: {} };
}

function decidePayment(ledger: TenantLedger, command: PaymentCommand, now: BusinessNow): Decision {
  const { loanId, amountMinor, currency, effectiveAt, layer } = command;
  const loan = ledger.loans.get(loanId);
  if (loan === undefined) return refused('loan_not_found');
  const early = strangerTo(loan, command) ?? wrongDate(loan, effectiveAt, now);
  if (early !== undefined) return refused(early);
  const split = splitOf(loan, command);
  if (typeof split === 'string') return refused(split);
  const lines: Line[] = [{ accountCode: '1010', direction: 'DR', amountMinor, currency, layer, loanId: undefined }];
  for (const component of COMPONENTS) {
    if (split[component] === 0n) continue;
    const { accountCode } = CONTROL_ACCOUNT[component];
    lines.push({ accountCode, direction: 'CR', amountMinor: split[component], currency, layer, loanId });
  }
  const wrong = wrongAmount(ledger, lines);
  if (wrong !== undefined) return refused(wrong);
  return {
    plan: { eventType: 'payment_received', effectiveAt, lines },
    answer: { allocation: allocationAnswer(split) },
  };
}

/** How a payment divides over the components: as asked, by the waterfall, or all unapplied while it is on its way. */
function splitOf(loan: Loan, { amountMinor, layer, allocation }: PaymentCommand): Components | RefusalCode {
  if (layer === 'PENDING') return { ...noComponents(), suspense: amountMinor };
  const outstanding = loan.present.SETTLED;
  if (allocation !== undefined) {
    const sum = COMPONENTS.reduce((total, name) => total + allocation[name], 0n);
    if (sum !== amountMinor) return 'allocation_mismatch';
    const exceeds = WATERFALL.some((name) => allocation[name] > outstanding[name]);
    return exceeds ? 'amount_exceeds_outstanding' : allocation;
  }
  const split = noComponents();
  let rest = amountMinor;
  for (const name of WATERFALL) {
    split[name] = rest < outstanding[name] ? rest : outstanding[name];
    rest -= split[name];
  }
  split.suspense = rest;
  return split;
}

/** The default program's waterfall; what is left over goes to suspense. */
const WATERFALL = ['fees', 'interest', 'principal'] as const satisfies readonly Component[];

function allocationAnswer(split: Components): Record<string, string> {
  return Object.fromEntries(COMPONENTS.map((name) => [`${name}_minor`, split[name].toString()]));
}

function decideFee(ledger: TenantLedger, command: FeeCommand, now: BusinessNow): Decision {
  const { loanId, amountMinor, currency, effectiveAt } = command;
  const loan = ledger.loans.get(loanId);
  if (loan === undefined) return refused('loan_not_found');
  const early = strangerTo(loan, command) ?? wrongDate(loan, effectiveAt, now);
  if (early !== undefined) return refused(early);
  const lines = [
    { accountCode: '1300', direction: 'DR', amountMinor, currency, layer: 'SETTLED', loanId },
    { accountCode: '4100', direction: 'CR', amountMinor, currency, layer: 'SETTLED', loanId: undefined },
  ] as const;
  const wrong = wrongAmount(ledger, lines);
  if (wrong !== undefined) return refused(wrong);
  return { plan: { eventType: 'fee_assessed', effectiveAt, lines }, answer: {} };
}

/** All or nothing; the first refused loan gives the code and every refused loan is named. */
function decideAccrual(ledger: TenantLedger, command: AccrualCommand, now: BusinessNow): Decision {
  const { programId, accrualDate, loans } = command;
  if (programId !== ledger.programId) return refused('program_not_found');
  const currency =
    loans.map(({ loanId }) => ledger.loans.get(loanId)?.currency).find((code) => code !== undefined) ?? '';
  const wrong = loans.map((item) => wrongAccrual(ledger, { ...item, accrualDate, currency }, now));
  const first = wrong.find((code) => code !== undefined);
  // A date in the future is the batch's own fault: the contract does not say that each loan is then named.
  if (first === 'effective_date_in_future') return refused(first);
  if (first !== undefined) {
    const exact = first === 'accrual_already_posted' && wrong.every((code) => code === undefined || code === first);
    const fields = wrong.flatMap((code, at) => (code === undefined ? [] : [`loans[${at}]${exact ? '.loan_id' : ''}`]));
    return refused(first, fields);
  }
  const lines: Line[] = loans.map(({ loanId, interestMinor: amountMinor }) => {
    return { accountCode: '1200', direction: 'DR', amountMinor, currency, layer: 'SETTLED', loanId };
  });
  const total = loans.reduce((sum, { interestMinor }) => sum + interestMinor, 0n);
  lines.push({
    accountCode: '4000',
    direction: 'CR',
    amountMinor: total,
    currency,
    layer: 'SETTLED',
    loanId: undefined,
  });
  const plan: Plan = {
    eventType: 'accrual',
    effectiveAt: accrualDate,
    lines: lines.filter(({ amountMinor }) => amountMinor > 0n),
    accruedLoanIds: loans.map(({ loanId }) => loanId),
  };
  return { plan, answer: { loan_count: loans.length, total_accrued_minor: total.toString() } };
}

interface AccrualItem {
  readonly loanId: string;
  readonly interestMinor: bigint;
  readonly accrualDate: string;
  /** The currency of the batch: that of its first loan. */
  readonly currency: string;
}

function wrongAccrual(ledger: TenantLedger, item: AccrualItem, now: BusinessNow): RefusalCode | undefined {
  const loan = ledger.loans.get(item.loanId);
  if (loan === undefined) return 'loan_not_found';
  if (loan.currency !== item.currency) return 'currency_mismatch';
  const date = wrongDate(loan, item.accrualDate, now);
  if (date !== undefined) return date;
  if (loan.accruedDates.has(item.accrualDate)) return 'accrual_already_posted';
  const after = loan.present.SETTLED.interest + item.interestMinor;
  return after > COMPONENT_MAX_MINOR ? 'amount_out_of_range' : undefined;
}

function decideReversal(ledger: TenantLedger, command: ReversalCommand, now: BusinessNow): Decision {
  const reversed = ledger.entries.get(command.reversesEntryId);
  if (reversed === undefined) return refused('journal_entry_not_found');
  if (command.effectiveAt > now.businessDate) return refused('effective_date_in_future');
  if (command.effectiveAt < reversed.plan.effectiveAt) return refused('validation_failed', ['effective_at']);
  if (reversed.plan.eventType === 'reversal') return refused('not_reversible');
  if (reversed.reversedByEntryId !== undefined) return refused('already_reversed');
  const lines = reversed.plan.lines.map((line) => mirrored(line));
  const wrong = wrongAmount(ledger, lines);
  if (wrong !== undefined) return refused(wrong);
  const { entryId } = reversed;
  const plan: Plan = { eventType: 'reversal', effectiveAt: command.effectiveAt, lines, reversesEntryId: entryId };
  const { correlationId } = entryOf(ledger, entryId);
  // A reversal takes the correlation id of the entry it reverses, where an answer has shown that one already.
  const known = correlationId === undefined ? {} : { correlation_id: correlationId };
  return { plan, answer: { reverses_entry_id: entryId, ...known } };
}

function mirrored(line: Line): Line {
  return { ...line, direction: line.direction === 'DR' ? 'CR' : 'DR' };
}

/** A loan has one borrower and one currency. */
function strangerTo(
  loan: Loan,
  { borrowerId, currency }: { readonly borrowerId: string | undefined; readonly currency: string },
): RefusalCode | undefined {
  if (borrowerId !== undefined && borrowerId !== loan.borrowerId) return 'borrower_mismatch';
  return currency === loan.currency ? undefined : 'currency_mismatch';
}

function wrongDate(loan: Loan, effectiveAt: string, now: BusinessNow): RefusalCode | undefined {
  if (effectiveAt > now.businessDate) return 'effective_date_in_future';
  const first = firstStandingDisbursement(loan);
  return first === undefined || effectiveAt < first ? 'effective_date_before_disbursement' : undefined;
}

/** Rule 1 and the range of a component, both judged in the present whatever the effective date. */
function wrongAmount(ledger: TenantLedger, lines: readonly Line[]): RefusalCode | undefined {
  for (const line of lines) {
    const effect = effectOf(line);
    if (effect === undefined || line.loanId === undefined) continue;
    const present = presentOf(ledger, line.loanId, line.layer);
    const after = present[effect.component] + effect.deltaMinor;
    if (after < 0n) return 'balance_would_be_negative';
    if (after > COMPONENT_MAX_MINOR) return 'amount_out_of_range';
  }
  return undefined;
}

function presentOf(ledger: TenantLedger, loanId: string, layer: Layer): Components {
  return ledger.loans.has(loanId) ? loanOf(ledger, loanId).present[layer] : noComponents();
}
