import { randomUUID } from 'node:crypto';
import type { HttpAnswer } from './http-client.ts';
import type { TenantApi } from './tenant-api.ts';

/** A loan that a test works on. */
export type Loan = { readonly loanId: string; readonly borrowerId: string; readonly currency: string };

/** What a loan has outstanding when its story begins, in minor units. */
export type Beginning = {
  readonly principal?: string;
  readonly interest?: string;
  readonly fees?: string;
  readonly currency?: string;
};

/** Days of every story, in order. The loan begins on `disbursed`; nothing happens after `paid`. */
export const DAY = {
  beforeAll: '2026-01-01',
  disbursed: '2026-03-31',
  between: '2026-04-15',
  accrued: '2026-04-30',
  paid: '2026-05-01',
  later: '2026-05-02',
} as const;

/** A day that has not come anywhere yet. */
export const FAR_FUTURE = '2999-12-31';

/** An id of nothing at all. */
export const NOBODY = '00000000-0000-4000-8000-00000000dead';

/** A loan that nothing was posted to. */
export function unmadeLoan(currency = 'USD'): Loan {
  return { loanId: randomUUID(), borrowerId: randomUUID(), currency };
}

/** A loan that was disbursed, accrued and charged a fee on its first days, all before `DAY.paid`. */
export async function newLoan(api: TenantApi, beginning: Beginning = {}): Promise<Loan> {
  const loan = unmadeLoan(beginning.currency);
  await posted(api.post('/v1/disbursements', disbursement(loan, { amount_minor: beginning.principal ?? '1000000' })));
  if (beginning.interest !== undefined) {
    await posted(api.post('/v1/accruals/batch', accrual(api, [[loan, beginning.interest]])));
  }
  if (beginning.fees !== undefined) await posted(api.post('/v1/fees', fee(loan, { amount_minor: beginning.fees })));
  return loan;
}

/** The loan of CONTRACT.md's worked example: 1,000,000 of principal, 10,000 of interest, 500 of fees. */
export function workedExample(api: TenantApi): Promise<Loan> {
  return newLoan(api, { principal: '1000000', interest: '10000', fees: '500' });
}

export function payment(loan: Loan, changes: object = {}): object {
  return {
    loan_id: loan.loanId,
    borrower_id: loan.borrowerId,
    amount_minor: '88849',
    currency: loan.currency,
    effective_at: DAY.paid,
    source_method: 'ach',
    ...changes,
  };
}

export function disbursement(loan: Loan, changes: object = {}): object {
  return {
    loan_id: loan.loanId,
    borrower_id: loan.borrowerId,
    amount_minor: '1000000',
    currency: loan.currency,
    effective_at: DAY.disbursed,
    method: 'ach',
    ...changes,
  };
}

/** A registration, without opening balances. */
export function registration(loan: Loan, changes: object = {}): object {
  return { loan_id: loan.loanId, borrower_id: loan.borrowerId, currency: loan.currency, ...changes };
}

export function fee(loan: Loan, changes: object = {}): object {
  return {
    loan_id: loan.loanId,
    fee_type: 'late_fee',
    amount_minor: '500',
    currency: loan.currency,
    effective_at: DAY.accrued,
    ...changes,
  };
}

export function feeWaiver(loan: Loan, changes: object = {}): object {
  return {
    loan_id: loan.loanId,
    amount_minor: '500',
    currency: loan.currency,
    effective_at: DAY.paid,
    reason_code: 'goodwill',
    ...changes,
  };
}

export function goodwillCredit(loan: Loan, changes: object = {}): object {
  return {
    loan_id: loan.loanId,
    borrower_id: loan.borrowerId,
    amount_minor: '88849',
    currency: loan.currency,
    effective_at: DAY.paid,
    ...changes,
  };
}

export function suspenseAllocation(loan: Loan, changes: object = {}): object {
  return { loan_id: loan.loanId, currency: loan.currency, effective_at: DAY.paid, ...changes };
}

export function suspenseRefund(loan: Loan, changes: object = {}): object {
  return {
    loan_id: loan.loanId,
    amount_minor: '200',
    currency: loan.currency,
    effective_at: DAY.paid,
    method: 'ach',
    ...changes,
  };
}

/** A charge-off of all that is outstanding, or of `components`. */
export function chargeOff(loan: Loan, changes: object = {}): object {
  return { loan_id: loan.loanId, effective_at: DAY.paid, reason_code: 'uncollectible', ...changes };
}

export function recovery(loan: Loan, changes: object = {}): object {
  return payment(loan, { amount_minor: '200', ...changes });
}

/** What the old loan owes becomes the new one's principal. */
export function refinance(old: Loan, newLoanId: string, changes: object = {}): object {
  return {
    old_loan_id: old.loanId,
    new_loan_id: newLoanId,
    borrower_id: old.borrowerId,
    new_money_minor: '0',
    currency: old.currency,
    effective_at: DAY.paid,
    ...changes,
  };
}

export function restructure(loan: Loan, changes: object = {}): object {
  return { loan_id: loan.loanId, effective_at: DAY.paid, forgive_principal_minor: '1000', ...changes };
}

/** Its path names the loan. */
export function nonAccrual(action: 'enter' | 'exit', changes: object = {}): object {
  return { effective_at: DAY.paid, action, ...changes };
}

export function nonAccrualPath({ loanId }: { readonly loanId: string }): string {
  return `/v1/loans/${loanId}/non-accrual`;
}

/** A payment that leaves everything in suspense, whatever the loan owes. */
export function unapplied(loan: Loan, amountMinor: string): object {
  return payment(loan, { amount_minor: amountMinor, allocation: { suspense_minor: amountMinor } });
}

/** A batch of the tenant's default program; each loan with its interest. */
export function accrual(api: TenantApi, loans: readonly (readonly [Loan, string])[], changes: object = {}): object {
  return {
    program_id: api.defaultProgramId,
    accrual_date: DAY.accrued,
    day_count_convention: 'ACT_365',
    loans: loans.map(([loan, interest]) => ({
      loan_id: loan.loanId,
      outstanding_principal_minor: '1000000',
      interest_minor: interest,
    })),
    ...changes,
  };
}

export function reversal(entryId: string, changes: object = {}): object {
  return { reverses_entry_id: entryId, reason_code: 'error_correction', effective_at: DAY.later, ...changes };
}

export function paymentReturn(changes: object = {}): object {
  return { return_code: 'R01', effective_at: DAY.later, ...changes };
}

/** Of one event: settling it, or clearing it to cash. */
export function settlement(changes: object = {}): object {
  return { effective_at: DAY.later, ...changes };
}

/** Of many entries. */
export function clearing(entryIds: readonly string[], changes: object = {}): object {
  return { journal_entry_ids: entryIds, bank_ref: 'bank 7', effective_at: DAY.later, ...changes };
}

/** The answer, when it is a 201. */
export async function posted(sent: Promise<HttpAnswer>): Promise<HttpAnswer> {
  const answer = await sent;
  if (answer.status !== 201) throw new Error(`not posted: ${answer.status} ${answer.text}`);
  return answer;
}
