import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { verifyLedger } from '../../src/postgres/verify/ledger-verification.ts';
import { type LedgerServer, startLedger } from './ledger-server.ts';
import {
  accrual,
  DAY,
  FAR_FUTURE,
  goodwillCredit,
  type Loan,
  NOBODY,
  newLoan,
  nonAccrual,
  nonAccrualPath,
  payment,
  posted,
  refinance,
  reversal,
  suspenseAllocation,
  unapplied,
  unmadeLoan,
  workedExample,
} from './loan-story.ts';
import { testPostingGates } from './posting-gates.ts';
import { expectRefusal } from './problem.ts';
import { type TenantApi, textAt } from './tenant-api.ts';

let ledger: LedgerServer;
let api: TenantApi;
beforeAll(async () => {
  ledger = await startLedger();
  api = ledger.api;
});
afterAll(() => ledger.stop());

function change(loan: Loan, action: 'enter' | 'exit', changes: object = {}) {
  return api.post(nonAccrualPath(loan), nonAccrual(action, changes));
}

/** Interest of a day, one day after the other, from the day of `DAY.paid` on. */
async function accrue(loan: Loan, interest: string, date: string = DAY.paid): Promise<string> {
  const answer = await posted(api.post('/v1/accruals/batch', accrual(api, [[loan, interest]], { accrual_date: date })));
  return textAt(answer, 'journal_entry_id');
}

/** Interest, memo interest, and since when it is a memo. */
async function markOf({ loanId }: Loan): Promise<readonly [interest: string, memo: string, since: string | null]> {
  const [row] = await ledger.sql<{ interest: bigint; memo: bigint; since: string | null }>(
    `SELECT interest_minor AS interest, memo_interest_minor AS memo, standing ->> 'non_accrual_since' AS since
     FROM hpts.loan WHERE tenant_id = $1 AND loan_id = $2`,
    [api.tenantId, loanId],
  );
  if (row === undefined) throw new Error(`there is no loan ${loanId}`);
  return [row.interest.toString(), row.memo.toString(), row.since];
}

async function linesOf(entryId: string): Promise<readonly string[]> {
  const { lines } = (await api.get(`/v1/journal-entries/${entryId}`)).json as {
    lines: { direction: string; account_code: string; amount_minor: string }[];
  };
  return lines.map((line) => `${line.direction} ${line.account_code} ${line.amount_minor}`);
}

describe('POST /v1/loans/{loan_id}/non-accrual as any posting', () => {
  testPostingGates({
    ledger: () => ledger,
    path: nonAccrualPath({ loanId: NOBODY }),
    scope: 'hpts:restructures:write',
    bodyBytesMax: 64 * 1024,
    valid: async (tenant) => {
      const loan = await workedExample(tenant);
      return { body: nonAccrual('enter'), loanId: loan.loanId, path: nonAccrualPath(loan) };
    },
    other: (body) => ({ ...body, effective_at: DAY.later }),
  });

  test('422 idempotency_mismatch: the same key and body for another loan; in capitals it is the same one', async () => {
    const [one, other] = [await workedExample(api), await workedExample(api)];
    const key = `gate:${randomUUID()}`;
    const first = await api.post(nonAccrualPath(one), nonAccrual('enter'), { key });
    expect(first.status).toBe(201);
    const refused = { status: 422, code: 'idempotency_mismatch' } as const;
    await expectRefusal(ledger, () => api.post(nonAccrualPath(other), nonAccrual('enter'), { key }), refused);
    const capitals = nonAccrualPath({ loanId: one.loanId.toUpperCase() });
    const again = await api.post(capitals, nonAccrual('enter'), { key });
    expect([again.status, again.text]).toEqual([200, first.text]);
  });
});

