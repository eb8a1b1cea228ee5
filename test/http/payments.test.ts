import { describe, expect, test } from 'vitest';
import { serveLedger } from './ledger-server.ts';
import {
  accrual,
  DAY,
  disbursement,
  FAR_FUTURE,
  fee,
  NOBODY,
  newLoan,
  payment,
  posted,
  unmadeLoan,
  workedExample,
} from './loan-story.ts';
import { testPostingGates } from './posting-gates.ts';
import { expectRefusal } from './problem.ts';
import { textAt } from './tenant-api.ts';

const PATH = '/v1/payments';
const MOST = '999999999999999999';

const ledger = await serveLedger();
const { api } = ledger;

describe('POST /v1/payments as any posting', () => {
  testPostingGates({
    ledger: () => ledger,
    path: PATH,
    scope: 'hpts:payments:write',
    bodyBytesMax: 64 * 1024,
    valid: async (tenant) => {
      const loan = await newLoan(tenant);
      return { body: payment(loan), loanId: loan.loanId };
    },
    other: (body) => ({ ...body, amount_minor: '88850' }),
  });
});

describe('201', () => {
  test('the worked example: 88,849 gives 500 / 10,000 / 78,349 / 0 and leaves 921,651', async () => {
    const loan = await workedExample(api);
    const answer = await api.post(PATH, payment(loan, { amount_minor: '88849' }));
    expect(answer.status).toBe(201);
    expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(answer.json).toEqual({
      payment_event_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      journal_entry_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      allocation: { fees_minor: '500', interest_minor: '10000', principal_minor: '78349', suspense_minor: '0' },
      posted_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/),
    });
    expect((await api.get(`/v1/loans/${loan.loanId}/balance`)).json).toMatchObject({
      principal_outstanding_minor: '921651',
      interest_receivable_minor: '0',
      fees_receivable_minor: '0',
      total_exposure_minor: '921651',
      suspense_minor: '0',
    });
  });

  test('a payment smaller than the fees goes to fees alone', async () => {
    const loan = await workedExample(api);
    const answer = await posted(api.post(PATH, payment(loan, { amount_minor: '499' })));
    expect(answer.json).toMatchObject({ allocation: { fees_minor: '499', interest_minor: '0', principal_minor: '0' } });
  });

  test('free text is measured in characters, as openapi.json says it', async () => {
    const loan = await newLoan(api, { principal: '1000' });
    const external_ref = '😀'.repeat(512);
    const { journal_entry_id } = (await posted(api.post(PATH, payment(loan, { external_ref })))).json as {
      journal_entry_id: string;
    };
    expect((await api.get(`/v1/journal-entries/${journal_entry_id}`)).text).toContain(external_ref);
  });

  test('what is over goes to suspense, and exposure is not reduced by it', async () => {
    const loan = await newLoan(api, { principal: '1000' });
    const answer = await posted(api.post(PATH, payment(loan, { amount_minor: '1001' })));
    expect(answer.json).toMatchObject({ allocation: { principal_minor: '1000', suspense_minor: '1' } });
    expect(await balance(loan.loanId)).toMatchObject({ suspense_minor: '1', total_exposure_minor: '0' });
  });

  test('a fee that is charged later does not eat suspense by itself', async () => {
    const loan = await newLoan(api, { principal: '1000' });
    await posted(api.post(PATH, payment(loan, { amount_minor: '1200' })));
    await posted(api.post('/v1/fees', fee(loan, { amount_minor: '50', effective_at: DAY.later })));
    expect(await balance(loan.loanId)).toMatchObject({ suspense_minor: '200', fees_receivable_minor: '50' });
  });

  test('an explicit allocation wins over the waterfall; a part that is left out is "0"', async () => {
    const loan = await workedExample(api);
    const allocation = { principal_minor: '300', suspense_minor: '200' };
    const answer = await posted(api.post(PATH, payment(loan, { amount_minor: '500', allocation })));
    expect(answer.json).toMatchObject({
      allocation: { fees_minor: '0', interest_minor: '0', principal_minor: '300', suspense_minor: '200' },
    });
    expect(await balance(loan.loanId)).toMatchObject({ fees_receivable_minor: '500', suspense_minor: '200' });
  });

  test('on PENDING it stands whole in suspense of that layer, and SETTLED is untouched', async () => {
    const loan = await workedExample(api);
    const settled = await api.balanceText(loan.loanId);
    const answer = await posted(api.post(PATH, payment(loan, { layer: 'PENDING' })));
    expect(answer.json).toMatchObject({
      allocation: { fees_minor: '0', interest_minor: '0', principal_minor: '0', suspense_minor: '88849' },
    });
    expect(await api.balanceText(loan.loanId)).toBe(settled);
    const pending = (await api.get(`/v1/loans/${loan.loanId}/balance?layer=PENDING`)).json;
    expect(pending).toMatchObject({ principal_outstanding_minor: '0', suspense_minor: '88849' });
    const entry = await api.get(`/v1/journal-entries/${textAt(answer, 'journal_entry_id')}`);
    expect(entry.json).toMatchObject({
      lines: [
        { account_code: '1010', direction: 'DR', amount_minor: '88849', layer: 'PENDING' },
        { account_code: '2100', direction: 'CR', amount_minor: '88849', layer: 'PENDING' },
      ],
    });
  });

  test('ids in upper case are the same ids, answered in lower case', async () => {
    const loan = await workedExample(api);
    const upper = { loan_id: loan.loanId.toUpperCase(), borrower_id: loan.borrowerId.toUpperCase() };
    const answer = await posted(api.post(PATH, payment(loan, upper)));
    const entry = await api.get(`/v1/journal-entries/${textAt(answer, 'journal_entry_id').toUpperCase()}`);
    expect(entry.json).toMatchObject({
      journal_entry_id: textAt(answer, 'journal_entry_id'),
      lines: [{ loan_id: loan.loanId, borrower_id: loan.borrowerId }, {}, {}, {}],
    });
  });

  test('every source_method of the contract', async () => {
    const loan = await newLoan(api);
    for (const method of ['ach', 'wire', 'card', 'check', 'cash', 'rtp', 'sepa', 'internal', 'other']) {
      await posted(api.post(PATH, payment(loan, { amount_minor: '1', source_method: method })));
    }
  });

  test('18 digits: the whole of the largest loan is paid to the unit', async () => {
    const loan = await newLoan(api, { principal: MOST });
    const answer = await posted(api.post(PATH, payment(loan, { amount_minor: MOST })));
    expect(answer.json).toMatchObject({ allocation: { principal_minor: MOST, suspense_minor: '0' } });
  });

  test("the tenant's own calendar decides what today is", async () => {
    for (const timezone of ['Pacific/Kiritimati', 'Pacific/Niue']) {
      const tenant = await ledger.newTenant(timezone);
      const loan = await newLoan(tenant);
      const today = await todayIn(timezone);
      await posted(tenant.post(PATH, payment(loan, { amount_minor: '1', effective_at: today })));
      expect((await tenant.get(`/v1/loans/${loan.loanId}/balance`)).json).toMatchObject({ as_of_date: today });
    }
  });
});

