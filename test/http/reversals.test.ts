import { describe, expect, test } from 'vitest';
import type { HttpAnswer } from './http-client.ts';
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
  reversal,
  unmadeLoan,
  workedExample,
} from './loan-story.ts';
import { testPostingGates } from './posting-gates.ts';
import { expectRefusal } from './problem.ts';
import { textAt } from './tenant-api.ts';

const PATH = '/v1/reversals';

const ledger = await serveLedger();
const { api } = ledger;

describe('POST /v1/reversals as any posting', () => {
  testPostingGates({
    ledger: () => ledger,
    path: PATH,
    scope: 'hpts:reversals:write',
    bodyBytesMax: 64 * 1024,
    valid: async (tenant) => {
      const loan = await newLoan(tenant);
      const charged = await posted(tenant.post('/v1/fees', fee(loan)));
      return { body: reversal(entryOf(charged)), loanId: loan.loanId };
    },
    other: (body) => ({ ...body, reason_code: 'duplicate' }),
  });
});

describe('201', () => {
  test('a payment gives back to each component what it took, by the mirror of every line', async () => {
    const loan = await workedExample(api);
    const before = await componentsOf(loan.loanId);
    const paid = await posted(api.post('/v1/payments', payment(loan, { external_ref: 'txn 1' })));
    const answer = await api.post(PATH, reversal(entryOf(paid), { reason_description: 'sent twice' }));
    expect(answer.status).toBe(201);
    expect(answer.json).toEqual({
      journal_entry_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      reverses_entry_id: entryOf(paid),
      posted_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/),
      correlation_id: await correlationOf(entryOf(paid)),
    });
    expect(await componentsOf(loan.loanId)).toEqual(before);
    const [original, mirror] = [await entry(entryOf(paid)), await entry(entryOf(answer))];
    expect(mirror.json).toMatchObject({
      event_type: 'reversal',
      effective_at: DAY.later,
      reverses_entry_id: entryOf(paid),
      reversed_by_entry_id: null,
      description: 'sent twice',
      lines: linesOf(original).map((line) => ({ ...line, direction: line['direction'] === 'DR' ? 'CR' : 'DR' })),
    });
    expect(original.json).toMatchObject({ reversed_by_entry_id: entryOf(answer), reverses_entry_id: null });
  });

  test('on its own date, or any later one up to today', async () => {
    const loan = await newLoan(api);
    for (const effective_at of [DAY.accrued, DAY.paid]) {
      const charged = await posted(api.post('/v1/fees', fee(loan)));
      await posted(api.post(PATH, reversal(entryOf(charged), { effective_at })));
    }
    expect((await api.get(`/v1/loans/${loan.loanId}/balance?as_of_date=${DAY.accrued}`)).json).toMatchObject({
      fees_receivable_minor: '500',
    });
  });

  test('an accrual batch frees its date for every loan in it, those of zero interest too', async () => {
    const loans = [await newLoan(api), await newLoan(api)] as const;
    const batch = accrual(api, [
      [loans[0], '100'],
      [loans[1], '0'],
    ]);
    const first = await posted(api.post('/v1/accruals/batch', batch));
    const taken = {
      status: 409,
      code: 'accrual_already_posted',
      fields: ['loans[0].loan_id', 'loans[1].loan_id'],
    } as const;
    await expectRefusal(ledger, () => api.post('/v1/accruals/batch', batch), taken);
    await posted(api.post(PATH, reversal(entryOf(first))));
    await posted(api.post('/v1/accruals/batch', batch));
  });

  test('an all-zero accrual batch frees its date as well', async () => {
    const loan = await newLoan(api);
    const first = await posted(api.post('/v1/accruals/batch', accrual(api, [[loan, '0']])));
    await posted(api.post(PATH, reversal(entryOf(first))));
    await posted(api.post('/v1/accruals/batch', accrual(api, [[loan, '7']])));
  });

  test('of two disbursements the later one then counts as the first', async () => {
    const loan = unmadeLoan();
    const first = await posted(api.post('/v1/disbursements', disbursement(loan)));
    await posted(api.post('/v1/disbursements', disbursement(loan, { effective_at: DAY.accrued })));
    await posted(api.post(PATH, reversal(entryOf(first), { effective_at: DAY.accrued })));
    const early = payment(loan, { effective_at: DAY.between });
    const refused = { status: 422, code: 'effective_date_before_disbursement', fields: ['effective_at'] } as const;
    await expectRefusal(ledger, () => api.post('/v1/payments', early), refused);
    await posted(api.post('/v1/payments', payment(loan, { effective_at: DAY.accrued })));
  });

  test('a disbursement with withheld fees', async () => {
    const loan = unmadeLoan();
    const fees = [{ fee_type: 'origination_fee', amount_minor: '20000' }];
    const made = await posted(api.post('/v1/disbursements', disbursement(loan, { fees })));
    const undone = await posted(api.post(PATH, reversal(entryOf(made))));
    expect(linesOf(await entry(entryOf(undone)))).toMatchObject([
      { account_code: '1100', direction: 'CR', amount_minor: '1000000' },
      { account_code: '2000', direction: 'DR', amount_minor: '980000' },
      { account_code: '4100', direction: 'DR', amount_minor: '20000' },
    ]);
  });

  test('PENDING payments and disbursements are undone on their layer; SETTLED untouched', async () => {
    const loan = await workedExample(api);
    const settled = await api.balanceText(loan.loanId);
    for (const [path, body] of [
      ['/v1/payments', payment(loan, { layer: 'PENDING' })],
      ['/v1/disbursements', disbursement(loan, { layer: 'PENDING' })],
    ] as const) {
      const pending = await posted(api.post(path, body));
      const undone = await posted(api.post(PATH, reversal(entryOf(pending))));
      expect(linesOf(await entry(entryOf(undone)))).toMatchObject([{ layer: 'PENDING' }, { layer: 'PENDING' }]);
      expect(await api.balanceText(loan.loanId)).toBe(settled);
      expect((await api.get(`/v1/loans/${loan.loanId}/balance?layer=PENDING`)).json).toMatchObject({
        principal_outstanding_minor: '0',
        suspense_minor: '0',
      });
    }
  });

  test('two at once under two keys: one 201, one 409 already_reversed', async () => {
    const charged = await posted(api.post('/v1/fees', fee(await newLoan(api))));
    const answers = await Promise.all([1, 2, 3].map(() => api.post(PATH, reversal(entryOf(charged)))));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409]);
  });
});

