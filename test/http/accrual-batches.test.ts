import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import type { HttpAnswer } from './http-client.ts';
import { serveLedger } from './ledger-server.ts';
import { holdLoan } from './loan-lock.ts';
import {
  accrual,
  DAY,
  disbursement,
  FAR_FUTURE,
  type Loan,
  NOBODY,
  newLoan,
  posted,
  reversal,
  unmadeLoan,
} from './loan-story.ts';
import { testPostingGates } from './posting-gates.ts';
import { errorsOf, expectProblem, expectRefusal } from './problem.ts';
import { newProgram } from './program-story.ts';
import { textAt } from './tenant-api.ts';

const PATH = '/v1/accruals/batch';
const MOST = '999999999999999999';

const ledger = await serveLedger();
const { api } = ledger;

describe('POST /v1/accruals/batch as any posting', () => {
  testPostingGates({
    ledger: () => ledger,
    path: PATH,
    scope: 'hpts:accruals:write',
    bodyBytesMax: 4 * 1024 * 1024,
    valid: async (tenant) => {
      const loan = await newLoan(tenant);
      return { body: accrual(tenant, [[loan, '10000']]), loanId: loan.loanId };
    },
    other: (body) => ({ ...body, day_count_convention: 'ACT_360' }),
  });
});

describe('201', () => {
  test('one entry for the batch: DR 1200 a line per loan, CR 4000 the sum', async () => {
    const loans = [await newLoan(api), await newLoan(api)] as const;
    const answer = await api.post(
      PATH,
      accrual(api, [
        [loans[0], '17'],
        [loans[1], '25'],
      ]),
    );
    expect(answer.status).toBe(201);
    expect(answer.json).toEqual({
      accrual_event_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      journal_entry_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      loan_count: 2,
      total_accrued_minor: '42',
      posted_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/),
    });
    expect((await entryOf(answer)).json).toMatchObject({
      event_type: 'accrual',
      effective_at: DAY.accrued,
      lines: [
        { account_code: '1200', direction: 'DR', amount_minor: '17', ...namesOf(loans[0]) },
        { account_code: '1200', direction: 'DR', amount_minor: '25', ...namesOf(loans[1]) },
        { account_code: '4000', direction: 'CR', amount_minor: '42', loan_id: null, borrower_id: null },
      ],
    });
    expect(await interestOf(loans[1])).toBe('25');
  });

  test('a loan of zero interest is counted, gets no line, and its date is taken', async () => {
    const loans = [await newLoan(api), await newLoan(api)] as const;
    const answer = await posted(
      api.post(
        PATH,
        accrual(api, [
          [loans[0], '0'],
          [loans[1], '25'],
        ]),
      ),
    );
    expect(answer.json).toMatchObject({ loan_count: 2, total_accrued_minor: '25' });
    expect((await entryOf(answer)).json).toMatchObject({ lines_total: 2 });
    const taken = { status: 409, code: 'accrual_already_posted', fields: ['loans[0].loan_id'] } as const;
    await expectRefusal(ledger, () => api.post(PATH, accrual(api, [[loans[0], '1']])), taken);
  });

  test('an all-zero batch posts an entry without lines and takes the date', async () => {
    const loan = await newLoan(api);
    const answer = await posted(api.post(PATH, accrual(api, [[loan, '0']])));
    expect(answer.json).toMatchObject({ loan_count: 1, total_accrued_minor: '0' });
    expect((await entryOf(answer)).json).toMatchObject({ lines: [], lines_total: 0, lines_next_page_token: null });
    const taken = { status: 409, code: 'accrual_already_posted', fields: ['loans[0].loan_id'] } as const;
    await expectRefusal(ledger, () => api.post(PATH, accrual(api, [[loan, '5']])), taken);
  });

  test('every day of a month is a date of its own, in any order', async () => {
    const loan = await newLoan(api);
    for (const day of ['2026-05-31', '2026-05-01', '2026-04-30', '2026-05-30', '2026-03-31']) {
      await posted(api.post(PATH, accrual(api, [[loan, '1']], { accrual_date: day })));
    }
    expect(await interestOf(loan)).toBe('5');
  });

  test.each([
    'ACT_365',
    'ACT_360',
    'ACT_ACT_ISDA',
    'THIRTY_360_US',
    'THIRTY_360_BOND_BASIS',
    'THIRTY_E_360',
    'THIRTY_E_360_ISDA',
  ])('%s is a day count', async (convention) => {
    const loan = await newLoan(api);
    await posted(api.post(PATH, accrual(api, [[loan, '1']], { day_count_convention: convention })));
  });

  test('the amount is posted as sent, whatever the outstanding principal sent with it', async () => {
    const loan = await newLoan(api);
    const batch = { ...accrual(api, []), loans: [{ ...item(loan, MOST), outstanding_principal_minor: '0' }] };
    await posted(api.post(PATH, batch));
    expect(await interestOf(loan)).toBe(MOST);
  });
});

