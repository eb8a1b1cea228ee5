import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { verifyLedger } from '../../src/postgres/verify/ledger-verification.ts';
import { type LedgerServer, startLedger } from './ledger-server.ts';
import {
  chargeOff,
  clearing,
  DAY,
  disbursement,
  FAR_FUTURE,
  fee,
  type Loan,
  NOBODY,
  newLoan,
  payment,
  paymentReturn,
  posted,
  recovery,
  reversal,
  settlement,
  suspenseRefund,
  unapplied,
  workedExample,
} from './loan-story.ts';
import { testPostingGates } from './posting-gates.ts';
import { expectRefusal } from './problem.ts';
import { type TenantApi, textAt } from './tenant-api.ts';

const OPERATION = 'POST /v1/payments/{payment_event_id}/returns';

let ledger: LedgerServer;
let api: TenantApi;
beforeAll(async () => {
  ledger = await startLedger();
  api = ledger.api;
});
afterAll(async () => {
  const { checks } = await verifyLedger(ledger.address);
  expect(checks.filter(({ status }) => status === 'failed')).toEqual([]);
  await ledger.stop();
});

type Paid = { readonly loan: Loan; readonly path: string; readonly entryId: string; readonly eventId: string };

function pathOf(eventId: string): string {
  return `/v1/payments/${eventId}/returns`;
}

async function paid(tenant: TenantApi, loan: Loan, changes: object = {}): Promise<Paid> {
  const answer = await posted(tenant.post('/v1/payments', payment(loan, changes)));
  const eventId = textAt(answer, 'payment_event_id');
  return { loan, eventId, entryId: textAt(answer, 'journal_entry_id'), path: pathOf(eventId) };
}

/** Lines of an entry: account, direction and amount, in order. */
async function linesOf(entryId: string): Promise<readonly string[]> {
  const entry = (await api.get(`/v1/journal-entries/${entryId}`)).json as {
    lines: { account_code: string; direction: string; amount_minor: string }[];
  };
  return entry.lines.map((line) => `${line.direction} ${line.account_code} ${line.amount_minor}`);
}

async function returned(one: Paid, changes: object = {}): Promise<readonly string[]> {
  const answer = await posted(api.post(one.path, paymentReturn(changes)));
  return linesOf(textAt(answer, 'journal_entry_id'));
}

describe(`${OPERATION} as any posting`, () => {
  testPostingGates({
    ledger: () => ledger,
    path: pathOf(NOBODY),
    scope: 'hpts:payments:write',
    bodyBytesMax: 64 * 1024,
    valid: async (tenant) => {
      const { path, loan } = await paid(tenant, await newLoan(tenant));
      return { body: paymentReturn(), loanId: loan.loanId, path };
    },
    other: (body) => ({ ...body, return_code: 'R09' }),
  });
});