describe('400 validation_failed', () => {
  const table: [string, object, string, string][] = [
    ['a loan_id that is no UUID', { loan_id: 'loan_42' }, 'loan_id', 'invalid_format'],
    ['a loan_id in braces', { loan_id: `{${NOBODY}}` }, 'loan_id', 'invalid_format'],
    ['a loan_id without hyphens', { loan_id: NOBODY.replaceAll('-', '') }, 'loan_id', 'invalid_format'],
    ['a borrower_id that is a number', { borrower_id: 42 }, 'borrower_id', 'invalid_type'],
    ['a borrower_id that is null', { borrower_id: null }, 'borrower_id', 'invalid_type'],
    ['an amount of 0', { amount_minor: '0' }, 'amount_minor', 'invalid_format'],
    ['an amount with a minus', { amount_minor: '-1' }, 'amount_minor', 'invalid_format'],
    ['an amount with a plus', { amount_minor: '+1' }, 'amount_minor', 'invalid_format'],
    ['an amount with a leading zero', { amount_minor: '01' }, 'amount_minor', 'invalid_format'],
    ['an amount with a point', { amount_minor: '1.00' }, 'amount_minor', 'invalid_format'],
    ['an amount with an exponent', { amount_minor: '1e3' }, 'amount_minor', 'invalid_format'],
    ['an amount with a separator', { amount_minor: '1,000' }, 'amount_minor', 'invalid_format'],
    ['an amount with a space', { amount_minor: ' 1' }, 'amount_minor', 'invalid_format'],
    ['an amount with a line feed', { amount_minor: '1\n' }, 'amount_minor', 'invalid_format'],
    ['an amount in Arabic digits', { amount_minor: '١٢' }, 'amount_minor', 'invalid_format'],
    ['an amount that is empty', { amount_minor: '' }, 'amount_minor', 'invalid_format'],
    ['an amount of 19 digits', { amount_minor: '1000000000000000000' }, 'amount_minor', 'invalid_format'],
    ['an amount that is a JSON number', { amount_minor: 88849 }, 'amount_minor', 'invalid_type'],
    ['an amount that is a list', { amount_minor: ['88849'] }, 'amount_minor', 'invalid_type'],
    ['a currency in lower case', { currency: 'usd' }, 'currency', 'invalid_format'],
    ['a currency that is no more', { currency: 'HRK' }, 'currency', 'invalid_format'],
    ['a currency that is a metal', { currency: 'XAU' }, 'currency', 'invalid_format'],
    ['a date that does not exist', { effective_at: '2026-02-29' }, 'effective_at', 'invalid_format'],
    ['a date with a time', { effective_at: '2026-05-01T00:00:00Z' }, 'effective_at', 'invalid_format'],
    ['a date in the year 0', { effective_at: '0000-01-01' }, 'effective_at', 'invalid_format'],
    ['a date of one digit less', { effective_at: '2026-5-01' }, 'effective_at', 'invalid_format'],
    ['a source_method that is none', { source_method: 'ACH' }, 'source_method', 'invalid_format'],
    ['an external_ref that is empty', { external_ref: '' }, 'external_ref', 'invalid_format'],
    ['an external_ref of 513 characters', { external_ref: 'x'.repeat(513) }, 'external_ref', 'invalid_format'],
    ['513 characters of two UTF-16 units', { external_ref: '😀'.repeat(513) }, 'external_ref', 'invalid_format'],
    ['an external_ref that is null', { external_ref: null }, 'external_ref', 'invalid_type'],
    ['an allocation that is a list', { allocation: [] }, 'allocation', 'invalid_type'],
    ['an allocation with a number', { allocation: { fees_minor: 1 } }, 'allocation.fees_minor', 'invalid_type'],
    ['an allocation with a sign', { allocation: { fees_minor: '-1' } }, 'allocation.fees_minor', 'invalid_format'],
    [
      'an allocation to what is no part',
      { allocation: { escrow_minor: '1' } },
      'allocation.escrow_minor',
      'unknown_field',
    ],
    ['a layer that is none', { layer: 'settled' }, 'layer', 'invalid_format'],
    ['ENCUMBRANCE, which is for adjustments', { layer: 'ENCUMBRANCE' }, 'layer', 'invalid_format'],
    ['metadata that is text', { metadata: 'note' }, 'metadata', 'invalid_type'],
    ['metadata that is a list', { metadata: [] }, 'metadata', 'invalid_type'],
    ['metadata of more than 16 KiB', { metadata: { note: 'x'.repeat(16 * 1024) } }, 'metadata', 'out_of_range'],
  ];
  test.each(table)('%s', async (_title, changes, field, code) => {
    const loan = await newLoan(api);
    const refused = { status: 400, code: 'validation_failed', fields: [field], fieldCodes: [code] } as const;
    await expectRefusal(ledger, () => api.post(PATH, payment(loan, changes)), refused);
  });

  test.each(['loan_id', 'borrower_id', 'amount_minor', 'currency', 'effective_at', 'source_method'])(
    '%s is required',
    async (field) => {
      const body: object = { ...payment(await newLoan(api)) };
      Reflect.deleteProperty(body, field);
      const refused = { status: 400, code: 'validation_failed', fields: [field], fieldCodes: ['required'] } as const;
      await expectRefusal(ledger, () => api.post(PATH, body), refused);
    },
  );

  test('errors[] names every bad field at once', async () => {
    const body = {
      loan_id: 'x',
      amount_minor: 5,
      currency: 'XXX',
      effective_at: 'now',
      source_method: 'ach',
      extra: 1,
    };
    await expectRefusal(ledger, () => api.post(PATH, body), {
      status: 400,
      code: 'validation_failed',
      fields: ['loan_id', 'borrower_id', 'amount_minor', 'currency', 'effective_at', 'extra'],
      fieldCodes: ['invalid_format', 'required', 'invalid_type', 'invalid_format', 'invalid_format', 'unknown_field'],
    });
  });
});