describe('400 validation_failed', () => {
  const table: [string, object, string, string][] = [
    ['a program_id that is no UUID', { program_id: '1' }, 'program_id', 'invalid_format'],
    ['a date that does not exist', { accrual_date: '2026-04-31' }, 'accrual_date', 'invalid_format'],
    ['a day count that is none', { day_count_convention: 'ACT/365' }, 'day_count_convention', 'invalid_format'],
    ['loans that are no list', { loans: {} }, 'loans', 'invalid_type'],
    ['no loans', { loans: [] }, 'loans', 'out_of_range'],
    ['a loan that is text', { loans: [NOBODY] }, 'loans[0]', 'invalid_type'],
    ['metadata, which a batch has not', { metadata: {} }, 'metadata', 'unknown_field'],
  ];
  test.each(table)('%s', async (_title, changes, field, code) => {
    const body = accrual(api, [[await newLoan(api), '1']], changes);
    const refused = { status: 400, code: 'validation_failed', fields: [field], fieldCodes: [code] } as const;
    await expectRefusal(ledger, () => api.post(PATH, body), refused);
  });

  const items: [string, object, string, string][] = [
    ['an interest with a sign', { interest_minor: '-1' }, 'interest_minor', 'invalid_format'],
    ['an interest that is a JSON number', { interest_minor: 1 }, 'interest_minor', 'invalid_type'],
    [
      'a principal of 19 digits',
      { outstanding_principal_minor: `${MOST}9` },
      'outstanding_principal_minor',
      'invalid_format',
    ],
    ['an unknown field', { rate: '0.08' }, 'rate', 'unknown_field'],
  ];
  test.each(items)('the second loan has %s', async (_title, changes, field, code) => {
    const [first, second] = [await newLoan(api), await newLoan(api)];
    const body = { ...accrual(api, []), loans: [item(first, '1'), { ...item(second, '1'), ...changes }] };
    const refused = {
      status: 400,
      code: 'validation_failed',
      fields: [`loans[1].${field}`],
      fieldCodes: [code],
    } as const;
    await expectRefusal(ledger, () => api.post(PATH, body), refused);
  });

  test('a loan named twice, once in capitals', async () => {
    const [first, second] = [await newLoan(api), await newLoan(api)];
    const again = { ...item(first, '2'), loan_id: first.loanId.toUpperCase() };
    const body = { ...accrual(api, []), loans: [item(first, '1'), item(second, '1'), again] };
    const refused = {
      status: 400,
      code: 'validation_failed',
      fields: ['loans[2].loan_id'],
      fieldCodes: ['duplicate'],
    } as const;
    await expectRefusal(ledger, () => api.post(PATH, body), refused);
  });

  test.each(['program_id', 'accrual_date', 'day_count_convention', 'loans'])('%s is required', async (field) => {
    const body: object = { ...accrual(api, [[await newLoan(api), '1']]) };
    Reflect.deleteProperty(body, field);
    const refused = { status: 400, code: 'validation_failed', fields: [field], fieldCodes: ['required'] } as const;
    await expectRefusal(ledger, () => api.post(PATH, body), refused);
  });
});

test('404 program_not_found', async () => {
  const body = accrual(api, [[await newLoan(api), '1']], { program_id: NOBODY });
  const refused = { status: 404, code: 'program_not_found', fields: ['program_id'] } as const;
  await expectRefusal(ledger, () => api.post(PATH, body), refused);
});