describe('POST /v1/loans/{loan_id}/non-accrual: 201', () => {
  test('enter: DR 4000 and 9100, CR 1200 and 9200; exit brings the memo back', async () => {
    const loan = await workedExample(api);
    const entered = await change(loan, 'enter', { description: 'ninety days', metadata: { days: 90 } });
    expect(entered.status).toBe(201);
    expect(entered.json).toEqual({
      non_accrual_event_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      journal_entry_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      posted_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/),
      correlation_id: textAt(entered, 'non_accrual_event_id'),
    });
    const entry = await api.get(`/v1/journal-entries/${textAt(entered, 'journal_entry_id')}`);
    expect(entry.json).toMatchObject({
      event_type: 'non_accrual',
      description: 'ninety days',
      metadata: { days: 90 },
      lines: [
        { account_code: '4000', direction: 'DR', amount_minor: '10000', loan_id: loan.loanId },
        { account_code: '9100', direction: 'DR', amount_minor: '10000', loan_id: loan.loanId },
        { account_code: '1200', direction: 'CR', amount_minor: '10000', loan_id: loan.loanId },
        { account_code: '9200', direction: 'CR', amount_minor: '10000', loan_id: loan.loanId },
      ],
    });
    expect(await markOf(loan)).toEqual(['0', '10000', DAY.paid]);
    await accrue(loan, '300');
    expect(await markOf(loan)).toEqual(['0', '10300', DAY.paid]);
    const left = await posted(change(loan, 'exit', { effective_at: DAY.later }));
    expect(await linesOf(textAt(left, 'journal_entry_id'))).toEqual([
      'DR 9200 10300',
      'DR 1200 10300',
      'CR 9100 10300',
      'CR 4000 10300',
    ]);
    expect(await markOf(loan)).toEqual(['10300', '0', null]);
  });

  test('with nothing to move the entry has no lines, stands in the list of the loan, and the mark changes', async () => {
    const loan = await newLoan(api);
    const before = await api.balanceText(loan.loanId);
    const entered = await posted(change(loan, 'enter'));
    expect(await linesOf(textAt(entered, 'journal_entry_id'))).toEqual([]);
    expect(await markOf(loan)).toEqual(['0', '0', DAY.paid]);
    const left = await posted(change(loan, 'exit', { effective_at: DAY.later }));
    expect(await markOf(loan)).toEqual(['0', '0', null]);
    const page = await api.get(`/v1/loans/${loan.loanId}/journal-entries?event_type=non_accrual&order=asc`);
    const ids = [entered, left].map((one) => ({ journal_entry_id: textAt(one, 'journal_entry_id'), lines: [] }));
    expect(page.json).toMatchObject({ items: ids });
    const { last_activity_at: _then, ...was } = JSON.parse(before) as Record<string, unknown>;
    expect(JSON.parse(await api.balanceText(loan.loanId))).toMatchObject(was);
  });

  test('while it lasts money goes to fees, principal, memo interest, which becomes income by being paid', async () => {
    const loan = await newLoan(api, { principal: '1000', interest: '200', fees: '50' });
    await posted(change(loan, 'enter'));
    await accrue(loan, '30');
    const paid = await posted(api.post('/v1/payments', payment(loan, { amount_minor: '1060' })));
    expect(paid.json).toMatchObject({
      allocation: { fees_minor: '50', interest_minor: '10', principal_minor: '1000', suspense_minor: '0' },
    });
    expect(await linesOf(textAt(paid, 'journal_entry_id'))).toEqual([
      'DR 1010 1060',
      'CR 1300 50',
      'CR 4000 10',
      'CR 1100 1000',
      'DR 9200 10',
      'CR 9100 10',
    ]);
    const credited = await posted(api.post('/v1/goodwill-credits', goodwillCredit(loan, { amount_minor: '20' })));
    expect(await linesOf(textAt(credited, 'journal_entry_id'))).toEqual([
      'DR 4900 20',
      'CR 4000 20',
      'DR 9200 20',
      'CR 9100 20',
    ]);
    await posted(api.post('/v1/payments', unapplied(loan, '5')));
    await posted(api.post('/v1/payments/allocations', suspenseAllocation(loan)));
    expect(await markOf(loan)).toEqual(['0', '195', DAY.paid]);
    await posted(api.post('/v1/reversals', reversal(textAt(paid, 'journal_entry_id'))));
    expect(await markOf(loan)).toEqual(['0', '205', DAY.paid]);
  });

  test('interest that a reversal puts into 1200 is paid behind the memo interest', async () => {
    const loan = await newLoan(api, { principal: '100', interest: '9' });
    const early = await posted(api.post('/v1/payments', payment(loan, { amount_minor: '9' })));
    await posted(change(loan, 'enter'));
    await accrue(loan, '10');
    await posted(api.post('/v1/reversals', reversal(textAt(early, 'journal_entry_id'))));
    expect(await markOf(loan)).toEqual(['9', '10', DAY.paid]);
    const changes = { amount_minor: '112', effective_at: DAY.later };
    const paid = await posted(api.post('/v1/payments', payment(loan, changes)));
    expect(paid.json).toMatchObject({ allocation: { interest_minor: '12', principal_minor: '100' } });
    expect(await markOf(loan)).toEqual(['7', '0', DAY.paid]);
  });

  test('memo interest stays with a loan that is refinanced', async () => {
    const loan = await workedExample(api);
    await posted(change(loan, 'enter'));
    const newLoanId = randomUUID();
    await posted(api.post('/v1/refinances', refinance(loan, newLoanId)));
    expect(await markOf(loan)).toEqual(['0', '10000', DAY.paid]);
    expect(await markOf({ ...loan, loanId: newLoanId })).toEqual(['0', '0', null]);
  });
});

