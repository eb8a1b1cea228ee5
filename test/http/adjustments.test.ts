import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LIMITS } from '../../src/limits.ts';
import { adjustment, line, proposedByColleague } from './adjustment-story.ts';
import { expectNothingDone, testAdministrativeGates } from './administrative-gates.ts';
import type { HttpAnswer } from './http-client.ts';
import { type LedgerServer, startLedger } from './ledger-server.ts';
import {
  chargeOff,
  DAY,
  disbursement,
  FAR_FUTURE,
  type Loan,
  NOBODY,
  newLoan,
  payment,
  posted,
  reversal,
  unmadeLoan,
} from './loan-story.ts';
import { testPostingGates } from './posting-gates.ts';
import { expectProblem, expectRefusal } from './problem.ts';
import { testReadingGates } from './reading-gates.ts';
import { type TenantApi, textAt } from './tenant-api.ts';

const PATH = '/v1/adjustments';

let ledger: LedgerServer;
let api: TenantApi;
let colleague: TenantApi;
beforeAll(async () => {
  ledger = await startLedger();
  api = ledger.api;
  colleague = await api.colleague();
});
afterAll(() => ledger.stop());

async function proposed(body: object): Promise<string> {
  return textAt(await posted(colleague.post(PATH, body)), 'adjustment_id');
}

function approve(id: string, body: object = {}): Promise<HttpAnswer> {
  return api.post(`${PATH}/${id}/approvals`, body);
}

function reject(id: string, body: object = {}): Promise<HttpAnswer> {
  return api.post(`${PATH}/${id}/rejections`, body);
}

async function balanceOf(loan: Loan, query = ''): Promise<unknown> {
  return JSON.parse(await api.balanceText(loan.loanId, query));
}

describe('POST /v1/adjustments as any administrative POST', () => {
  testAdministrativeGates({
    ledger: () => ledger,
    name: PATH,
    scope: 'hpts:adjustments:write',
    allow: 'GET, HEAD, POST',
    valid: async (tenant) => ({ path: PATH, body: adjustment(await newLoan(tenant)) }),
  });
});

describe('POST /v1/adjustments/{adjustment_id}/rejections as any administrative POST', () => {
  testAdministrativeGates({
    ledger: () => ledger,
    name: `${PATH}/{adjustment_id}/rejections`,
    scope: 'hpts:adjustments:approve',
    valid: async (tenant) => {
      const id = await proposedByColleague(tenant, adjustment(await newLoan(tenant)));
      return { path: `${PATH}/${id}/rejections`, body: { note: 'no' } };
    },
  });
});

describe('POST /v1/adjustments/{adjustment_id}/approvals as any posting', () => {
  testPostingGates({
    ledger: () => ledger,
    path: `${PATH}/${NOBODY}/approvals`,
    scope: 'hpts:adjustments:approve',
    bodyBytesMax: LIMITS.eventBodyBytes,
    valid: async (tenant) => {
      const loan = await newLoan(tenant);
      const id = await proposedByColleague(tenant, adjustment(loan));
      return { body: { note: 'seen' }, loanId: loan.loanId, path: `${PATH}/${id}/approvals` };
    },
    other: (body) => ({ ...body, note: 'seen again' }),
  });
});