test('200: a payment that would be refused by now is still answered as it was, alone and beside others', async () => {
  const loan = await workedExample(api);
  const all = { fees_minor: '500', interest_minor: '10000', principal_minor: '1000000' };
  const body = payment(loan, { amount_minor: '1010500', allocation: all });
  const key = 'payment:all-of-it:once';
  const first = await posted(api.post(PATH, body, { key }));
  const again = () => api.post(PATH, body, { key });
  expect((await again()).text).toBe(first.text);
  const other = await newLoan(api);
  const [fresh, repeated, refused] = await Promise.all([
    api.post(PATH, payment(other)),
    again(),
    api.post(PATH, { ...body, source_method: 'wire' }, { key: `${key}-other` }),
  ]);
  expect([fresh.status, repeated.status, repeated.text]).toEqual([201, 200, first.text]);
  expect([refused.status, textAt(refused, 'code')]).toEqual([422, 'amount_exceeds_outstanding']);
});

test('404 loan_not_found: a loan that was never disbursed', async () => {
  const refused = { status: 404, code: 'loan_not_found', fields: ['loan_id'] } as const;
  await expectRefusal(ledger, () => api.post(PATH, payment(unmadeLoan())), refused);
});

test('422 borrower_mismatch', async () => {
  const body = payment(await newLoan(api), { borrower_id: NOBODY });
  const refused = { status: 422, code: 'borrower_mismatch', fields: ['borrower_id'] } as const;
  await expectRefusal(ledger, () => api.post(PATH, body), refused);
});