describe(`${OPERATION}: 201`, () => {
  test('the whole of a payment, to each component what it took; the loan stands as before it', async () => {
    const loan = await workedExample(api);
    const one = await paid(api, loan, { external_ref: 'txn 1' });
    const answer = await api.post(one.path, paymentReturn());
    expect(answer.status).toBe(201);
    expect(answer.json).toEqual({
      payment_return_event_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      journal_entry_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      allocation: { fees_minor: '500', interest_minor: '10000', principal_minor: '78349', suspense_minor: '0' },
      posted_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/),
      correlation_id: textAt(answer, 'payment_return_event_id'),
    });
    const entry = await api.get(`/v1/journal-entries/${textAt(answer, 'journal_entry_id')}`);
    expect(entry.json).toMatchObject({
      event_type: 'payment_returned',
      effective_at: DAY.later,
      description: 'R01',
      lines: [
        { account_code: '1300', direction: 'DR', amount_minor: '500', external_ref: 'txn 1' },
        { account_code: '1200', direction: 'DR', amount_minor: '10000' },
        { account_code: '1100', direction: 'DR', amount_minor: '78349' },
        { account_code: '1010', direction: 'CR', amount_minor: '88849' },
      ],
    });
    const balance = (await api.get(`/v1/loans/${loan.loanId}/balance`)).json;
    expect(balance).toMatchObject({ fees_receivable_minor: '500', total_exposure_minor: '1010500' });
  });

  test('in parts: suspense first, then the components in the order of the waterfall, each to what is left', async () => {
    const loan = await newLoan(api, { principal: '80', interest: '10', fees: '5' });
    const one = await paid(api, loan, { amount_minor: '100' });
    expect(await returned(one, { amount_minor: '12' })).toEqual(['DR 2100 5', 'DR 1300 5', 'DR 1200 2', 'CR 1010 12']);
    expect(await returned(one, { amount_minor: '12' })).toEqual(['DR 1200 8', 'DR 1100 4', 'CR 1010 12']);
    expect(await returned(one)).toEqual(['DR 1100 76', 'CR 1010 76']);
  });

  test('what suspense no longer holds comes out of principal', async () => {
    const loan = await newLoan(api);
    const one = await paid(api, loan, { amount_minor: '50', allocation: { suspense_minor: '50' } });
    await posted(api.post('/v1/suspense-refunds', suspenseRefund(loan, { amount_minor: '20' })));
    expect(await returned(one)).toEqual(['DR 2100 30', 'DR 1100 20', 'CR 1010 50']);
  });

  test('by principal: the suspense of the whole loan, then principal, and the payment counts down as ever', async () => {
    const loan = await newLoan(api, { fees: '5', interest: '10' });
    await posted(api.post('/v1/payments', unapplied(loan, '7')));
    const one = await paid(api, loan, { amount_minor: '40' });
    const policy = 'principal';
    expect(await returned(one, { amount_minor: '10', policy })).toEqual(['DR 2100 7', 'DR 1100 3', 'CR 1010 10']);
    expect(await returned(one, { policy: 'mirror' })).toEqual(['DR 1200 5', 'DR 1100 25', 'CR 1010 30']);
  });

  test('many at once: no more comes back than came in', async () => {
    const one = await paid(api, await newLoan(api), { amount_minor: '25' });
    const sent = Array.from({ length: 8 }, () => api.post(one.path, paymentReturn({ amount_minor: '10' })));
    const statuses = (await Promise.all(sent)).map(({ status }) => status);
    expect(statuses.sort()).toEqual([201, 201, ...Array(6).fill(422)]);
    expect(await returned(one)).toEqual(['DR 1100 5', 'CR 1010 5']);
  });

  test('with a fee for it: two entries of one correlation and one time, named again by the same request', async () => {
    const loan = await workedExample(api);
    const one = await paid(api, loan);
    const key = `test:${randomUUID()}`;
    const body = paymentReturn({ nsf_fee_minor: '2500' });
    const answer = await posted(api.post(one.path, body, { key }));
    const feeEntryId = textAt(answer, 'fee_journal_entry_id');
    expect(await linesOf(feeEntryId)).toEqual(['DR 1300 2500', 'CR 4100 2500']);
    const fees = await api.get(`/v1/journal-entries/${feeEntryId}`);
    expect(fees.json).toMatchObject({
      event_type: 'fee_assessed',
      correlation_id: textAt(answer, 'correlation_id'),
      posted_at: textAt(answer, 'posted_at'),
    });
    const again = await api.post(one.path, body, { key });
    expect([again.status, again.text]).toEqual([200, answer.text]);
  });

  test('previewed: the lines of both entries and what comes back, and nothing is posted', async () => {
    const { path, loan } = await paid(api, await workedExample(api));
    const before = await api.balanceText(loan.loanId);
    const shown = await api.post(`${path}?preview=true`, paymentReturn({ nsf_fee_minor: '2500' }), { key: null });
    expect([shown.status, shown.json]).toMatchObject([
      200,
      {
        allocation: { fees_minor: '500', interest_minor: '10000', principal_minor: '78349', suspense_minor: '0' },
        lines: [
          { sequence: 1, account_code: '1300' },
          { account_code: '1200' },
          { account_code: '1100' },
          { account_code: '1010' },
          { account_code: '1300', amount_minor: '2500' },
          { sequence: 6, account_code: '4100' },
        ],
        restates: [],
      },
    ]);
    expect(await api.balanceText(loan.loanId)).toBe(before);
  });

  test('a payment that was pending, by its own event and by the one that settled it', async () => {
    const loan = await newLoan(api, { fees: '5' });
    const pending = await paid(api, loan, { layer: 'PENDING', amount_minor: '20' });
    const settled = await posted(api.post(`/v1/payments/${pending.eventId}/settlements`, settlement()));
    expect(await returned(pending, { amount_minor: '6' })).toEqual(['DR 1300 5', 'DR 1100 1', 'CR 1010 6']);
    const bySettling = { ...pending, path: pathOf(textAt(settled, 'settlement_event_id')) };
    expect(await returned(bySettling)).toEqual(['DR 1100 14', 'CR 1010 14']);
  });

  test('a return that was reversed has not come back: the payment can be returned again', async () => {
    const one = await paid(api, await newLoan(api), { amount_minor: '20' });
    const answer = await posted(api.post(one.path, paymentReturn()));
    await posted(api.post('/v1/reversals', reversal(textAt(answer, 'journal_entry_id'))));
    expect(await returned(one, { amount_minor: '15' })).toEqual(['DR 1100 15', 'CR 1010 15']);
    expect(await returned(one)).toEqual(['DR 1100 5', 'CR 1010 5']);
  });

  test('on non-accrual interest comes back as memo interest', async () => {
    const loan = await newLoan(api, { interest: '10' });
    const one = await paid(api, loan, { amount_minor: '30' });
    await posted(api.post(`/v1/loans/${loan.loanId}/non-accrual`, { effective_at: DAY.paid, action: 'enter' }));
    expect(await returned(one)).toEqual(['DR 4000 10', 'DR 9100 10', 'CR 9200 10', 'DR 1100 20', 'CR 1010 30']);
  });

  test.each([
    ['5000', 'uncollectible'],
    ['5010', 'fraud'],
  ])('on a charged-off loan principal is lost on %s, and counts as charged off', async (account, reason_code) => {
    const loan = await newLoan(api, { fees: '5', interest: '10' });
    const one = await paid(api, loan, { amount_minor: '40' });
    await posted(api.post('/v1/chargeoffs', chargeOff(loan, { reason_code, effective_at: DAY.paid })));
    const answer = await posted(api.post(one.path, paymentReturn()));
    const entryId = textAt(answer, 'journal_entry_id');
    expect(await linesOf(entryId)).toEqual([`DR ${account} 25`, 'DR 4900 10', 'DR 4910 5', 'CR 1010 40']);
    expect(answer.json).toMatchObject({
      allocation: { fees_minor: '5', interest_minor: '10', principal_minor: '25', suspense_minor: '0' },
    });
    const chargedOff = async () => Reflect.get(Object((await api.get(`/v1/loans/${loan.loanId}`)).json), 'charged_off');
    expect(await chargedOff()).toEqual({ principal_minor: '1000000', interest_minor: '10', fees_minor: '5' });
    await posted(api.post('/v1/reversals', reversal(entryId)));
    expect(await chargedOff()).toEqual({ principal_minor: '999975', interest_minor: '0', fees_minor: '0' });
  });

  test('of a recovery: it mirrors what that brought back, in parts, and that is unrecovered again', async () => {
    const loan = await newLoan(api, { principal: '100', interest: '10', fees: '5' });
    await posted(api.post('/v1/chargeoffs', chargeOff(loan, { effective_at: DAY.accrued })));
    const answer = await posted(api.post('/v1/recoveries', recovery(loan, { amount_minor: '40' })));
    const one = { loan, entryId: '', eventId: '', path: pathOf(textAt(answer, 'payment_event_id')) };
    const back = await posted(api.post(one.path, paymentReturn({ amount_minor: '12', policy: 'principal' })));
    expect(await linesOf(textAt(back, 'journal_entry_id'))).toEqual(['DR 4200 12', 'CR 1010 12']);
    expect(back.json).toMatchObject({
      allocation: { fees_minor: '5', interest_minor: '7', principal_minor: '0', suspense_minor: '0' },
    });
    const recovered = async () => Reflect.get(Object((await api.get(`/v1/loans/${loan.loanId}`)).json), 'recovered');
    expect(await recovered()).toEqual({ principal_minor: '25', interest_minor: '3', fees_minor: '0' });
    expect(await returned(one)).toEqual(['DR 4200 28', 'CR 1010 28']);
    expect(await recovered()).toEqual({ principal_minor: '0', interest_minor: '0', fees_minor: '0' });
    await posted(api.post('/v1/reversals', reversal(textAt(back, 'journal_entry_id'))));
    expect(await recovered()).toEqual({ principal_minor: '0', interest_minor: '7', fees_minor: '5' });
  });

  test('of a recovery whose suspense was paid back: that part is lost anew', async () => {
    const loan = await newLoan(api, { principal: '100' });
    await posted(api.post('/v1/chargeoffs', chargeOff(loan, { effective_at: DAY.accrued })));
    const answer = await posted(api.post('/v1/recoveries', recovery(loan, { amount_minor: '130' })));
    await posted(api.post('/v1/suspense-refunds', suspenseRefund(loan, { amount_minor: '20' })));
    const one = { loan, entryId: '', eventId: '', path: pathOf(textAt(answer, 'payment_event_id')) };
    expect(await returned(one)).toEqual(['DR 2100 10', 'DR 5000 20', 'DR 4200 100', 'CR 1010 130']);
  });
});

