import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { verifyLedger } from '../../src/postgres/verify/ledger-verification.ts';
import { type LedgerServer, startLedger } from './ledger-server.ts';
import {
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
  registration,
  reversal,
  unapplied,
  unmadeLoan,
  workedExample,
} from './loan-story.ts';
import { testPostingGates } from './posting-gates.ts';
import { expectRefusal } from './problem.ts';
import { newProgram } from './program-story.ts';
import { type TenantApi, textAt } from './tenant-api.ts';

const PATH = '/v1/refinances';

let ledger: LedgerServer;
let api: TenantApi;
beforeAll(async () => {
  ledger = await startLedger();
  api = ledger.api;
});
afterAll(() => ledger.stop());

describe('POST /v1/refinances as any posting', () => {
  testPostingGates({
    ledger: () => ledger,
    path: PATH,
    scope: 'hpts:restructures:write',
    bodyBytesMax: 64 * 1024,
    valid: async (tenant) => {
      const loan = await workedExample(tenant);
      return { body: refinance(loan, randomUUID(), { new_money_minor: '7' }), loanId: loan.loanId };
    },
    other: (body) => ({ ...body, new_money_minor: '8' }),
  });
});

describe('POST /v1/refinances: 201', () => {
  test('the new loan owes all of the old one and the new money; suspense moves along', async () => {
    const old = await workedExample(api);
    await posted(api.post('/v1/payments', unapplied(old, '700')));
    const newLoanId = randomUUID();
    const answer = await api.post(
      PATH,
      refinance(old, newLoanId, { new_money_minor: '50000', external_ref: 'deal 7' }),
    );
    expect(answer.status).toBe(201);
    const eventId = textAt(answer, 'refinance_event_id');
    expect(answer.json).toEqual({
      refinance_event_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      journal_entry_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      disbursement_event_id: eventId,
      posted_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/),
      correlation_id: eventId,
    });
    const entry = await api.get(`/v1/journal-entries/${textAt(answer, 'journal_entry_id')}`);
    const [from, to] = [{ loan_id: old.loanId }, { loan_id: newLoanId }];
    expect(entry.json).toMatchObject({
      event_type: 'refinance',
      effective_at: DAY.paid,
      lines: [
        { account_code: '1100', direction: 'DR', amount_minor: '1060500', ...to, borrower_id: old.borrowerId },
        { account_code: '2100', direction: 'DR', amount_minor: '700', ...from },
        { account_code: '1100', direction: 'CR', amount_minor: '1000000', ...from },
        { account_code: '1200', direction: 'CR', amount_minor: '10000', ...from },
        { account_code: '1300', direction: 'CR', amount_minor: '500', ...from },
        { account_code: '2000', direction: 'CR', amount_minor: '50000', ...to },
        { account_code: '2100', direction: 'CR', amount_minor: '700', ...to, external_ref: 'deal 7' },
      ],
    });
    expect(await componentsOf(old.loanId)).toEqual(['0', '0', '0', '0']);
    expect(await componentsOf(newLoanId)).toEqual(['1060500', '0', '0', '700']);
  });

  test('without new money nothing is disbursed, and both loans list the one entry', async () => {
    const old = await workedExample(api);
    const newLoanId = randomUUID();
    const answer = await posted(api.post(PATH, refinance(old, newLoanId)));
    expect(Object.keys(Object(answer.json))).not.toContain('disbursement_event_id');
    expect(await componentsOf(newLoanId)).toEqual(['1010500', '0', '0', '0']);
    for (const loanId of [old.loanId, newLoanId]) {
      const page = await api.get(`/v1/loans/${loanId}/journal-entries?event_type=refinance`);
      expect(page.json).toMatchObject({ items: [{ journal_entry_id: textAt(answer, 'journal_entry_id') }] });
    }
  });

  test('each loan lists its own lines of the entry: the new money stands with the new one', async () => {
    const old = await workedExample(api);
    await posted(api.post('/v1/payments', unapplied(old, '700')));
    const newLoanId = randomUUID();
    await posted(api.post(PATH, refinance(old, newLoanId, { new_money_minor: '36' })));
    const shown = { [old.loanId]: ['2100', '1100', '1200', '1300'], [newLoanId]: ['1100', '2000', '2100'] };
    for (const [loanId, accounts] of Object.entries(shown)) {
      const page = await api.get(`/v1/loans/${loanId}/journal-entries?event_type=refinance`);
      const lines = accounts.map((account_code) => ({ account_code, loan_id: loanId }));
      expect(page.json).toMatchObject({ items: [{ lines, lines_total: 7 }] });
    }
  });

  test('a loan that owes nothing is refinanced by new money alone', async () => {
    const old = await newLoan(api, { principal: '100' });
    await posted(api.post('/v1/payments', payment(old, { amount_minor: '100' })));
    const newLoanId = randomUUID();
    await posted(api.post(PATH, refinance(old, newLoanId, { new_money_minor: '1' })));
    expect(await componentsOf(newLoanId)).toEqual(['1', '0', '0', '0']);
  });

  test('what is PENDING stays with the old loan', async () => {
    const old = await workedExample(api);
    await posted(api.post('/v1/payments', payment(old, { layer: 'PENDING', amount_minor: '60' })));
    const newLoanId = randomUUID();
    await posted(api.post(PATH, refinance(old, newLoanId)));
    const pending = (loanId: string) => api.get(`/v1/loans/${loanId}/balance?layer=PENDING`);
    expect((await pending(old.loanId)).json).toMatchObject({ suspense_minor: '60' });
    expect((await pending(newLoanId)).json).toMatchObject({ suspense_minor: '0' });
  });

  test('the new loan begins with it: it takes events from that day on, and belongs to its program', async () => {
    const old = await workedExample(api);
    const newLoanId = randomUUID();
    const programId = await newProgram(api);
    await posted(api.post(PATH, refinance(old, newLoanId, { program_id: programId })));
    const successor: Loan = { ...old, loanId: newLoanId };
    const tooEarly = { status: 422, code: 'effective_date_before_disbursement', fields: ['effective_at'] } as const;
    await expectRefusal(ledger, () => api.post('/v1/fees', fee(successor, { effective_at: DAY.accrued })), tooEarly);
    await posted(api.post('/v1/fees', fee(successor, { effective_at: DAY.paid })));
    const other = { status: 422, code: 'program_mismatch', fields: ['program_id'] } as const;
    const more = disbursement(successor, { effective_at: DAY.later, program_id: api.defaultProgramId });
    await expectRefusal(ledger, () => api.post('/v1/disbursements', more), other);
    await posted(api.post('/v1/disbursements', disbursement(successor, { effective_at: DAY.later })));
  });
});