test('422 currency_mismatch', async () => {
  const body = payment(await newLoan(api), { currency: 'EUR' });
  const refused = { status: 422, code: 'currency_mismatch', fields: ['currency'] } as const;
  await expectRefusal(ledger, () => api.post(PATH, body), refused);
});

test("422 effective_date_in_future: the day after the tenant's business date", async () => {
  for (const timezone of ['UTC', 'Pacific/Kiritimati', 'Pacific/Niue']) {
    const tenant = await ledger.newTenant(timezone);
    const loan = await newLoan(tenant);
    const [row] = await ledger.sql<{ tomorrow: string }>(
      `SELECT ((now() AT TIME ZONE $1)::date + 1)::text AS tomorrow`,
      [timezone],
    );
    const body = payment(loan, { effective_at: row?.tomorrow });
    const refused = { status: 422, code: 'effective_date_in_future', fields: ['effective_at'] } as const;
    await expectRefusal(ledger, () => tenant.post(PATH, body), refused);
  }
});

test('422 effective_date_in_future: the last day there is', async () => {
  const body = payment(await newLoan(api), { effective_at: FAR_FUTURE });
  const refused = { status: 422, code: 'effective_date_in_future', fields: ['effective_at'] } as const;
  await expectRefusal(ledger, () => api.post(PATH, body), refused);
});