describe('400 validation_failed', () => {
  const table: [string, object, string, string][] = [
    ['a reverses_entry_id that is no UUID', { reverses_entry_id: 'x' }, 'reverses_entry_id', 'invalid_format'],
    ['a reason_code that is for charge-offs', { reason_code: 'uncollectible' }, 'reason_code', 'invalid_format'],
    ['a reason_description that is empty', { reason_description: '' }, 'reason_description', 'invalid_format'],
    ['a date that does not exist', { effective_at: '2026-06-31' }, 'effective_at', 'invalid_format'],
    ['a loan_id, which a reversal has not', { loan_id: NOBODY }, 'loan_id', 'unknown_field'],
  ];
  test.each(table)('%s', async (_title, changes, field, code) => {
    const charged = await posted(api.post('/v1/fees', fee(await newLoan(api))));
    const refused = { status: 400, code: 'validation_failed', fields: [field], fieldCodes: [code] } as const;
    await expectRefusal(ledger, () => api.post(PATH, reversal(entryOf(charged), changes)), refused);
  });

  test.each(['reverses_entry_id', 'reason_code', 'effective_at'])('%s is required', async (field) => {
    const body: object = { ...reversal(NOBODY) };
    Reflect.deleteProperty(body, field);
    const refused = { status: 400, code: 'validation_failed', fields: [field], fieldCodes: ['required'] } as const;
    await expectRefusal(ledger, () => api.post(PATH, body), refused);
  });

  test("a date before the entry's own", async () => {
    const charged = await posted(api.post('/v1/fees', fee(await newLoan(api))));
    const refused = { status: 400, code: 'validation_failed', fields: ['effective_at'] } as const;
    const body = reversal(entryOf(charged), { effective_at: '2026-04-29' });
    await expectRefusal(ledger, () => api.post(PATH, body), refused);
  });

  test.each(['error_correction', 'duplicate', 'returned_payment', 'fraud', 'other'])(
    'but %s is a reason',
    async (reason_code) => {
      const charged = await posted(api.post('/v1/fees', fee(await newLoan(api))));
      await posted(api.post(PATH, reversal(entryOf(charged), { reason_code })));
    },
  );
});