describe(`${OPERATION}: 400 validation_failed`, () => {
  const table: [string, object, string, string][] = [
    ['a return_code in small letters', { return_code: 'r01' }, 'return_code', 'invalid_format'],
    ['a return_code of 11 characters', { return_code: 'R0123456789' }, 'return_code', 'invalid_format'],
    ['an amount of 0', { amount_minor: '0' }, 'amount_minor', 'invalid_format'],
    ['a fee of 0', { nsf_fee_minor: '0' }, 'nsf_fee_minor', 'invalid_format'],
    ['a policy that is none', { policy: 'fees' }, 'policy', 'invalid_format'],
    ['a date before the payment', { effective_at: DAY.accrued }, 'effective_at', 'validation_failed'],
  ];
  test.each(table)('%s', async (_title, changes, field, code) => {
    const { path } = await paid(api, await newLoan(api));
    const refused = { status: 400, code: 'validation_failed', fields: [field], fieldCodes: [code] } as const;
    await expectRefusal(ledger, () => api.post(path, paymentReturn(changes)), refused);
  });

  test.each(['return_code', 'effective_at'])('%s is required', async (field) => {
    const body: object = { ...paymentReturn() };
    Reflect.deleteProperty(body, field);
    const refused = { status: 400, code: 'validation_failed', fields: [field], fieldCodes: ['required'] } as const;
    await expectRefusal(ledger, () => api.post(pathOf(NOBODY), body), refused);
  });
});

