import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type LedgerServer, startLedger } from './ledger-server.ts';
import { FAR_FUTURE, feeWaiver, newLoan, posted, reversal, unmadeLoan } from './loan-story.ts';
import { testPostingGates } from './posting-gates.ts';
import { expectRefusal } from './problem.ts';
import { type TenantApi, textAt } from './tenant-api.ts';

const PATH = '/v1/fees/waivers';

let ledger: LedgerServer;
let api: TenantApi;
beforeAll(async () => {
  ledger = await startLedger();
  api = ledger.api;
});
afterAll(() => ledger.stop());

describe('POST /v1/fees/waivers as any posting', () => {
  testPostingGates({
    ledger: () => ledger,
    path: PATH,
    scope: 'hpts:fees:write',
    bodyBytesMax: 64 * 1024,
    valid: async (tenant) => {
      const loan = await newLoan(tenant, { fees: '5000' });
      return { body: feeWaiver(loan), loanId: loan.loanId };
    },
    other: (body) => ({ ...body, reason_code: 'settlement' }),
  });
});

test('POST /v1/fees/waivers: 201: DR 4920, CR 1300', async () => {
  const loan = await newLoan(api, { fees: '700' });
  const answer = await api.post(PATH, feeWaiver(loan, { description: 'as promised', metadata: { case: 7 } }));
  expect(answer.status).toBe(201);
  expect(answer.json).toEqual({
    waiver_event_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    journal_entry_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    posted_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/),
    correlation_id: textAt(answer, 'waiver_event_id'),
  });
  const entry = await api.get(`/v1/journal-entries/${textAt(answer, 'journal_entry_id')}`);
  expect(entry.json).toMatchObject({
    event_type: 'fee_waived',
    description: 'as promised',
    metadata: { case: 7 },
    lines: [
      { account_code: '4920', direction: 'DR', amount_minor: '500' },
      { account_code: '1300', direction: 'CR', amount_minor: '500' },
    ],
  });
  expect((await api.get(`/v1/loans/${loan.loanId}/balance`)).json).toMatchObject({ fees_receivable_minor: '200' });
});

test('POST /v1/reversals: 201: a reversed waiver brings the fees back', async () => {
  const loan = await newLoan(api, { fees: '500' });
  const before = await api.balanceText(loan.loanId);
  const waived = await posted(api.post(PATH, feeWaiver(loan)));
  await posted(api.post('/v1/reversals', reversal(textAt(waived, 'journal_entry_id'))));
  const { last_activity_at: _then, ...was } = JSON.parse(before) as Record<string, unknown>;
  expect(JSON.parse(await api.balanceText(loan.loanId))).toMatchObject(was);
});

describe('POST /v1/fees/waivers: 400 validation_failed', () => {
  const table: [string, object, string, string][] = [
    ['an amount of 0', { amount_minor: '0' }, 'amount_minor', 'invalid_format'],
    ['a reason that is none', { reason_code: 'fraud' }, 'reason_code', 'invalid_format'],
    [
      'a borrower, which a waiver does not name',
      { borrower_id: unmadeLoan().borrowerId },
      'borrower_id',
      'unknown_field',
    ],
  ];
  test.each(table)('%s', async (_title, changes, field, code) => {
    const body = feeWaiver(await newLoan(api, { fees: '500' }), changes);
    const refused = { status: 400, code: 'validation_failed', fields: [field], fieldCodes: [code] } as const;
    await expectRefusal(ledger, () => api.post(PATH, body), refused);
  });

  test.each(['loan_id', 'amount_minor', 'currency', 'effective_at', 'reason_code'])('%s is required', async (field) => {
    const body: object = { ...feeWaiver(unmadeLoan()) };
    Reflect.deleteProperty(body, field);
    const refused = { status: 400, code: 'validation_failed', fields: [field], fieldCodes: ['required'] } as const;
    await expectRefusal(ledger, () => api.post(PATH, body), refused);
  });
});

test('POST /v1/fees/waivers: 404 loan_not_found', async () => {
  const refused = { status: 404, code: 'loan_not_found', fields: ['loan_id'] } as const;
  await expectRefusal(ledger, () => api.post(PATH, feeWaiver(unmadeLoan())), refused);
});

describe('POST /v1/fees/waivers: 422', () => {
  const table = [
    ['currency_mismatch', { currency: 'EUR' }, 'currency'],
    ['effective_date_in_future', { effective_at: FAR_FUTURE }, 'effective_at'],
    ['effective_date_before_disbursement', { effective_at: '2026-03-30' }, 'effective_at'],
    ['amount_exceeds_outstanding', { amount_minor: '501' }, 'amount_minor'],
  ] as const;
  test.each(table)('%s', async (code, changes, field) => {
    const body = feeWaiver(await newLoan(api, { fees: '500' }), changes);
    await expectRefusal(ledger, () => api.post(PATH, body), { status: 422, code, fields: [field] });
  });
});
