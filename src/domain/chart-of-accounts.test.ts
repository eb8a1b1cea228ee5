import { expect, test } from 'vitest';
import { ACCOUNT } from './account-code.ts';
import { DEFAULT_CHART_OF_ACCOUNTS, normalSideOf } from './chart-of-accounts.ts';
import { DEFAULT_PROGRAM_POLICY } from './default-program.ts';
import { readPolicy } from './program.ts';

test('the default chart has 22 accounts in rising order, each code once', () => {
  const codes = DEFAULT_CHART_OF_ACCOUNTS.map(({ code }) => code);
  expect(codes).toHaveLength(22);
  expect(codes).toEqual([...new Set(codes)].sort((a, b) => a - b));
});

test('each account has the name, type and side of ACCOUNTING.md section 1', () => {
  const rows = DEFAULT_CHART_OF_ACCOUNTS.map(
    ({ code, name, type, normalSide }) => `${code} ${name}, ${type} ${normalSide}`,
  );
  expect(rows).toEqual([
    '1000 Cash, asset DR',
    '1010 Payment clearing, asset DR',
    '1100 Principal receivable, asset DR',
    '1200 Interest receivable, asset DR',
    '1300 Fees receivable, asset DR',
    '1900 Allowance for credit losses, contra_asset CR',
    '2000 Disbursement clearing, liability CR',
    '2100 Borrower suspense (unapplied funds), liability CR',
    '3000 Retained earnings, equity CR',
    '3900 Opening balances, equity CR',
    '4000 Interest income, income CR',
    '4100 Fee income, income CR',
    '4200 Recovery income, income CR',
    '4900 Interest charged off, contra_income DR',
    '4910 Fees charged off, contra_income DR',
    '4920 Fees waived, contra_income DR',
    '5000 Credit loss expense, expense DR',
    '5010 Fraud loss expense, expense DR',
    '5100 Principal forgiven, expense DR',
    '5200 Goodwill expense, expense DR',
    '9100 Non-accrual interest receivable (memo), memo_debit DR',
    '9200 Non-accrual interest income (memo), memo_credit CR',
  ]);
  for (const { type, normalSide } of DEFAULT_CHART_OF_ACCOUNTS) expect(normalSideOf(type)).toBe(normalSide);
});

test('every account that a rule names is in the default chart', () => {
  const codes = new Set(DEFAULT_CHART_OF_ACCOUNTS.map(({ code }) => code));
  expect(Object.values(ACCOUNT).filter((code) => !codes.has(code))).toEqual([]);
});

test('assets, expenses and what reduces income stand on the debit side', () => {
  const debit = DEFAULT_CHART_OF_ACCOUNTS.filter(({ normalSide }) => normalSide === 'DR').map(({ code }) => code);
  expect(debit).toEqual([1000, 1010, 1100, 1200, 1300, 4900, 4910, 4920, 5000, 5010, 5100, 5200, 9100]);
});

test('the default policy is one that the domain can read', () => {
  expect(readPolicy(DEFAULT_PROGRAM_POLICY).waterfall).toEqual(['fees', 'interest', 'principal']);
});
