import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { HttpAnswer } from './http-client.ts';
import { type LedgerServer, startLedger } from './ledger-server.ts';
import { DAY, disbursement, fee, newLoan, payment, posted, reversal, unmadeLoan, workedExample } from './loan-story.ts';
import { expectProblem } from './problem.ts';
import { testReadingGates } from './reading-gates.ts';
import { type TenantApi, textAt } from './tenant-api.ts';

let ledger: LedgerServer;
let shared: TenantApi;
beforeAll(async () => {
  ledger = await startLedger();
  shared = ledger.api;
});
afterAll(() => ledger.stop());

const balanceOf = (api: TenantApi, account: string, query = ''): Promise<HttpAnswer> =>
  api.get(`/v1/accounts/${account}/balance?currency=USD${query}`);

/** Debits, credits, and their difference on the account's normal side. */
async function totals(api: TenantApi, account: string, query = ''): Promise<string[]> {
  const answer = await balanceOf(api, account, query);
  return ['dr_balance_minor', 'cr_balance_minor', 'normal_balance_minor'].map((name) => textAt(answer, name));
}

describe('GET /v1/accounts/{account_code}/balance as any reading', () => {
  testReadingGates({
    ledger: () => ledger,
    scope: 'hpts:balances:read',
    valid: async () => '/v1/accounts/1100/balance?currency=USD',
    separator: '&',
  });
});

describe('GET /v1/accounts/{account_code}/balance: 200', () => {
  test('exactly the fields of the contract, as of today and on SETTLED by default', async () => {
    const api = await ledger.newTenant();
    await posted(api.post('/v1/payments', payment(await workedExample(api))));
    const [row] = await ledger.sql<{ today: string }>(`SELECT (now() AT TIME ZONE 'UTC')::date::text AS today`);
    const answer = await balanceOf(api, '1100');
    expect(answer.status).toBe(200);
    expect(answer.json).toEqual({
      account_code: '1100',
      account_name: 'Principal receivable',
      currency: 'USD',
      layer: 'SETTLED',
      as_of_date: row?.today,
      dr_balance_minor: '1000000',
      cr_balance_minor: '78349',
      normal_balance_minor: '921651',
    });
  });

  test('debits and credits of every account of the worked example; a credit account counts the other way', async () => {
    const api = await ledger.newTenant();
    await posted(api.post('/v1/payments', payment(await workedExample(api))));
    expect(await totals(api, '1010')).toEqual(['88849', '0', '88849']);
    expect(await totals(api, '1200')).toEqual(['10000', '10000', '0']);
    expect(await totals(api, '1300')).toEqual(['500', '500', '0']);
    expect(await totals(api, '2000')).toEqual(['0', '1000000', '1000000']);
    expect(await totals(api, '4000')).toEqual(['0', '10000', '10000']);
    expect(await totals(api, '4100')).toEqual(['0', '500', '500']);
    expect(await totals(api, '1000')).toEqual(['0', '0', '0']);
  });

  test('a balance on the other side carries a minus sign', async () => {
    const api = await ledger.newTenant();
    const charged = await posted(api.post('/v1/fees', fee(await newLoan(api))));
    const undo = reversal(textAt(charged, 'journal_entry_id'), { effective_at: DAY.paid });
    await posted(api.post('/v1/reversals', undo));
    expect(await totals(api, '4100')).toEqual(['500', '500', '0']);
    await ledger.sql(
      `INSERT INTO hpts.account_delta VALUES ($1, 5200, 'USD', 0, '2026-05-01', 1000, 1, now(), 0, 7), ($1, 4200, 'USD', 0, '2026-05-01', 1000, 1, now(), 9, 0)`,
      [api.tenantId],
    );
    expect(await totals(api, '5200')).toEqual(['0', '7', '-7']);
    expect(await totals(api, '4200')).toEqual(['9', '0', '-9']);
  });

  test('as_of_date counts every event effective up to that day', async () => {
    const api = await ledger.newTenant();
    const loan = await workedExample(api);
    await posted(api.post('/v1/payments', payment(loan)));
    await posted(api.post('/v1/disbursements', disbursement(loan, { amount_minor: '3', effective_at: DAY.between })));
    for (const [day, expected] of [
      ['0001-01-01', '0'],
      [DAY.beforeAll, '0'],
      [DAY.disbursed, '1000000'],
      [DAY.between, '1000003'],
      [DAY.accrued, '1000003'],
      [DAY.paid, '921654'],
      ['9999-12-31', '921654'],
    ] as const) {
      expect([day, (await totals(api, '1100', `&as_of_date=${day}`))[2]]).toEqual([day, expected]);
    }
  });

  test('known_at answers as the ledger knew it then, and never changes', async () => {
    const api = await ledger.newTenant();
    const loan = unmadeLoan();
    const first = await posted(api.post('/v1/disbursements', disbursement(loan, { amount_minor: '100' })));
    const second = await posted(api.post('/v1/disbursements', disbursement(loan, { amount_minor: '7' })));
    const known = [first, second].map((answer) => `&known_at=${textAt(answer, 'posted_at')}`);
    const ask = () => Promise.all(known.map(async (query) => (await balanceOf(api, '1100', query)).text));
    const before = await ask();
    await posted(api.post('/v1/payments', payment(loan, { amount_minor: '50', effective_at: DAY.between })));
    expect(await ask()).toEqual(before);
    expect(before.map((text) => JSON.parse(text).normal_balance_minor)).toEqual(['100', '107']);
    expect((await totals(api, '1100'))[2]).toBe('57');
    expect((await totals(api, '1100', '&known_at=2020-01-01T00:00:00Z'))[2]).toBe('0');
  });

  test('layers and currencies are apart; a currency that the account never saw answers zeros', async () => {
    const api = await ledger.newTenant();
    const loan = await newLoan(api);
    await posted(api.post('/v1/payments', payment(loan, { layer: 'PENDING', amount_minor: '9' })));
    await newLoan(api, { currency: 'EUR', principal: '4' });
    expect(await totals(api, '1010')).toEqual(['0', '0', '0']);
    expect(await totals(api, '1010', '&layer=PENDING')).toEqual(['9', '0', '9']);
    expect(await totals(api, '2100', '&layer=ENCUMBRANCE')).toEqual(['0', '0', '0']);
    const euro = await api.get('/v1/accounts/1100/balance?currency=EUR');
    expect(euro.json).toMatchObject({ currency: 'EUR', dr_balance_minor: '4' });
    const yen = await api.get('/v1/accounts/1100/balance?currency=JPY');
    expect(yen.json).toMatchObject({ currency: 'JPY', dr_balance_minor: '0', normal_balance_minor: '0' });
  });

  test('totals have no bound: two disbursements of 18 digits', async () => {
    const api = await ledger.newTenant();
    for (let count = 0; count < 12; count += 1) await newLoan(api, { principal: '999999999999999999' });
    expect((await totals(api, '1100'))[0]).toBe('11999999999999999988');
  });

  test('an account that the tenant added and renamed', async () => {
    const api = await ledger.newTenant();
    await ledger.sql(`INSERT INTO hpts.account VALUES ($1, 42, 'Ours', 'memo_credit', now())`, [api.tenantId]);
    expect((await balanceOf(api, '0042')).json).toMatchObject({ account_code: '0042', account_name: 'Ours' });
    expectProblem(await balanceOf(shared, '0042'), { status: 404, code: 'account_not_found' });
  });
});

