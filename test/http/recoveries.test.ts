import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { verifyLedger } from '../../src/postgres/verify/ledger-verification.ts';
import type { HttpAnswer } from './http-client.ts';
import { type LedgerServer, startLedger } from './ledger-server.ts';
import {
  chargeOff,
  disbursement,
  FAR_FUTURE,
  fee,
  type Loan,
  NOBODY,
  newLoan,
  payment,
  posted,
  recovery,
  reversal,
  unmadeLoan,
  workedExample,
} from './loan-story.ts';
import { testPostingGates } from './posting-gates.ts';
import { expectRefusal } from './problem.ts';
import { newProgram } from './program-story.ts';
import { type TenantApi, textAt } from './tenant-api.ts';

const PATH = '/v1/recoveries';

let ledger: LedgerServer;
let api: TenantApi;
beforeAll(async () => {
  ledger = await startLedger();
  api = ledger.api;
});
afterAll(() => ledger.stop());

/** The worked example, charged off. */
async function lostLoan(tenant: TenantApi): Promise<Loan> {
  const loan = await workedExample(tenant);
  await posted(tenant.post('/v1/chargeoffs', chargeOff(loan)));
  return loan;
}

describe('POST /v1/recoveries as any posting', () => {
  testPostingGates({
    ledger: () => ledger,
    path: PATH,
    scope: 'hpts:chargeoffs:write',
    bodyBytesMax: 64 * 1024,
    valid: async (tenant) => {
      const loan = await lostLoan(tenant);
      return { body: recovery(loan), loanId: loan.loanId };
    },
    other: (body) => ({ ...body, amount_minor: '3' }),
  });
});

describe('POST /v1/recoveries: 201', () => {
  test('DR 1010, CR 4200 up to what is unrecovered, by the waterfall; the rest CR 2100', async () => {
    const loan = await lostLoan(api);
    const first = await api.post(PATH, recovery(loan, { amount_minor: '10600', external_ref: 'txn 5' }));
    expect(first.status).toBe(201);
    expect(first.json).toEqual({
      payment_event_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      journal_entry_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      allocation: { fees_minor: '500', interest_minor: '10000', principal_minor: '100', suspense_minor: '0' },
      posted_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/),
      correlation_id: textAt(first, 'payment_event_id'),
    });
    expect((await api.get(`/v1/journal-entries/${entryOf(first)}`)).json).toMatchObject({
      event_type: 'recovery',
      lines: [
        { account_code: '1010', direction: 'DR', amount_minor: '10600', external_ref: 'txn 5' },
        { account_code: '4200', direction: 'CR', amount_minor: '10600' },
      ],
    });
    const second = await posted(api.post(PATH, recovery(loan, { amount_minor: '999907' })));
    expect(second.json).toMatchObject({
      allocation: { fees_minor: '0', interest_minor: '0', principal_minor: '999900', suspense_minor: '7' },
    });
    expect(await linesOf(second)).toEqual(['DR 1010 999907', 'CR 4200 999900', 'CR 2100 7']);
    expect(await lossOf(loan)).toEqual({
      status: 'charged_off',
      charged_off: { principal_minor: '1000000', interest_minor: '10000', fees_minor: '500' },
      recovered: { principal_minor: '1000000', interest_minor: '10000', fees_minor: '500' },
    });
  });

  test('the waterfall is that of the program, and principal that the allowance lost goes back to 1900', async () => {
    const policies = { chargeoff: 'allowance', waterfall: ['principal', 'fees', 'interest'], overpayment: 'reject' };
    const loan = unmadeLoan();
    await posted(api.post('/v1/disbursements', disbursement(loan, { program_id: await newProgram(api, policies) })));
    await posted(api.post('/v1/fees', fee(loan)));
    await posted(api.post('/v1/chargeoffs', chargeOff(loan, { components: { principal_minor: '300' } })));
    const active = await posted(api.post(PATH, recovery(loan, { amount_minor: '310' })));
    expect(await linesOf(active)).toEqual(['DR 1010 310', 'CR 1900 300', 'CR 2100 10']);
    await posted(api.post('/v1/chargeoffs', chargeOff(loan)));
    const answer = await posted(api.post(PATH, recovery(loan, { amount_minor: '999900' })));
    expect(answer.json).toMatchObject({
      allocation: { fees_minor: '200', interest_minor: '0', principal_minor: '999700', suspense_minor: '0' },
    });
    expect(await linesOf(answer)).toEqual(['DR 1010 999900', 'CR 4200 200', 'CR 1900 999700']);
  });

  test('within a component the oldest loss comes first: fraud to 4200, then the allowance to 1900', async () => {
    const loan = unmadeLoan();
    const programId = await newProgram(api, { chargeoff: 'allowance' });
    await posted(api.post('/v1/disbursements', disbursement(loan, { program_id: programId })));
    const stolen = { reason_code: 'fraud', components: { principal_minor: '100' } };
    await posted(api.post('/v1/chargeoffs', chargeOff(loan, stolen)));
    await posted(api.post('/v1/chargeoffs', chargeOff(loan)));
    const first = await posted(api.post(PATH, recovery(loan, { amount_minor: '60' })));
    expect(await linesOf(first)).toEqual(['DR 1010 60', 'CR 4200 60']);
    const second = await posted(api.post(PATH, recovery(loan, { amount_minor: '60' })));
    expect(await linesOf(second)).toEqual(['DR 1010 60', 'CR 4200 40', 'CR 1900 20']);
    await posted(api.post('/v1/reversals', reversal(entryOf(first))));
    const third = await posted(api.post(PATH, recovery(loan, { amount_minor: '70' })));
    expect(await linesOf(third)).toEqual(['DR 1010 70', 'CR 4200 60', 'CR 1900 10']);
  });

  test('an explicit allocation, and all of it to suspense', async () => {
    const loan = await lostLoan(api);
    const allocation = { interest_minor: '40', principal_minor: '60', suspense_minor: '5' };
    const answer = await posted(api.post(PATH, recovery(loan, { amount_minor: '105', allocation })));
    expect(answer.json).toMatchObject({ allocation: { fees_minor: '0', ...allocation } });
    expect(await lossOf(loan)).toMatchObject({ recovered: { principal_minor: '60', interest_minor: '40' } });
    const aside = { amount_minor: '9', allocation: { suspense_minor: '9' } };
    expect(await linesOf(await posted(api.post(PATH, recovery(loan, aside))))).toEqual(['DR 1010 9', 'CR 2100 9']);
  });

  test('an active loan of which a part was charged off takes recoveries and payments', async () => {
    const loan = await workedExample(api);
    await posted(api.post('/v1/chargeoffs', chargeOff(loan, { components: { fees_minor: '300' } })));
    const recovered = await posted(api.post(PATH, recovery(loan)));
    expect(await linesOf(recovered)).toEqual(['DR 1010 200', 'CR 4200 200']);
    const paid = await posted(api.post('/v1/payments', payment(loan, { amount_minor: '200' })));
    expect(await linesOf(paid)).toEqual(['DR 1010 200', 'CR 1300 200']);
  });

  test('a replay is the first body, byte for byte, from the journal', async () => {
    const loan = await lostLoan(api);
    const key = 'recovery:test:0001';
    const first = await posted(api.post(PATH, recovery(loan), { key }));
    await posted(api.post(PATH, recovery(loan)));
    expect((await api.post(PATH, recovery(loan), { key })).text).toBe(first.text);
  });
});