test('404 loan_not_found: every loan that is missing is named, the others get nothing', async () => {
  const loan = await newLoan(api);
  const body = accrual(api, [
    [loan, '1'],
    [unmadeLoan(), '1'],
    [unmadeLoan(), '0'],
  ]);
  const refused = { status: 404, code: 'loan_not_found', fields: ['loans[1].loan_id', 'loans[2].loan_id'] } as const;
  await expectRefusal(ledger, () => api.post(PATH, body), refused);
  expect(await interestOf(loan)).toBe('0');
});

test('409 accrual_already_posted: a loan accrues once for a date, whatever the key', async () => {
  const [first, second, third] = [await newLoan(api), await newLoan(api), await newLoan(api)];
  await posted(
    api.post(
      PATH,
      accrual(api, [
        [first, '1'],
        [third, '1'],
      ]),
    ),
  );
  const body = accrual(api, [
    [first, '2'],
    [second, '2'],
    [third, '2'],
  ]);
  const refused = {
    status: 409,
    code: 'accrual_already_posted',
    fields: ['loans[0].loan_id', 'loans[2].loan_id'],
  } as const;
  await expectRefusal(ledger, () => api.post(PATH, body), refused);
});

test('409 accrual_already_posted: of two batches at once over one loan, one', async () => {
  const loan = await newLoan(api);
  const answers = await Promise.all([1, 2, 3].map(() => api.post(PATH, accrual(api, [[loan, '1']]))));
  expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409]);
  expect(await interestOf(loan)).toBe('1');
});

test('422 currency_mismatch: the loans of a batch share the currency of its first', async () => {
  const body = accrual(api, [
    [await newLoan(api), '1'],
    [await newLoan(api, { currency: 'EUR' }), '1'],
  ]);
  const refused = { status: 422, code: 'currency_mismatch', fields: ['loans[1].loan_id'] } as const;
  await expectRefusal(ledger, () => api.post(PATH, body), refused);
});

test('404: behind a loan that is missing, one of another currency than the first there is gets named too', async () => {
  const body = accrual(api, [
    [unmadeLoan(), '1'],
    [await newLoan(api), '1'],
    [await newLoan(api, { currency: 'EUR' }), '1'],
  ]);
  const fields = ['loans[0].loan_id', 'loans[2].loan_id'];
  const fieldCodes = ['loan_not_found', 'currency_mismatch'];
  const refused = { status: 404, code: 'loan_not_found', fields, fieldCodes } as const;
  await expectRefusal(ledger, () => api.post(PATH, body), refused);
});

test('422 program_mismatch: a loan of another program', async () => {
  const programId = await newProgram(api);
  const loan = unmadeLoan();
  await posted(api.post('/v1/disbursements', disbursement(loan, { program_id: programId })));
  const refused = { status: 422, code: 'program_mismatch', fields: ['loans[0].loan_id'] } as const;
  await expectRefusal(ledger, () => api.post(PATH, accrual(api, [[loan, '1']])), refused);
  await posted(api.post(PATH, accrual(api, [[loan, '1']], { program_id: programId })));
});

test('422 effective_date_in_future', async () => {
  const body = accrual(api, [[await newLoan(api), '1']], { accrual_date: FAR_FUTURE });
  const refused = { status: 422, code: 'effective_date_in_future', fields: ['loans[0].loan_id'] } as const;
  await expectRefusal(ledger, () => api.post(PATH, body), refused);
});

test('422 effective_date_before_disbursement', async () => {
  const body = accrual(api, [[await newLoan(api), '1']], { accrual_date: '2026-03-30' });
  const refused = { status: 422, code: 'effective_date_before_disbursement', fields: ['loans[0].loan_id'] } as const;
  await expectRefusal(ledger, () => api.post(PATH, body), refused);
});

test('422 amount_out_of_range: the interest of one loan would pass 18 digits', async () => {
  const loan = await newLoan(api, { interest: MOST });
  const body = accrual(
    api,
    [
      [await newLoan(api), '1'],
      [loan, '1'],
    ],
    { accrual_date: DAY.paid },
  );
  const refused = { status: 422, code: 'amount_out_of_range', fields: ['loans[1].interest_minor'] } as const;
  await expectRefusal(ledger, () => api.post(PATH, body), refused);
});

