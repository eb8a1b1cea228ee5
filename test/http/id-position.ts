import type { HttpAnswer } from './http-client.ts';
import type { Loan } from './loan-story.ts';
import type { TenantApi } from './tenant-api.ts';

/** Everything of a tenant that somebody else might name. */
export type Ids = {
  readonly loan: string;
  /** A loan that only a first disbursement names, for whoever does so has a loan of that id afterwards. */
  readonly spareLoan: string;
  /** A loan that only a refinance names as the one to be made, likewise. */
  readonly spareNewLoan: string;
  /** A loan that only a registration names. */
  readonly registeredLoan: string;
  readonly borrower: string;
  readonly entry: string;
  readonly event: string;
  /** The event of a disbursement. */
  readonly disbursement: string;
  readonly program: string;
  readonly webhookEndpoint: string;
  readonly accrual: string;
  /** A proposal that nobody judged. */
  readonly adjustment: string;
  readonly accrualRun: string;
};

/** A tenant with books of its own: what it has, and the loan that it may name itself. */
export type Lender = { readonly api: TenantApi; readonly loan: Loan; readonly ids: Ids };

/** One place of a request where an id stands. */
export type IdPosition = {
  /** As docs/api.md lists it. */
  readonly operation: string;
  /** `path loan_id`, `query …`, `body loans[].loan_id`; what else varies stands behind a comma. */
  readonly position: string;
  /** What is answered for an id that does not exist, and so for another tenant's. */
  readonly status: number;
  /** The request of `me`, in order but for the id: one of `ids`. */
  readonly attempt: (ids: Ids, me: Lender) => Promise<HttpAnswer>;
};

/** The loan of `me` under other ids. */
export const named = (ids: Ids, me: Lender): Loan => ({ ...me.loan, loanId: ids.loan, borrowerId: ids.borrower });