describe('POST /v1/reversals of a recovery: 201', () => {
  test('what it recovered is unrecovered again', async () => {
    const loan = await lostLoan(api);
    const all = await posted(api.post(PATH, recovery(loan, { amount_minor: '1010507' })));
    const undone = await posted(api.post('/v1/reversals', reversal(entryOf(all))));
    expect(await linesOf(undone)).toEqual(['CR 1010 1010507', 'DR 4200 1010500', 'DR 2100 7']);
    expect(await lossOf(loan)).toMatchObject({
      status: 'charged_off',
      recovered: { principal_minor: '0', interest_minor: '0', fees_minor: '0' },
    });
    expect((await api.post(PATH, recovery(loan))).status).toBe(201);
  });
});

describe('POST /v1/recoveries: 400 validation_failed', () => {
  const table: [string, object, string, string][] = [
    ['an amount of 0', { amount_minor: '0' }, 'amount_minor', 'invalid_format'],
    ['a layer, which a recovery has not', { layer: 'PENDING' }, 'layer', 'unknown_field'],
    ['a method that is none', { source_method: 'pigeon' }, 'source_method', 'invalid_format'],
  ];
  test.each(table)('%s', async (_title, changes, field, code) => {
    const body = recovery(await newLoan(api), changes);
    const refused = { status: 400, code: 'validation_failed', fields: [field], fieldCodes: [code] } as const;
    await expectRefusal(ledger, () => api.post(PATH, body), refused);
  });

  const required = ['loan_id', 'borrower_id', 'amount_minor', 'currency', 'effective_at', 'source_method'];
  test.each(required)('%s is required', async (field) => {
    const body: object = { ...recovery(unmadeLoan()) };
    Reflect.deleteProperty(body, field);
    const refused = { status: 400, code: 'validation_failed', fields: [field], fieldCodes: ['required'] } as const;
    await expectRefusal(ledger, () => api.post(PATH, body), refused);
  });
});

