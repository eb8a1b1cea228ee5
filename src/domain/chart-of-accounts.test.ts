import { expect, test } from 'vitest';
import { ACCOUNT } from './account-code.ts';
import { DEFAULT_CHART_OF_ACCOUNTS } from './chart-of-accounts.ts';
import { DEFAULT_PROGRAM_POLICY } from './default-program.ts';
import { readPolicy } from './program.ts';

test('the default chart has 22 accounts in rising order, each code once', () => {
  const codes = DEFAULT_CHART_OF_ACCOUNTS.map(({ code }) => code);
  expect(codes).toHaveLength(22);
  expect(codes).toEqual([...new Set(codes)].sort((a, b) => a - b));
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
