import type { Layer, TenantLedger } from './ledger.ts';

/** The accounts that the events of the simulation post to, and some that stay empty (ACCOUNTING.md section 1). */
export const CHART = {
  '1000': ['Cash', 'DR'],
  '1010': ['Payment clearing', 'DR'],
  '1100': ['Principal receivable', 'DR'],
  '1200': ['Interest receivable', 'DR'],
  '1300': ['Fees receivable', 'DR'],
  '1900': ['Allowance for credit losses', 'CR'],
  '2000': ['Disbursement clearing', 'CR'],
  '2100': ['Borrower suspense (unapplied funds)', 'CR'],
  '4000': ['Interest income', 'CR'],
  '4100': ['Fee income', 'CR'],
  '9100': ['Non-accrual interest receivable (memo)', 'DR'],
} as const;

export type ChartCode = keyof typeof CHART;

/** True for the accounts above. */
export function isInChart(code: string): code is ChartCode {
  return code in CHART;
}

/** Which past of an account is asked for. */
interface AccountQuestion {
  readonly accountCode: ChartCode;
  readonly currency: string;
  readonly layer: Layer;
  readonly asOfDate: string;
  /** With six digits; undefined: everything known now. */
  readonly knownAt: string | undefined;
}

/** The fields of GET /v1/accounts/{account_code}/balance, all of them: a plain sum over every line there is. */
export function accountBody(ledger: TenantLedger, question: AccountQuestion): Record<string, string> {
  const { accountCode, currency, layer, asOfDate, knownAt } = question;
  const [name, normalSide] = CHART[accountCode];
  const total = { DR: 0n, CR: 0n };
  for (const { plan, postedAt } of ledger.entries.values()) {
    if (plan.effectiveAt > asOfDate || (knownAt !== undefined && postedAt > knownAt)) continue;
    for (const line of plan.lines) {
      if (line.accountCode !== accountCode || line.currency !== currency || line.layer !== layer) continue;
      total[line.direction] += line.amountMinor;
    }
  }
  const difference = total.DR - total.CR;
  return {
    account_code: accountCode,
    account_name: name,
    currency,
    layer,
    as_of_date: asOfDate,
    dr_balance_minor: total.DR.toString(),
    cr_balance_minor: total.CR.toString(),
    normal_balance_minor: (normalSide === 'DR' ? difference : -difference).toString(),
  };
}
