import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { verifyLedger } from '../../src/postgres/verify/ledger-verification.ts';
import type { HttpAnswer } from './http-client.ts';
import { type LedgerServer, startLedger } from './ledger-server.ts';
import {
  accrual,
  chargeOff,
  DAY,
  disbursement,
  FAR_FUTURE,
  fee,
  feeWaiver,
  goodwillCredit,
  type Loan,
  NOBODY,
  newLoan,
  nonAccrual,
  nonAccrualPath,
  payment,
  posted,
  recovery,
  refinance,
  registration,
  restructure,
  reversal,
  suspenseAllocation,
  suspenseRefund,
  unapplied,
  unmadeLoan,
  workedExample,
} from './loan-story.ts';
import { testPostingGates } from './posting-gates.ts';
import { expectRefusal } from './problem.ts';
import { newProgram } from './program-story.ts';
import { type TenantApi, textAt } from './tenant-api.ts';

const PATH = '/v1/chargeoffs';

let ledger: LedgerServer;
let api: TenantApi;
beforeAll(async () => {
  ledger = await startLedger();
  api = ledger.api;
});
afterAll(() => ledger.stop());

describe('POST /v1/chargeoffs as any posting', () => {
  testPostingGates({
    ledger: () => ledger,
    path: PATH,
    scope: 'hpts:chargeoffs:write',
    bodyBytesMax: 64 * 1024,
    valid: async (tenant) => {
      const loan = await newLoan(tenant);
      return { body: chargeOff(loan, { components: { principal_minor: '2' } }), loanId: loan.loanId };
    },
    other: (body) => ({ ...body, components: { principal_minor: '3' } }),
  });
});

describe('POST /v1/chargeoffs: 201', () => {
  test('all that is outstanding: DR 5000 principal, 4900 interest, 4910 fees; CR 1100, 1200, 1300; suspense is left alone', async () => {
    const loan = await workedExample(api);
    await posted(api.post('/v1/payments', unapplied(loan, '70')));
    const metadata = { file: 'A-7' };
    const answer = await api.post(PATH, chargeOff(loan, { description: 'gone', metadata }));
    expect(answer.status).toBe(201);
    expect(answer.json).toEqual({
      chargeoff_event_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      journal_entry_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      allocation: { fees_minor: '500', interest_minor: '10000', principal_minor: '1000000', suspense_minor: '0' },
      posted_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/),
      correlation_id: textAt(answer, 'chargeoff_event_id'),
    });
    expect((await api.get(`/v1/journal-entries/${entryOf(answer)}`)).json).toMatchObject({
      event_type: 'chargeoff',
      description: 'gone',
      metadata,
    });
    expect(await linesOf(answer)).toEqual(['DR 5000 1000000', 'DR 4900 10000', 'DR 4910 500', ...CREDITS]);
    expect((await api.get(`/v1/loans/${loan.loanId}/balance`)).json).toMatchObject({
      total_exposure_minor: '0',
      suspense_minor: '70',
    });
    expect(await lossOf(loan)).toEqual({
      status: 'charged_off',
      charged_off: { principal_minor: '1000000', interest_minor: '10000', fees_minor: '500' },
      recovered: { principal_minor: '0', interest_minor: '0', fees_minor: '0' },
    });
  });

  test('fraud: DR 5010 principal', async () => {
    const loan = await workedExample(api);
    const answer = await posted(api.post(PATH, chargeOff(loan, { reason_code: 'fraud' })));
    expect(await linesOf(answer)).toEqual(['DR 5010 1000000', 'DR 4900 10000', 'DR 4910 500', ...CREDITS]);
  });

  test('policy allowance: DR 1900 principal, and DR 5010 where it is fraud all the same', async () => {
    const program = { program_id: await newProgram(api, { chargeoff: 'allowance' }) };
    const [lost, stolen] = [unmadeLoan(), unmadeLoan()];
    for (const loan of [lost, stolen]) await posted(api.post('/v1/disbursements', disbursement(loan, program)));
    const written = await posted(api.post(PATH, chargeOff(lost)));
    expect(await linesOf(written)).toEqual(['DR 1900 1000000', 'CR 1100 1000000']);
    const fraud = await posted(api.post(PATH, chargeOff(stolen, { reason_code: 'fraud' })));
    expect(await linesOf(fraud)).toEqual(['DR 5010 1000000', 'CR 1100 1000000']);
  });

  test('by component: the loan stays active until the last of its principal is taken', async () => {
    const loan = await workedExample(api);
    const components = { principal_minor: '400000', interest_minor: '10000' };
    const first = await posted(api.post(PATH, chargeOff(loan, { components })));
    expect(first.json).toMatchObject({
      allocation: { fees_minor: '0', interest_minor: '10000', principal_minor: '400000', suspense_minor: '0' },
    });
    expect(await lossOf(loan)).toMatchObject({ status: 'active', charged_off: components });
    await posted(api.post('/v1/fees', fee(loan, { amount_minor: '7' })));
    await posted(api.post(PATH, chargeOff(loan, { components: { fees_minor: '100' } })));
    expect(await lossOf(loan)).toMatchObject({ status: 'active' });
    await posted(api.post(PATH, chargeOff(loan, { components: { principal_minor: '600000' } })));
    expect(await lossOf(loan)).toEqual({
      status: 'charged_off',
      charged_off: { principal_minor: '1000000', interest_minor: '10000', fees_minor: '100' },
      recovered: { principal_minor: '0', interest_minor: '0', fees_minor: '0' },
    });
    // What was not named stays owed.
    expect((await api.get(`/v1/loans/${loan.loanId}/balance`)).json).toMatchObject({ fees_receivable_minor: '407' });
  });

  test('components of a loan that owes no principal leave it active, all there is does not', async () => {
    const loan = await newLoan(api, { principal: '100', interest: '50' });
    await posted(
      api.post('/v1/payments', payment(loan, { amount_minor: '100', allocation: { principal_minor: '100' } })),
    );
    await posted(api.post(PATH, chargeOff(loan, { components: { interest_minor: '20' } })));
    expect(await lossOf(loan)).toMatchObject({ status: 'active' });
    await posted(api.post(PATH, chargeOff(loan)));
    expect(await lossOf(loan)).toMatchObject({ status: 'charged_off', charged_off: { interest_minor: '50' } });
  });
});

