import { describe, expect, test } from 'vitest';
import { serveLedger } from './ledger-server.ts';
import {
  DAY,
  disbursement,
  FAR_FUTURE,
  fee,
  type Loan,
  NOBODY,
  newLoan,
  payment,
  posted,
  reversal,
  unmadeLoan,
} from './loan-story.ts';
import { testPostingGates } from './posting-gates.ts';
import { expectRefusal } from './problem.ts';
import { newProgram } from './program-story.ts';
import { textAt } from './tenant-api.ts';

const PATH = '/v1/disbursements';
const MOST = '999999999999999999';

const ledger = await serveLedger();
const { api } = ledger;

describe('POST /v1/disbursements as any posting', () => {
  testPostingGates({
    ledger: () => ledger,
    path: PATH,
    scope: 'hpts:disbursements:write',
    bodyBytesMax: 64 * 1024,
    valid: async (tenant) => {
      const loan = await newLoan(tenant);
      return { body: disbursement(loan), loanId: loan.loanId };
    },
    other: (body) => ({ ...body, method: 'wire' }),
  });
});

describe('201', () => {
  test('the first one makes the loan: DR 1100 the whole, CR 2000 the whole', async () => {
    const loan = unmadeLoan();
    const answer = await api.post(PATH, disbursement(loan, { destination_ref: 'account 7' }));
    expect(answer.status).toBe(201);
    expect(answer.json).toEqual({
      disbursement_event_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      journal_entry_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      posted_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/),
    });
    expect(await linesOf(textAt(answer, 'journal_entry_id'))).toEqual([
      ['1100', 'DR', '1000000'],
      ['2000', 'CR', '1000000'],
    ]);
    expect(await principalOf(loan)).toBe('1000000');
  });

  test('a later one adds principal, an earlier one becomes the first', async () => {
    const loan = await newLoan(api);
    await posted(api.post(PATH, disbursement(loan, { amount_minor: '5', effective_at: DAY.paid })));
    await posted(api.post(PATH, disbursement(loan, { amount_minor: '7', effective_at: DAY.beforeAll })));
    expect(await principalOf(loan)).toBe('1000012');
    expect(await principalOf(loan, DAY.beforeAll)).toBe('7');
    await posted(api.post('/v1/payments', payment(loan, { amount_minor: '1', effective_at: DAY.beforeAll })));
  });

  test('fees that are withheld: DR 1100 gross, CR 2000 net, CR 4100 for each fee', async () => {
    const loan = unmadeLoan();
    const fees = [
      { fee_type: 'origination_fee', amount_minor: '20000' },
      { fee_type: 'stamp_duty', amount_minor: '500' },
    ];
    const answer = await posted(api.post(PATH, disbursement(loan, { fees })));
    expect(await linesOf(textAt(answer, 'journal_entry_id'))).toEqual([
      ['1100', 'DR', '1000000'],
      ['2000', 'CR', '979500'],
      ['4100', 'CR', '20000'],
      ['4100', 'CR', '500'],
    ]);
    const balance = (await api.get(`/v1/loans/${loan.loanId}/balance`)).json;
    expect(balance).toMatchObject({ principal_outstanding_minor: '1000000', fees_receivable_minor: '0' });
  });

  test('fees that take all of it leave no line on 2000', async () => {
    const fees = [{ fee_type: 'origination_fee', amount_minor: '1000000' }];
    const answer = await posted(api.post(PATH, disbursement(unmadeLoan(), { fees })));
    expect(await linesOf(textAt(answer, 'journal_entry_id'))).toEqual([
      ['1100', 'DR', '1000000'],
      ['4100', 'CR', '1000000'],
    ]);
  });

  test('fees may be an empty list, or 32', async () => {
    await posted(api.post(PATH, disbursement(unmadeLoan(), { fees: [] })));
    const fees = Array.from({ length: 32 }, () => ({ fee_type: 'f', amount_minor: '1' }));
    await posted(api.post(PATH, disbursement(unmadeLoan(), { fees })));
  });

  test('with the default program named, or none, it is the same program', async () => {
    const loan = await newLoan(api);
    await posted(api.post(PATH, disbursement(loan, { program_id: api.defaultProgramId.toUpperCase() })));
  });

  test('on PENDING it stands on that layer alone: DR 1100 CR 2000, SETTLED untouched', async () => {
    const loan = await newLoan(api);
    const settled = await api.balanceText(loan.loanId);
    const answer = await posted(api.post(PATH, disbursement(loan, { layer: 'PENDING', amount_minor: '77' })));
    expect(await api.balanceText(loan.loanId)).toBe(settled);
    const pending = (await api.get(`/v1/loans/${loan.loanId}/balance?layer=PENDING`)).json;
    expect(pending).toMatchObject({ principal_outstanding_minor: '77', total_exposure_minor: '77' });
    const entry = await api.get(`/v1/journal-entries/${textAt(answer, 'journal_entry_id')}`);
    expect(entry.json).toMatchObject({ lines: [{ layer: 'PENDING' }, { layer: 'PENDING' }] });
  });

  test('every method of the contract, and a currency without minor digits', async () => {
    const loan = await newLoan(api, { currency: 'JPY' });
    for (const method of ['ach', 'wire', 'card', 'check', 'cash', 'rtp', 'sepa', 'internal', 'other']) {
      await posted(api.post(PATH, disbursement(loan, { amount_minor: '1', method })));
    }
  });

  test('18 digits', async () => {
    const loan = unmadeLoan();
    await posted(api.post(PATH, disbursement(loan, { amount_minor: MOST })));
    expect(await principalOf(loan)).toBe(MOST);
  });

  test('two at once make one loan: the other adds to it, or is refused for its borrower', async () => {
    const loan = unmadeLoan();
    const stranger = { ...loan, borrowerId: NOBODY };
    const answers = await Promise.all([
      api.post(PATH, disbursement(loan)),
      api.post(PATH, disbursement(loan)),
      api.post(PATH, disbursement(stranger)),
    ]);
    const statuses = answers.map(({ status }) => status);
    expect([
      [201, 201, 422],
      [422, 422, 201],
    ]).toContainEqual(statuses);
  });
});

