import { describe, expect, test } from 'vitest';
import { DEFAULT_CHART_OF_ACCOUNTS } from '../../src/domain/chart-of-accounts.ts';
import { expectNothingDone, testAdministrativeGates } from './administrative-gates.ts';
import { serveLedger } from './ledger-server.ts';
import { posted } from './loan-story.ts';
import { expectProblem } from './problem.ts';
import { testReadingGates } from './reading-gates.ts';
import { textAt } from './tenant-api.ts';

const PATH = '/v1/accounts';

const ledger = await serveLedger();
const { api } = ledger;

/** Accounts of the shared tenant that no test has asked for yet. */
let lastFree = 6_000;
const account = (changes: object = {}) => {
  lastFree += 1;
  return { account_code: String(lastFree), name: 'Of a test', type: 'asset', ...changes };
};

describe('POST /v1/accounts as any administrative POST', () => {
  testAdministrativeGates({
    ledger: () => ledger,
    name: PATH,
    scope: 'hpts:programs:write',
    allow: 'GET, HEAD, POST',
    valid: async () => ({ path: PATH, body: account() }),
  });
});

describe('POST /v1/accounts/{account_code}/names as any administrative POST', () => {
  testAdministrativeGates({
    ledger: () => ledger,
    name: `${PATH}/{account_code}/names`,
    scope: 'hpts:programs:write',
    valid: async () => ({ path: `${PATH}/1010/names`, body: { name: 'Money on its way' } }),
  });
});

describe('GET /v1/accounts', () => {
  testReadingGates({ ledger: () => ledger, scope: 'hpts:ledger:read', alsoPost: true, valid: async () => PATH });
});

test('POST /v1/accounts: 201, and the account stands in the chart', async () => {
  const tenant = await ledger.newTenant();
  const body = { account_code: '4110', name: 'Late fee income', type: 'income' };
  const answer = await tenant.post(PATH, body);
  expect([answer.status, answer.json]).toEqual([201, { ...body, normal_side: 'CR' }]);
  const balance = await tenant.get(`${PATH}/4110/balance?currency=USD`);
  expect(balance.json).toMatchObject({ account_name: 'Late fee income', normal_balance_minor: '0' });
});

test.each([
  ['1015', 'asset', 'DR'],
  ['1910', 'contra_asset', 'CR'],
  ['2110', 'liability', 'CR'],
  ['3010', 'equity', 'CR'],
  ['4010', 'income', 'CR'],
  ['4930', 'contra_income', 'DR'],
  ['5300', 'expense', 'DR'],
  ['9110', 'memo_debit', 'DR'],
  ['9210', 'memo_credit', 'CR'],
  ['0000', 'asset', 'DR'],
  ['4199', 'income', 'CR'],
])('POST /v1/accounts: 201 for %s of type %s, normal side %s', async (account_code, type, normal_side) => {
  const answer = await posted(api.post(PATH, { account_code, name: 'Of a test', type }));
  expect(answer.json).toMatchObject({ account_code, normal_side });
});

describe('POST /v1/accounts: 400 validation_failed', () => {
  const table: [string, object, string, string][] = [
    ['a code of three digits', { account_code: '101' }, 'account_code', 'invalid_format'],
    ['a code that is a number', { account_code: 1011 }, 'account_code', 'invalid_type'],
    ['a blank name', { name: ' ' }, 'name', 'invalid_format'],
    ['a type that is none', { type: 'revenue' }, 'type', 'invalid_format'],
    ['income that no year end would close', { type: 'income' }, 'type', 'invalid_value'],
    ['an asset that a year end would close', { account_code: '4011' }, 'type', 'invalid_value'],
    ['an expense among the fee income', { account_code: '4111', type: 'expense' }, 'type', 'invalid_value'],
    ['an asset among the memo accounts', { account_code: '9111' }, 'type', 'invalid_value'],
    ['a memo account elsewhere', { type: 'memo_debit' }, 'type', 'invalid_value'],
  ];
  test.each(table)('%s', async (_title, changes, field, code) => {
    const refused = { status: 400, code: 'validation_failed', fields: [field], fieldCodes: [code] } as const;
    await expectNothingDone(ledger, () => api.post(PATH, account(changes)), refused);
  });
});

test('POST /v1/accounts: 409 account_already_exists', async () => {
  const added = account();
  await posted(api.post(PATH, added));
  for (const account_code of [added.account_code, '1100']) {
    const send = () => api.post(PATH, account({ account_code }));
    await expectNothingDone(ledger, send, { status: 409, code: 'account_already_exists' });
  }
});

test('POST /v1/accounts/{account_code}/names: 201, the name changes and nothing else', async () => {
  const tenant = await ledger.newTenant();
  const answer = await tenant.post(`${PATH}/1100/names`, { name: 'Loans outstanding' });
  const expected = { account_code: '1100', name: 'Loans outstanding', type: 'asset', normal_side: 'DR' };
  expect([answer.status, answer.json]).toEqual([201, expected]);
  const balance = await tenant.get(`${PATH}/1100/balance?currency=USD`);
  expect(balance.json).toMatchObject({ account_name: 'Loans outstanding' });
  const [row] = await ledger.sql(
    `SELECT action, subject, detail FROM hpts.audit_event WHERE tenant_id = $1 ORDER BY audit_id DESC LIMIT 1`,
    [tenant.tenantId],
  );
  expect(row).toEqual({ action: 'account.rename', subject: '1100', detail: { name: 'Loans outstanding' } });
  const other = await (await ledger.newTenant()).get(`${PATH}/1100/balance?currency=USD`);
  expect(other.json).toMatchObject({ account_name: 'Principal receivable' });
});

test('POST /v1/accounts/{account_code}/names: 404 account_not_found', async () => {
  for (const code of ['1099', '110', 'cash']) {
    const send = () => api.post(`${PATH}/${code}/names`, { name: 'Nothing' });
    await expectNothingDone(ledger, send, { status: 404, code: 'account_not_found' });
  }
});

test('GET /v1/accounts: 200, the whole chart in the order of codes, in pages', async () => {
  const tenant = await ledger.newTenant();
  await posted(tenant.post(PATH, { account_code: '0001', name: 'First of all', type: 'asset' }));
  const first = await tenant.get(`${PATH}?page_size=10`);
  const second = await tenant.get(`${PATH}?page_size=500&page_token=${textAt(first, 'next_page_token')}`);
  const items = [first, second].flatMap(({ json }) => (json as { items: object[] }).items);
  const chart = DEFAULT_CHART_OF_ACCOUNTS.map(({ code, name, type, normalSide }) => ({
    account_code: String(code),
    name,
    type,
    normal_side: normalSide,
  }));
  const added = { account_code: '0001', name: 'First of all', type: 'asset', normal_side: 'DR' };
  expect(items).toEqual([added, ...chart]);
  expect(second.json).toMatchObject({ next_page_token: null });
});

test('GET /v1/accounts: 400 invalid_page_token', async () => {
  const answer = await api.get(`${PATH}?page_token=bDE6MTAwMQ`);
  expectProblem(answer, { status: 400, code: 'invalid_page_token' });
});
