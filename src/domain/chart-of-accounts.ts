/** What an account is, as the chart names it; the closed list stands in migration 0002 as well. */
export type AccountType =
  | 'asset'
  | 'contra_asset'
  | 'liability'
  | 'equity'
  | 'income'
  | 'contra_income'
  | 'expense'
  | 'memo_debit'
  | 'memo_credit';

/** The side on which an account's balance stands when it is positive. */
export type NormalSide = 'DR' | 'CR';

/** An account of the chart. `code` is a number here and four digits on the wire. */
export type ChartAccount = {
  readonly code: number;
  readonly name: string;
  readonly type: AccountType;
  readonly normalSide: NormalSide;
};

const NORMAL_SIDES: Readonly<Record<AccountType, NormalSide>> = {
  asset: 'DR',
  contra_asset: 'CR',
  liability: 'CR',
  equity: 'CR',
  income: 'CR',
  contra_income: 'DR',
  expense: 'DR',
  memo_debit: 'DR',
  memo_credit: 'CR',
};

/** The chart every tenant begins with (ACCOUNTING.md section 1). A tenant may add accounts and rename them. */
export const DEFAULT_CHART_OF_ACCOUNTS: readonly ChartAccount[] = [
  account(1000, 'Cash', 'asset'),
  account(1010, 'Payment clearing', 'asset'),
  account(1100, 'Principal receivable', 'asset'),
  account(1200, 'Interest receivable', 'asset'),
  account(1300, 'Fees receivable', 'asset'),
  account(1900, 'Allowance for credit losses', 'contra_asset'),
  account(2000, 'Disbursement clearing', 'liability'),
  account(2100, 'Borrower suspense (unapplied funds)', 'liability'),
  account(3000, 'Retained earnings', 'equity'),
  account(3900, 'Opening balances', 'equity'),
  account(4000, 'Interest income', 'income'),
  account(4100, 'Fee income', 'income'),
  account(4200, 'Recovery income', 'income'),
  account(4900, 'Interest charged off', 'contra_income'),
  account(4910, 'Fees charged off', 'contra_income'),
  account(4920, 'Fees waived', 'contra_income'),
  account(5000, 'Credit loss expense', 'expense'),
  account(5010, 'Fraud loss expense', 'expense'),
  account(5100, 'Principal forgiven', 'expense'),
  account(5200, 'Goodwill expense', 'expense'),
  account(9100, 'Non-accrual interest receivable (memo)', 'memo_debit'),
  account(9200, 'Non-accrual interest income (memo)', 'memo_credit'),
];

/** The side on which accounts of a type stand. */
export function normalSideOf(type: AccountType): NormalSide {
  return NORMAL_SIDES[type];
}

function account(code: number, name: string, type: AccountType): ChartAccount {
  return { code, name, type, normalSide: NORMAL_SIDES[type] };
}