test('404 journal_entry_not_found: of nothing, and of an event id, which is no entry', async () => {
  const charged = await posted(api.post('/v1/fees', fee(await newLoan(api))));
  for (const id of [NOBODY, textAt(charged, 'fee_event_id')]) {
    const refused = { status: 404, code: 'journal_entry_not_found', fields: ['reverses_entry_id'] } as const;
    await expectRefusal(ledger, () => api.post(PATH, reversal(id)), refused);
  }
});

test('409 already_reversed: naming the entry that did it', async () => {
  const charged = await posted(api.post('/v1/fees', fee(await newLoan(api))));
  const undone = await posted(api.post(PATH, reversal(entryOf(charged))));
  const refused = { status: 409, code: 'already_reversed', fields: ['reverses_entry_id'] } as const;
  const answer = await expectRefusal(ledger, () => api.post(PATH, reversal(entryOf(charged))), refused);
  expect(textAt(answer, 'detail')).toContain(entryOf(undone));
});

test('422 not_reversible: a reversal', async () => {
  const charged = await posted(api.post('/v1/fees', fee(await newLoan(api))));
  const undone = await posted(api.post(PATH, reversal(entryOf(charged))));
  const refused = { status: 422, code: 'not_reversible', fields: ['reverses_entry_id'] } as const;
  await expectRefusal(ledger, () => api.post(PATH, reversal(entryOf(undone))), refused);
});

test('422 effective_date_in_future', async () => {
  const charged = await posted(api.post('/v1/fees', fee(await newLoan(api))));
  const refused = { status: 422, code: 'effective_date_in_future', fields: ['effective_at'] } as const;
  const body = reversal(entryOf(charged), { effective_at: FAR_FUTURE });
  await expectRefusal(ledger, () => api.post(PATH, body), refused);
});

test('422 balance_would_be_negative: a fee, an accrual, a disbursement that was paid since', async () => {
  const loan = unmadeLoan();
  const made = await posted(api.post('/v1/disbursements', disbursement(loan)));
  const accrued = await posted(api.post('/v1/accruals/batch', accrual(api, [[loan, '10000']])));
  const charged = await posted(api.post('/v1/fees', fee(loan)));
  const paid = await posted(api.post('/v1/payments', payment(loan)));
  for (const earlier of [made, accrued, charged]) {
    const refused = { status: 422, code: 'balance_would_be_negative', fields: ['reverses_entry_id'] } as const;
    await expectRefusal(ledger, () => api.post(PATH, reversal(entryOf(earlier))), refused);
  }
  for (const latestFirst of [paid, charged, accrued, made]) {
    await posted(api.post(PATH, reversal(entryOf(latestFirst))));
  }
  expect(await componentsOf(loan.loanId)).toEqual(['0', '0', '0', '0']);
});

test('422 amount_out_of_range: what a payment took would no longer fit beside what came since', async () => {
  const loan = await newLoan(api, { principal: '999999999999999999' });
  const paid = await posted(api.post('/v1/payments', payment(loan, { amount_minor: '10' })));
  await posted(api.post('/v1/disbursements', disbursement(loan, { amount_minor: '10' })));
  const refused = { status: 422, code: 'amount_out_of_range', fields: ['reverses_entry_id'] } as const;
  await expectRefusal(ledger, () => api.post(PATH, reversal(entryOf(paid))), refused);
});

function entryOf(answer: HttpAnswer): string {
  return textAt(answer, 'journal_entry_id');
}

function entry(entryId: string): Promise<HttpAnswer> {
  return api.get(`/v1/journal-entries/${entryId}`);
}

async function correlationOf(entryId: string): Promise<string> {
  return textAt(await entry(entryId), 'correlation_id');
}

function linesOf(answer: HttpAnswer): readonly Record<string, unknown>[] {
  return (answer.json as { lines: Record<string, unknown>[] }).lines;
}

async function componentsOf(loanId: string): Promise<string[]> {
  const answer = await api.get(`/v1/loans/${loanId}/balance`);
  return ['principal_outstanding_minor', 'interest_receivable_minor', 'fees_receivable_minor', 'suspense_minor'].map(
    (name) => textAt(answer, name),
  );
}