describe('400 validation_failed', () => {
  const table: [string, object, string, string][] = [
    ['an amount of 0', { amount_minor: '0' }, 'amount_minor', 'invalid_format'],
    ['an amount that is a JSON number', { amount_minor: 1 }, 'amount_minor', 'invalid_type'],
    ['a method that is none', { method: 'pigeon' }, 'method', 'invalid_format'],
    ['a destination_ref of 513 characters', { destination_ref: 'x'.repeat(513) }, 'destination_ref', 'invalid_format'],
    ['a program_id that is no UUID', { program_id: 'default' }, 'program_id', 'invalid_format'],
    ['ENCUMBRANCE, which is for adjustments', { layer: 'ENCUMBRANCE' }, 'layer', 'invalid_format'],
    ['fees that are no list', { fees: {} }, 'fees', 'invalid_type'],
    [
      '33 fees',
      { fees: Array.from({ length: 33 }, () => ({ fee_type: 'f', amount_minor: '1' })) },
      'fees',
      'out_of_range',
    ],
    ['fees of more than the amount', { fees: [{ fee_type: 'f', amount_minor: '1000001' }] }, 'fees', 'out_of_range'],
    ['a fee of 0', { fees: [{ fee_type: 'f', amount_minor: '0' }] }, 'fees[0].amount_minor', 'invalid_format'],
    ['a fee_type in capitals', { fees: [{ fee_type: 'F', amount_minor: '1' }] }, 'fees[0].fee_type', 'invalid_format'],
    ['a fee without its type', { fees: [{ amount_minor: '1' }] }, 'fees[0].fee_type', 'required'],
    ['a fee with more', { fees: [{ fee_type: 'f', amount_minor: '1', vat: '1' }] }, 'fees[0].vat', 'unknown_field'],
    ['a fee that is text', { fees: ['f'] }, 'fees[0]', 'invalid_type'],
  ];
  test.each(table)('%s', async (_title, changes, field, code) => {
    const body = disbursement(unmadeLoan(), changes);
    const refused = { status: 400, code: 'validation_failed', fields: [field], fieldCodes: [code] } as const;
    await expectRefusal(ledger, () => api.post(PATH, body), refused);
  });

  test.each(['loan_id', 'borrower_id', 'amount_minor', 'currency', 'effective_at', 'method'])(
    '%s is required',
    async (field) => {
      const body: object = { ...disbursement(unmadeLoan()) };
      Reflect.deleteProperty(body, field);
      const refused = { status: 400, code: 'validation_failed', fields: [field], fieldCodes: ['required'] } as const;
      await expectRefusal(ledger, () => api.post(PATH, body), refused);
    },
  );
});