describe('GET /v1/accounts/{account_code}/balance: 400 validation_failed', () => {
  test('without a currency', async () => {
    const answer = await shared.get('/v1/accounts/1100/balance');
    const expected = {
      status: 400,
      code: 'validation_failed',
      fields: ['currency'],
      fieldCodes: ['required'],
    } as const;
    expectProblem(answer, expected);
  });

  test.each([
    ['currency=usd', 'currency'],
    ['currency=XXX', 'currency'],
    ['currency=', 'currency'],
    ['currency=USD&currency=USD', 'currency'],
    ['currency=USD&layer=settled', 'layer'],
    ['currency=USD&as_of_date=2026-02-30', 'as_of_date'],
    ['currency=USD&known_at=yesterday', 'known_at'],
    ['currency=USD&known_at=2026-02-30T00:00:00Z', 'known_at'],
  ])('%s', async (query, field) => {
    const answer = await shared.get(`/v1/accounts/1100/balance?${query}`);
    expectProblem(answer, { status: 400, code: 'validation_failed', fields: [field], fieldCodes: ['invalid_format'] });
  });

  test('every bad parameter at once', async () => {
    const answer = await shared.get('/v1/accounts/1100/balance?layer=x&as_of_date=x');
    expectProblem(answer, { status: 400, code: 'validation_failed', fields: ['layer', 'as_of_date', 'currency'] });
  });

  test('a known_at in the future', async () => {
    const answer = await balanceOf(shared, '1100', '&known_at=2999-01-01T00:00:00Z');
    const fields = { fields: ['known_at'], fieldCodes: ['out_of_range'] };
    expectProblem(answer, { status: 400, code: 'validation_failed', ...fields });
  });
});

describe('GET /v1/accounts/{account_code}/balance: 404 account_not_found', () => {
  test.each(['9999', '0000', '110', '11000', '1100x', 'x', '%00', '-100', '1e03', '１１００'])(
    '%s',
    async (account) => {
      const answer = await balanceOf(shared, encodeURI(account).replaceAll('%25', '%'));
      expectProblem(answer, { status: 404, code: 'account_not_found' });
    },
  );
});

test('GET /v1/accounts/{account_code}/balance: 503 while the head of the books keeps a known_at waiting', async () => {
  const holder = await ledger.connection();
  await holder.query('BEGIN');
  await holder.query('SELECT FROM hpts.tenant_head FOR UPDATE');
  const now = new Date().toISOString();
  const answer = await balanceOf(shared, '1100', `&known_at=${now}`);
  await holder.query('ROLLBACK');
  expectProblem(answer, { status: 503, code: 'too_busy' });
  expect((await balanceOf(shared, '1100', `&known_at=${now}`)).status).toBe(200);
});
