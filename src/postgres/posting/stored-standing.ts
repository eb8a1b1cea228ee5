import { type LoanStanding, PLAIN_STANDING, type Receivables } from '../../domain/loan.ts';
import { isPlain } from '../../domain/loan-standing.ts';

/** The form in which hpts.loan keeps a standing: JSON, amounts as texts. */
type StoredStanding = {
  readonly status: LoanStanding['status'];
  readonly loss_account: number | null;
  readonly charged_off_minor: StoredReceivables;
  readonly recovered_minor: StoredReceivables;
  readonly non_accrual_since: string | null;
};
type StoredReceivables = { readonly principal: string; readonly interest: string; readonly fees: string };

/** A standing out of its column; NULL is that of nearly every loan. */
export function readStanding(stored: string | null): LoanStanding {
  if (stored === null) return PLAIN_STANDING;
  const standing = JSON.parse(stored) as StoredStanding;
  return {
    status: standing.status,
    lossAccount: standing.loss_account,
    chargedOff: receivablesOf(standing.charged_off_minor),
    recovered: receivablesOf(standing.recovered_minor),
    nonAccrualSince: standing.non_accrual_since,
  };
}

/** A standing for its column. */
export function storedStanding(standing: LoanStanding): string | null {
  if (isPlain(standing)) return null;
  const stored: StoredStanding = {
    status: standing.status,
    loss_account: standing.lossAccount,
    charged_off_minor: storedReceivables(standing.chargedOff),
    recovered_minor: storedReceivables(standing.recovered),
    non_accrual_since: standing.nonAccrualSince,
  };
  return JSON.stringify(stored);
}

function receivablesOf({ principal, interest, fees }: StoredReceivables): Receivables {
  return { principal: BigInt(principal), interest: BigInt(interest), fees: BigInt(fees) };
}

function storedReceivables({ principal, interest, fees }: Receivables): StoredReceivables {
  return { principal: principal.toString(), interest: interest.toString(), fees: fees.toString() };
}
