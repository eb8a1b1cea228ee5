import { expect, test } from 'vitest';
import { formatAccountCode, isFeeIncomeAccount, isIncomeOrExpense, parseAccountCode } from './account-code.ts';
import { ACCOUNT_TYPES, type AccountType, misfitOf } from './chart-of-accounts.ts';

test('a code is exactly four digits', () => {
  expect(['1100', '0007', '9999'].map(parseAccountCode)).toEqual([1100, 7, 9999]);
  for (const text of ['', '110', '11000', ' 1100', '1100 ', '-110', '1e03', '11.0', '110x', 'x1100'])
    expect(parseAccountCode(text)).toBeUndefined();
});

test('a number is written as the code that it was', () => {
  expect([1100, 7, 0].map(formatAccountCode)).toEqual(['1100', '0007', '0000']);
});

test.each([
  [4099, false],
  [4100, true],
  [4199, true],
  [4200, false],
])('%i: fee types may name it: %s', (account, may) => {
  expect(isFeeIncomeAccount(account)).toBe(may);
});

test.each([
  [3999, false],
  [4000, true],
  [5999, true],
  [6000, false],
])('%i: a year’s end closes it: %s', (account, closes) => {
  expect(isIncomeOrExpense(account)).toBe(closes);
});

const FEE_INCOME = 'a 41xx account holds fee income: its type is income';
const CLOSING = 'income, contra_income and expense accounts, and no others, are 4xxx or 5xxx';
const MEMO = 'memo_debit and memo_credit accounts, and no others, are 9xxx';
const RULES: readonly (readonly [codes: readonly number[], fitting: readonly AccountType[], otherwise: string])[] = [
  [[4100, 4199], ['income'], FEE_INCOME],
  [[4000, 4099, 4200, 4999, 5000, 5999], ['income', 'contra_income', 'expense'], CLOSING],
  [[9000, 9999], ['memo_debit', 'memo_credit'], MEMO],
];

test.each(RULES)('accounts %j are of the types %j and no others', (codes, fitting, otherwise) => {
  for (const code of codes) {
    for (const type of fitting) expect([code, type, misfitOf({ code, type })]).toEqual([code, type, null]);
    const closes = (type: AccountType) => ['income', 'contra_income', 'expense'].includes(type);
    for (const type of ACCOUNT_TYPES.filter((one) => !fitting.includes(one))) {
      const said = otherwise === MEMO && closes(type) ? CLOSING : otherwise;
      expect([code, type, misfitOf({ code, type })]).toEqual([code, type, said]);
    }
  }
});

test('no account outside 4xxx, 5xxx and 9xxx is closed by a year’s end or a memo', () => {
  for (const code of [1000, 3999, 6000, 8999]) {
    for (const type of ['asset', 'contra_asset', 'liability', 'equity'] as const)
      expect(misfitOf({ code, type })).toBeNull();
    for (const type of ['income', 'contra_income', 'expense'] as const) expect(misfitOf({ code, type })).toBe(CLOSING);
    for (const type of ['memo_debit', 'memo_credit'] as const) expect(misfitOf({ code, type })).toBe(MEMO);
  }
});
