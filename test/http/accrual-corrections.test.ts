import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LIMITS } from '../../src/limits.ts';
import { verifyLedger } from '../../src/postgres/verify/ledger-verification.ts';
import type { HttpAnswer } from './http-client.ts';
import { type LedgerServer, startLedger } from './ledger-server.ts';
import {
  accrual,
  chargeOff,
  DAY,
  FAR_FUTURE,
  type Loan,
  NOBODY,
  newLoan,
  payment,
  posted,
  reversal,
} from './loan-story.ts';
import { testPostingGates } from './posting-gates.ts';
import { expectRefusal } from './problem.ts';
import { type TenantApi, textAt } from './tenant-api.ts';

const TEMPLATE = `/v1/accruals/${NOBODY}/corrections`;

let ledger: LedgerServer;
let api: TenantApi;
beforeAll(async () => {
  ledger = await startLedger();
  api = ledger.api;
});
afterAll(() => ledger.stop());

type Batch = { readonly path: string; readonly entryId: string; readonly eventId: string };

/** A batch on DAY.accrued. */
async function newBatch(by: TenantApi, loans: readonly (readonly [Loan, string])[]): Promise<Batch> {
  const answer = await posted(by.post('/v1/accruals/batch', accrual(by, loans)));
  const eventId = textAt(answer, 'accrual_event_id');
  return { path: `/v1/accruals/${eventId}/corrections`, entryId: textAt(answer, 'journal_entry_id'), eventId };
}

function correction(loans: readonly (readonly [Loan, string])[], changes: object = {}): object {
  const items = loans.map(([loan, interest]) => ({ loan_id: loan.loanId, interest_minor: interest }));
  return { effective_at: DAY.paid, reason_code: 'error_correction', loans: items, ...changes };
}

async function interestOf(loan: Loan, query = ''): Promise<string> {
  return Reflect.get(Object(JSON.parse(await api.balanceText(loan.loanId, query))), 'interest_receivable_minor');
}

async function incomeOf(by: TenantApi): Promise<string> {
  return textAt(await by.get('/v1/accounts/4000/balance?currency=USD'), 'normal_balance_minor');
}

/** Makes a loan what POST /v1/loans/{loan_id}/non-accrual will make of it. */
async function putOnNonAccrual({ loanId }: Loan): Promise<void> {
  const none = { principal: '0', interest: '0', fees: '0' };
  const standing = { status: 'active', loss_account: null, charged_off_minor: none, recovered_minor: none };
  await ledger.sql('UPDATE hpts.loan SET standing = $2 WHERE loan_id = $1', [
    loanId,
    JSON.stringify({ ...standing, non_accrual_since: DAY.paid }),
  ]);
}

function entryOf(answer: HttpAnswer): Promise<HttpAnswer> {
  return api.get(`/v1/journal-entries/${textAt(answer, 'journal_entry_id')}`);
}

describe('POST /v1/accruals/{accrual_event_id}/corrections as any posting', () => {
  testPostingGates({
    ledger: () => ledger,
    path: TEMPLATE,
    scope: 'hpts:accruals:write',
    bodyBytesMax: LIMITS.accrualBatchBodyBytes,
    valid: async (tenant) => {
      const loan = await newLoan(tenant);
      const { path } = await newBatch(tenant, [[loan, '40']]);
      return { body: correction([[loan, '37']]), loanId: loan.loanId, path };
    },
    other: (body) => ({ ...body, reason_code: 'other' }),
  });
});

