import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type LedgerServer, startLedger } from './ledger-server.ts';
import { FAR_FUTURE, newLoan, posted, reversal, suspenseRefund, unapplied, unmadeLoan } from './loan-story.ts';
import { testPostingGates } from './posting-gates.ts';
import { expectRefusal } from './problem.ts';
import { type TenantApi, textAt } from './tenant-api.ts';

const PATH = '/v1/suspense-refunds';

let ledger: LedgerServer;
let api: TenantApi;
beforeAll(async () => {
  ledger = await startLedger();
  api = ledger.api;
});
afterAll(() => ledger.stop());

async function loanWithSuspense(tenant: TenantApi, amountMinor: string) {
  const loan = await newLoan(tenant);
  const paid = await posted(tenant.post('/v1/payments', unapplied(loan, amountMinor)));
  return { ...loan, entryId: textAt(paid, 'journal_entry_id') };
}

describe('POST /v1/suspense-refunds as any posting', () => {
  testPostingGates({
    ledger: () => ledger,
    path: PATH,
    scope: 'hpts:payments:write',
    bodyBytesMax: 64 * 1024,
    valid: async (tenant) => {
      const loan = await loanWithSuspense(tenant, '40000');
      return { body: suspenseRefund(loan), loanId: loan.loanId };
    },
    other: (body) => ({ ...body, amount_minor: '3' }),
  });
});

test('POST /v1/suspense-refunds: 201: DR 2100, CR 1010', async () => {
  const loan = await loanWithSuspense(api, '500');
  const answer = await api.post(PATH, suspenseRefund(loan, { external_ref: 'out 4' }));
  expect(answer.status).toBe(201);
  expect(answer.json).toEqual({
    refund_event_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    journal_entry_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    posted_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/),
    correlation_id: textAt(answer, 'refund_event_id'),
  });
  const entry = await api.get(`/v1/journal-entries/${textAt(answer, 'journal_entry_id')}`);
  expect(entry.json).toMatchObject({
    event_type: 'suspense_refunded',
    lines: [
      { account_code: '2100', direction: 'DR', amount_minor: '200', external_ref: 'out 4' },
      { account_code: '1010', direction: 'CR', amount_minor: '200' },
    ],
  });
  expect((await api.get(`/v1/loans/${loan.loanId}/balance`)).json).toMatchObject({ suspense_minor: '300' });
});

test('POST /v1/reversals: 422 balance_would_be_negative: a payment whose suspense was refunded', async () => {
  const loan = await loanWithSuspense(api, '200');
  await posted(api.post(PATH, suspenseRefund(loan)));
  const refused = { status: 422, code: 'balance_would_be_negative', fields: ['reverses_entry_id'] } as const;
  await expectRefusal(ledger, () => api.post('/v1/reversals', reversal(loan.entryId)), refused);
});

describe('POST /v1/suspense-refunds: 400 validation_failed', () => {
  const table: [string, object, string, string][] = [
    ['an amount of 0', { amount_minor: '0' }, 'amount_minor', 'invalid_format'],
    ['a method that is none', { method: 'barter' }, 'method', 'invalid_format'],
  ];
  test.each(table)('%s', async (_title, changes, field, code) => {
    const refused = { status: 400, code: 'validation_failed', fields: [field], fieldCodes: [code] } as const;
    await expectRefusal(ledger, () => api.post(PATH, suspenseRefund(unmadeLoan(), changes)), refused);
  });

  test.each(['loan_id', 'amount_minor', 'currency', 'effective_at', 'method'])('%s is required', async (field) => {
    const body: object = { ...suspenseRefund(unmadeLoan()) };
    Reflect.deleteProperty(body, field);
    const refused = { status: 400, code: 'validation_failed', fields: [field], fieldCodes: ['required'] } as const;
    await expectRefusal(ledger, () => api.post(PATH, body), refused);
  });
});

test('POST /v1/suspense-refunds: 404 loan_not_found', async () => {
  const refused = { status: 404, code: 'loan_not_found', fields: ['loan_id'] } as const;
  await expectRefusal(ledger, () => api.post(PATH, suspenseRefund(unmadeLoan())), refused);
});

describe('POST /v1/suspense-refunds: 422', () => {
  const table = [
    ['currency_mismatch', { currency: 'EUR' }, 'currency'],
    ['effective_date_in_future', { effective_at: FAR_FUTURE }, 'effective_at'],
    ['effective_date_before_disbursement', { effective_at: '2026-03-30' }, 'effective_at'],
    ['amount_exceeds_suspense', { amount_minor: '201' }, 'amount_minor'],
  ] as const;
  test.each(table)('%s', async (code, changes, field) => {
    const body = suspenseRefund(await loanWithSuspense(api, '200'), changes);
    await expectRefusal(ledger, () => api.post(PATH, body), { status: 422, code, fields: [field] });
  });
});