describe('POST /v1/chargeoffs: 400 validation_failed', () => {
  const table: [string, object, string, string][] = [
    ['a reason that is none', { reason_code: 'tired' }, 'reason_code', 'invalid_format'],
    ['components of nothing', { components: {} }, 'components', 'out_of_range'],
    ['components of zeros', { components: { fees_minor: '0' } }, 'components', 'out_of_range'],
    [
      'suspense, which is left alone',
      { components: { suspense_minor: '1' } },
      'components.suspense_minor',
      'unknown_field',
    ],
    ['a negative part', { components: { fees_minor: '-1' } }, 'components.fees_minor', 'invalid_format'],
    ['an amount, which components say', { amount_minor: '1' }, 'amount_minor', 'unknown_field'],
  ];
  test.each(table)('%s', async (_title, changes, field, code) => {
    const body = chargeOff(await newLoan(api), changes);
    const refused = { status: 400, code: 'validation_failed', fields: [field], fieldCodes: [code] } as const;
    await expectRefusal(ledger, () => api.post(PATH, body), refused);
  });

  test.each(['loan_id', 'effective_at', 'reason_code'])('%s is required', async (field) => {
    const body: object = { ...chargeOff(unmadeLoan()) };
    Reflect.deleteProperty(body, field);
    const refused = { status: 400, code: 'validation_failed', fields: [field], fieldCodes: ['required'] } as const;
    await expectRefusal(ledger, () => api.post(PATH, body), refused);
  });
});

test('POST /v1/chargeoffs: 404 loan_not_found', async () => {
  const refused = { status: 404, code: 'loan_not_found', fields: ['loan_id'] } as const;
  await expectRefusal(ledger, () => api.post(PATH, chargeOff(unmadeLoan())), refused);
});

test('POST /v1/chargeoffs: 409 already_charged_off, whatever of it is named', async () => {
  const loan = await workedExample(api);
  await posted(api.post(PATH, chargeOff(loan, { components: { principal_minor: '1000000' } })));
  const refused = { status: 409, code: 'already_charged_off', fields: ['loan_id'] } as const;
  for (const changes of [{}, { components: { fees_minor: '1' } }, { components: { fees_minor: '501' } }]) {
    await expectRefusal(ledger, () => api.post(PATH, chargeOff(loan, changes)), refused);
  }
});

