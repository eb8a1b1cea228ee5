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
  refinance,
  reversal,
  settlement,
  unmadeLoan,
} from './loan-story.ts';
import { testPostingGates } from './posting-gates.ts';
import { expectRefusal } from './problem.ts';
import { type TenantApi, textAt } from './tenant-api.ts';

const SETTLE = 'POST /v1/disbursements/{disbursement_event_id}/settlements';
const CANCEL = 'POST /v1/disbursements/{disbursement_event_id}/cancellations';

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

type Lent = { readonly loan: Loan; readonly entryId: string; readonly settle: string; readonly cancel: string };

async function lent(tenant: TenantApi, changes: object = {}, loan = unmadeLoan()): Promise<Lent> {
  const answer = await posted(tenant.post('/v1/disbursements', disbursement(loan, changes)));
  const path = `/v1/disbursements/${textAt(answer, 'disbursement_event_id')}`;
  return {
    loan,
    entryId: textAt(answer, 'journal_entry_id'),
    settle: `${path}/settlements`,
    cancel: `${path}/cancellations`,
  };
}

const PENDING = { layer: 'PENDING' };
const WITHHELD = { amount_minor: '1000', fees: [{ fee_type: 'origination_fee', amount_minor: '30' }] };

async function linesOf(entryId: string): Promise<readonly string[]> {
  const entry = (await api.get(`/v1/journal-entries/${entryId}`)).json as {
    lines: { account_code: string; direction: string; amount_minor: string; layer: string }[];
  };
  return entry.lines.map((one) => `${one.layer} ${one.direction} ${one.account_code} ${one.amount_minor}`);
}

async function settled(one: Lent, changes: object = {}): Promise<readonly string[]> {
  return linesOf(textAt(await posted(api.post(one.settle, settlement(changes))), 'journal_entry_id'));
}

for (const [operation, action, other] of [
  [SETTLE, 'settle', { external_ref: 'another' }],
  [CANCEL, 'cancel', { reason_description: 'another' }],
] as const) {
  const last = action === 'settle' ? 'settlements' : 'cancellations';
  describe(`${operation} as any posting`, () => {
    testPostingGates({
      ledger: () => ledger,
      path: `/v1/disbursements/${NOBODY}/${last}`,
      scope: 'hpts:disbursements:write',
      bodyBytesMax: 64 * 1024,
      valid: async (tenant) => {
        const one = await lent(tenant, PENDING);
        return { body: settlement(), loanId: one.loan.loanId, path: one[action] };
      },
      other: (body) => ({ ...body, ...other }),
    });
  });

  test(`${operation}: 400 validation_failed: a date before the disbursement`, async () => {
    const one = await lent(api, PENDING);
    const refused = { status: 400, code: 'validation_failed', fields: ['effective_at'] } as const;
    await expectRefusal(ledger, () => api.post(one[action], settlement({ effective_at: DAY.beforeAll })), refused);
  });

  test(`${operation}: 404 not_found: no event, an event that is no disbursement, the event that settled one`, async () => {
    const loan = await newLoan(api);
    const charged = await posted(api.post('/v1/fees', fee(loan)));
    const by = await posted(api.post((await lent(api, PENDING)).settle, settlement()));
    for (const id of [NOBODY, textAt(charged, 'fee_event_id'), textAt(by, 'settlement_event_id'), 'lent-1']) {
      const path = `/v1/disbursements/${id}/${last}`;
      await expectRefusal(ledger, () => api.post(path, settlement()), { status: 404, code: 'not_found' });
    }
  });

  test(`${operation}: 409 already_reversed: cancelled before`, async () => {
    const one = await lent(api, PENDING);
    await posted(api.post(one.cancel, settlement()));
    const refused = { status: 409, code: 'already_reversed' } as const;
    await expectRefusal(ledger, () => api.post(one[action], settlement()), refused);
  });

  test(`${operation}: 422 effective_date_in_future`, async () => {
    const one = await lent(api, PENDING);
    const refused = { status: 422, code: 'effective_date_in_future', fields: ['effective_at'] } as const;
    await expectRefusal(ledger, () => api.post(one[action], settlement({ effective_at: FAR_FUTURE })), refused);
  });

  test(`${operation}: 422 balance_would_be_negative: an adjustment took some of it off PENDING`, async () => {
    const one = await lent(api, PENDING);
    const onPending = { loan_id: one.loan.loanId, layer: 'PENDING' };
    const lines = [line('2000', 'DR', '1', onPending), line('1100', 'CR', '1', onPending)];
    const taken = await adjusted(api, adjustment(one.loan, { lines }));
    const refused = { status: 422, code: 'balance_would_be_negative' } as const;
    await expectRefusal(ledger, () => api.post(one[action], settlement()), refused);
    await posted(api.post('/v1/reversals', reversal(textAt(taken, 'journal_entry_id'))));
    await posted(api.post(one[action], settlement()));
  });
}