describe('POST /v1/reversals: 201: of a change of the mark', () => {
  const undo = async (entryId: string) => posted(api.post('/v1/reversals', reversal(entryId)));
  const entryOf = async (changed: ReturnType<typeof change>) => textAt(await posted(changed), 'journal_entry_id');

  test('enter: interest is income again, and the loan accrues', async () => {
    const loan = await workedExample(api);
    await undo(await entryOf(change(loan, 'enter')));
    expect(await markOf(loan)).toEqual(['10000', '0', null]);
    await accrue(loan, '300');
    expect(await markOf(loan)).toEqual(['10300', '0', null]);
  });

  test('exit: the mark is that of the entering before it', async () => {
    const loan = await workedExample(api);
    await posted(change(loan, 'enter'));
    await undo(await entryOf(change(loan, 'exit', { effective_at: DAY.later })));
    expect(await markOf(loan)).toEqual(['0', '10000', DAY.paid]);
  });

  test('one that others follow: the mark is what those that still stand make it', async () => {
    const loan = await newLoan(api);
    const entered = await entryOf(change(loan, 'enter'));
    const left = await entryOf(change(loan, 'exit'));
    const again = await entryOf(change(loan, 'enter', { effective_at: DAY.later }));
    await undo(entered);
    expect(await markOf(loan)).toEqual(['0', '0', DAY.later]);
    await undo(again);
    expect(await markOf(loan)).toEqual(['0', '0', null]);
    await undo(left);
    expect(await markOf(loan)).toEqual(['0', '0', null]);
    await posted(change(loan, 'enter'));
  });

  test('two at once under two keys: one 201, one 409 already_reversed', async () => {
    const entered = await entryOf(change(await newLoan(api), 'enter'));
    const answers = await Promise.all([1, 2].map(() => api.post('/v1/reversals', reversal(entered))));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409]);
  });
});

describe('POST /v1/loans/{loan_id}/non-accrual: 400 validation_failed', () => {
  test('enter while it is on, exit while it is off', async () => {
    const loan = await workedExample(api);
    const refused = { status: 400, code: 'validation_failed', fields: ['action'] } as const;
    await expectRefusal(ledger, () => change(loan, 'exit'), refused);
    await posted(change(loan, 'enter'));
    await expectRefusal(ledger, () => change(loan, 'enter'), refused);
  });

  test('two at once: the loan enters once', async () => {
    const loan = await workedExample(api);
    const answers = await Promise.all([1, 2, 3].map(() => change(loan, 'enter')));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 400, 400]);
  });

  test.each([
    ['an action that is none', { action: 'leave' }, 'action', 'invalid_format'],
    ['a loan_id, which stands in the path', { loan_id: NOBODY }, 'loan_id', 'unknown_field'],
  ])('%s', async (_title, changes, field, code) => {
    const refused = { status: 400, code: 'validation_failed', fields: [field], fieldCodes: [code] } as const;
    await expectRefusal(ledger, () => change(unmadeLoan(), 'enter', changes), refused);
  });

  test.each(['effective_at', 'action'])('%s is required', async (field) => {
    const body: object = { ...nonAccrual('enter') };
    Reflect.deleteProperty(body, field);
    const refused = { status: 400, code: 'validation_failed', fields: [field], fieldCodes: ['required'] } as const;
    await expectRefusal(ledger, () => api.post(nonAccrualPath(unmadeLoan()), body), refused);
  });
});

test('POST /v1/loans/{loan_id}/non-accrual: 404 loan_not_found: no loan of the id, and no id at all', async () => {
  const refused = { status: 404, code: 'loan_not_found', fields: ['loan_id'] } as const;
  await expectRefusal(ledger, () => change(unmadeLoan(), 'enter'), refused);
  const noId = { status: 404, code: 'loan_not_found' } as const;
  await expectRefusal(ledger, () => change({ ...unmadeLoan(), loanId: 'loan-7' }, 'enter'), noId);
});

describe('POST /v1/loans/{loan_id}/non-accrual: 422', () => {
  test.each([
    ['effective_date_in_future', FAR_FUTURE],
    ['effective_date_before_disbursement', '2026-03-30'],
  ] as const)('%s', async (code, effective_at) => {
    const loan = await workedExample(api);
    const refused = { status: 422, code, fields: ['effective_at'] } as const;
    await expectRefusal(ledger, () => change(loan, 'enter', { effective_at }), refused);
  });

  test('amount_out_of_range: interest and memo together pass 18 digits', async () => {
    const loan = await newLoan(api, { interest: '999999999999999999' });
    const changes = { amount_minor: '999999999999999999' };
    const paid = await posted(api.post('/v1/payments', payment(loan, changes)));
    await posted(change(loan, 'enter'));
    await accrue(loan, '1');
    await posted(api.post('/v1/reversals', reversal(textAt(paid, 'journal_entry_id'))));
    const refused = { status: 422, code: 'amount_out_of_range', fields: ['action'] } as const;
    await expectRefusal(ledger, () => change(loan, 'exit'), refused);
  });
});

test('the books are whole after all of this', async () => {
  const { checks } = await verifyLedger(ledger.address);
  expect(checks.filter(({ status }) => status === 'failed')).toEqual([]);
});