describe('POST /v1/chargeoffs: 422', () => {
  test('effective_date_in_future', async () => {
    const body = chargeOff(await newLoan(api), { effective_at: FAR_FUTURE });
    const refused = { status: 422, code: 'effective_date_in_future', fields: ['effective_at'] } as const;
    await expectRefusal(ledger, () => api.post(PATH, body), refused);
  });

  test('effective_date_before_disbursement: before the first, and of a loan that is registered alone', async () => {
    const registered = unmadeLoan();
    await posted(api.post('/v1/loans', registration(registered)));
    const refused = { status: 422, code: 'effective_date_before_disbursement', fields: ['effective_at'] } as const;
    const early = chargeOff(await newLoan(api), { effective_at: '2026-03-30' });
    for (const body of [early, chargeOff(registered)]) await expectRefusal(ledger, () => api.post(PATH, body), refused);
  });

  test('amount_exceeds_outstanding: of each component that is named too high, and of a loan that owes nothing', async () => {
    const loan = await workedExample(api);
    const components = { principal_minor: '1000001', interest_minor: '10000', fees_minor: '501' };
    const fields = ['components.principal_minor', 'components.fees_minor'];
    const refused = { status: 422, code: 'amount_exceeds_outstanding' } as const;
    await expectRefusal(ledger, () => api.post(PATH, chargeOff(loan, { components })), { ...refused, fields });
    const paid = await newLoan(api, { principal: '5' });
    await posted(api.post('/v1/payments', payment(paid, { amount_minor: '9' })));
    await expectRefusal(ledger, () => api.post(PATH, chargeOff(paid)), { ...refused, fields: ['loan_id'] });
  });
});

describe('a loan that POST /v1/chargeoffs charged off', () => {
  const attempts: readonly [string, (loan: Loan) => readonly [path: string, body: object], string][] = [
    ['POST /v1/payments', (loan) => ['/v1/payments', payment(loan)], 'loan_id'],
    ['POST /v1/payments on PENDING', (loan) => ['/v1/payments', payment(loan, { layer: 'PENDING' })], 'loan_id'],
    ['POST /v1/disbursements', (loan) => ['/v1/disbursements', disbursement(loan)], 'loan_id'],
    ['POST /v1/fees', (loan) => ['/v1/fees', fee(loan)], 'loan_id'],
    ['POST /v1/fees/waivers', (loan) => ['/v1/fees/waivers', feeWaiver(loan)], 'loan_id'],
    ['POST /v1/goodwill-credits', (loan) => ['/v1/goodwill-credits', goodwillCredit(loan)], 'loan_id'],
    ['POST /v1/payments/allocations', (loan) => ['/v1/payments/allocations', suspenseAllocation(loan)], 'loan_id'],
    [
      'POST /v1/accruals/batch',
      (loan) => ['/v1/accruals/batch', accrual(api, [[loan, '1']], { accrual_date: DAY.paid })],
      'loans[0].loan_id',
    ],
    ['POST /v1/refinances', (loan) => ['/v1/refinances', refinance(loan, NOBODY)], 'old_loan_id'],
    ['POST /v1/restructures', (loan) => ['/v1/restructures', restructure(loan)], 'loan_id'],
    ['POST /v1/loans/{loan_id}/non-accrual', (loan) => [nonAccrualPath(loan), nonAccrual('enter')], 'loan_id'],
  ];
  test.each(attempts)('%s: 422 loan_charged_off', async (_name, attempt, field) => {
    const loan = await workedExample(api);
    await posted(api.post('/v1/payments', unapplied(loan, '70')));
    await posted(api.post(PATH, chargeOff(loan)));
    const [path, body] = attempt(loan);
    const refused = { status: 422, code: 'loan_charged_off', fields: [field] } as const;
    const answer = await expectRefusal(ledger, () => api.post(path, body), refused);
    if (path !== '/v1/accruals/batch') expect(textAt(answer, 'detail')).toContain('/v1/recoveries');
  });

  test('is judged before the amounts, and after the dates', async () => {
    const loan = await workedExample(api);
    await posted(api.post(PATH, chargeOff(loan)));
    const waived = feeWaiver(loan, { amount_minor: '501' });
    const refused = { status: 422, code: 'loan_charged_off', fields: ['loan_id'] } as const;
    await expectRefusal(ledger, () => api.post('/v1/fees/waivers', waived), refused);
    const future = { status: 422, code: 'effective_date_in_future', fields: ['effective_at'] } as const;
    await expectRefusal(ledger, () => api.post('/v1/fees', fee(loan, { effective_at: FAR_FUTURE })), future);
  });

  test('still refunds its suspense', async () => {
    const loan = await workedExample(api);
    await posted(api.post('/v1/payments', unapplied(loan, '200')));
    await posted(api.post(PATH, chargeOff(loan)));
    expect((await api.post('/v1/suspense-refunds', suspenseRefund(loan))).status).toBe(201);
  });
});