test('POST /v1/recoveries: 404 loan_not_found', async () => {
  const refused = { status: 404, code: 'loan_not_found', fields: ['loan_id'] } as const;
  await expectRefusal(ledger, () => api.post(PATH, recovery(unmadeLoan())), refused);
});

describe('POST /v1/recoveries: 422', () => {
  const table = [
    ['borrower_mismatch', { borrower_id: NOBODY }, 'borrower_id'],
    ['currency_mismatch', { currency: 'EUR' }, 'currency'],
    ['effective_date_in_future', { effective_at: FAR_FUTURE }, 'effective_at'],
    ['effective_date_before_disbursement', { effective_at: '2026-03-30' }, 'effective_at'],
    ['allocation_mismatch', { amount_minor: '2', allocation: { principal_minor: '1' } }, 'allocation'],
    ['amount_exceeds_outstanding', { amount_minor: '501', allocation: { fees_minor: '501' } }, 'allocation.fees_minor'],
  ] as const;
  test.each(table)('%s', async (code, changes, field) => {
    const body = recovery(await lostLoan(api), changes);
    await expectRefusal(ledger, () => api.post(PATH, body), { status: 422, code, fields: [field] });
  });

  test('loan_not_charged_off: nothing was charged off, all of it is recovered, or the charge-off was reversed', async () => {
    const [sound, recovered, restored] = [await newLoan(api), await lostLoan(api), await newLoan(api)];
    await posted(api.post(PATH, recovery(recovered, { amount_minor: '1010500' })));
    const written = await posted(api.post('/v1/chargeoffs', chargeOff(restored)));
    await posted(api.post('/v1/reversals', reversal(entryOf(written))));
    const refused = { status: 422, code: 'loan_not_charged_off', fields: ['loan_id'] } as const;
    for (const loan of [sound, recovered, restored]) {
      await expectRefusal(ledger, () => api.post(PATH, recovery(loan)), refused);
    }
  });

  test('loan_not_charged_off is judged before the split', async () => {
    const body = recovery(await newLoan(api), { allocation: { principal_minor: '1' } });
    const refused = { status: 422, code: 'loan_not_charged_off', fields: ['loan_id'] } as const;
    await expectRefusal(ledger, () => api.post(PATH, body), refused);
  });

  test('amount_out_of_range: suspense would pass 18 digits', async () => {
    const loan = await newLoan(api, { principal: '3' });
    await posted(api.post('/v1/chargeoffs', chargeOff(loan)));
    await posted(
      api.post(
        PATH,
        recovery(loan, {
          amount_minor: '999999999999999999',
          allocation: { principal_minor: '1', suspense_minor: '999999999999999998' },
        }),
      ),
    );
    const refused = { status: 422, code: 'amount_out_of_range', fields: ['amount_minor'] } as const;
    await expectRefusal(ledger, () => api.post(PATH, recovery(loan)), refused);
  });
});

test('recoveries that meet take what is unrecovered once', async () => {
  const loan = await lostLoan(api);
  const sent = await Promise.all(
    Array.from({ length: 8 }, () => api.post(PATH, recovery(loan, { amount_minor: '200000' }))),
  );
  expect(sent.map(({ status }) => status).sort()).toEqual([201, 201, 201, 201, 201, 201, 422, 422]);
  expect(await lossOf(loan)).toMatchObject({ recovered: { principal_minor: '1000000', interest_minor: '10000' } });
  expect((await api.get(`/v1/loans/${loan.loanId}/balance`)).json).toMatchObject({ suspense_minor: '189500' });
});

test('the books of all of this are whole', async () => {
  const { checks } = await verifyLedger(ledger.address);
  expect(checks.filter(({ status }) => status === 'failed')).toEqual([]);
});

function entryOf(answer: HttpAnswer): string {
  return textAt(answer, 'journal_entry_id');
}

async function linesOf(answer: HttpAnswer): Promise<readonly string[]> {
  const entry = (await api.get(`/v1/journal-entries/${entryOf(answer)}`)).json as {
    lines: { direction: string; account_code: string; amount_minor: string }[];
  };
  return entry.lines.map((line) => `${line.direction} ${line.account_code} ${line.amount_minor}`);
}

async function lossOf({ loanId }: Loan): Promise<unknown> {
  const { status, charged_off, recovered } = Object((await api.get(`/v1/loans/${loanId}`)).json);
  return { status, charged_off, recovered };
}