test('422 amount_out_of_range: the sum, which is one line, would pass 18 digits', async () => {
  const body = accrual(api, [
    [await newLoan(api), MOST],
    [await newLoan(api), '1'],
  ]);
  const refused = { status: 422, code: 'amount_out_of_range', fields: ['loans'] } as const;
  await expectRefusal(ledger, () => api.post(PATH, body), refused);
});

test('status and code are those of the first refused loan, errors[] names every one with its own', async () => {
  const [taken, foreign, missing] = [await newLoan(api), await newLoan(api, { currency: 'EUR' }), unmadeLoan()];
  await posted(api.post(PATH, accrual(api, [[taken, '1']])));
  const fine = await newLoan(api);
  const send = () =>
    api.post(
      PATH,
      accrual(api, [
        [fine, '1'],
        [taken, '1'],
        [foreign, '1'],
        [missing, '1'],
      ]),
    );
  await expectRefusal(ledger, send, {
    status: 409,
    code: 'accrual_already_posted',
    fields: ['loans[1].loan_id', 'loans[2].loan_id', 'loans[3].loan_id'],
    fieldCodes: ['accrual_already_posted', 'currency_mismatch', 'loan_not_found'],
  });
});

describe('a batch whose body is larger than 64 KiB', () => {
  const COUNT = 1_100;
  let loans: readonly Loan[];
  beforeAll(async () => {
    loans = Array.from({ length: COUNT }, () => unmadeLoan());
    await Promise.all(loans.map((loan) => posted(api.post('/v1/disbursements', disbursement(loan)))));
  });

  function large(changes: object = {}): object {
    const body = accrual(
      api,
      loans.map((loan, index) => [loan, String(index + 1)] as const),
      changes,
    );
    expect(JSON.stringify(body).length).toBeGreaterThan(64 * 1024);
    return body;
  }

  test('201, then 200 byte for byte; its lines come in pages of 1,000', async () => {
    const key = `large:${randomUUID()}`;
    const answer = await api.post(PATH, large(), { key });
    expect(answer.status).toBe(201);
    const total = String((COUNT * (COUNT + 1)) / 2);
    expect(answer.json).toMatchObject({ loan_count: COUNT, total_accrued_minor: total });
    const replay = await api.post(PATH, large(), { key });
    expect([replay.status, replay.text]).toEqual([200, answer.text]);
    const entryId = textAt(answer, 'journal_entry_id');
    const first = await pageOf(entryId);
    expect(first).toMatchObject({ lines_total: COUNT + 1 });
    expect(first.lines.map(({ sequence }) => sequence)).toEqual(Array.from({ length: 1_000 }, (_, index) => index + 1));
    const second = await pageOf(entryId, first.lines_next_page_token);
    expect(second.lines.map(({ sequence }) => sequence)).toEqual(
      Array.from({ length: 101 }, (_, index) => index + 1_001),
    );
    expect(second.lines_next_page_token).toBeNull();
    expect(second.lines.at(-1)).toMatchObject({ account_code: '4000', amount_minor: total });
    expect(await interestOf(loans[COUNT - 1])).toBe(String(COUNT));
  });

  test('its reversal is as large, and frees the date', async () => {
    const batch = large({ accrual_date: DAY.later });
    const first = await posted(api.post(PATH, batch));
    const undone = await posted(api.post('/v1/reversals', reversal(textAt(first, 'journal_entry_id'))));
    expect((await entryOf(undone)).json).toMatchObject({ event_type: 'reversal', lines_total: COUNT + 1 });
    await posted(api.post(PATH, batch));
  });

  test('422 idempotency_mismatch', async () => {
    const key = `large:${randomUUID()}`;
    await posted(api.post(PATH, large({ accrual_date: '2026-06-01' }), { key }));
    const other = large({ accrual_date: '2026-06-02' });
    const refused = { status: 422, code: 'idempotency_mismatch' } as const;
    await expectRefusal(ledger, () => api.post(PATH, other, { key }), refused);
  });

  test('409 idempotency_in_progress', async () => {
    const key = `large:${randomUUID()}`;
    const batch = large({ accrual_date: '2026-06-03' });
    const held = await holdLoan(ledger, loans[500]?.loanId ?? '');
    const first = api.post(PATH, batch, { key });
    await held.untilWaiting();
    const second = await api.post(PATH, batch, { key });
    await held.release();
    expectProblem(second, { status: 409, code: 'idempotency_in_progress' });
    expect((await first).status).toBe(201);
  });

  test('400 malformed_json', async () => {
    const text = JSON.stringify(large()).slice(0, -1);
    await expectRefusal(ledger, () => api.post(PATH, text), { status: 400, code: 'malformed_json' });
  });

  test('400 validation_failed: the one bad field among thousands', async () => {
    const batch = { ...accrual(api, []), loans: loans.map((loan, index) => item(loan, index === 777 ? '01' : '1')) };
    const refused = { status: 400, code: 'validation_failed', fields: ['loans[777].interest_minor'] } as const;
    await expectRefusal(ledger, () => api.post(PATH, batch), refused);
  });

  test('10,000 loans are taken, 10,001 are not', async () => {
    const many = Array.from({ length: 10_001 }, () => item(unmadeLoan(), '1'));
    const tooMany = {
      status: 400,
      code: 'validation_failed',
      fields: ['loans'],
      fieldCodes: ['out_of_range'],
    } as const;
    await expectRefusal(ledger, () => api.post(PATH, { ...accrual(api, []), loans: many }), tooMany);
    const answer = await api.post(PATH, { ...accrual(api, []), loans: many.slice(1) });
    expect([answer.status, errorsOf(answer).length]).toEqual([404, 10_000]);
  });

  test('503 too_busy: one of its loans is held for more than five seconds; neighbours are not kept waiting', async () => {
    const held = await holdLoan(ledger, loans[0]?.loanId ?? '');
    const batch = large({ accrual_date: '2026-06-04' });
    const answer = api.post(PATH, batch);
    await held.untilWaiting();
    const neighbour = await newLoan(api);
    const began = performance.now();
    await posted(api.post(PATH, accrual(api, [[neighbour, '1']])));
    expect(performance.now() - began).toBeLessThan(1_000);
    expectProblem(await answer, { status: 503, code: 'too_busy' });
    await held.release();
    await posted(api.post(PATH, batch));
  });
});

