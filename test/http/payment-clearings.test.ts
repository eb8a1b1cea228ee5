import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LIMITS } from '../../src/limits.ts';
import { verifyLedger } from '../../src/postgres/verify/ledger-verification.ts';
import { type LedgerServer, startLedger } from './ledger-server.ts';
import {
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
  reversal,
  settlement,
  suspenseRefund,
  unapplied,
  unmadeLoan,
} from './loan-story.ts';
import { testPostingGates } from './posting-gates.ts';
import { expectRefusal } from './problem.ts';
import { type TenantApi, textAt } from './tenant-api.ts';

const OPERATION = 'POST /v1/payments/settlements';
const PATH = '/v1/payments/settlements';

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

async function paid(loan: Loan, changes: object = {}, tenant = api): Promise<{ entryId: string; eventId: string }> {
  const answer = await posted(tenant.post('/v1/payments', payment(loan, changes)));
  return { entryId: textAt(answer, 'journal_entry_id'), eventId: textAt(answer, 'payment_event_id') };
}

/** Entries by the POSTs that make them, in order. */
async function entriesOf(...sent: readonly (readonly [path: string, body: object])[]): Promise<readonly string[]> {
  const ids: string[] = [];
  for (const [path, body] of sent) ids.push(textAt(await posted(api.post(path, body)), 'journal_entry_id'));
  return ids;
}

async function cleared(entryIds: readonly string[]): Promise<readonly string[]> {
  const answer = await posted(api.post(PATH, clearing(entryIds)));
  const entry = (await api.get(`/v1/journal-entries/${textAt(answer, 'journal_entry_id')}`)).json as {
    lines: { account_code: string; direction: string; amount_minor: string }[];
  };
  return entry.lines.map((line) => `${line.direction} ${line.account_code} ${line.amount_minor}`);
}

describe(`${OPERATION} as any posting`, () => {
  testPostingGates({
    ledger: () => ledger,
    path: PATH,
    scope: 'hpts:payments:write',
    bodyBytesMax: LIMITS.clearingBodyBytes,
    valid: async (tenant) => {
      const loan = await newLoan(tenant);
      const { entryId } = await paid(loan, {}, tenant);
      return { body: clearing([entryId]), loanId: loan.loanId };
    },
    other: (body) => ({ ...body, bank_ref: 'another' }),
  });
});

describe(`${OPERATION}: 201`, () => {
  test('DR 1000, CR 1010: the net of payments, returns and refunds, of several loans; no line names one', async () => {
    const [loan, other] = [await newLoan(api), await newLoan(api)];
    const one = await paid(loan, { amount_minor: '500' });
    const ids = await entriesOf(
      ['/v1/payments', unapplied(other, '300')],
      [`/v1/payments/${one.eventId}/returns`, paymentReturn({ amount_minor: '120' })],
      ['/v1/suspense-refunds', suspenseRefund(other, { amount_minor: '80', effective_at: DAY.later })],
    );
    const answer = await api.post(PATH, clearing([one.entryId, ...ids]));
    expect([answer.status, answer.json]).toEqual([
      201,
      {
        settlement_event_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        journal_entry_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        posted_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/),
        correlation_id: textAt(answer, 'settlement_event_id'),
      },
    ]);
    const entry = await api.get(`/v1/journal-entries/${textAt(answer, 'journal_entry_id')}`);
    expect(entry.json).toMatchObject({
      event_type: 'payment_settled',
      lines: [
        { account_code: '1000', direction: 'DR', amount_minor: '600', loan_id: null, external_ref: 'bank 7' },
        { account_code: '1010', direction: 'CR', amount_minor: '600', loan_id: null },
      ],
    });
  });

  test('sides swapped when more went out than came in; no lines when both are the same', async () => {
    const one = await paid(await newLoan(api), { amount_minor: '500' });
    const path = `/v1/payments/${one.eventId}/returns`;
    const [part, rest] = await entriesOf([path, paymentReturn({ amount_minor: '120' })], [path, paymentReturn()]);
    expect(await cleared([part ?? ''])).toEqual(['DR 1010 120', 'CR 1000 120']);
    const other = await paid(await newLoan(api), { amount_minor: '380' });
    expect(await cleared([rest ?? '', other.entryId])).toEqual([]);
  });

  test('a payment that was pending, by the entry that settled it: what it has on SETTLED', async () => {
    const one = await paid(await newLoan(api), { amount_minor: '70', layer: 'PENDING' });
    const settled = await entriesOf([`/v1/payments/${one.eventId}/settlements`, settlement()]);
    expect(await cleared(settled)).toEqual(['DR 1000 70', 'CR 1010 70']);
  });

  test('a clearing that is reversed frees all of its entries', async () => {
    const [one, other] = [await paid(await newLoan(api)), await paid(await newLoan(api))];
    const [first] = await entriesOf([PATH, clearing([one.entryId, other.entryId])]);
    await posted(api.post('/v1/reversals', reversal(first ?? '')));
    expect((await cleared([other.entryId])).length).toBe(2);
    await posted(api.post('/v1/reversals', reversal(one.entryId)));
  });

  test('many at once: an entry is cleared once', async () => {
    const { entryId } = await paid(await newLoan(api));
    const sent = Array.from({ length: 8 }, () => api.post(PATH, clearing([entryId])));
    const statuses = (await Promise.all(sent)).map(({ status }) => status);
    expect(statuses.sort()).toEqual([201, ...Array(7).fill(409)]);
  });

  test('as many as one call takes, on the heavy thread', { timeout: 60_000 }, async () => {
    const loan = await newLoan(api);
    const sent = Array.from({ length: LIMITS.clearedEntries }, () => paid(loan, { amount_minor: '1' }));
    const ids = (await Promise.all(sent)).map(({ entryId }) => entryId);
    expect(await cleared(ids)).toEqual(['DR 1000 10000', 'CR 1010 10000']);
    const refused = { status: 409, code: 'already_settled', fields: ['journal_entry_ids[0]'] } as const;
    await expectRefusal(ledger, () => api.post(PATH, clearing(ids.slice(-1))), refused);
  });
});

