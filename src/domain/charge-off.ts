import { ACCOUNT } from './account-code.ts';
import { type Calendar, refuseBeforeDisbursement, refuseClosedPeriod, refuseFuture } from './dating.ts';
import { type EntryDraft, type EventInput, effectOfLines, LoanLines } from './journal-entry.ts';
import { SETTLED } from './layer.ts';
import { componentsOn, type LoanState, type Receivables } from './loan.ts';
import { ownerOf, refuseUnknownLoan } from './loan-identity.ts';
import { debitLoss, isNothing, principalLossAccount } from './loss.ts';
import { type ProgramVersion, versionInForce } from './program.ts';
import { type FieldProblem, type Refusal, refusalOfField } from './refusal.ts';

/** What a lender gives up as lost (POST /v1/chargeoffs). `components` null: all that is outstanding. */
export type ChargeOff = {
  readonly loanId: string;
  readonly effectiveAt: string;
  readonly reasonCode: string;
  /** At least one of them is not zero. */
  readonly components: Receivables | null;
  readonly description: string | null;
  readonly metadata: string | null;
};

/** What a charge-off meets. */
export type ChargeOffContext = {
  readonly loan: LoanState;
  readonly program: readonly ProgramVersion[];
  readonly calendar: Calendar;
};

/**
 * Books a charge-off: DR 5000 (fraud 5010, by policy `allowance` 1900) principal, 4900 interest, 4910 fees; CR 1100, 1200,
 * 1300. Suspense and memo interest are left alone (ACCOUNTING.md rule 9).
 */
export function decideChargeOff(chargeOff: ChargeOff, context: ChargeOffContext): Refusal | EntryDraft {
  const { loan } = context;
  const { effectiveAt, reasonCode, components } = chargeOff;
  const refused =
    refuseUnknownLoan(loan) ??
    refuseFuture(effectiveAt, context.calendar, 'effective_at') ??
    refuseBeforeDisbursement(effectiveAt, loan, 'effective_at') ??
    refuseClosedPeriod(effectiveAt, context.calendar, 'effective_at') ??
    refuseSecond(loan) ??
    refuseExcess(components, loan);
  if (refused !== null) return refused;
  const lost = components ?? componentsOn(loan, SETTLED);
  const version = versionInForce(context.program, effectiveAt);
  const { currency } = loan;
  if (currency === null) throw new Error(`loan ${loan.loanId} has no currency`);
  const owner = ownerOf(loan);
  const lines = debitLoss(new LoanLines(owner), lost, principalLossAccount(reasonCode, version.policy))
    .credit(ACCOUNT.principalReceivable, lost.principal)
    .credit(ACCOUNT.interestReceivable, lost.interest)
    .credit(ACCOUNT.feesReceivable, lost.fees);
  return {
    eventType: 'chargeoff',
    effectiveAt,
    currency,
    layer: SETTLED,
    ...owner,
    lines: lines.lines,
    reversesEntryId: null,
    externalRef: null,
    description: chargeOff.description,
    eventInput: { reason_code: reasonCode, program_version: version.version, ...componentsInput(components) },
    metadata: chargeOff.metadata,
  };
}

/** What a charge-off that was booked took of each component. */
export function chargedOffBy(booked: Pick<EntryDraft, 'lines'>): Receivables {
  const { principal, interest, fees } = effectOfLines(booked.lines);
  return { principal: -principal, interest: -interest, fees: -fees };
}

/**
 * Whether a charge-off charges the loan off as a whole: it takes all that is outstanding, or the last of its principal
 * (ACCOUNTING.md rule 9). `loan` is as the charge-off leaves it.
 */
export function closesLoan({ components }: ChargeOff, loan: LoanState): boolean {
  return components === null || (components.principal > 0n && componentsOn(loan, SETTLED).principal === 0n);
}

function refuseSecond(loan: LoanState): Refusal | null {
  if (loan.standing.status === 'active') return null;
  return refusalOfField('already_charged_off', 'loan_id', `loan ${loan.loanId} is charged off already`);
}

function refuseExcess(components: Receivables | null, loan: LoanState): Refusal | null {
  const has = componentsOn(loan, SETTLED);
  if (components === null) {
    if (!isNothing(has)) return null;
    return refusalOfField('amount_exceeds_outstanding', 'loan_id', `loan ${loan.loanId} owes nothing`);
  }
  const errors: FieldProblem[] = [];
  for (const component of ['principal', 'interest', 'fees'] as const) {
    if (components[component] > has[component]) {
      errors.push({
        field: `components.${component}_minor`,
        code: 'amount_exceeds_outstanding',
        message: `${components[component]} is more than the ${has[component]} outstanding`,
      });
    }
  }
  if (errors.length === 0) return null;
  return {
    code: 'amount_exceeds_outstanding',
    detail: 'components name more than is outstanding; leave components out to charge off all there is',
    errors,
  };
}

function componentsInput(components: Receivables | null): EventInput {
  if (components === null) return {};
  return {
    components: {
      principal_minor: components.principal.toString(),
      interest_minor: components.interest.toString(),
      fees_minor: components.fees.toString(),
    },
  };
}

/** The components that were kept with a charge-off, null when it took all; the inverse of what is kept. */
export function componentsOfInput({ components }: EventInput): Receivables | null {
  if (typeof components !== 'object' || components === null || !('principal_minor' in components)) return null;
  const minor = (name: string): bigint => BigInt(String(components[name]));
  return { principal: minor('principal_minor'), interest: minor('interest_minor'), fees: minor('fees_minor') };
}
