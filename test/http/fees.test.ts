import { describe, expect, test } from 'vitest';
import { serveLedger } from './ledger-server.ts';
import { FAR_FUTURE, fee, NOBODY, newLoan, posted, unmadeLoan } from './loan-story.ts';
import { testPostingGates } from './posting-gates.ts';
import { expectRefusal } from './problem.ts';
import { textAt } from './tenant-api.ts';

const PATH = '/v1/fees';

const ledger = await serveLedger();
const { api } = ledger;

describe('POST /v1/fees as any posting', () => {
  testPostingGates({
    ledger: () => ledger,
    path: PATH,
    scope: 'hpts:fees:write',
    bodyBytesMax: 64 * 1024,
    valid: async (tenant) => {
      const loan = await newLoan(tenant);
      return { body: fee(loan), loanId: loan.loanId };
    },
    other: (body) => ({ ...body, fee_type: 'another_fee' }),
  });
});

test('201: DR 1300, CR 4100 for a fee type that the program does not name', async () => {
  const loan = await newLoan(api);
  const body = fee(loan, { description: 'April was late', external_ref: 'invoice 9', borrower_id: loan.borrowerId });
  const answer = await api.post(PATH, body);
  expect(answer.status).toBe(201);
  expect(answer.json).toEqual({
    fee_event_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    journal_entry_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    posted_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/),
    correlation_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
  });
  const entry = await api.get(`/v1/journal-entries/${textAt(answer, 'journal_entry_id')}`);
  expect(entry.json).toMatchObject({
    event_type: 'fee_assessed',
    description: 'April was late',
    lines: [
      { account_code: '1300', direction: 'DR', amount_minor: '500', external_ref: 'invoice 9' },
      { account_code: '4100', direction: 'CR', amount_minor: '500' },
    ],
  });
  const balance = (await api.get(`/v1/loans/${loan.loanId}/balance`)).json;
  expect(balance).toMatchObject({ fees_receivable_minor: '500', total_exposure_minor: '1000500' });
});

test('201: a fee of 18 digits', async () => {
  await posted(api.post(PATH, fee(await newLoan(api), { amount_minor: '999999999999999999' })));
});

describe('400 validation_failed', () => {
  const table: [string, object, string, string][] = [
    ['an amount of 0', { amount_minor: '0' }, 'amount_minor', 'invalid_format'],
    ['a fee_type in capitals', { fee_type: 'Late' }, 'fee_type', 'invalid_format'],
    ['a fee_type that begins with a digit', { fee_type: '1st' }, 'fee_type', 'invalid_format'],
    ['a fee_type of 65 characters', { fee_type: 'f'.repeat(65) }, 'fee_type', 'invalid_format'],
    ['a fee_type with a line feed behind it', { fee_type: 'late_fee\n' }, 'fee_type', 'invalid_format'],
    ['a description that is empty', { description: '' }, 'description', 'invalid_format'],
    ['a description of 513 characters', { description: 'x'.repeat(513) }, 'description', 'invalid_format'],
    ['a layer, which a fee has not', { layer: 'PENDING' }, 'layer', 'unknown_field'],
  ];
  test.each(table)('%s', async (_title, changes, field, code) => {
    const body = fee(await newLoan(api), changes);
    const refused = { status: 400, code: 'validation_failed', fields: [field], fieldCodes: [code] } as const;
    await expectRefusal(ledger, () => api.post(PATH, body), refused);
  });

  test.each(['loan_id', 'fee_type', 'amount_minor', 'currency', 'effective_at'])('%s is required', async (field) => {
    const body: object = { ...fee(await newLoan(api)) };
    Reflect.deleteProperty(body, field);
    const refused = { status: 400, code: 'validation_failed', fields: [field], fieldCodes: ['required'] } as const;
    await expectRefusal(ledger, () => api.post(PATH, body), refused);
  });
});

test('404 loan_not_found', async () => {
  const refused = { status: 404, code: 'loan_not_found', fields: ['loan_id'] } as const;
  await expectRefusal(ledger, () => api.post(PATH, fee(unmadeLoan())), refused);
});

test('422 borrower_mismatch: only when a borrower is named', async () => {
  const loan = await newLoan(api);
  const refused = { status: 422, code: 'borrower_mismatch', fields: ['borrower_id'] } as const;
  await expectRefusal(ledger, () => api.post(PATH, fee(loan, { borrower_id: NOBODY })), refused);
  await posted(api.post(PATH, fee(loan)));
});

test('422 currency_mismatch', async () => {
  const refused = { status: 422, code: 'currency_mismatch', fields: ['currency'] } as const;
  const body = fee(await newLoan(api), { currency: 'EUR' });
  await expectRefusal(ledger, () => api.post(PATH, body), refused);
});

test('422 effective_date_in_future', async () => {
  const refused = { status: 422, code: 'effective_date_in_future', fields: ['effective_at'] } as const;
  const body = fee(await newLoan(api), { effective_at: FAR_FUTURE });
  await expectRefusal(ledger, () => api.post(PATH, body), refused);
});

test('422 effective_date_before_disbursement', async () => {
  const refused = { status: 422, code: 'effective_date_before_disbursement', fields: ['effective_at'] } as const;
  const body = fee(await newLoan(api), { effective_at: '2026-03-30' });
  await expectRefusal(ledger, () => api.post(PATH, body), refused);
});

test('422 amount_out_of_range: the fees of the loan would pass 18 digits', async () => {
  const loan = await newLoan(api, { fees: '1' });
  const refused = { status: 422, code: 'amount_out_of_range', fields: ['amount_minor'] } as const;
  await expectRefusal(ledger, () => api.post(PATH, fee(loan, { amount_minor: '999999999999999999' })), refused);
});