describe('POST /v1/accruals/{accrual_event_id}/corrections: 201', () => {
  test('the differences: DR and CR 1200 a line per loan, 4000 by the sum, under the correlation of the batch', async () => {
    const loans = [await newLoan(api), await newLoan(api), await newLoan(api)] as const;
    const batch = await newBatch(api, [
      [loans[0], '40'],
      [loans[1], '25'],
      [loans[2], '7'],
    ]);
    const answer = await api.post(
      batch.path,
      correction([
        [loans[0], '37'],
        [loans[1], '30'],
        [loans[2], '7'],
      ]),
    );
    expect(answer.status).toBe(201);
    expect(answer.json).toEqual({
      correction_event_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      journal_entry_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      posted_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/),
      correlation_id: batch.eventId,
    });
    expect((await entryOf(answer)).json).toMatchObject({
      event_type: 'accrual',
      effective_at: DAY.paid,
      correlation_id: batch.eventId,
      lines: [
        { account_code: '1200', direction: 'CR', amount_minor: '3', loan_id: loans[0].loanId },
        { account_code: '1200', direction: 'DR', amount_minor: '5', loan_id: loans[1].loanId },
        { account_code: '4000', direction: 'CR', amount_minor: '2', loan_id: null },
      ],
      lines_total: 3,
    });
    expect(await Promise.all(loans.map((loan) => interestOf(loan)))).toEqual(['37', '30', '7']);
    expect(await interestOf(loans[0], `?as_of_date=${DAY.accrued}`)).toBe('40');
  });

  test('a second correction starts from what stands; one that changes nothing has no lines', async () => {
    const loan = await newLoan(api);
    const { path } = await newBatch(api, [[loan, '40']]);
    await posted(api.post(path, correction([[loan, '37']])));
    const second = await posted(api.post(path, correction([[loan, '50']], { metadata: { ticket: 7 } })));
    expect((await entryOf(second)).json).toMatchObject({
      metadata: { ticket: 7 },
      lines: [
        { account_code: '1200', direction: 'DR', amount_minor: '13' },
        { account_code: '4000', direction: 'CR', amount_minor: '13' },
      ],
    });
    const third = await posted(api.post(path, correction([[loan, '50']])));
    expect((await entryOf(third)).json).toMatchObject({ lines: [], lines_total: 0 });
    expect(await interestOf(loan)).toBe('50');
  });

  test('a loan of zero interest, and one corrected to zero', async () => {
    const [zero, some] = [await newLoan(api), await newLoan(api)];
    const { path } = await newBatch(api, [
      [zero, '0'],
      [some, '9'],
    ]);
    await posted(
      api.post(
        path,
        correction([
          [zero, '4'],
          [some, '0'],
        ]),
      ),
    );
    expect([await interestOf(zero), await interestOf(some)]).toEqual(['4', '0']);
  });

  test('the date of the batch stays taken', async () => {
    const loan = await newLoan(api);
    const { path } = await newBatch(api, [[loan, '40']]);
    await posted(api.post(path, correction([[loan, '0']])));
    const taken = { status: 409, code: 'accrual_already_posted', fields: ['loans[0].loan_id'] } as const;
    await expectRefusal(ledger, () => api.post('/v1/accruals/batch', accrual(api, [[loan, '1']])), taken);
  });

  test('of two at once that say the same, one finds nothing left to change', async () => {
    const loan = await newLoan(api);
    const { path } = await newBatch(api, [[loan, '40']]);
    const answers = await Promise.all([1, 2, 3].map(() => api.post(path, correction([[loan, '37']]))));
    expect(answers.map(({ status }) => status)).toEqual([201, 201, 201]);
    expect(await interestOf(loan)).toBe('37');
  });
});

describe('a reversal', () => {
  test('of the batch takes its standing corrections along, each not before its own date, and frees the date', async () => {
    const tenant = await ledger.newTenant();
    const [raised, lowered] = [await newLoan(tenant), await newLoan(tenant)];
    const batch = await newBatch(tenant, [
      [raised, '40'],
      [lowered, '40'],
    ]);
    await posted(
      tenant.post(
        batch.path,
        correction(
          [
            [raised, '90'],
            [lowered, '5'],
          ],
          { effective_at: DAY.later },
        ),
      ),
    );
    const answer = await posted(tenant.post('/v1/reversals', reversal(batch.entryId, { effective_at: DAY.accrued })));
    expect(answer.json).toMatchObject({ reverses_entry_id: batch.entryId, correlation_id: batch.eventId });
    const journal = await tenant.get(`/v1/loans/${lowered.loanId}/journal-entries?event_type=reversal&order=asc`);
    expect(journal.json).toMatchObject({
      items: [
        { effective_at: DAY.later, correlation_id: batch.eventId, lines: [{ direction: 'DR', amount_minor: '35' }] },
        { effective_at: DAY.accrued, lines: [{ direction: 'CR', amount_minor: '40' }] },
      ],
    });
    expect(await incomeOf(tenant)).toBe('0');
    await posted(tenant.post('/v1/accruals/batch', accrual(tenant, [[lowered, '1']])));
  });

  test('of a correction alone gives back what it changed, and leaves the date taken', async () => {
    const loan = await newLoan(api);
    const { path, entryId } = await newBatch(api, [[loan, '40']]);
    const corrected = await posted(api.post(path, correction([[loan, '37']])));
    await posted(api.post(path, correction([[loan, '30']])));
    await posted(api.post('/v1/reversals', reversal(textAt(corrected, 'journal_entry_id'))));
    expect(await interestOf(loan)).toBe('33');
    const taken = { status: 409, code: 'accrual_already_posted', fields: ['loans[0].loan_id'] } as const;
    await expectRefusal(ledger, () => api.post('/v1/accruals/batch', accrual(api, [[loan, '1']])), taken);
    await posted(api.post('/v1/reversals', reversal(entryId)));
    expect(await interestOf(loan)).toBe('0');
  });

  test('of a batch and its correction passes what a balance may be between its entries, not behind them', async () => {
    const tenant = await ledger.newTenant();
    const loan = await newLoan(tenant);
    const { path, entryId } = await newBatch(tenant, [[loan, '999999999999999999']]);
    await posted(tenant.post(path, correction([[loan, '5']])));
    await posted(tenant.post('/v1/accruals/batch', accrual(tenant, [[loan, '10']], { accrual_date: DAY.later })));
    await posted(tenant.post('/v1/reversals', reversal(entryId)));
    const { checks } = await verifyLedger(ledger.address, { tenantId: tenant.tenantId });
    expect(checks.filter(({ status }) => status !== 'ok')).toEqual([]);
    const balance = JSON.parse(await tenant.balanceText(loan.loanId, ''));
    expect(balance).toMatchObject({ interest_receivable_minor: '10' });
  });

  test('of a batch whose corrected interest was paid is refused: 422 balance_would_be_negative', async () => {
    const loan = await newLoan(api);
    const { path, entryId } = await newBatch(api, [[loan, '40']]);
    await posted(api.post(path, correction([[loan, '45']])));
    await posted(api.post('/v1/payments', payment(loan, { amount_minor: '1' })));
    const refused = { status: 422, code: 'balance_would_be_negative', fields: ['reverses_entry_id'] } as const;
    await expectRefusal(ledger, () => api.post('/v1/reversals', reversal(entryId)), refused);
  });
});