describe(`${OPERATION}: 400 validation_failed`, () => {
  const table: [string, object, string, string][] = [
    ['no entries', { journal_entry_ids: [] }, 'journal_entry_ids', 'out_of_range'],
    ['10,001 entries', { journal_entry_ids: new Array(10_001).fill(NOBODY) }, 'journal_entry_ids', 'out_of_range'],
    ['what is no id', { journal_entry_ids: ['payment-1'] }, 'journal_entry_ids[0]', 'invalid_format'],
    ['no bank_ref', { bank_ref: undefined }, 'bank_ref', 'required'],
    ['no date', { effective_at: undefined }, 'effective_at', 'required'],
    ['an empty bank_ref', { bank_ref: '' }, 'bank_ref', 'invalid_format'],
  ];
  test.each(table)('%s', async (_title, changes, field, code) => {
    const refused = { status: 400, code: 'validation_failed', fields: [field], fieldCodes: [code] } as const;
    await expectRefusal(ledger, () => api.post(PATH, clearing([NOBODY], changes)), refused);
  });

  test('a date before the latest of the entries', async () => {
    const loan = await newLoan(api);
    const [one, other] = [await paid(loan), await paid(loan, { effective_at: DAY.later })];
    const body = clearing([other.entryId, one.entryId], { effective_at: DAY.paid });
    const refused = { status: 400, code: 'validation_failed', fields: ['effective_at'] } as const;
    await expectRefusal(ledger, () => api.post(PATH, body), refused);
  });
});

test(`${OPERATION}: 404 journal_entry_not_found: every id that is no payment, return or refund on SETTLED is named`, async () => {
  const loan = await newLoan(api);
  const one = await paid(loan);
  const pending = await paid(loan, { layer: 'PENDING' });
  const [charged] = await entriesOf(['/v1/fees', fee(loan)]);
  const [back] = await entriesOf(['/v1/reversals', reversal((await paid(loan)).entryId)]);
  const ids = [NOBODY, one.entryId, pending.entryId, charged ?? '', back ?? '', one.eventId];
  const fields = [0, 2, 3, 4, 5].map((index) => `journal_entry_ids[${index}]`);
  const refused = { status: 404, code: 'journal_entry_not_found', fields } as const;
  await expectRefusal(ledger, () => api.post(PATH, clearing(ids)), refused);
});

test(`${OPERATION}: 422 currency_mismatch`, async () => {
  const [one, other] = [await newLoan(api), await newLoan(api, { currency: 'EUR' })];
  const ids = [(await paid(one)).entryId, (await paid(other)).entryId];
  const refused = { status: 422, code: 'currency_mismatch', fields: ['journal_entry_ids[1]'] } as const;
  await expectRefusal(ledger, () => api.post(PATH, clearing(ids)), refused);
});

test(`${OPERATION}: 422 effective_date_in_future`, async () => {
  const { entryId } = await paid(await newLoan(api));
  const refused = { status: 422, code: 'effective_date_in_future', fields: ['effective_at'] } as const;
  await expectRefusal(ledger, () => api.post(PATH, clearing([entryId], { effective_at: FAR_FUTURE })), refused);
});

test(`${OPERATION}: 422 amount_out_of_range: a sum of more than 18 digits`, async () => {
  const ids: string[] = [];
  for (const amount of ['999999999999999999', '1']) {
    const loan = unmadeLoan();
    await posted(api.post('/v1/disbursements', disbursement(loan)));
    ids.push((await paid(loan, { amount_minor: amount })).entryId);
  }
  const refused = { status: 422, code: 'amount_out_of_range', fields: ['journal_entry_ids'] } as const;
  await expectRefusal(ledger, () => api.post(PATH, clearing(ids)), refused);
});

test(`${OPERATION}: 409 already_reversed`, async () => {
  const loan = await newLoan(api);
  const [one, other] = [await paid(loan), await paid(loan)];
  await posted(api.post('/v1/reversals', reversal(other.entryId)));
  const refused = { status: 409, code: 'already_reversed', fields: ['journal_entry_ids[1]'] } as const;
  await expectRefusal(ledger, () => api.post(PATH, clearing([one.entryId, other.entryId])), refused);
});

test(`${OPERATION}: 409 already_settled: cleared before, or named twice`, async () => {
  const loan = await newLoan(api);
  const [one, other] = [await paid(loan), await paid(loan)];
  await cleared([one.entryId]);
  const refused = { status: 409, code: 'already_settled' } as const;
  const again = { ...refused, fields: ['journal_entry_ids[1]'] };
  await expectRefusal(ledger, () => api.post(PATH, clearing([other.entryId, one.entryId])), again);
  await expectRefusal(ledger, () => api.post(PATH, clearing([other.entryId, other.entryId])), again);
});

test('POST /v1/reversals: 422 not_reversible: a payment that was cleared, until its clearing is reversed', async () => {
  const one = await paid(await newLoan(api));
  const [first] = await entriesOf([PATH, clearing([one.entryId])]);
  const refused = { status: 422, code: 'not_reversible', fields: ['reverses_entry_id'] } as const;
  await expectRefusal(ledger, () => api.post('/v1/reversals', reversal(one.entryId)), refused);
  await posted(api.post('/v1/reversals', reversal(first ?? '')));
  await posted(api.post('/v1/reversals', reversal(one.entryId)));
});