describe('an adjustment', () => {
  test('POST /v1/adjustments: 201 keeps it and posts nothing; the approval of another client posts it as it was proposed', async () => {
    const loan = await newLoan(api, { interest: '10000' });
    const before = await balanceOf(loan);
    const answer = await colleague.post(PATH, adjustment(loan, { description: 'April, forgotten' }));
    expect([answer.status, answer.json]).toEqual([
      201,
      {
        adjustment_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        status: 'proposed',
        proposed_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/),
      },
    ]);
    expect(await balanceOf(loan)).toEqual(before);
    const id = textAt(answer, 'adjustment_id');
    const approval = await approve(id, { note: 'checked' });
    expect([approval.status, approval.json]).toEqual([
      201,
      {
        adjustment_id: id,
        status: 'posted',
        adjustment_event_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        journal_entry_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        posted_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/),
        correlation_id: id,
      },
    ]);
    const entry = await api.get(`/v1/journal-entries/${textAt(approval, 'journal_entry_id')}`);
    expect(entry.json).toMatchObject({
      event_type: 'manual_adjustment',
      effective_at: DAY.paid,
      description: 'April, forgotten',
      actor: api.clientId,
      correlation_id: id,
      lines: [
        {
          account_code: '1200',
          direction: 'DR',
          amount_minor: '500',
          loan_id: loan.loanId,
          borrower_id: loan.borrowerId,
        },
        { account_code: '4000', direction: 'CR', amount_minor: '500', loan_id: null, borrower_id: null },
      ],
    });
    expect(await balanceOf(loan)).toMatchObject({ interest_receivable_minor: '10500' });
  });

  test('lines on several currencies and layers are one entry, listed once for each of its loans', async () => {
    const [dollars, euros] = [await newLoan(api), await newLoan(api, { currency: 'EUR' })];
    const promised = { layer: 'ENCUMBRANCE' };
    const lines = [
      line('1100', 'DR', '70', { loan_id: dollars.loanId }),
      line('3000', 'CR', '70'),
      line('1100', 'DR', '900', { loan_id: dollars.loanId, ...promised }),
      line('2000', 'CR', '900', promised),
      line('1300', 'DR', '8', { loan_id: euros.loanId, currency: 'EUR' }),
      line('4100', 'CR', '8', { loan_id: euros.loanId, currency: 'EUR' }),
      line('9100', 'DR', '3', { loan_id: dollars.loanId }),
      line('9200', 'CR', '3'),
    ];
    const approval = await posted(approve(await proposed(adjustment(dollars, { lines }))));
    const entryId = textAt(approval, 'journal_entry_id');
    const entry = await api.get(`/v1/journal-entries/${entryId}`);
    expect(entry.json).toMatchObject({ lines: lines.map((one) => ({ layer: 'SETTLED', ...one })) });
    expect(await balanceOf(dollars)).toMatchObject({ principal_outstanding_minor: '1000070' });
    expect(await balanceOf(dollars, '?layer=ENCUMBRANCE')).toMatchObject({ principal_outstanding_minor: '900' });
    expect(await balanceOf(euros)).toMatchObject({ fees_receivable_minor: '8' });
    for (const { loanId } of [dollars, euros]) {
      const list = await api.get(`/v1/loans/${loanId}/journal-entries?event_type=manual_adjustment`);
      expect(list.json).toMatchObject({ items: [{ journal_entry_id: entryId, lines_total: 8 }] });
    }
    const account = await api.get('/v1/accounts/2000/balance?currency=USD&layer=ENCUMBRANCE');
    expect(account.json).toMatchObject({ normal_balance_minor: '900' });
    await posted(api.post('/v1/reversals', reversal(entryId)));
    expect(await balanceOf(dollars, '?layer=ENCUMBRANCE')).toMatchObject({ principal_outstanding_minor: '0' });
    expect(await balanceOf(euros)).toMatchObject({ fees_receivable_minor: '0' });
  });

  test('without any loan moves accounts alone, and can be reversed', async () => {
    const tenant = await ledger.newTenant();
    const lines = [line('5000', 'DR', '12'), line('1900', 'CR', '12')];
    const id = await proposedByColleague(tenant, adjustment(unmadeLoan(), { lines }));
    const approval = await posted(tenant.post(`${PATH}/${id}/approvals`, {}));
    const normal = async () =>
      textAt(await tenant.get('/v1/accounts/1900/balance?currency=USD'), 'normal_balance_minor');
    expect(await normal()).toBe('12');
    await posted(tenant.post('/v1/reversals', reversal(textAt(approval, 'journal_entry_id'))));
    expect(await normal()).toBe('0');
  });

  test('of several approvals at once, and a rejection, one is heard', async () => {
    const loan = await newLoan(api);
    const id = await proposed(adjustment(loan));
    const answers = await Promise.all([approve(id), reject(id), approve(id), approve(id)]);
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409]);
    const [row] = await ledger.sql<{ count: string }>(
      'SELECT count(*) FROM hpts.adjustment_verdict WHERE adjustment_id = $1',
      [id],
    );
    expect(Number(row?.count)).toBe(1);
  });

  test('on a charged-off loan is taken', async () => {
    const loan = await newLoan(api);
    await posted(api.post('/v1/chargeoffs', chargeOff(loan)));
    await posted(approve(await proposed(adjustment(loan))));
  });
});

