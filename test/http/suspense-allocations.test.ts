import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type LedgerServer, startLedger } from './ledger-server.ts';
import { FAR_FUTURE, newLoan, posted, suspenseAllocation, unapplied, unmadeLoan, workedExample } from './loan-story.ts';
import { testPostingGates } from './posting-gates.ts';
import { expectRefusal } from './problem.ts';
import { type TenantApi, textAt } from './tenant-api.ts';

const PATH = '/v1/payments/allocations';

let ledger: LedgerServer;
let api: TenantApi;
beforeAll(async () => {
  ledger = await startLedger();
  api = ledger.api;
});
afterAll(() => ledger.stop());

async function loanWithSuspense(tenant: TenantApi, amountMinor: string) {
  const loan = await workedExample(tenant);
  await posted(tenant.post('/v1/payments', unapplied(loan, amountMinor)));
  return loan;
}

describe('POST /v1/payments/allocations as any posting', () => {
  testPostingGates({
    ledger: () => ledger,
    path: PATH,
    scope: 'hpts:payments:write',
    bodyBytesMax: 64 * 1024,
    valid: async (tenant) => {
      const loan = await loanWithSuspense(tenant, '40000');
      return { body: suspenseAllocation(loan, { amount_minor: '700' }), loanId: loan.loanId };
    },
    other: (body) => ({ ...body, amount_minor: '3' }),
  });
});

describe('POST /v1/payments/allocations: 201', () => {
  test('DR 2100, CR by the waterfall', async () => {
    const loan = await loanWithSuspense(api, '12000');
    const answer = await api.post(PATH, suspenseAllocation(loan, { amount_minor: '11000' }));
    expect(answer.status).toBe(201);
    expect(answer.json).toEqual({
      allocation_event_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      journal_entry_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      allocation: { fees_minor: '500', interest_minor: '10000', principal_minor: '500', suspense_minor: '0' },
      posted_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/),
      correlation_id: textAt(answer, 'allocation_event_id'),
    });
    const entry = await api.get(`/v1/journal-entries/${textAt(answer, 'journal_entry_id')}`);
    expect(entry.json).toMatchObject({
      event_type: 'payment_allocated',
      lines: [
        { account_code: '2100', direction: 'DR', amount_minor: '11000' },
        { account_code: '1300', direction: 'CR', amount_minor: '500' },
        { account_code: '1200', direction: 'CR', amount_minor: '10000' },
        { account_code: '1100', direction: 'CR', amount_minor: '500' },
      ],
    });
    expect((await api.get(`/v1/loans/${loan.loanId}/balance`)).json).toMatchObject({
      principal_outstanding_minor: '999500',
      suspense_minor: '1000',
    });
  });

  test.each([
    ['without an amount, all there is', {}],
    ['an amount of more than there is, all there is', { amount_minor: '999999999999999999' }],
  ])('%s', async (_title, changes) => {
    const loan = await loanWithSuspense(api, '600');
    const answer = await api.post(PATH, suspenseAllocation(loan, changes));
    expect(answer.json).toMatchObject({ allocation: { fees_minor: '500', interest_minor: '100' } });
    expect((await api.get(`/v1/loans/${loan.loanId}/balance`)).json).toMatchObject({ suspense_minor: '0' });
  });

  test('what nothing is owed for stays in suspense', async () => {
    const loan = await newLoan(api, { principal: '100' });
    await posted(api.post('/v1/payments', unapplied(loan, '130')));
    const answer = await api.post(PATH, suspenseAllocation(loan));
    expect(answer.json).toMatchObject({ allocation: { principal_minor: '100', suspense_minor: '0' } });
    expect((await api.get(`/v1/loans/${loan.loanId}/balance`)).json).toMatchObject({
      total_exposure_minor: '0',
      suspense_minor: '30',
    });
  });
});

describe('POST /v1/payments/allocations: 400 validation_failed', () => {
  const table: [string, object, string, string][] = [
    ['an amount of 0', { amount_minor: '0' }, 'amount_minor', 'invalid_format'],
    ['an allocation of the own', { allocation: { fees_minor: '1' } }, 'allocation', 'unknown_field'],
  ];
  test.each(table)('%s', async (_title, changes, field, code) => {
    const refused = { status: 400, code: 'validation_failed', fields: [field], fieldCodes: [code] } as const;
    await expectRefusal(ledger, () => api.post(PATH, suspenseAllocation(unmadeLoan(), changes)), refused);
  });

  test.each(['loan_id', 'currency', 'effective_at'])('%s is required', async (field) => {
    const body: object = { ...suspenseAllocation(unmadeLoan()) };
    Reflect.deleteProperty(body, field);
    const refused = { status: 400, code: 'validation_failed', fields: [field], fieldCodes: ['required'] } as const;
    await expectRefusal(ledger, () => api.post(PATH, body), refused);
  });
});

test('POST /v1/payments/allocations: 404 loan_not_found', async () => {
  const refused = { status: 404, code: 'loan_not_found', fields: ['loan_id'] } as const;
  await expectRefusal(ledger, () => api.post(PATH, suspenseAllocation(unmadeLoan())), refused);
});

describe('POST /v1/payments/allocations: 422', () => {
  const table = [
    ['currency_mismatch', { currency: 'EUR' }, 'currency'],
    ['effective_date_in_future', { effective_at: FAR_FUTURE }, 'effective_at'],
    ['effective_date_before_disbursement', { effective_at: '2026-03-30' }, 'effective_at'],
  ] as const;
  test.each(table)('%s', async (code, changes, field) => {
    const body = suspenseAllocation(await loanWithSuspense(api, '5'), changes);
    await expectRefusal(ledger, () => api.post(PATH, body), { status: 422, code, fields: [field] });
  });

  test('amount_exceeds_suspense: there is nothing in it', async () => {
    const refused = { status: 422, code: 'amount_exceeds_suspense', fields: ['amount_minor'] } as const;
    const body = suspenseAllocation(await workedExample(api));
    await expectRefusal(ledger, () => api.post(PATH, body), refused);
  });

  test('amount_exceeds_outstanding: the loan owes nothing', async () => {
    const loan = await newLoan(api, { principal: '100' });
    await posted(
      api.post('/v1/payments', {
        ...unapplied(loan, '130'),
        allocation: { principal_minor: '100', suspense_minor: '30' },
      }),
    );
    const refused = { status: 422, code: 'amount_exceeds_outstanding', fields: ['amount_minor'] } as const;
    await expectRefusal(ledger, () => api.post(PATH, suspenseAllocation(loan)), refused);
  });
});
