import { ACCOUNT } from './account-code.ts';
import { type LoanStanding, type LoanState, PLAIN_STANDING, type Receivables } from './loan.ts';
import type { ProgramVersion, WaterfallComponent } from './program.ts';
import { type Refusal, refusalOfField } from './refusal.ts';

/**
 * Refuses what a charged-off loan no longer takes: fees, accruals, disbursements, restructures and plain payments
 * (ACCOUNTING.md rule 9). Stands behind the dates and before the amounts in the order of refusals.
 */
export function refuseChargedOff(loan: LoanState): Refusal | null {
  if (loan.standing.status === 'active') return null;
  const message = `loan ${loan.loanId} is charged off; money that still comes in is a recovery`;
  return refusalOfField('loan_charged_off', 'loan_id', message);
}

/** True while interest is kept as a memo alone (ACCOUNTING.md section 2, "Non-accrual"). */
export function isOnNonAccrual(loan: LoanState): boolean {
  return loan.standing.nonAccrualSince !== null;
}

/**
 * Where a charged-off loan loses what comes back to it, by component; null while it carries its receivables. Principal goes where
 * the charge-off took it: 5010 for fraud, 1900 under an allowance, else 5000 (ACCOUNTING.md rule 9).
 */
export function lossAccountsOf(
  { standing }: LoanState,
  { policy }: ProgramVersion,
): Readonly<Record<WaterfallComponent, number>> | null {
  if (standing.status === 'active') return null;
  const { feesChargedOff, interestChargedOff, creditLossExpense, creditLossAllowance, fraudLossExpense } = ACCOUNT;
  const written = policy.chargeoff === 'allowance' ? creditLossAllowance : creditLossExpense;
  return { fees: feesChargedOff, interest: interestChargedOff, principal: standing.fraud ? fraudLossExpense : written };
}

/** The same standing with more charged off, or less where amounts are negative. */
export function withChargedOff(
  standing: LoanStanding,
  more: Readonly<Record<WaterfallComponent, bigint>>,
): LoanStanding {
  const { principal, interest, fees } = standing.chargedOff;
  const chargedOff = {
    principal: principal + more.principal,
    interest: interest + more.interest,
    fees: fees + more.fees,
  };
  return { ...standing, chargedOff };
}

/** True when there is nothing to say of a loan but its balances. */
export function isPlain({ status, chargedOff, recovered, nonAccrualSince }: LoanStanding): boolean {
  const amounts = [chargedOff, recovered].flatMap(({ principal, interest, fees }: Receivables) => [
    principal,
    interest,
    fees,
  ]);
  return status === PLAIN_STANDING.status && nonAccrualSince === null && amounts.every((amount) => amount === 0n);
}