describe('POST /v1/adjustments: 400 validation_failed', () => {
  const table: [string, (loan: Loan) => object, string, string][] = [
    ['one line', () => ({ lines: [line('4000', 'DR', '1')] }), 'lines', 'out_of_range'],
    ['a date that does not exist', () => ({ effective_at: '2026-04-31' }), 'effective_at', 'invalid_format'],
    ['a reason that is none', () => ({ reason_code: 'because' }), 'reason_code', 'invalid_format'],
    [
      'an amount of 0',
      () => ({ lines: [line('4000', 'DR', '0'), line('4100', 'CR', '1')] }),
      'lines[0].amount_minor',
      'invalid_format',
    ],
    [
      'a side that is none',
      () => ({ lines: [line('4000', 'DR', '1'), { ...line('4100', 'CR', '1'), direction: 'C' }] }),
      'lines[1].direction',
      'invalid_format',
    ],
    [
      'a control line without a loan',
      () => ({ lines: [line('4000', 'DR', '1'), line('2100', 'CR', '1')] }),
      'lines[1].loan_id',
      'validation_failed',
    ],
  ];
  test.each(table)('%s', async (_title, changes, field, code) => {
    const loan = await newLoan(api);
    const body = adjustment(loan, changes(loan));
    const refused = { status: 400, code: 'validation_failed', fields: [field], fieldCodes: [code] } as const;
    await expectNothingDone(ledger, () => api.post(PATH, body), refused);
  });
});

describe('POST /v1/adjustments: 404', () => {
  test('account_not_found: before the loans are looked at', async () => {
    const lines = [line('4199', 'DR', '1'), line('1200', 'CR', '1', { loan_id: NOBODY })];
    const refused = { status: 404, code: 'account_not_found', fields: ['lines[0].account_code'] } as const;
    await expectNothingDone(ledger, () => api.post(PATH, adjustment(unmadeLoan(), { lines })), refused);
  });

  test('loan_not_found: every line that names one, also on an account that no loan controls', async () => {
    const body = adjustment(unmadeLoan(), {
      lines: [line('4000', 'DR', '1', { loan_id: NOBODY }), line('1200', 'CR', '1', { loan_id: NOBODY })],
    });
    const refused = { status: 404, code: 'loan_not_found', fields: ['lines[0].loan_id', 'lines[1].loan_id'] } as const;
    await expectNothingDone(ledger, () => api.post(PATH, body), refused);
  });
});

describe('POST /v1/adjustments: 422', () => {
  test('currency_mismatch', async () => {
    const loan = await newLoan(api, { currency: 'EUR' });
    const refused = { status: 422, code: 'currency_mismatch', fields: ['lines[0].currency'] } as const;
    const body = adjustment({ ...loan, currency: 'USD' });
    await expectNothingDone(ledger, () => api.post(PATH, body), refused);
  });

  test('effective_date_in_future', async () => {
    const body = adjustment(await newLoan(api), { effective_at: FAR_FUTURE });
    const refused = { status: 422, code: 'effective_date_in_future', fields: ['effective_at'] } as const;
    await expectNothingDone(ledger, () => api.post(PATH, body), refused);
  });

  test('effective_date_before_disbursement', async () => {
    const body = adjustment(await newLoan(api), { effective_at: DAY.beforeAll });
    const refused = { status: 422, code: 'effective_date_before_disbursement', fields: ['effective_at'] } as const;
    await expectNothingDone(ledger, () => api.post(PATH, body), refused);
  });

  const unbalanced: [string, readonly object[]][] = [
    ['in one currency', [line('4000', 'DR', '2'), line('4100', 'CR', '1')]],
    ['between currencies', [line('4000', 'DR', '1'), line('4100', 'CR', '1', { currency: 'EUR' })]],
    ['between layers', [line('4000', 'DR', '1'), line('4100', 'CR', '1', { layer: 'PENDING' })]],
    ['between the memo accounts and the others', [line('9200', 'DR', '1'), line('4100', 'CR', '1')]],
  ];
  test.each(unbalanced)('unbalanced_entry: %s', async (_title, lines) => {
    const refused = { status: 422, code: 'unbalanced_entry', fields: ['lines'] } as const;
    await expectNothingDone(ledger, () => api.post(PATH, adjustment(unmadeLoan(), { lines })), refused);
  });
});