describe('POST /v1/reversals: 201: of a refinance', () => {
  test('the old loan owes again, the new one nothing, and it no longer begins with it', async () => {
    const old = await workedExample(api);
    const before = await componentsOf(old.loanId);
    const newLoanId = randomUUID();
    const made = await posted(api.post(PATH, refinance(old, newLoanId, { new_money_minor: '9' })));
    await posted(api.post('/v1/reversals', reversal(textAt(made, 'journal_entry_id'))));
    expect(await componentsOf(old.loanId)).toEqual(before);
    expect(await componentsOf(newLoanId)).toEqual(['0', '0', '0', '0']);
    const successor = { ...old, loanId: newLoanId };
    const undisbursed = { status: 422, code: 'effective_date_before_disbursement', fields: ['effective_at'] } as const;
    await expectRefusal(ledger, () => api.post('/v1/payments', payment(successor)), undisbursed);
    const known = { status: 409, code: 'loan_already_exists', fields: ['new_loan_id'] } as const;
    await expectRefusal(ledger, () => api.post(PATH, refinance(old, newLoanId)), known);
    await posted(api.post('/v1/payments', payment(old, { effective_at: DAY.later })));
  });

  test('the new loan begins with its disbursement when that alone stands', async () => {
    const old = await workedExample(api);
    const successor = { ...old, loanId: randomUUID() };
    const made = await posted(api.post(PATH, refinance(old, successor.loanId)));
    await posted(api.post('/v1/disbursements', disbursement(successor, { effective_at: DAY.later })));
    await posted(api.post('/v1/reversals', reversal(textAt(made, 'journal_entry_id'))));
    const tooEarly = { status: 422, code: 'effective_date_before_disbursement', fields: ['effective_at'] } as const;
    await expectRefusal(ledger, () => api.post('/v1/payments', payment(successor)), tooEarly);
    await posted(api.post('/v1/payments', payment(successor, { effective_at: DAY.later })));
  });
});

test('POST /v1/reversals: 422 balance_would_be_negative: the new loan was paid since', async () => {
  const old = await workedExample(api);
  const successor = { ...old, loanId: randomUUID() };
  const made = await posted(api.post(PATH, refinance(old, successor.loanId)));
  await posted(api.post('/v1/payments', payment(successor)));
  const refused = { status: 422, code: 'balance_would_be_negative', fields: ['reverses_entry_id'] } as const;
  await expectRefusal(ledger, () => api.post('/v1/reversals', reversal(textAt(made, 'journal_entry_id'))), refused);
});