describe(`${SETTLE}: 201`, () => {
  test('a disbursement meets the bank: DR 2000, CR 1000 of what stands there, under its correlation', async () => {
    const one = await lent(api, WITHHELD);
    const answer = await api.post(one.settle, settlement({ external_ref: 'wire 1' }));
    const first = await api.get(`/v1/journal-entries/${one.entryId}`);
    expect([answer.status, answer.json]).toEqual([
      201,
      {
        settlement_event_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        journal_entry_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        posted_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/),
        correlation_id: textAt(first, 'correlation_id'),
      },
    ]);
    const entry = await api.get(`/v1/journal-entries/${textAt(answer, 'journal_entry_id')}`);
    expect(entry.json).toMatchObject({
      event_type: 'disbursement_settled',
      lines: [
        { account_code: '2000', direction: 'DR', amount_minor: '970', loan_id: null, external_ref: 'wire 1' },
        { account_code: '1000', direction: 'CR', amount_minor: '970', loan_id: null },
      ],
    });
  });

  test('a pending one: gross on PENDING; its mirror and the fees when it settles; then the bank', async () => {
    const one = await lent(api, { ...WITHHELD, ...PENDING });
    expect(await linesOf(one.entryId)).toEqual(['PENDING DR 1100 1000', 'PENDING CR 2000 1000']);
    expect(await settled(one)).toEqual([
      'PENDING CR 1100 1000',
      'PENDING DR 2000 1000',
      'SETTLED DR 1100 1000',
      'SETTLED CR 2000 970',
      'SETTLED CR 4100 30',
    ]);
    expect((await api.get(`/v1/loans/${one.loan.loanId}/balance`)).json).toMatchObject({
      principal_outstanding_minor: '1000',
    });
    expect(await settled(one)).toEqual(['SETTLED DR 2000 970', 'SETTLED CR 1000 970']);
    await expectRefusal(ledger, () => api.post(one.settle, settlement()), { status: 409, code: 'already_settled' });
  });

  test('new money of a refinance meets the bank as a disbursement does', async () => {
    const old = await newLoan(api, { principal: '100' });
    const fresh = unmadeLoan().loanId;
    const made = await posted(api.post('/v1/refinances', refinance(old, fresh, { new_money_minor: '40' })));
    const settle = `/v1/disbursements/${textAt(made, 'disbursement_event_id')}/settlements`;
    const one = { loan: old, entryId: '', settle, cancel: '' };
    expect(await settled(one)).toEqual(['SETTLED DR 2000 40', 'SETTLED CR 1000 40']);
    await expectRefusal(ledger, () => api.post(settle, settlement()), { status: 409, code: 'already_settled' });
  });

  test('one of which everything was withheld: an entry without lines', async () => {
    const fees = [{ fee_type: 'origination_fee', amount_minor: '1000' }];
    expect(await settled(await lent(api, { ...WITHHELD, fees }))).toEqual([]);
  });

  test('a clearing that was reversed can be posted anew', async () => {
    const one = await lent(api);
    const cleared = await posted(api.post(one.settle, settlement()));
    await posted(api.post('/v1/reversals', reversal(textAt(cleared, 'journal_entry_id'))));
    expect(await settled(one)).toEqual(['SETTLED DR 2000 1000000', 'SETTLED CR 1000 1000000']);
  });

  test('a disbursement that was cleared may be reversed: 2000 then shows it', async () => {
    const one = await lent(api);
    await settled(one);
    await posted(api.post('/v1/reversals', reversal(one.entryId)));
    const refused = { status: 409, code: 'already_reversed' } as const;
    await expectRefusal(ledger, () => api.post(one.settle, settlement()), refused);
  });

  test('a settling that was reversed puts the disbursement back to PENDING', async () => {
    const one = await lent(api, PENDING);
    const by = await posted(api.post(one.settle, settlement()));
    await posted(api.post('/v1/reversals', reversal(textAt(by, 'journal_entry_id'))));
    expect((await settled(one)).length).toBe(4);
  });
});