describe('POST /v1/accruals/{accrual_event_id}/corrections: 400 validation_failed', () => {
  const table: [string, object, string, string][] = [
    ['a date that does not exist', { effective_at: '2026-04-31' }, 'effective_at', 'invalid_format'],
    ['a reason that is none', { reason_code: 'fraud' }, 'reason_code', 'invalid_format'],
    ['no loans', { loans: [] }, 'loans', 'out_of_range'],
    ['loans that are no list', { loans: {} }, 'loans', 'invalid_type'],
    ['a date before that of the batch', { effective_at: '2026-04-29' }, 'effective_at', 'validation_failed'],
  ];
  test.each(table)('%s', async (_title, changes, field, code) => {
    const loan = await newLoan(api);
    const { path } = await newBatch(api, [[loan, '1']]);
    const refused = { status: 400, code: 'validation_failed', fields: [field], fieldCodes: [code] } as const;
    await expectRefusal(ledger, () => api.post(path, correction([[loan, '2']], changes)), refused);
  });

  test('a loan named twice', async () => {
    const loan = await newLoan(api);
    const { path } = await newBatch(api, [[loan, '1']]);
    const body = correction([
      [loan, '2'],
      [loan, '3'],
    ]);
    const refused = { status: 400, code: 'validation_failed', fields: ['loans[1].loan_id'] } as const;
    await expectRefusal(ledger, () => api.post(path, body), refused);
  });
});

describe('POST /v1/accruals/{accrual_event_id}/corrections: 404', () => {
  test('not_found: an id of nothing, of no UUID, of the batch’s entry, of another event, of a correction', async () => {
    const loan = await newLoan(api);
    const batch = await newBatch(api, [[loan, '40']]);
    const paid = await posted(api.post('/v1/payments', payment(loan, { amount_minor: '1' })));
    const corrected = await posted(api.post(batch.path, correction([[loan, '41']])));
    const ids = [
      NOBODY,
      'batch',
      batch.entryId,
      textAt(paid, 'payment_event_id'),
      textAt(corrected, 'correction_event_id'),
    ];
    for (const id of ids) {
      const send = () => api.post(`/v1/accruals/${id}/corrections`, correction([[loan, '2']]));
      await expectRefusal(ledger, send, { status: 404, code: 'not_found' });
    }
  });

  test('loan_not_found: every loan that is not in the batch is named, and comes before the date', async () => {
    const [inside, outside] = [await newLoan(api), await newLoan(api)];
    const { path } = await newBatch(api, [[inside, '40']]);
    const body = correction(
      [
        [outside, '1'],
        [inside, '1'],
        [{ ...outside, loanId: randomUUID() }, '1'],
      ],
      { effective_at: FAR_FUTURE },
    );
    const refused = { status: 404, code: 'loan_not_found', fields: ['loans[0].loan_id', 'loans[2].loan_id'] } as const;
    await expectRefusal(ledger, () => api.post(path, body), refused);
  });
});

test('POST /v1/accruals/{accrual_event_id}/corrections: 409 already_reversed', async () => {
  const loan = await newLoan(api);
  const { path, entryId } = await newBatch(api, [[loan, '40']]);
  await posted(api.post('/v1/reversals', reversal(entryId)));
  const refused = { status: 409, code: 'already_reversed' } as const;
  await expectRefusal(ledger, () => api.post(path, correction([[loan, '2']])), refused);
});

