import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type LedgerServer, startLedger } from './ledger-server.ts';
import { FAR_FUTURE, newLoan, posted, restructure, reversal, unmadeLoan, workedExample } from './loan-story.ts';
import { testPostingGates } from './posting-gates.ts';
import { expectRefusal } from './problem.ts';
import { type TenantApi, textAt } from './tenant-api.ts';

const PATH = '/v1/restructures';

let ledger: LedgerServer;
let api: TenantApi;
beforeAll(async () => {
  ledger = await startLedger();
  api = ledger.api;
});
afterAll(() => ledger.stop());

describe('POST /v1/restructures as any posting', () => {
  testPostingGates({
    ledger: () => ledger,
    path: PATH,
    scope: 'hpts:restructures:write',
    bodyBytesMax: 64 * 1024,
    valid: async (tenant) => {
      const loan = await workedExample(tenant);
      return { body: restructure(loan), loanId: loan.loanId };
    },
    other: (body) => ({ ...body, capitalize_fees_minor: '1' }),
  });
});

const ALL_FOUR = {
  capitalize_interest_minor: '6000',
  capitalize_fees_minor: '500',
  forgive_principal_minor: '1000000',
  forgive_interest_minor: '4000',
};

test('POST /v1/restructures: 201: DR 1100, 5100 and 4900, CR 1200, 1300 and 1100', async () => {
  const loan = await workedExample(api);
  const body = restructure(loan, { ...ALL_FOUR, description: 'hardship', metadata: { case: 7 } });
  const answer = await api.post(PATH, body);
  expect(answer.status).toBe(201);
  expect(answer.json).toEqual({
    restructure_event_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    journal_entry_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    posted_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/),
    correlation_id: textAt(answer, 'restructure_event_id'),
  });
  const entry = await api.get(`/v1/journal-entries/${textAt(answer, 'journal_entry_id')}`);
  expect(entry.json).toMatchObject({
    event_type: 'restructure',
    description: 'hardship',
    metadata: { case: 7 },
    lines: [
      { account_code: '1100', direction: 'DR', amount_minor: '6500' },
      { account_code: '5100', direction: 'DR', amount_minor: '1000000' },
      { account_code: '4900', direction: 'DR', amount_minor: '4000' },
      { account_code: '1200', direction: 'CR', amount_minor: '10000' },
      { account_code: '1300', direction: 'CR', amount_minor: '500' },
      { account_code: '1100', direction: 'CR', amount_minor: '1000000' },
    ],
  });
  expect((await api.get(`/v1/loans/${loan.loanId}/balance`)).json).toMatchObject({
    principal_outstanding_minor: '6500',
    interest_receivable_minor: '0',
    fees_receivable_minor: '0',
  });
});

test('POST /v1/restructures: 201: an amount of "0" is none', async () => {
  const loan = await workedExample(api);
  const changes = { capitalize_interest_minor: '0', capitalize_fees_minor: '200', forgive_principal_minor: '0' };
  const answer = await posted(api.post(PATH, restructure(loan, changes)));
  const entry = await api.get(`/v1/journal-entries/${textAt(answer, 'journal_entry_id')}`);
  expect(entry.json).toMatchObject({
    lines: [
      { account_code: '1100', direction: 'DR', amount_minor: '200' },
      { account_code: '1300', direction: 'CR', amount_minor: '200' },
    ],
  });
});

test('POST /v1/reversals: 201: a reversed restructure gives back every component', async () => {
  const loan = await workedExample(api);
  const before = await api.balanceText(loan.loanId);
  const made = await posted(api.post(PATH, restructure(loan, ALL_FOUR)));
  await posted(api.post('/v1/reversals', reversal(textAt(made, 'journal_entry_id'))));
  const { last_activity_at: _then, ...was } = JSON.parse(before) as Record<string, unknown>;
  expect(JSON.parse(await api.balanceText(loan.loanId))).toMatchObject(was);
});

describe('POST /v1/restructures: 400 validation_failed', () => {
  test.each([
    ['nothing at all', { forgive_principal_minor: undefined }],
    ['nothing but zeros', { forgive_principal_minor: '0', capitalize_fees_minor: '0', forgive_interest_minor: '0' }],
  ])('%s', async (_title, changes) => {
    const body = restructure(await workedExample(api), changes);
    const refused = { status: 400, code: 'validation_failed', fields: ['body'], fieldCodes: ['required'] } as const;
    await expectRefusal(ledger, () => api.post(PATH, body), refused);
  });

  test.each([
    ['an amount with a sign', { forgive_interest_minor: '-1' }, 'forgive_interest_minor', 'invalid_format'],
    ['fees, which are waived', { forgive_fees_minor: '1' }, 'forgive_fees_minor', 'unknown_field'],
    ['a currency, which is that of the loan', { currency: 'USD' }, 'currency', 'unknown_field'],
  ])('%s', async (_title, changes, field, code) => {
    const refused = { status: 400, code: 'validation_failed', fields: [field], fieldCodes: [code] } as const;
    await expectRefusal(ledger, () => api.post(PATH, restructure(unmadeLoan(), changes)), refused);
  });

  test.each(['loan_id', 'effective_at'])('%s is required', async (field) => {
    const body: object = { ...restructure(unmadeLoan()) };
    Reflect.deleteProperty(body, field);
    const refused = { status: 400, code: 'validation_failed', fields: [field], fieldCodes: ['required'] } as const;
    await expectRefusal(ledger, () => api.post(PATH, body), refused);
  });
});

test('POST /v1/restructures: 404 loan_not_found', async () => {
  const refused = { status: 404, code: 'loan_not_found', fields: ['loan_id'] } as const;
  await expectRefusal(ledger, () => api.post(PATH, restructure(unmadeLoan())), refused);
});

describe('POST /v1/restructures: 422', () => {
  test.each([
    ['effective_date_in_future', { effective_at: FAR_FUTURE }, 'effective_at'],
    ['effective_date_before_disbursement', { effective_at: '2026-03-30' }, 'effective_at'],
    ['amount_exceeds_outstanding', { capitalize_fees_minor: '501' }, 'capitalize_fees_minor'],
    ['amount_exceeds_outstanding', { forgive_principal_minor: '1000001' }, 'forgive_principal_minor'],
  ] as const)('%s', async (code, changes, field) => {
    const body = restructure(await workedExample(api), changes);
    await expectRefusal(ledger, () => api.post(PATH, body), { status: 422, code, fields: [field] });
  });

  test('amount_exceeds_outstanding: capitalised and forgiven together', async () => {
    const changes = { capitalize_interest_minor: '10000', forgive_interest_minor: '1' };
    const body = restructure(await workedExample(api), changes);
    const refused = { status: 422, code: 'amount_exceeds_outstanding', fields: ['forgive_interest_minor'] } as const;
    await expectRefusal(ledger, () => api.post(PATH, body), refused);
  });

  test('amount_out_of_range: more principal than 18 digits', async () => {
    const loan = await newLoan(api, { principal: '999999999999999999', fees: '1' });
    const changes = { capitalize_fees_minor: '1', forgive_principal_minor: '0' };
    const refused = { status: 422, code: 'amount_out_of_range', fields: ['capitalize_fees_minor'] } as const;
    await expectRefusal(ledger, () => api.post(PATH, restructure(loan, changes)), refused);
  });
});