describe('POST /v1/reversals of a charge-off', () => {
  test('201: restores the loan, and what it refused is taken again, accruals of those days too', async () => {
    const loan = await workedExample(api);
    const before = await api.balanceText(loan.loanId);
    const written = await posted(api.post(PATH, chargeOff(loan)));
    await posted(api.post('/v1/reversals', reversal(entryOf(written))));
    expect(JSON.parse(await api.balanceText(loan.loanId))).toMatchObject(amountsOf(before));
    expect(await lossOf(loan)).toEqual({
      status: 'active',
      charged_off: { principal_minor: '0', interest_minor: '0', fees_minor: '0' },
      recovered: { principal_minor: '0', interest_minor: '0', fees_minor: '0' },
    });
    await posted(api.post('/v1/accruals/batch', accrual(api, [[loan, '3']], { accrual_date: DAY.paid })));
    await posted(api.post('/v1/payments', payment(loan)));
    await posted(api.post(PATH, chargeOff(loan, { effective_at: DAY.later })));
    expect(await lossOf(loan)).toMatchObject({ status: 'charged_off' });
  });

  test('201: does not interrupt interest: a batch of those days is compared with the principal that was there', async () => {
    const program_id = await newProgram(api, { principal_check: 'reject' });
    const loan = unmadeLoan();
    await posted(api.post('/v1/disbursements', disbursement(loan, { program_id })));
    const written = await posted(api.post(PATH, chargeOff(loan, { effective_at: DAY.between })));
    await posted(api.post('/v1/reversals', reversal(entryOf(written), { effective_at: DAY.paid })));
    const balance = await api.get(`/v1/loans/${loan.loanId}/balance?as_of_date=${DAY.accrued}`);
    expect(balance.json).toMatchObject({ principal_outstanding_minor: '0' });
    for (const accrual_date of ['2026-04-10', DAY.accrued, DAY.paid, DAY.later]) {
      const batch = accrual(api, [[loan, '3']], { program_id, accrual_date });
      expect((await api.post('/v1/accruals/batch', batch)).status).toBe(201);
    }
  });

  test('201: a batch with another principal keeps what the ledger had for the night, before and after', async () => {
    const loan = await newLoan(api);
    const part = chargeOff(loan, { effective_at: DAY.between, components: { principal_minor: '400000' } });
    const written = await posted(api.post(PATH, part));
    const loans = [{ loan_id: loan.loanId, outstanding_principal_minor: '7', interest_minor: '3' }];
    const send = (accrual_date: string) =>
      posted(api.post('/v1/accruals/batch', accrual(api, [], { accrual_date, loans })));
    await send(DAY.accrued);
    await posted(api.post('/v1/reversals', reversal(entryOf(written), { effective_at: DAY.later })));
    await send(DAY.paid);
    const kept = await ledger.sql<{ ledger_minor: string }>(
      'SELECT ledger_minor FROM hpts.principal_difference WHERE loan_id = $1 ORDER BY accrual_date',
      [loan.loanId],
    );
    expect(kept.map(({ ledger_minor }) => BigInt(ledger_minor))).toEqual([600_000n, 1_000_000n]);
  });

  test('201: of a part leaves the other parts charged off', async () => {
    const loan = await workedExample(api);
    const part = (fees_minor: string) => posted(api.post(PATH, chargeOff(loan, { components: { fees_minor } })));
    const [first] = [await part('100'), await part('20')];
    await posted(api.post('/v1/reversals', reversal(entryOf(first))));
    expect(await lossOf(loan)).toMatchObject({ status: 'active', charged_off: { fees_minor: '20' } });
  });

  test('422 not_reversible: recoveries stand, and are named; 201 when they are reversed', async () => {
    const loan = await workedExample(api);
    const written = await posted(api.post(PATH, chargeOff(loan)));
    const recovered = [
      await posted(api.post('/v1/recoveries', recovery(loan))),
      await posted(api.post('/v1/recoveries', recovery(loan))),
    ];
    const undo = () => api.post('/v1/reversals', reversal(entryOf(written)));
    const refused = { status: 422, code: 'not_reversible', fields: ['reverses_entry_id'] } as const;
    const both = await expectRefusal(ledger, undo, refused);
    for (const one of recovered) expect(textAt(both, 'detail')).toContain(entryOf(one));
    for (const [index, one] of recovered.entries()) {
      await posted(api.post('/v1/reversals', reversal(entryOf(one))));
      if (index === 0) await expectRefusal(ledger, undo, refused);
    }
    expect((await undo()).status).toBe(201);
  });

  test('422 not_reversible: of many recoveries ten are named', async () => {
    const loan = await workedExample(api);
    const written = await posted(api.post(PATH, chargeOff(loan)));
    for (let count = 0; count < 12; count += 1) await posted(api.post('/v1/recoveries', recovery(loan)));
    const answer = await api.post('/v1/reversals', reversal(entryOf(written)));
    expect(textAt(answer, 'detail')).toContain(' and 2 more recovered some of what');
  });

  test('201: of a part that nothing was recovered of, while another part was', async () => {
    const loan = await workedExample(api);
    await posted(api.post(PATH, chargeOff(loan, { components: { principal_minor: '10' } })));
    const second = await posted(api.post(PATH, chargeOff(loan, { components: { principal_minor: '10' } })));
    await posted(api.post('/v1/recoveries', recovery(loan, { amount_minor: '10' })));
    expect((await api.post('/v1/reversals', reversal(entryOf(second)))).status).toBe(201);
    expect(await lossOf(loan)).toMatchObject({
      charged_off: { principal_minor: '10' },
      recovered: { principal_minor: '10' },
    });
  });
});

