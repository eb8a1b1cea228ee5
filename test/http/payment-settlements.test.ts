import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { verifyLedger } from '../../src/postgres/verify/ledger-verification.ts';
import { adjusted, adjustment, line } from './adjustment-story.ts';
import { type LedgerServer, startLedger } from './ledger-server.ts';
import {
  chargeOff,
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
  settlement,
  workedExample,
} from './loan-story.ts';
import { testPostingGates } from './posting-gates.ts';
import { expectRefusal } from './problem.ts';
import { type TenantApi, textAt } from './tenant-api.ts';

const SETTLE = 'POST /v1/payments/{payment_event_id}/settlements';
const CANCEL = 'POST /v1/payments/{payment_event_id}/cancellations';

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

type Pending = {
  readonly loan: Loan;
  readonly entryId: string;
  readonly settle: string;
  readonly cancel: string;
};

async function pending(tenant: TenantApi, loan: Loan, changes: object = {}): Promise<Pending> {
  const answer = await posted(tenant.post('/v1/payments', payment(loan, { layer: 'PENDING', ...changes })));
  const path = `/v1/payments/${textAt(answer, 'payment_event_id')}`;
  return {
    loan,
    entryId: textAt(answer, 'journal_entry_id'),
    settle: `${path}/settlements`,
    cancel: `${path}/cancellations`,
  };
}

async function balanceOf({ loanId }: Loan, layer: string): Promise<unknown> {
  return (await api.get(`/v1/loans/${loanId}/balance?layer=${layer}`)).json;
}

for (const [operation, action, other] of [
  [SETTLE, 'settle', { external_ref: 'another' }],
  [CANCEL, 'cancel', { reason_description: 'another' }],
] as const) {
  describe(`${operation} as any posting`, () => {
    testPostingGates({
      ledger: () => ledger,
      path: `/v1/payments/${NOBODY}/${action === 'settle' ? 'settlements' : 'cancellations'}`,
      scope: 'hpts:payments:write',
      bodyBytesMax: 64 * 1024,
      valid: async (tenant) => {
        const one = await pending(tenant, await newLoan(tenant));
        return { body: settlement(), loanId: one.loan.loanId, path: one[action] };
      },
      other: (body) => ({ ...body, ...other }),
    });
  });

  test.each([
    ['effective_at', { effective_at: undefined }, 'required'],
    ['effective_at', { effective_at: DAY.accrued }, 'validation_failed'],
  ])(`${operation}: 400 validation_failed: %s: %o`, async (field, changes, code) => {
    const one = await pending(api, await newLoan(api));
    const refused = { status: 400, code: 'validation_failed', fields: [field], fieldCodes: [code] } as const;
    await expectRefusal(ledger, () => api.post(one[action], settlement(changes)), refused);
  });

  test(`${operation}: 404 not_found: no event, an event that is no payment, the event that settled one`, async () => {
    const loan = await newLoan(api);
    const charged = await posted(api.post('/v1/fees', fee(loan)));
    const settled = await posted(api.post((await pending(api, loan)).settle, settlement()));
    const ids = [NOBODY, textAt(charged, 'fee_event_id'), textAt(settled, 'settlement_event_id'), 'payment-1'];
    for (const id of ids) {
      const path = `/v1/payments/${id}/${action === 'settle' ? 'settlements' : 'cancellations'}`;
      await expectRefusal(ledger, () => api.post(path, settlement()), { status: 404, code: 'not_found' });
    }
  });

  test(`${operation}: 422 effective_date_in_future`, async () => {
    const one = await pending(api, await newLoan(api));
    const refused = { status: 422, code: 'effective_date_in_future', fields: ['effective_at'] } as const;
    await expectRefusal(ledger, () => api.post(one[action], settlement({ effective_at: FAR_FUTURE })), refused);
  });

  test(`${operation}: 409 already_settled: settled before, or never pending`, async () => {
    const loan = await newLoan(api);
    const one = await pending(api, loan);
    await posted(api.post(one.settle, settlement()));
    const never = await pending(api, loan, { layer: 'SETTLED' });
    for (const path of [one[action], never[action]]) {
      await expectRefusal(ledger, () => api.post(path, settlement()), { status: 409, code: 'already_settled' });
    }
  });

  test(`${operation}: 409 already_reversed: cancelled before`, async () => {
    const one = await pending(api, await newLoan(api));
    await posted(api.post(one.cancel, settlement()));
    const refused = { status: 409, code: 'already_reversed' } as const;
    await expectRefusal(ledger, () => api.post(one[action], settlement()), refused);
  });

  test(`${operation}: 422 balance_would_be_negative: an adjustment took some of it off PENDING`, async () => {
    const one = await pending(api, await newLoan(api));
    const onPending = { loan_id: one.loan.loanId, layer: 'PENDING' };
    const lines = [line('2100', 'DR', '1', onPending), line('1010', 'CR', '1', onPending)];
    const taken = await adjusted(api, adjustment(one.loan, { lines }));
    const refused = { status: 422, code: 'balance_would_be_negative' } as const;
    await expectRefusal(ledger, () => api.post(one[action], settlement()), refused);
    await posted(api.post('/v1/reversals', reversal(textAt(taken, 'journal_entry_id'))));
    await posted(api.post(one[action], settlement()));
  });
}