test('422 effective_date_before_disbursement', async () => {
  const body = payment(await newLoan(api), { effective_at: '2026-03-30' });
  const refused = { status: 422, code: 'effective_date_before_disbursement', fields: ['effective_at'] } as const;
  await expectRefusal(ledger, () => api.post(PATH, body), refused);
});

test('422 effective_date_before_disbursement: the only disbursement was reversed', async () => {
  const loan = unmadeLoan();
  const disbursed = await posted(api.post('/v1/disbursements', disbursement(loan)));
  const undo = {
    reverses_entry_id: textAt(disbursed, 'journal_entry_id'),
    reason_code: 'fraud',
    effective_at: DAY.later,
  };
  await posted(api.post('/v1/reversals', undo));
  const refused = { status: 422, code: 'effective_date_before_disbursement', fields: ['effective_at'] } as const;
  await expectRefusal(ledger, () => api.post(PATH, payment(loan, { effective_at: DAY.later })), refused);
});

test('422 allocation_mismatch: the parts sum to more or to less than the amount', async () => {
  const loan = await workedExample(api);
  for (const suspense of ['88848', '88850', '0', MOST]) {
    const body = payment(loan, { allocation: { suspense_minor: suspense } });
    const refused = { status: 422, code: 'allocation_mismatch', fields: ['allocation'] } as const;
    await expectRefusal(ledger, () => api.post(PATH, body), refused);
  }
});

test('422 amount_exceeds_outstanding: every component that has less is named', async () => {
  const loan = await newLoan(api, { principal: '100', interest: '10', fees: '1' });
  const allocation = { fees_minor: '2', interest_minor: '10', principal_minor: '101' };
  await expectRefusal(ledger, () => api.post(PATH, payment(loan, { amount_minor: '113', allocation })), {
    status: 422,
    code: 'amount_exceeds_outstanding',
    fields: ['allocation.fees_minor', 'allocation.principal_minor'],
  });
});

test('422 amount_out_of_range: suspense would pass 18 digits, on either layer', async () => {
  for (const layer of ['SETTLED', 'PENDING']) {
    const loan = await newLoan(api, { principal: '1' });
    await posted(api.post(PATH, payment(loan, { amount_minor: '999999999999999999', layer })));
    await posted(
      api.post(PATH, payment(loan, { amount_minor: '1', layer: layer === 'SETTLED' ? 'PENDING' : 'SETTLED' })),
    );
    const body = payment(loan, { amount_minor: '2', layer });
    const refused = { status: 422, code: 'amount_out_of_range', fields: ['amount_minor'] } as const;
    await expectRefusal(ledger, () => api.post(PATH, body), refused);
  }
});

test('an accrual that came late leaves the payments before it as they are', async () => {
  const loan = await newLoan(api, { principal: '1000' });
  const before = await posted(api.post(PATH, payment(loan, { amount_minor: '100' })));
  await posted(api.post('/v1/accruals/batch', accrual(api, [[loan, '10']])));
  expect(before.json).toMatchObject({ allocation: { principal_minor: '100' } });
  expect(await balance(loan.loanId)).toMatchObject({
    principal_outstanding_minor: '900',
    interest_receivable_minor: '10',
  });
});

async function balance(loanId: string): Promise<unknown> {
  return (await api.get(`/v1/loans/${loanId}/balance`)).json;
}

async function todayIn(timezone: string): Promise<string> {
  const [row] = await ledger.sql<{ today: string }>(`SELECT (now() AT TIME ZONE $1)::date::text AS today`, [timezone]);
  return row?.today ?? '';
}
