import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type LedgerServer, startLedger } from './ledger-server.ts';
import { FAR_FUTURE, goodwillCredit, NOBODY, newLoan, unmadeLoan, workedExample } from './loan-story.ts';
import { testPostingGates } from './posting-gates.ts';
import { expectRefusal } from './problem.ts';
import { type TenantApi, textAt } from './tenant-api.ts';

const PATH = '/v1/goodwill-credits';

let ledger: LedgerServer;
let api: TenantApi;
beforeAll(async () => {
  ledger = await startLedger();
  api = ledger.api;
});
afterAll(() => ledger.stop());

describe('POST /v1/goodwill-credits as any posting', () => {
  testPostingGates({
    ledger: () => ledger,
    path: PATH,
    scope: 'hpts:adjustments:write',
    bodyBytesMax: 64 * 1024,
    valid: async (tenant) => {
      const loan = await newLoan(tenant);
      return { body: goodwillCredit(loan), loanId: loan.loanId };
    },
    other: (body) => ({ ...body, amount_minor: '3' }),
  });
});

describe('POST /v1/goodwill-credits: 201', () => {
  test('DR 5200 for principal and suspense, 4900 for interest, 4910 for fees; CR by the waterfall', async () => {
    const loan = await workedExample(api);
    const answer = await api.post(PATH, goodwillCredit(loan, { amount_minor: '1010600', external_ref: 'case 9' }));
    expect(answer.status).toBe(201);
    expect(answer.json).toEqual({
      goodwill_event_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      journal_entry_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      allocation: { fees_minor: '500', interest_minor: '10000', principal_minor: '1000000', suspense_minor: '100' },
      posted_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/),
      correlation_id: textAt(answer, 'goodwill_event_id'),
    });
    const entry = await api.get(`/v1/journal-entries/${textAt(answer, 'journal_entry_id')}`);
    expect(entry.json).toMatchObject({
      event_type: 'goodwill_credit',
      lines: [
        { account_code: '5200', direction: 'DR', amount_minor: '1000100', external_ref: 'case 9' },
        { account_code: '4900', direction: 'DR', amount_minor: '10000' },
        { account_code: '4910', direction: 'DR', amount_minor: '500' },
        { account_code: '1300', direction: 'CR', amount_minor: '500' },
        { account_code: '1200', direction: 'CR', amount_minor: '10000' },
        { account_code: '1100', direction: 'CR', amount_minor: '1000000' },
        { account_code: '2100', direction: 'CR', amount_minor: '100' },
      ],
    });
    expect((await api.get(`/v1/loans/${loan.loanId}/balance`)).json).toMatchObject({
      total_exposure_minor: '0',
      suspense_minor: '100',
    });
  });

  test('an explicit allocation', async () => {
    const loan = await workedExample(api);
    const allocation = { interest_minor: '400', principal_minor: '600' };
    const answer = await api.post(PATH, goodwillCredit(loan, { amount_minor: '1000', allocation }));
    expect(answer.json).toMatchObject({
      allocation: { fees_minor: '0', interest_minor: '400', principal_minor: '600', suspense_minor: '0' },
    });
  });
});

describe('POST /v1/goodwill-credits: 400 validation_failed', () => {
  const table: [string, object, string, string][] = [
    ['an amount of 0', { amount_minor: '0' }, 'amount_minor', 'invalid_format'],
    ['a layer, which a credit has not', { layer: 'PENDING' }, 'layer', 'unknown_field'],
    ['a source_method, which a credit has not', { source_method: 'ach' }, 'source_method', 'unknown_field'],
  ];
  test.each(table)('%s', async (_title, changes, field, code) => {
    const body = goodwillCredit(await newLoan(api), changes);
    const refused = { status: 400, code: 'validation_failed', fields: [field], fieldCodes: [code] } as const;
    await expectRefusal(ledger, () => api.post(PATH, body), refused);
  });

  test.each(['loan_id', 'borrower_id', 'amount_minor', 'currency', 'effective_at'])('%s is required', async (field) => {
    const body: object = { ...goodwillCredit(unmadeLoan()) };
    Reflect.deleteProperty(body, field);
    const refused = { status: 400, code: 'validation_failed', fields: [field], fieldCodes: ['required'] } as const;
    await expectRefusal(ledger, () => api.post(PATH, body), refused);
  });
});

test('POST /v1/goodwill-credits: 404 loan_not_found', async () => {
  const refused = { status: 404, code: 'loan_not_found', fields: ['loan_id'] } as const;
  await expectRefusal(ledger, () => api.post(PATH, goodwillCredit(unmadeLoan())), refused);
});

describe('POST /v1/goodwill-credits: 422', () => {
  const table = [
    ['borrower_mismatch', { borrower_id: NOBODY }, 'borrower_id'],
    ['currency_mismatch', { currency: 'EUR' }, 'currency'],
    ['effective_date_in_future', { effective_at: FAR_FUTURE }, 'effective_at'],
    ['effective_date_before_disbursement', { effective_at: '2026-03-30' }, 'effective_at'],
    ['allocation_mismatch', { amount_minor: '2', allocation: { principal_minor: '1' } }, 'allocation'],
    ['amount_exceeds_outstanding', { amount_minor: '1', allocation: { fees_minor: '1' } }, 'allocation.fees_minor'],
  ] as const;
  test.each(table)('%s', async (code, changes, field) => {
    const body = goodwillCredit(await newLoan(api), changes);
    await expectRefusal(ledger, () => api.post(PATH, body), { status: 422, code, fields: [field] });
  });

  test('amount_out_of_range: suspense would pass 18 digits', async () => {
    const loan = await newLoan(api, { principal: '1' });
    const most = goodwillCredit(loan, { amount_minor: '999999999999999999' });
    expect((await api.post(PATH, most)).status).toBe(201);
    const refused = { status: 422, code: 'amount_out_of_range', fields: ['amount_minor'] } as const;
    await expectRefusal(ledger, () => api.post(PATH, most), refused);
  });
});