describe('POST /v1/adjustments/{adjustment_id}/approvals', () => {
  test('404 not_found: an id of nothing, and one that is none', async () => {
    for (const id of [NOBODY, 'adjustment']) {
      await expectRefusal(ledger, () => approve(id), { status: 404, code: 'not_found' });
    }
  });

  test('409 already_settled: posted before, rejected before; before it is asked whose it was', async () => {
    const loan = await newLoan(api);
    const [taken, refused] = [await proposed(adjustment(loan)), await proposed(adjustment(loan))];
    await posted(approve(taken));
    await posted(reject(refused));
    for (const id of [taken, refused]) {
      await expectRefusal(ledger, () => approve(id), { status: 409, code: 'already_settled' });
      const again = colleague.post(`${PATH}/${id}/approvals`, {});
      expectProblem(await again, { status: 409, code: 'already_settled' });
    }
  });

  test('422 approver_is_proposer: whatever token of the client', async () => {
    const id = await proposed(adjustment(await newLoan(api)));
    const token = await colleague.freshToken('hpts:adjustments:approve');
    const refused = { status: 422, code: 'approver_is_proposer' } as const;
    await expectRefusal(ledger, () => colleague.post(`${PATH}/${id}/approvals`, {}, { token }), refused);
    await posted(approve(id));
  });

  test('422 balance_would_be_negative: by what the loan holds when it is approved, and then the proposal stays open', async () => {
    const loan = await newLoan(api, { interest: '10000' });
    const take = [line('4000', 'DR', '400'), line('1200', 'CR', '400', { loan_id: loan.loanId })];
    const id = await proposed(adjustment(loan, { lines: take }));
    const paid = await posted(api.post('/v1/payments', payment(loan, { amount_minor: '9700' })));
    const refused = { status: 422, code: 'balance_would_be_negative', fields: ['lines'] } as const;
    await expectRefusal(ledger, () => approve(id), refused);
    await posted(api.post('/v1/reversals', reversal(textAt(paid, 'journal_entry_id'))));
    await posted(approve(id));
  });

  test('422 balance_would_be_negative: on the layer of the line alone', async () => {
    const loan = await newLoan(api);
    const pending = { layer: 'PENDING' };
    const lines = [line('1100', 'CR', '1', { loan_id: loan.loanId, ...pending }), line('2000', 'DR', '1', pending)];
    const id = await proposed(adjustment(loan, { lines }));
    const refused = { status: 422, code: 'balance_would_be_negative', fields: ['lines'] } as const;
    await expectRefusal(ledger, () => approve(id), refused);
  });

  test('422 amount_out_of_range', async () => {
    const loan = await newLoan(api, { interest: '10000' });
    const most = '999999999999999999';
    const lines = [line('1200', 'DR', most, { loan_id: loan.loanId }), line('4000', 'CR', most)];
    const id = await proposed(adjustment(loan, { lines }));
    const refused = { status: 422, code: 'amount_out_of_range', fields: ['lines'] } as const;
    await expectRefusal(ledger, () => approve(id), refused);
  });

  test('422 effective_date_before_disbursement: the disbursement was reversed since', async () => {
    const loan = unmadeLoan();
    const disbursed = await posted(api.post('/v1/disbursements', disbursement(loan)));
    const id = await proposed(adjustment(loan));
    await posted(api.post('/v1/reversals', reversal(textAt(disbursed, 'journal_entry_id'))));
    const refused = { status: 422, code: 'effective_date_before_disbursement', fields: ['effective_at'] } as const;
    await expectRefusal(ledger, () => approve(id), refused);
    // A loan keeps its currency for good, so an approval meets the one that its proposal met.
    const again = disbursement({ ...loan, currency: 'EUR' });
    const foreign = { status: 422, code: 'currency_mismatch', fields: ['currency'] } as const;
    await expectRefusal(ledger, () => api.post('/v1/disbursements', again), foreign);
  });
});

test('POST /v1/adjustments/{adjustment_id}/approvals: 200 a preview shows the lines and leaves the proposal open', async () => {
  const loan = await newLoan(api);
  const id = await proposed(adjustment(loan));
  const before = await balanceOf(loan);
  const answer = await api.post(`${PATH}/${id}/approvals?preview=true`, {}, { key: null });
  expect(answer.status).toBe(200);
  expect(answer.json).toMatchObject({
    lines: [
      { account_code: '1200', direction: 'DR', amount_minor: '500', loan_id: loan.loanId },
      { account_code: '4000', direction: 'CR', amount_minor: '500' },
    ],
  });
  expect(await balanceOf(loan)).toEqual(before);
  expect((await api.get(`${PATH}/${id}`)).json).toMatchObject({ status: 'proposed' });
});

describe('POST /v1/adjustments/{adjustment_id}/rejections', () => {
  test('201: nothing is posted, now or later; the proposer may take it back too', async () => {
    const loan = await newLoan(api);
    const [theirs, own] = [await proposed(adjustment(loan)), await proposed(adjustment(loan))];
    const before = await balanceOf(loan);
    const answer = await reject(theirs, { note: 'booked rightly' });
    expect([answer.status, answer.json]).toEqual([
      201,
      { adjustment_id: theirs, status: 'rejected', judged_at: expect.stringMatching(/Z$/) },
    ]);
    await posted(colleague.post(`${PATH}/${own}/rejections`, {}));
    expect(await balanceOf(loan)).toEqual(before);
  });

  test('404 not_found: an id of nothing, and one that is none', async () => {
    for (const id of [NOBODY, 'adjustment']) {
      await expectNothingDone(ledger, () => reject(id), { status: 404, code: 'not_found' });
    }
  });

  test('409 already_settled', async () => {
    const id = await proposed(adjustment(await newLoan(api)));
    await posted(reject(id));
    await expectNothingDone(ledger, () => reject(id), { status: 409, code: 'already_settled' });
  });
});