describe(`${SETTLE}: 201`, () => {
  test('one entry: the mirror on PENDING and the payment on SETTLED, allocated by what is owed now', async () => {
    const loan = await newLoan(api, { interest: '10000' });
    const one = await pending(api, loan, { external_ref: 'txn 1' });
    await posted(api.post('/v1/fees', fee(loan, { effective_at: DAY.later })));
    const answer = await api.post(one.settle, settlement());
    const entry = await api.get(`/v1/journal-entries/${textAt(answer, 'journal_entry_id')}`);
    const first = await api.get(`/v1/journal-entries/${one.entryId}`);
    expect([answer.status, answer.json]).toEqual([
      201,
      {
        settlement_event_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        journal_entry_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        allocation: { fees_minor: '500', interest_minor: '10000', principal_minor: '78349', suspense_minor: '0' },
        posted_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/),
        correlation_id: textAt(first, 'correlation_id'),
      },
    ]);
    expect(entry.json).toMatchObject({
      event_type: 'payment_received',
      effective_at: DAY.later,
      lines: [
        { account_code: '1010', direction: 'CR', amount_minor: '88849', layer: 'PENDING', external_ref: 'txn 1' },
        { account_code: '2100', direction: 'DR', amount_minor: '88849', layer: 'PENDING' },
        { account_code: '1010', direction: 'DR', amount_minor: '88849', layer: 'SETTLED' },
        { account_code: '1300', direction: 'CR', amount_minor: '500', layer: 'SETTLED' },
        { account_code: '1200', direction: 'CR', amount_minor: '10000', layer: 'SETTLED' },
        { account_code: '1100', direction: 'CR', amount_minor: '78349', layer: 'SETTLED' },
      ],
    });
    expect(await balanceOf(loan, 'PENDING')).toMatchObject({ suspense_minor: '0', total_exposure_minor: '0' });
    expect(await balanceOf(loan, 'SETTLED')).toMatchObject({ total_exposure_minor: '921651' });
  });

  test('by the split that came with it, which is judged now', async () => {
    const loan = await workedExample(api);
    const allocation = { principal_minor: '60', suspense_minor: '40' };
    const one = await pending(api, loan, { amount_minor: '100', allocation });
    const answer = await posted(api.post(one.settle, settlement()));
    expect(answer.json).toMatchObject({
      allocation: { fees_minor: '0', interest_minor: '0', principal_minor: '60', suspense_minor: '40' },
    });
  });

  test('a settling that was reversed puts the payment back to PENDING, where it settles anew', async () => {
    const loan = await workedExample(api);
    const one = await pending(api, loan);
    const before = await balanceOf(loan, 'PENDING');
    const settled = await posted(api.post(one.settle, settlement()));
    await posted(api.post('/v1/reversals', reversal(textAt(settled, 'journal_entry_id'))));
    expect(await balanceOf(loan, 'PENDING')).toMatchObject({
      suspense_minor: Reflect.get(Object(before), 'suspense_minor'),
    });
    expect(await balanceOf(loan, 'SETTLED')).toMatchObject({ total_exposure_minor: '1010500' });
    await posted(api.post(one.settle, settlement()));
    await expectRefusal(ledger, () => api.post(one.settle, settlement()), { status: 409, code: 'already_settled' });
  });
});