test(`${OPERATION}: 404 not_found: no event, an entry, an event that is no payment, what is no id`, async () => {
  const loan = await newLoan(api);
  const charged = await posted(api.post('/v1/fees', fee(loan)));
  const { entryId } = await paid(api, loan);
  const refused = { status: 404, code: 'not_found' } as const;
  for (const id of [NOBODY, entryId, textAt(charged, 'fee_event_id'), 'payment-1']) {
    await expectRefusal(ledger, () => api.post(pathOf(id), paymentReturn()), refused);
  }
});

test(`${OPERATION}: 409 already_reversed: a payment that was reversed, a pending one that was cancelled`, async () => {
  const loan = await newLoan(api);
  const one = await paid(api, loan);
  await posted(api.post('/v1/reversals', reversal(one.entryId)));
  const pending = await paid(api, loan, { layer: 'PENDING' });
  await posted(api.post(`/v1/payments/${pending.eventId}/cancellations`, settlement()));
  for (const { path } of [one, pending]) {
    const refused = { status: 409, code: 'already_reversed' } as const;
    await expectRefusal(ledger, () => api.post(path, paymentReturn()), refused);
  }
});

describe(`${OPERATION}: 422`, () => {
  test('effective_date_in_future', async () => {
    const { path } = await paid(api, await newLoan(api));
    const refused = { status: 422, code: 'effective_date_in_future', fields: ['effective_at'] } as const;
    await expectRefusal(ledger, () => api.post(path, paymentReturn({ effective_at: FAR_FUTURE })), refused);
  });

  test('effective_date_before_disbursement: the loan began anew, later, and a fee is asked; without one it comes back', async () => {
    const loan = await newLoan(api);
    const [first] = await ledger.sql<{ entry_id: string }>(
      'SELECT entry_id FROM hpts.disbursement WHERE loan_id = $1',
      [loan.loanId],
    );
    const { path } = await paid(api, loan, { amount_minor: '5', allocation: { suspense_minor: '5' } });
    await posted(api.post('/v1/reversals', reversal(first?.entry_id ?? '')));
    await posted(api.post('/v1/disbursements', disbursement(loan, { effective_at: '2026-05-03' })));
    const refused = {
      status: 422,
      code: 'effective_date_before_disbursement',
      fields: ['nsf_fee_minor'],
    } as const;
    await expectRefusal(ledger, () => api.post(path, paymentReturn({ nsf_fee_minor: '25' })), refused);
    await posted(api.post(path, paymentReturn()));
  });

  test('amount_exceeds_payment: more than it brought in, than is left of it, or anything once nothing is', async () => {
    const one = await paid(api, await newLoan(api), { amount_minor: '100' });
    const refused = { status: 422, code: 'amount_exceeds_payment', fields: ['amount_minor'] } as const;
    const attempt = (changes: object) => () => api.post(one.path, paymentReturn(changes));
    await expectRefusal(ledger, attempt({ amount_minor: '101' }), refused);
    await returned(one, { amount_minor: '60' });
    await expectRefusal(ledger, attempt({ amount_minor: '41' }), refused);
    await returned(one);
    await expectRefusal(ledger, attempt({}), refused);
    await expectRefusal(ledger, attempt({ amount_minor: '1' }), refused);
  });

  test('amount_exceeds_payment: a pending payment has brought nothing in', async () => {
    const { path } = await paid(api, await newLoan(api), { layer: 'PENDING' });
    const refused = { status: 422, code: 'amount_exceeds_payment', fields: ['amount_minor'] } as const;
    await expectRefusal(ledger, () => api.post(path, paymentReturn({ amount_minor: '1' })), refused);
  });

  test('loan_charged_off: for the fee alone', async () => {
    const { path, loan } = await paid(api, await newLoan(api));
    await posted(api.post('/v1/chargeoffs', chargeOff(loan, { effective_at: DAY.paid })));
    const refused = { status: 422, code: 'loan_charged_off', fields: ['nsf_fee_minor'] } as const;
    await expectRefusal(ledger, () => api.post(path, paymentReturn({ nsf_fee_minor: '1' })), refused);
    await posted(api.post(path, paymentReturn()));
  });

  test('amount_out_of_range: the fees of the loan would pass 18 digits', async () => {
    const { path } = await paid(api, await newLoan(api, { fees: '1' }));
    const refused = { status: 422, code: 'amount_out_of_range', fields: ['amount_minor'] } as const;
    const body = paymentReturn({ nsf_fee_minor: '999999999999999999' });
    await expectRefusal(ledger, () => api.post(path, body), refused);
  });
});