describe('POST /v1/refinances: 400 validation_failed', () => {
  test('the loan in place of itself', async () => {
    const loan = await workedExample(api);
    const refused = { status: 400, code: 'validation_failed', fields: ['new_loan_id'] } as const;
    await expectRefusal(ledger, () => api.post(PATH, refinance(loan, loan.loanId.toUpperCase())), refused);
  });

  test.each([
    ['new money that is no amount', { new_money_minor: '-1' }, 'new_money_minor', 'invalid_format'],
    ['an amount, which a refinance has not', { amount_minor: '1' }, 'amount_minor', 'unknown_field'],
  ])('%s', async (_title, changes, field, code) => {
    const refused = { status: 400, code: 'validation_failed', fields: [field], fieldCodes: [code] } as const;
    await expectRefusal(ledger, () => api.post(PATH, refinance(unmadeLoan(), randomUUID(), changes)), refused);
  });

  test.each(['old_loan_id', 'new_loan_id', 'borrower_id', 'new_money_minor', 'currency', 'effective_at'])(
    '%s is required',
    async (field) => {
      const body: object = { ...refinance(unmadeLoan(), randomUUID()) };
      Reflect.deleteProperty(body, field);
      const refused = { status: 400, code: 'validation_failed', fields: [field], fieldCodes: ['required'] } as const;
      await expectRefusal(ledger, () => api.post(PATH, body), refused);
    },
  );
});

describe('POST /v1/refinances: 404', () => {
  test('loan_not_found: the old loan', async () => {
    const refused = { status: 404, code: 'loan_not_found', fields: ['old_loan_id'] } as const;
    await expectRefusal(ledger, () => api.post(PATH, refinance(unmadeLoan(), randomUUID())), refused);
  });

  test('program_not_found', async () => {
    const body = refinance(await workedExample(api), randomUUID(), { program_id: NOBODY });
    const refused = { status: 404, code: 'program_not_found', fields: ['program_id'] } as const;
    await expectRefusal(ledger, () => api.post(PATH, body), refused);
  });
});

test('POST /v1/refinances: 409 loan_already_exists', async () => {
  const body = refinance(await workedExample(api), (await newLoan(api)).loanId);
  const refused = { status: 409, code: 'loan_already_exists', fields: ['new_loan_id'] } as const;
  await expectRefusal(ledger, () => api.post(PATH, body), refused);
});

test('POST /v1/refinances: 409 loan_already_exists: a loan that is registered and no more', async () => {
  const registered = unmadeLoan();
  await posted(api.post('/v1/loans', registration(registered)));
  const body = refinance(await workedExample(api), registered.loanId);
  const refused = { status: 409, code: 'loan_already_exists', fields: ['new_loan_id'] } as const;
  await expectRefusal(ledger, () => api.post(PATH, body), refused);
});

test('POST /v1/refinances: 409: two at once into one new loan: one 201, one 409 loan_already_exists', async () => {
  const newLoanId = randomUUID();
  const olds = [await workedExample(api), await workedExample(api)];
  const answers = await Promise.all(olds.map((old) => api.post(PATH, refinance(old, newLoanId))));
  expect(answers.map(({ status }) => status).sort()).toEqual([201, 409]);
});

describe('POST /v1/refinances: 422', () => {
  test.each([
    ['borrower_mismatch', { borrower_id: NOBODY }, 'borrower_id'],
    ['currency_mismatch', { currency: 'EUR' }, 'currency'],
    ['effective_date_in_future', { effective_at: FAR_FUTURE }, 'effective_at'],
    ['effective_date_before_disbursement', { effective_at: '2026-03-30' }, 'effective_at'],
    ['amount_out_of_range', { new_money_minor: '999999999999999999' }, 'new_money_minor'],
  ] as const)('%s', async (code, changes, field) => {
    const body = refinance(await workedExample(api), randomUUID(), changes);
    await expectRefusal(ledger, () => api.post(PATH, body), { status: 422, code, fields: [field] });
  });

  test('currency_mismatch: a program for another currency', async () => {
    const programId = await newProgram(api, { currency: 'EUR' });
    const body = refinance(await workedExample(api), randomUUID(), { program_id: programId });
    const refused = { status: 422, code: 'currency_mismatch', fields: ['currency'] } as const;
    await expectRefusal(ledger, () => api.post(PATH, body), refused);
  });

  test('amount_exceeds_outstanding: nothing owed and no new money, whatever is in suspense', async () => {
    const loan = await newLoan(api, { principal: '100' });
    await posted(api.post('/v1/payments', payment(loan, { amount_minor: '130' })));
    const refused = { status: 422, code: 'amount_exceeds_outstanding', fields: ['new_money_minor'] } as const;
    await expectRefusal(ledger, () => api.post(PATH, refinance(loan, randomUUID())), refused);
  });
});

test('the books are whole after all of this', async () => {
  const { checks } = await verifyLedger(ledger.address);
  expect(checks.filter(({ status }) => status === 'failed')).toEqual([]);
});

async function componentsOf(loanId: string): Promise<string[]> {
  const answer = await api.get(`/v1/loans/${loanId}/balance`);
  return ['principal_outstanding_minor', 'interest_receivable_minor', 'fees_receivable_minor', 'suspense_minor'].map(
    (name) => textAt(answer, name),
  );
}