describe('POST /v1/accruals/{accrual_event_id}/corrections: 422', () => {
  test('effective_date_in_future', async () => {
    const loan = await newLoan(api);
    const { path } = await newBatch(api, [[loan, '40']]);
    const refused = { status: 422, code: 'effective_date_in_future', fields: ['effective_at'] } as const;
    await expectRefusal(ledger, () => api.post(path, correction([[loan, '2']], { effective_at: FAR_FUTURE })), refused);
  });

  test('balance_would_be_negative: interest that was paid cannot be taken back; every such loan is named', async () => {
    const [paid, owed] = [await newLoan(api), await newLoan(api)];
    const { path } = await newBatch(api, [
      [paid, '40'],
      [owed, '40'],
    ]);
    await posted(api.post('/v1/payments', payment(paid, { amount_minor: '10' })));
    const body = correction([
      [owed, '0'],
      [paid, '9'],
    ]);
    const refused = {
      status: 422,
      code: 'balance_would_be_negative',
      fields: ['loans[1].interest_minor'],
    } as const;
    await expectRefusal(ledger, () => api.post(path, body), refused);
    await posted(api.post(path, correction([[paid, '10']])));
    expect(await interestOf(paid)).toBe('0');
  });

  test('amount_out_of_range: the interest of one loan, and the sum of the differences', async () => {
    const most = '999999999999999999';
    const [full, fuller] = [await newLoan(api), await newLoan(api)];
    await posted(api.post('/v1/accruals/batch', accrual(api, [[full, '1']], { accrual_date: DAY.between })));
    const { path } = await newBatch(api, [
      [full, '0'],
      [fuller, '0'],
    ]);
    const one = { status: 422, code: 'amount_out_of_range', fields: ['loans[0].interest_minor'] } as const;
    await expectRefusal(ledger, () => api.post(path, correction([[full, most]])), one);
    const body = correction([
      [full, '5'],
      [fuller, most],
    ]);
    const sum = { status: 422, code: 'amount_out_of_range', fields: ['loans'] } as const;
    await expectRefusal(ledger, () => api.post(path, body), sum);
  });

  test('loan_charged_off', async () => {
    const loan = await newLoan(api);
    const { path } = await newBatch(api, [[loan, '40']]);
    await posted(api.post('/v1/chargeoffs', chargeOff(loan)));
    const refused = { status: 422, code: 'loan_charged_off', fields: ['loans[0].loan_id'] } as const;
    await expectRefusal(ledger, () => api.post(path, correction([[loan, '2']])), refused);
  });
});

test('on non-accrual the difference stands between 9100 and 9200', async () => {
  const [memo, plain] = [await newLoan(api), await newLoan(api)];
  const batch = await newBatch(api, [
    [memo, '40'],
    [plain, '40'],
  ]);
  await putOnNonAccrual(memo);
  const answer = await posted(
    api.post(
      batch.path,
      correction([
        [memo, '47'],
        [plain, '47'],
      ]),
    ),
  );
  expect((await entryOf(answer)).json).toMatchObject({
    lines: [
      { account_code: '9100', direction: 'DR', amount_minor: '7', loan_id: memo.loanId },
      { account_code: '1200', direction: 'DR', amount_minor: '7', loan_id: plain.loanId },
      { account_code: '9200', direction: 'CR', amount_minor: '7' },
      { account_code: '4000', direction: 'CR', amount_minor: '7' },
    ],
  });
});

test('POST /v1/accruals/{accrual_event_id}/corrections: 200 a preview shows the lines and posts nothing', async () => {
  const loan = await newLoan(api);
  const { path } = await newBatch(api, [[loan, '40']]);
  const answer = await api.post(`${path}?preview=true`, correction([[loan, '37']]), { key: null });
  expect(answer.status).toBe(200);
  expect(answer.json).toMatchObject({
    lines: [
      { account_code: '1200', direction: 'CR', amount_minor: '3' },
      { account_code: '4000', direction: 'DR', amount_minor: '3' },
    ],
  });
  expect(await interestOf(loan)).toBe('40');
});

test('a body too large for the serving thread is read and posted by the heavy one, as one entry', async () => {
  const loans = await Promise.all(Array.from({ length: 40 }, () => newLoan(api)));
  const { path } = await newBatch(
    api,
    loans.map((loan) => [loan, '40'] as const),
  );
  // Larger than what the serving thread reads.
  const body = `${JSON.stringify(correction(loans.map((loan) => [loan, '39'] as const)))}${' '.repeat(70_000)}`;
  const answer = await posted(api.post(path, body));
  expect((await entryOf(answer)).json).toMatchObject({ lines_total: 41 });
});