describe('POST /v1/reversals: 422 not_reversible', () => {
  const refused = { status: 422, code: 'not_reversible', fields: ['reverses_entry_id'] } as const;
  const attempt = (entryId: string) => () => api.post('/v1/reversals', reversal(entryId));

  test('a payment with a standing return, which is named', async () => {
    const one = await paid(api, await newLoan(api), { amount_minor: '20' });
    const back = textAt(await posted(api.post(one.path, paymentReturn({ amount_minor: '5' }))), 'journal_entry_id');
    const answer = await expectRefusal(ledger, attempt(one.entryId), refused);
    expect(textAt(answer, 'detail')).toContain(back);
    await posted(api.post('/v1/reversals', reversal(back)));
    await posted(api.post('/v1/reversals', reversal(one.entryId)));
  });

  test('a return that was cleared', async () => {
    const one = await paid(api, await newLoan(api), { amount_minor: '20' });
    const back = textAt(await posted(api.post(one.path, paymentReturn())), 'journal_entry_id');
    const cleared = await posted(api.post('/v1/payments/settlements', clearing([back])));
    const answer = await expectRefusal(ledger, attempt(back), refused);
    expect(textAt(answer, 'detail')).toContain(textAt(cleared, 'journal_entry_id'));
  });

  test('what settled a payment that was returned since', async () => {
    const pending = await paid(api, await newLoan(api), { layer: 'PENDING', amount_minor: '20' });
    const settled = await posted(api.post(`/v1/payments/${pending.eventId}/settlements`, settlement()));
    await returned(pending, { amount_minor: '5' });
    await expectRefusal(ledger, attempt(textAt(settled, 'journal_entry_id')), refused);
  });
});
