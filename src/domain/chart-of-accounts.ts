import { isFeeIncomeAccount } from './account-code.ts';

/** What an account is, as the chart names it; the closed list stands in migration 0002 as well. */
export const ACCOUNT_TYPES = [
  'asset',
  'contra_asset',
  'liability',
  'equity',
  'income',
  'contra_income',
  'expense',
  'memo_debit',
  'memo_credit',
] as const;
export type AccountType = (typeof ACCOUNT_TYPES)[number];

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

/**
 * Why an account of this number cannot be of this type, as a sentence for people; null when it can. A year's end closes
 * every 4xxx and 5xxx account and no other, memo accounts are 9xxx, and fee types name 41xx accounts as their income: the
 * numbers decide, so the types have to fit them (ACCOUNTING.md sections 1 and 2).
 */
export function misfitOf({ code, type }: Pick<ChartAccount, 'code' | 'type'>): string | null {
  if (isFeeIncomeAccount(code)) return type === 'income' ? null : 'a 41xx account holds fee income: its type is income';
  const [thousand, closes, isMemo] = [Math.floor(code / 1_000), CLOSING_TYPES.has(type), MEMO_TYPES.has(type)];
  const closesByNumber = thousand === 4 || thousand === 5;
  if (closesByNumber !== closes) return 'income, contra_income and expense accounts, and no others, are 4xxx or 5xxx';
  if ((thousand === 9) !== isMemo) return 'memo_debit and memo_credit accounts, and no others, are 9xxx';
  return null;
}

const CLOSING_TYPES: ReadonlySet<AccountType> = new Set(['income', 'contra_income', 'expense']);
const MEMO_TYPES: ReadonlySet<AccountType> = new Set(['memo_debit', 'memo_credit']);

function account(code: number, name: string, type: AccountType): ChartAccount {
  return { code, name, type, normalSide: NORMAL_SIDES[type] };
}