test('201: a batch too heavy to share, whose body is still small enough to be read at once', async () => {
  const loans = Array.from({ length: 200 }, () => unmadeLoan());
  await Promise.all(loans.map((loan) => posted(api.post('/v1/disbursements', disbursement(loan)))));
  const key = `heavy:${randomUUID()}`;
  const batch = accrual(
    api,
    loans.map((loan) => [loan, '3'] as const),
  );
  const answer = await posted(api.post(PATH, batch, { key }));
  expect(answer.json).toMatchObject({ loan_count: 200, total_accrued_minor: '600' });
  expect((await api.post(PATH, batch, { key })).text).toBe(answer.text);
  await posted(api.post('/v1/reversals', reversal(textAt(answer, 'journal_entry_id'))));
});

type Page = { lines: { sequence: number }[]; lines_next_page_token: string | null };

async function pageOf(entryId: string, token?: string | null): Promise<Page> {
  const query = token === undefined ? '' : `?lines_page_token=${token}`;
  return (await api.get(`/v1/journal-entries/${entryId}${query}`)).json as Page;
}

function entryOf(answer: HttpAnswer): Promise<HttpAnswer> {
  return api.get(`/v1/journal-entries/${textAt(answer, 'journal_entry_id')}`);
}

function item(loan: Loan, interest: string): object {
  return { loan_id: loan.loanId, outstanding_principal_minor: '1000000', interest_minor: interest };
}

function namesOf(loan: Loan): object {
  return { loan_id: loan.loanId, borrower_id: loan.borrowerId };
}

async function interestOf(loan: Loan | undefined): Promise<string> {
  return textAt(await api.get(`/v1/loans/${loan?.loanId}/balance`), 'interest_receivable_minor');
}