describe('POST /v1/reversals of an entry of a charged-off loan', () => {
  test('422 loan_charged_off: of every entry that is older than the charge-off; 201 once that is reversed', async () => {
    const loan = unmadeLoan();
    const bystander = await newLoan(api);
    const disbursed = await posted(api.post('/v1/disbursements', disbursement(loan)));
    const nothing = { accrual_date: DAY.between };
    const batch = await posted(
      api.post(
        '/v1/accruals/batch',
        accrual(
          api,
          [
            [bystander, '5'],
            [loan, '0'],
          ] as const,
          nothing,
        ),
      ),
    );
    const paid = await posted(api.post('/v1/payments', payment(loan)));
    const part = await posted(api.post(PATH, chargeOff(loan, { components: { principal_minor: '1' } })));
    const written = await posted(api.post(PATH, chargeOff(loan)));
    for (const one of [disbursed, batch, paid, part]) {
      const undo = () => api.post('/v1/reversals', reversal(entryOf(one)));
      const refused = { status: 422, code: 'loan_charged_off', fields: ['reverses_entry_id'] } as const;
      const answer = await expectRefusal(ledger, undo, refused);
      expect(textAt(answer, 'detail')).toContain(entryOf(written));
    }
    await posted(api.post('/v1/reversals', reversal(entryOf(written))));
    for (const one of [part, paid, batch]) await posted(api.post('/v1/reversals', reversal(entryOf(one))));
  });

  test('409 already_reversed comes first', async () => {
    const loan = await newLoan(api);
    const charged = await posted(api.post('/v1/fees', fee(loan)));
    await posted(api.post('/v1/reversals', reversal(entryOf(charged))));
    await posted(api.post(PATH, chargeOff(loan)));
    const again = () => api.post('/v1/reversals', reversal(entryOf(charged)));
    const refused = { status: 409, code: 'already_reversed', fields: ['reverses_entry_id'] } as const;
    await expectRefusal(ledger, again, refused);
  });

  test('201: of what was posted since, and of a pending payment', async () => {
    const loan = await newLoan(api);
    await posted(api.post('/v1/payments', unapplied(loan, '200')));
    const pending = await posted(api.post('/v1/payments', payment(loan, { layer: 'PENDING' })));
    await posted(api.post(PATH, chargeOff(loan)));
    const refunded = await posted(api.post('/v1/suspense-refunds', suspenseRefund(loan)));
    for (const one of [refunded, pending]) {
      expect((await api.post('/v1/reversals', reversal(entryOf(one)))).status).toBe(201);
    }
  });
});

test('the books of all of this are whole', async () => {
  const { checks } = await verifyLedger(ledger.address);
  expect(checks.filter(({ status }) => status === 'failed')).toEqual([]);
});

const CREDITS = ['CR 1100 1000000', 'CR 1200 10000', 'CR 1300 500'];

function entryOf(answer: HttpAnswer): string {
  return textAt(answer, 'journal_entry_id');
}

async function linesOf(answer: HttpAnswer): Promise<readonly string[]> {
  const entry = (await api.get(`/v1/journal-entries/${entryOf(answer)}`)).json as {
    lines: { direction: string; account_code: string; amount_minor: string }[];
  };
  return entry.lines.map((line) => `${line.direction} ${line.account_code} ${line.amount_minor}`);
}

async function lossOf({ loanId }: Loan): Promise<unknown> {
  const { status, charged_off, recovered } = Object((await api.get(`/v1/loans/${loanId}`)).json);
  return { status, charged_off, recovered };
}

function amountsOf(balance: string): object {
  const amounts = Object.entries(JSON.parse(balance)).filter(([name]) => name.endsWith('_minor'));
  return Object.fromEntries(amounts);
}
