import type { HttpAnswer } from './http-client.ts';
import { DAY, type Loan, posted } from './loan-story.ts';
import { type TenantApi, textAt } from './tenant-api.ts';

/** One line of a proposal. */
export function line(account: string, direction: 'DR' | 'CR', amountMinor: string, changes: object = {}): object {
  return { account_code: account, direction, amount_minor: amountMinor, currency: 'USD', ...changes };
}

/** A proposal that gives a loan interest which nobody accrued. */
export function adjustment(loan: Loan, changes: object = {}): object {
  const { loanId, currency } = loan;
  return {
    lines: [line('1200', 'DR', '500', { loan_id: loanId, currency }), line('4000', 'CR', '500', { currency })],
    reason_code: 'error_correction',
    effective_at: DAY.paid,
    ...changes,
  };
}

/** Proposes as a colleague of `api` and answers the id of the adjustment. */
export async function proposedByColleague(api: TenantApi, body: object): Promise<string> {
  const colleague = await api.colleague();
  return textAt(await posted(colleague.post('/v1/adjustments', body)), 'adjustment_id');
}

/** Proposes as a colleague of `api` and approves as `api`; the answer of the approval. */
export async function adjusted(api: TenantApi, body: object): Promise<HttpAnswer> {
  return posted(api.post(`/v1/adjustments/${await proposedByColleague(api, body)}/approvals`, {}));
}
