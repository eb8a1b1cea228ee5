import { describe, expect, test } from 'vitest';
import { LIMITS } from '../../src/limits.ts';
import type { HttpAnswer } from './http-client.ts';
import { serveLedger } from './ledger-server.ts';
import {
  accrual,
  chargeOff,
  DAY,
  disbursement,
  FAR_FUTURE,
  fee,
  NOBODY,
  newLoan,
  payment,
  posted,
  recovery,
  registration,
  reversal,
  unmadeLoan,
} from './loan-story.ts';
import { testPostingGates } from './posting-gates.ts';
import { expectProblem, expectRefusal } from './problem.ts';
import { newProgram } from './program-story.ts';
import { testReadingGates } from './reading-gates.ts';
import { type TenantApi, textAt } from './tenant-api.ts';

const PATH = '/v1/loans';
const MOST = '999999999999999999';
const OPENING = {
  as_of: DAY.disbursed,
  principal_minor: '750000',
  interest_minor: '4100',
  fees_minor: '600',
  suspense_minor: '250',
  accrued_through: '2026-03-30',
};
const NOTHING = { principal_minor: '0', interest_minor: '0', fees_minor: '0' };

const ledger = await serveLedger();
const { api } = ledger;

const read = (loanId: string, tenant = api) => tenant.get(`${PATH}/${loanId}`);
const entryOf = (answer: HttpAnswer) => api.get(`/v1/journal-entries/${textAt(answer, 'journal_entry_id')}`);

describe('POST /v1/loans as any posting', () => {
  testPostingGates({
    ledger: () => ledger,
    path: PATH,
    scope: 'hpts:disbursements:write',
    bodyBytesMax: LIMITS.eventBodyBytes,
    alsoGet: true,
    valid: async () => {
      const loan = unmadeLoan();
      return { body: registration(loan), loanId: loan.loanId };
    },
    other: (body) => ({ ...body, maturity_date: '2030-01-01' }),
  });
});

describe('GET /v1/loans', () => {
  testReadingGates({ ledger: () => ledger, scope: 'hpts:ledger:read', alsoPost: true, valid: async () => PATH });
});

describe('GET /v1/loans/{loan_id}', () => {
  testReadingGates({
    ledger: () => ledger,
    scope: 'hpts:ledger:read',
    valid: async () => `${PATH}/${(await newLoan(api)).loanId}`,
  });
});