describe('GET /v1/adjustments/{adjustment_id} as any reading', () => {
  testReadingGates({
    ledger: () => ledger,
    scope: 'hpts:ledger:read',
    valid: async () => `${PATH}/${await proposed(adjustment(await newLoan(api)))}`,
  });
});

describe('GET /v1/adjustments as any reading', () => {
  testReadingGates({ ledger: () => ledger, scope: 'hpts:ledger:read', alsoPost: true, valid: async () => PATH });
});

describe('GET /v1/adjustments/{adjustment_id}', () => {
  test('200: what was proposed, by whom, and what came of it', async () => {
    const loan = await newLoan(api);
    const body = adjustment(loan);
    const id = await proposed(body);
    const open = await api.get(`${PATH}/${id.toUpperCase()}`);
    expect([open.status, open.json]).toEqual([
      200,
      {
        adjustment_id: id,
        status: 'proposed',
        effective_at: DAY.paid,
        reason_code: 'error_correction',
        description: null,
        lines: [
          { ...line('1200', 'DR', '500'), layer: 'SETTLED', loan_id: loan.loanId },
          { ...line('4000', 'CR', '500'), layer: 'SETTLED', loan_id: null },
        ],
        proposed_by: colleague.clientId,
        proposed_at: expect.stringMatching(/Z$/),
        judged_by: null,
        judged_at: null,
        note: null,
        journal_entry_id: null,
      },
    ]);
    const approval = await posted(approve(id, { note: 'checked' }));
    expect((await api.get(`${PATH}/${id}`)).json).toMatchObject({
      status: 'posted',
      judged_by: api.clientId,
      note: 'checked',
      journal_entry_id: textAt(approval, 'journal_entry_id'),
    });
  });

  test('404 not_found', async () => {
    expectProblem(await api.get(`${PATH}/${NOBODY}`), { status: 404, code: 'not_found' });
    expectProblem(await api.get(`${PATH}/nothing`), { status: 404, code: 'not_found' });
  });

  test('400 validation_failed: a parameter that it does not take', async () => {
    expectProblem(await api.get(`${PATH}/${NOBODY}?x=1`), { status: 400, code: 'validation_failed', fields: ['x'] });
  });
});

describe('GET /v1/adjustments', () => {
  test('200: the newest first, page by page, by status', async () => {
    const tenant = await ledger.newTenant();
    const other = await tenant.colleague();
    const loan = await newLoan(tenant);
    const ids: string[] = [];
    for (const _ of [1, 2, 3, 4, 5])
      ids.unshift(textAt(await posted(other.post(PATH, adjustment(loan))), 'adjustment_id'));
    await posted(tenant.post(`${PATH}/${ids[1]}/approvals`, {}));
    await posted(tenant.post(`${PATH}/${ids[3]}/rejections`, {}));
    const listed = async (filter: string): Promise<string[]> => {
      const found: string[] = [];
      for (let token = ''; ; ) {
        const page = await tenant.get(`${PATH}?page_size=2${filter}${token}`);
        expect(page.status).toBe(200);
        const { items, next_page_token: next } = page.json as {
          items: { adjustment_id: string }[];
          next_page_token: string | null;
        };
        found.push(...items.map((one) => one.adjustment_id));
        if (next === null) return found;
        token = `&page_token=${next}`;
      }
    };
    expect(await listed('')).toEqual(ids);
    expect(await listed('&status=proposed')).toEqual([ids[0], ids[2], ids[4]]);
    expect(await listed('&status=posted')).toEqual([ids[1]]);
    expect(await listed('&status=rejected')).toEqual([ids[3]]);
  });

  test('400 validation_failed: a status that is none; 400 invalid_page_token: that of another list', async () => {
    const refused = { status: 400, code: 'validation_failed', fields: ['status'] } as const;
    expectProblem(await api.get(`${PATH}?status=open`), refused);
    expectProblem(await api.get(`${PATH}?page_token=abc`), { status: 400, code: 'invalid_page_token' });
  });
});