test(`${SETTLE}: 201: the loan began anew, later; what settles stands already`, async () => {
  const loan = await newLoan(api);
  const [first] = await ledger.sql<{ entry_id: string }>('SELECT entry_id FROM hpts.disbursement WHERE loan_id = $1', [
    loan.loanId,
  ]);
  const one = await pending(api, loan);
  await posted(api.post('/v1/reversals', reversal(first?.entry_id ?? '')));
  await posted(api.post('/v1/disbursements', disbursement(loan, { effective_at: '2026-05-03' })));
  await posted(api.post(one.settle, settlement()));
});

describe(`${SETTLE}: 422`, () => {
  test('loan_charged_off', async () => {
    const one = await pending(api, await newLoan(api));
    await posted(api.post('/v1/chargeoffs', chargeOff(one.loan, { effective_at: DAY.paid })));
    await expectRefusal(ledger, () => api.post(one.settle, settlement()), { status: 422, code: 'loan_charged_off' });
    await posted(api.post(one.cancel, settlement()));
  });

  test('amount_exceeds_outstanding: the split asks of a component what it no longer has', async () => {
    const loan = await newLoan(api, { fees: '500' });
    const one = await pending(api, loan, { amount_minor: '400', allocation: { fees_minor: '400' } });
    await posted(api.post('/v1/payments', payment(loan, { amount_minor: '101' })));
    const refused = { status: 422, code: 'amount_exceeds_outstanding' } as const;
    await expectRefusal(ledger, () => api.post(one.settle, settlement()), refused);
  });

  test('amount_out_of_range: suspense would pass 18 digits', async () => {
    const loan = await newLoan(api, { principal: '1' });
    const one = await pending(api, loan, { amount_minor: '999999999999999999' });
    await posted(api.post('/v1/payments', payment(loan, { amount_minor: '2' })));
    const refused = { status: 422, code: 'amount_out_of_range' } as const;
    await expectRefusal(ledger, () => api.post(one.settle, settlement()), refused);
  });
});

test(`${CANCEL}: 201: the mirror on PENDING, a reversal; SETTLED is untouched`, async () => {
  const loan = await workedExample(api);
  const before = await api.balanceText(loan.loanId);
  const one = await pending(api, loan);
  const answer = await api.post(one.cancel, settlement({ reason_description: 'refused by the bank' }));
  expect([answer.status, answer.json]).toEqual([
    201,
    {
      journal_entry_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      reverses_entry_id: one.entryId,
      posted_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/),
      correlation_id: textAt(await api.get(`/v1/journal-entries/${one.entryId}`), 'correlation_id'),
    },
  ]);
  const entry = await api.get(`/v1/journal-entries/${textAt(answer, 'journal_entry_id')}`);
  expect(entry.json).toMatchObject({
    event_type: 'reversal',
    description: 'refused by the bank',
    reverses_entry_id: one.entryId,
    lines: [
      { account_code: '1010', direction: 'CR', amount_minor: '88849', layer: 'PENDING' },
      { account_code: '2100', direction: 'DR', amount_minor: '88849', layer: 'PENDING' },
    ],
  });
  expect(JSON.parse(await api.balanceText(loan.loanId))).toMatchObject({
    ...JSON.parse(before),
    last_activity_at: expect.any(String),
  });
  expect(await balanceOf(loan, 'PENDING')).toMatchObject({ suspense_minor: '0' });
});

test('POST /v1/payments: 422 allocation_mismatch: on PENDING a split must sum when it is sent', async () => {
  const body = payment(await newLoan(api), { layer: 'PENDING', allocation: { fees_minor: '1' } });
  const refused = { status: 422, code: 'allocation_mismatch', fields: ['allocation'] } as const;
  await expectRefusal(ledger, () => api.post('/v1/payments', body), refused);
});

test('POST /v1/reversals: 422 not_reversible: a pending payment that settled, naming what settled it', async () => {
  const one = await pending(api, await newLoan(api));
  const settled = await posted(api.post(one.settle, settlement()));
  const refused = { status: 422, code: 'not_reversible', fields: ['reverses_entry_id'] } as const;
  const answer = await expectRefusal(ledger, () => api.post('/v1/reversals', reversal(one.entryId)), refused);
  expect(textAt(answer, 'detail')).toContain(textAt(settled, 'journal_entry_id'));
});