test('404 program_not_found: for a new loan and for one that exists; no loan is left behind', async () => {
  for (const loan of [unmadeLoan(), await newLoan(api)]) {
    const refused = { status: 404, code: 'program_not_found', fields: ['program_id'] } as const;
    await expectRefusal(ledger, () => api.post(PATH, disbursement(loan, { program_id: NOBODY })), refused);
  }
});

test('422 borrower_mismatch', async () => {
  const body = disbursement(await newLoan(api), { borrower_id: NOBODY });
  const refused = { status: 422, code: 'borrower_mismatch', fields: ['borrower_id'] } as const;
  await expectRefusal(ledger, () => api.post(PATH, body), refused);
});

test('422 currency_mismatch', async () => {
  const body = disbursement(await newLoan(api), { currency: 'EUR' });
  const refused = { status: 422, code: 'currency_mismatch', fields: ['currency'] } as const;
  await expectRefusal(ledger, () => api.post(PATH, body), refused);
});

test('422 program_mismatch: another program of the same tenant', async () => {
  const loan = await newLoan(api);
  const other = await newProgram(api);
  const refused = { status: 422, code: 'program_mismatch', fields: ['program_id'] } as const;
  await expectRefusal(ledger, () => api.post(PATH, disbursement(loan, { program_id: other })), refused);
  await posted(api.post(PATH, disbursement(unmadeLoan(), { program_id: other })));
});

test('422 effective_date_in_future: and no loan is left behind', async () => {
  const loan = unmadeLoan();
  const refused = { status: 422, code: 'effective_date_in_future', fields: ['effective_at'] } as const;
  await expectRefusal(ledger, () => api.post(PATH, disbursement(loan, { effective_at: FAR_FUTURE })), refused);
  expect((await api.get(`/v1/loans/${loan.loanId}/balance`)).status).toBe(404);
});

test('422 amount_out_of_range: principal would pass 18 digits, on either layer', async () => {
  for (const layer of ['SETTLED', 'PENDING']) {
    const loan = unmadeLoan();
    await posted(api.post(PATH, disbursement(loan, { amount_minor: '1', layer: 'SETTLED' })));
    await posted(api.post(PATH, disbursement(loan, { amount_minor: '999999999999999998', layer })));
    const body = disbursement(loan, { amount_minor: '2', layer });
    const refused = { status: 422, code: 'amount_out_of_range', fields: ['amount_minor'] } as const;
    await expectRefusal(ledger, () => api.post(PATH, body), refused);
  }
});

test('a loan keeps borrower, currency and program when its only disbursement was reversed', async () => {
  const loan = unmadeLoan();
  const first = await posted(api.post(PATH, disbursement(loan)));
  await posted(api.post('/v1/reversals', reversal(textAt(first, 'journal_entry_id'))));
  const refused = { status: 422, code: 'borrower_mismatch', fields: ['borrower_id'] } as const;
  await expectRefusal(ledger, () => api.post(PATH, disbursement(loan, { borrower_id: NOBODY })), refused);
  await posted(api.post(PATH, disbursement(loan, { effective_at: DAY.beforeAll })));
  await posted(api.post('/v1/fees', fee(loan, { effective_at: DAY.beforeAll })));
});

async function linesOf(entryId: string): Promise<unknown[]> {
  const { json } = await api.get(`/v1/journal-entries/${entryId}`);
  const { lines } = json as { lines: { account_code: string; direction: string; amount_minor: string }[] };
  return lines.map((line) => [line.account_code, line.direction, line.amount_minor]);
}

async function principalOf(loan: Loan, day?: string): Promise<string> {
  const query = day === undefined ? '' : `?as_of_date=${day}`;
  return textAt(await api.get(`/v1/loans/${loan.loanId}/balance${query}`), 'principal_outstanding_minor');
}
