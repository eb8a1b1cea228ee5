/** The accounts that rules of the ledger name, by number (ACCOUNTING.md section 1). */
export const ACCOUNT = {
  cash: 1000,
  paymentClearing: 1010,
  principalReceivable: 1100,
  interestReceivable: 1200,
  feesReceivable: 1300,
  lossAllowance: 1900,
  disbursementClearing: 2000,
  borrowerSuspense: 2100,
  retainedEarnings: 3000,
  openingBalances: 3900,
  interestIncome: 4000,
  feeIncome: 4100,
  recoveryIncome: 4200,
  interestChargedOff: 4900,
  feesChargedOff: 4910,
  feesWaived: 4920,
  creditLoss: 5000,
  fraudLoss: 5010,
  principalForgiven: 5100,
  goodwillExpense: 5200,
  nonAccrualInterestReceivable: 9100,
  nonAccrualInterestIncome: 9200,
} as const;

const FOUR_DIGITS = /^[0-9]{4}$/;

/** The number of an account code as it stands outside; undefined for anything but four digits. */
export function parseAccountCode(text: string): number | undefined {
  return FOUR_DIGITS.test(text) ? Number(text) : undefined;
}

/** Accounts are numbers inside and four digits outside: 1100 is `"1100"`. */
export function formatAccountCode(account: number): string {
  return account.toString().padStart(4, '0');
}

const FEE_INCOME = { first: 4_100, last: 4_199 };

/** Whether an account's number is one that fee types may name: 41xx (ACCOUNTING.md section 1). */
export function isFeeIncomeAccount(account: number): boolean {
  return account >= FEE_INCOME.first && account <= FEE_INCOME.last;
}

const INCOME_AND_EXPENSE = { first: 4_000, last: 5_999 };

/** Whether an account is one that the end of a year closes: 4xxx and 5xxx (ACCOUNTING.md section 2). */
export function isIncomeOrExpense(account: number): boolean {
  return account >= INCOME_AND_EXPENSE.first && account <= INCOME_AND_EXPENSE.last;
}