describe('POST /v1/loans: 201', () => {
  test('a loan without opening balances owes nothing and has an entry without lines', async () => {
    const loan = unmadeLoan();
    const answer = await api.post(PATH, registration(loan, { metadata: { source: 'core' } }));
    expect(answer.status).toBe(201);
    expect(answer.json).toEqual({
      loan_id: loan.loanId,
      journal_entry_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      posted_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/),
      correlation_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
    expect((await entryOf(answer)).json).toMatchObject({
      event_type: 'manual_adjustment',
      lines: [],
      metadata: { source: 'core' },
    });
    expect((await read(loan.loanId)).json).toEqual({
      loan_id: loan.loanId,
      borrower_id: loan.borrowerId,
      program_id: api.defaultProgramId,
      currency: 'USD',
      status: 'undisbursed',
      began_on: null,
      annual_rate: null,
      own_annual_rate: null,
      maturity_date: null,
      opening: null,
      components: { ...NOTHING, suspense_minor: '0', memo_interest_minor: '0' },
      charged_off: NOTHING,
      recovered: NOTHING,
      non_accrual_since: null,
    });
    expect(JSON.parse(await api.balanceText(loan.loanId))).toMatchObject({ total_exposure_minor: '0' });
  });

  test('opening balances are booked against 3900', async () => {
    const loan = unmadeLoan();
    const body = registration(loan, { annual_rate: '0.0799', maturity_date: '2029-03-31', opening: OPENING });
    const answer = await posted(api.post(PATH, body));
    const line = (account_code: string, direction: string, amount_minor: string) => ({
      ...{ account_code, direction, amount_minor },
      ...{ loan_id: loan.loanId, borrower_id: loan.borrowerId, layer: 'SETTLED', currency: 'USD' },
    });
    expect((await entryOf(answer)).json).toMatchObject({
      event_type: 'manual_adjustment',
      effective_at: DAY.disbursed,
      lines: [
        line('1100', 'DR', '750000'),
        line('1200', 'DR', '4100'),
        line('1300', 'DR', '600'),
        line('2100', 'CR', '250'),
        line('3900', 'CR', '754450'),
      ],
    });
    expect((await read(loan.loanId)).json).toMatchObject({
      began_on: DAY.disbursed,
      annual_rate: '0.0799',
      own_annual_rate: '0.0799',
      maturity_date: '2029-03-31',
      opening: {
        as_of: DAY.disbursed,
        accrued_through: '2026-03-30',
        journal_entry_id: textAt(answer, 'journal_entry_id'),
      },
      components: {
        principal_minor: '750000',
        interest_minor: '4100',
        fees_minor: '600',
        suspense_minor: '250',
        memo_interest_minor: '0',
      },
    });
    const before = await api.balanceText(loan.loanId, '?as_of_date=2026-03-30');
    expect(JSON.parse(before)).toMatchObject({ total_exposure_minor: '0' });
  });

  test('a loan that only holds money debits 3900; accrued_through is as_of when left out', async () => {
    const loan = unmadeLoan();
    const body = registration(loan, { opening: { as_of: DAY.disbursed, suspense_minor: MOST } });
    const answer = await posted(api.post(PATH, body));
    expect((await entryOf(answer)).json).toMatchObject({
      lines: [
        { account_code: '2100', direction: 'CR', amount_minor: MOST },
        { account_code: '3900', direction: 'DR', amount_minor: MOST },
      ],
    });
    expect((await read(loan.loanId)).json).toMatchObject({ opening: { accrued_through: DAY.disbursed } });
  });

  test('what a loan owes and holds may be equal: there is no line on 3900', async () => {
    const opening = { as_of: DAY.disbursed, fees_minor: '5', suspense_minor: '5' };
    const answer = await posted(api.post(PATH, registration(unmadeLoan(), { opening })));
    expect((await entryOf(answer)).json).toMatchObject({ lines_total: 2 });
  });

  test('events follow on a loan with opening balances as on one that was disbursed', async () => {
    const loan = unmadeLoan();
    await posted(api.post(PATH, registration(loan, { opening: { as_of: DAY.disbursed, principal_minor: '1000' } })));
    await posted(api.post('/v1/accruals/batch', accrual(api, [[loan, '10']])));
    await posted(api.post('/v1/fees', fee(loan, { amount_minor: '1' })));
    const paid = await posted(api.post('/v1/payments', payment(loan, { amount_minor: '111' })));
    expect(paid.json).toMatchObject({
      allocation: { fees_minor: '1', interest_minor: '10', principal_minor: '100', suspense_minor: '0' },
    });
    const early = disbursement(loan, { amount_minor: '7', effective_at: DAY.beforeAll });
    await posted(api.post('/v1/disbursements', early));
    expect((await read(loan.loanId)).json).toMatchObject({ began_on: DAY.beforeAll });
  });

  test('a registered loan is disbursed to its borrower, in its currency, under its program; any date begins it', async () => {
    const programId = await newProgram(api);
    const loan = unmadeLoan();
    await posted(api.post(PATH, registration(loan, { program_id: programId })));
    const disburse = (changes: object) => () => api.post('/v1/disbursements', disbursement(loan, changes));
    const early = { status: 422, code: 'effective_date_before_disbursement', fields: ['effective_at'] } as const;
    await expectRefusal(ledger, () => api.post('/v1/fees', fee(loan)), early);
    for (const [changes, code] of [
      [{ borrower_id: NOBODY }, 'borrower_mismatch'],
      [{ currency: 'EUR' }, 'currency_mismatch'],
      [{ program_id: api.defaultProgramId }, 'program_mismatch'],
    ] as const) {
      await expectRefusal(ledger, disburse(changes), { status: 422, code, fields: Object.keys(changes) });
    }
    await posted(disburse({})());
    await posted(api.post('/v1/fees', fee(loan)));
    expect((await read(loan.loanId)).json).toMatchObject({ program_id: programId, began_on: DAY.disbursed });
  });

  test("the rate shown is the loan's own, else the program's of today", async () => {
    const programId = await newProgram(api, { annual_rates: [{ from: '2026-01-01', rate: '0.11' }] });
    const [own, plain] = [unmadeLoan(), unmadeLoan()];
    await posted(api.post(PATH, registration(own, { program_id: programId, annual_rate: '0' })));
    await posted(api.post(PATH, registration(plain, { program_id: programId })));
    expect((await read(own.loanId)).json).toMatchObject({ annual_rate: '0', own_annual_rate: '0' });
    expect((await read(plain.loanId)).json).toMatchObject({ annual_rate: '0.11', own_annual_rate: null });
  });

  test('the opening balance is reversed as any entry is, and then the loan has not begun', async () => {
    const loan = unmadeLoan();
    const answer = await posted(api.post(PATH, registration(loan, { opening: OPENING })));
    await posted(api.post('/v1/reversals', reversal(textAt(answer, 'journal_entry_id'))));
    expect((await read(loan.loanId)).json).toMatchObject({
      status: 'undisbursed',
      began_on: null,
      components: NOTHING,
    });
    const refused = { status: 422, code: 'effective_date_before_disbursement', fields: ['effective_at'] } as const;
    await expectRefusal(ledger, () => api.post('/v1/payments', payment(loan)), refused);
    await posted(api.post('/v1/disbursements', disbursement(loan)));
  });

  test('a reversed opening leaves a loan that was disbursed too to its disbursement', async () => {
    const loan = unmadeLoan();
    const answer = await posted(api.post(PATH, registration(loan, { opening: OPENING })));
    await posted(api.post('/v1/disbursements', disbursement(loan, { effective_at: DAY.between })));
    await posted(api.post('/v1/reversals', reversal(textAt(answer, 'journal_entry_id'))));
    expect((await read(loan.loanId)).json).toMatchObject({ began_on: DAY.between });
  });
});

test('POST /v1/reversals: 422 not_reversible for a registration without opening balances', async () => {
  const answer = await posted(api.post(PATH, registration(unmadeLoan())));
  const send = () => api.post('/v1/reversals', reversal(textAt(answer, 'journal_entry_id'), { effective_at: today() }));
  await expectRefusal(ledger, send, { status: 422, code: 'not_reversible', fields: ['reverses_entry_id'] });
});

describe('POST /v1/loans: 400 validation_failed', () => {
  const table: [string, object, string, string][] = [
    ['no borrower', { borrower_id: undefined }, 'borrower_id', 'required'],
    ['a rate with a sign', { annual_rate: '-0.1' }, 'annual_rate', 'invalid_format'],
    ['a rate of 13 decimals', { annual_rate: '0.1234567890123' }, 'annual_rate', 'invalid_format'],
    ['a maturity with a time', { maturity_date: '2029-03-31T00:00:00Z' }, 'maturity_date', 'invalid_format'],
    ['an opening without a day', { opening: { principal_minor: '1' } }, 'opening.as_of', 'required'],
    ['an opening of nothing', { opening: { as_of: DAY.paid, fees_minor: '0' } }, 'opening', 'out_of_range'],
    [
      'interest accrued beyond the opening',
      { opening: { ...OPENING, accrued_through: DAY.between } },
      'opening.accrued_through',
      'out_of_range',
    ],
    ['an amount with a sign', { opening: { ...OPENING, fees_minor: '-1' } }, 'opening.fees_minor', 'invalid_format'],
  ];
  test.each(table)('%s', async (_title, changes, field, code) => {
    const refused = { status: 400, code: 'validation_failed', fields: [field], fieldCodes: [code] } as const;
    await expectRefusal(ledger, () => api.post(PATH, registration(unmadeLoan(), changes)), refused);
  });
});

test('POST /v1/loans: 403 insufficient_scope, opening balances without hpts:adjustments:write', async () => {
  const token = await api.token('hpts:disbursements:write');
  const body = registration(unmadeLoan(), { opening: OPENING });
  const refused = { status: 403, code: 'insufficient_scope' } as const;
  const answer = await expectRefusal(ledger, () => api.post(PATH, body, { token }), refused);
  expect(answer.headers['www-authenticate']).toContain('scope="hpts:adjustments:write"');
  const both = await api.token('hpts:disbursements:write hpts:adjustments:write');
  expect((await api.post(PATH, body, { token: both })).status).toBe(201);
});

test('POST /v1/loans: 404 program_not_found', async () => {
  const send = () => api.post(PATH, registration(unmadeLoan(), { program_id: NOBODY }));
  await expectRefusal(ledger, send, { status: 404, code: 'program_not_found', fields: ['program_id'] });
});

test('POST /v1/loans: 409 loan_already_exists, registered or disbursed before', async () => {
  const registered = unmadeLoan();
  await posted(api.post(PATH, registration(registered)));
  const refused = { status: 409, code: 'loan_already_exists', fields: ['loan_id'] } as const;
  for (const loan of [registered, await newLoan(api)]) {
    await expectRefusal(ledger, () => api.post(PATH, registration(loan)), refused);
    await expectRefusal(ledger, () => api.post(PATH, registration(loan, { opening: OPENING })), refused);
  }
});

test('POST /v1/loans: 422 currency_mismatch, another currency than that of the program', async () => {
  const programId = await newProgram(api, { currency: 'EUR' });
  const send = () => api.post(PATH, registration(unmadeLoan(), { program_id: programId }));
  await expectRefusal(ledger, send, { status: 422, code: 'currency_mismatch', fields: ['currency'] });
});

test('POST /v1/loans: 422 effective_date_in_future', async () => {
  const opening = { as_of: FAR_FUTURE, principal_minor: '1' };
  const send = () => api.post(PATH, registration(unmadeLoan(), { opening }));
  await expectRefusal(ledger, send, { status: 422, code: 'effective_date_in_future', fields: ['opening.as_of'] });
});

test('POST /v1/loans: 422 amount_out_of_range, what is owed together passes 18 digits', async () => {
  const opening = { as_of: DAY.paid, principal_minor: MOST, fees_minor: '1' };
  const send = () => api.post(PATH, registration(unmadeLoan(), { opening }));
  await expectRefusal(ledger, send, { status: 422, code: 'amount_out_of_range', fields: ['opening'] });
});

test('POST /v1/loans: 201 for one, 409 for the others, of twenty that register a loan at once', async () => {
  const loan = unmadeLoan();
  const answers = await Promise.all(
    Array.from({ length: 20 }, () => api.post(PATH, registration(loan, { opening: OPENING }))),
  );
  expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
  expect(answers.filter(({ status }) => status === 409)).toHaveLength(19);
  expect((await read(loan.loanId)).json).toMatchObject({ components: { principal_minor: '750000' } });
});

describe('GET /v1/loans', () => {
  const idsOf = async (tenant: TenantApi, query: string): Promise<string[]> => {
    const ids: string[] = [];
    for (let token: string | null = ''; token !== null; ) {
      const page = await tenant.get(`${PATH}?page_size=3${query}${token}`);
      expect(page.status).toBe(200);
      const { items, next_page_token: next } = page.json as {
        items: { loan_id: string }[];
        next_page_token: string | null;
      };
      ids.push(...items.map(({ loan_id }) => loan_id));
      token = next === null ? null : `&page_token=${next}`;
    }
    return ids;
  };

  test('200: every loan once, in the order of ids; by borrower, program and status', async () => {
    const tenant = await ledger.newTenant();
    const programId = await newProgram(tenant);
    const { borrowerId } = unmadeLoan();
    const made = await Promise.all(
      Array.from({ length: 8 }, async (_, index) => {
        const loan = index % 2 === 0 ? { ...unmadeLoan(), borrowerId } : unmadeLoan();
        const program = index < 4 ? { program_id: programId } : {};
        const send = index % 3 === 0 ? registration(loan, program) : disbursement(loan, program);
        await posted(tenant.post(index % 3 === 0 ? PATH : '/v1/disbursements', send));
        return loan.loanId;
      }),
    );
    const those = (wanted: (index: number) => boolean) => made.filter((_, index) => wanted(index)).toSorted();
    expect(await idsOf(tenant, '')).toEqual(those(() => true));
    expect(await idsOf(tenant, '&status=undisbursed')).toEqual(those((index) => index % 3 === 0));
    expect(await idsOf(tenant, '&status=active')).toEqual(those((index) => index % 3 !== 0));
    expect(await idsOf(tenant, '&status=charged_off')).toEqual([]);
    expect(await idsOf(tenant, `&borrower_id=${borrowerId}`)).toEqual(those((index) => index % 2 === 0));
    expect(await idsOf(tenant, `&program_id=${programId}`)).toEqual(those((index) => index < 4));
    const both = `&borrower_id=${borrowerId.toUpperCase()}&program_id=${programId}`;
    expect(await idsOf(tenant, both)).toEqual(those((index) => index % 2 === 0 && index < 4));
    expect(await idsOf(tenant, `&borrower_id=${NOBODY}`)).toEqual([]);
  });

  test('200: a loan with a standing of its own shows it, and is found by its status', async () => {
    const tenant = await ledger.newTenant();
    const [lost, plain] = [await newLoan(tenant), await newLoan(tenant)];
    await posted(tenant.post('/v1/fees', fee(lost)));
    await posted(tenant.post('/v1/chargeoffs', chargeOff(lost)));
    await posted(tenant.post('/v1/recoveries', recovery(lost, { amount_minor: '530' })));
    expect((await read(lost.loanId, tenant)).json).toMatchObject({
      status: 'charged_off',
      charged_off: { principal_minor: '1000000', interest_minor: '0', fees_minor: '500' },
      recovered: { principal_minor: '30', interest_minor: '0', fees_minor: '500' },
      non_accrual_since: null,
    });
    expect(await idsOf(tenant, '&status=charged_off')).toEqual([lost.loanId]);
    expect(await idsOf(tenant, `&status=charged_off&borrower_id=${plain.borrowerId}`)).toEqual([]);
    expect(await idsOf(tenant, '&status=active')).toEqual([plain.loanId]);
  });

  test('200: loans that are made between two pages neither move nor repeat the others', async () => {
    const tenant = await ledger.newTenant();
    const before: string[] = [];
    for (let index = 0; index < 6; index += 1) before.push((await newLoan(tenant)).loanId);
    const first = await tenant.get(`${PATH}?page_size=3`);
    for (let index = 0; index < 6; index += 1) await newLoan(tenant);
    const token = textAt(first, 'next_page_token');
    const rest = await tenant.get(`${PATH}?page_size=500&page_token=${token}`);
    const ids = [first, rest].flatMap(({ json }) =>
      (json as { items: { loan_id: string }[] }).items.map(({ loan_id }) => loan_id),
    );
    expect(new Set(ids).size).toBe(ids.length);
    expect(before.filter((id) => !ids.includes(id))).toEqual([]);
  });

  test('GET /v1/loans: 400 invalid_page_token of another filter; validation_failed', async () => {
    await newLoan(api);
    await newLoan(api);
    const token = textAt(await api.get(`${PATH}?page_size=1`), 'next_page_token');
    const other = await api.get(`${PATH}?page_size=1&status=active&page_token=${token}`);
    expectProblem(other, { status: 400, code: 'invalid_page_token' });
    const query = 'status=paid&borrower_id=1&program_id=&page_size=501';
    const fields = ['status', 'borrower_id', 'program_id', 'page_size'];
    expectProblem(await api.get(`${PATH}?${query}`), { status: 400, code: 'validation_failed', fields });
  });
});

test('GET /v1/loans/{loan_id}: 200, what a loan owes after its story', async () => {
  const loan = await newLoan(api, { principal: '1000', interest: '20', fees: '3' });
  await posted(api.post('/v1/payments', payment(loan, { amount_minor: '1030' })));
  const components = { ...NOTHING, suspense_minor: '7', memo_interest_minor: '0' };
  expect((await read(loan.loanId)).json).toMatchObject({ began_on: DAY.disbursed, status: 'active', components });
});

test('GET /v1/loans/{loan_id}: 404 loan_not_found', async () => {
  for (const id of [NOBODY, 'first']) expectProblem(await read(id), { status: 404, code: 'loan_not_found' });
});

function today(): string {
  return new Date().toISOString().slice(0, 10);
}