describe(`${SETTLE}: 409 already_settled`, () => {
  test('cleared before', async () => {
    const one = await lent(api);
    await settled(one);
    await expectRefusal(ledger, () => api.post(one.settle, settlement()), { status: 409, code: 'already_settled' });
  });
});

describe(`${SETTLE}: 400 validation_failed`, () => {
  test('the bank before the day on which it settled', async () => {
    const one = await lent(api, PENDING);
    await settled(one);
    const refused = { status: 400, code: 'validation_failed', fields: ['effective_at'] } as const;
    await expectRefusal(ledger, () => api.post(one.settle, settlement({ effective_at: DAY.paid })), refused);
  });
});

describe(`${SETTLE}: 422`, () => {
  test('loan_charged_off: while it is pending; the bank is met all the same', async () => {
    const loan = await newLoan(api);
    const [one, other] = [await lent(api, PENDING, loan), await lent(api, {}, loan)];
    await posted(api.post('/v1/chargeoffs', chargeOff(loan, { effective_at: DAY.paid })));
    await expectRefusal(ledger, () => api.post(one.settle, settlement()), { status: 422, code: 'loan_charged_off' });
    await settled(other);
  });

  test('amount_out_of_range: principal would pass 18 digits', async () => {
    const loan = await newLoan(api, { principal: '1' });
    const one = await lent(api, { ...PENDING, amount_minor: '999999999999999999' }, loan);
    await expectRefusal(ledger, () => api.post(one.settle, settlement()), { status: 422, code: 'amount_out_of_range' });
  });
});

test(`${CANCEL}: 201: the mirror on PENDING; the loan has not begun then`, async () => {
  const one = await lent(api, PENDING);
  const answer = await posted(api.post(one.cancel, settlement()));
  expect(answer.json).toMatchObject({ reverses_entry_id: one.entryId });
  expect(await linesOf(textAt(answer, 'journal_entry_id'))).toEqual([
    'PENDING CR 1100 1000000',
    'PENDING DR 2000 1000000',
  ]);
  const refused = { status: 422, code: 'effective_date_before_disbursement', fields: ['effective_at'] } as const;
  await expectRefusal(ledger, () => api.post('/v1/payments', payment(one.loan)), refused);
});

test(`${CANCEL}: 409 already_settled: settled before, or never pending`, async () => {
  const [one, never] = [await lent(api, PENDING), await lent(api)];
  await settled(one);
  for (const { cancel } of [one, never]) {
    await expectRefusal(ledger, () => api.post(cancel, settlement()), { status: 409, code: 'already_settled' });
  }
});

test('POST /v1/reversals: 422 not_reversible: a pending disbursement that settled', async () => {
  const one = await lent(api, PENDING);
  await settled(one);
  const refused = { status: 422, code: 'not_reversible', fields: ['reverses_entry_id'] } as const;
  await expectRefusal(ledger, () => api.post('/v1/reversals', reversal(one.entryId)), refused);
});
