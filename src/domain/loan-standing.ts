import { type LoanStanding, type LoanState, PLAIN_STANDING, type Receivables } from './loan.ts';
import { type Refusal, refusalOfField } from './refusal.ts';

/**
 * Refuses what a charged-off loan no longer takes: whatever would add to what it owes or give some of it up, and plain
 * payments (ACCOUNTING.md rule 9). Stands behind the dates and before the amounts in the order of refusals. `field` names the loan.
 */
export function refuseChargedOff(loan: LoanState, field = 'loan_id'): Refusal | null {
  if (loan.standing.status === 'active') return null;
  const message = `loan ${loan.loanId} is charged off; money that still comes in is posted to /v1/recoveries`;
  return refusalOfField('loan_charged_off', field, message);
}

/** True while interest is kept as a memo alone (ACCOUNTING.md section 2, "Non-accrual"). */
export function isOnNonAccrual(loan: LoanState): boolean {
  return loan.standing.nonAccrualSince !== null;
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
