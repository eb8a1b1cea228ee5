import type { HttpAnswer } from './http-client.ts';
import { disbursement, fee, type Loan, posted, unmadeLoan } from './loan-story.ts';
import type { TenantApi } from './tenant-api.ts';

/** A loan of November 2025 that was charged a fee in December. */
export async function loanOfLastYear(api: TenantApi, currency = 'USD'): Promise<Loan> {
  const loan = unmadeLoan(currency);
  await posted(api.post('/v1/disbursements', disbursement(loan, { effective_at: '2025-11-05' })));
  await posted(api.post('/v1/fees', fee(loan, { effective_at: '2025-12-05' })));
  return loan;
}

export function close(api: TenantApi, period: string, body: object = {}): Promise<HttpAnswer> {
  return api.post(`/v1/periods/${period}/close`, body);
}

export function reopen(api: TenantApi, period: string, body: object = {}): Promise<HttpAnswer> {
  return api.post(`/v1/periods/${period}/reopen`, body);
}

/** Closes the periods in the order given. */
export async function closeAll(api: TenantApi, periods: readonly string[]): Promise<void> {
  for (const period of periods) await posted(close(api, period));
}

/** What an account holds at the end of a day, on its normal side. */
export async function balanceAt(api: TenantApi, account: string, day: string, currency = 'USD'): Promise<string> {
  const query = `currency=${currency}&as_of_date=${day}`;
  const answer = await api.get(`/v1/accounts/${account}/balance?${query}`);
  return String(Reflect.get(Object(answer.json), 'normal_balance_minor'));
}
