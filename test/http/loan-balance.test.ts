import { describe, expect, test } from 'vitest';
import { serveLedger } from './ledger-server.ts';
import {
  DAY,
  disbursement,
  fee,
  type Loan,
  NOBODY,
  newLoan,
  payment,
  posted,
  unmadeLoan,
  workedExample,
} from './loan-story.ts';
import { expectProblem } from './problem.ts';
import { testReadingGates } from './reading-gates.ts';
import { textAt } from './tenant-api.ts';

const ledger = await serveLedger();
const { api } = ledger;

describe('GET /v1/loans/{loan_id}/balance as any reading', () => {
  testReadingGates({
    ledger: () => ledger,
    scope: 'hpts:balances:read',
    valid: async () => pathOf((await newLoan(api)).loanId),
  });
});

describe('200', () => {
  test('exactly the fields of the contract, as of today by default', async () => {
    const loan = await workedExample(api);
    const paid = await posted(api.post('/v1/payments', payment(loan)));
    const answer = await api.get(pathOf(loan.loanId.toUpperCase()));
    expect(answer.status).toBe(200);
    expect(answer.json).toEqual({
      loan_id: loan.loanId,
      currency: 'USD',
      as_of_date: await today(),
      principal_outstanding_minor: '921651',
      interest_receivable_minor: '0',
      fees_receivable_minor: '0',
      total_exposure_minor: '921651',
      last_activity_at: textAt(paid, 'posted_at'),
      suspense_minor: '0',
    });
  });

  test('as_of_date counts every event effective up to that day', async () => {
    const loan = await workedExample(api);
    await posted(api.post('/v1/payments', payment(loan)));
    expect(await componentsAt(loan, DAY.beforeAll)).toEqual(['0', '0', '0', '0']);
    expect(await componentsAt(loan, DAY.disbursed)).toEqual(['1000000', '0', '0', '0']);
    expect(await componentsAt(loan, DAY.between)).toEqual(['1000000', '0', '0', '0']);
    expect(await componentsAt(loan, DAY.accrued)).toEqual(['1000000', '10000', '500', '0']);
    expect(await componentsAt(loan, DAY.paid)).toEqual(['921651', '0', '0', '0']);
    expect(await componentsAt(loan, '9999-12-31')).toEqual(['921651', '0', '0', '0']);
  });

  test('a day before the first event answers zeros, with no last activity', async () => {
    const loan = await newLoan(api);
    expect((await api.get(`${pathOf(loan.loanId)}?as_of_date=0001-01-01`)).json).toMatchObject({
      as_of_date: '0001-01-01',
      principal_outstanding_minor: '0',
      total_exposure_minor: '0',
      last_activity_at: null,
    });
  });

  test('a backdated payment of a later fee leaves a minus sign on the days between', async () => {
    const loan = await newLoan(api, { fees: '500' });
    await posted(api.post('/v1/payments', payment(loan, { amount_minor: '500', effective_at: DAY.between })));
    expect(await componentsAt(loan, DAY.disbursed)).toEqual(['1000000', '0', '0', '0']);
    expect(await componentsAt(loan, DAY.between)).toEqual(['1000000', '0', '-500', '0']);
    expect(await componentsAt(loan, DAY.accrued)).toEqual(['1000000', '0', '0', '0']);
    const exposure = (await api.get(`${pathOf(loan.loanId)}?as_of_date=${DAY.between}`)).json;
    expect(exposure).toMatchObject({ total_exposure_minor: '999500' });
  });

  test('backdated events in any order: every day equals the fold of the events up to it', async () => {
    const loan = unmadeLoan();
    const days = ['2026-02-10', '2026-02-02', '2026-02-10', '2026-02-05', '2026-02-03', '2026-02-09', '2026-02-01'];
    const events = days.map((day, index) => ({ day, amount: 10 ** index }));
    for (const { day, amount } of events) {
      await posted(
        api.post('/v1/disbursements', disbursement(loan, { effective_at: day, amount_minor: String(amount) })),
      );
    }
    for (let day = 1; day <= 12; day += 1) {
      const date = `2026-02-${String(day).padStart(2, '0')}`;
      const sum = events.filter((event) => event.day <= date).reduce((total, event) => total + event.amount, 0);
      expect([date, (await componentsAt(loan, date))[0]]).toEqual([date, String(sum)]);
    }
  });

  test('known_at answers as the ledger knew it then, and never changes', async () => {
    const loan = unmadeLoan();
    const first = await posted(api.post('/v1/disbursements', disbursement(loan, { amount_minor: '100' })));
    const second = await posted(api.post('/v1/fees', fee(loan, { amount_minor: '7' })));
    const asked = [first, second].flatMap((answer) => {
      const at = textAt(answer, 'posted_at');
      return [DAY.disbursed, DAY.between, DAY.accrued].map((day) => `?known_at=${at}&as_of_date=${day}`);
    });
    const before = await Promise.all(asked.map((query) => api.balanceText(loan.loanId, query)));
    await posted(api.post('/v1/payments', payment(loan, { amount_minor: '50', effective_at: DAY.between })));
    await posted(api.post('/v1/disbursements', disbursement(loan, { amount_minor: '3', effective_at: DAY.beforeAll })));
    expect(await Promise.all(asked.map((query) => api.balanceText(loan.loanId, query)))).toEqual(before);
    expect(await componentsAt(loan, DAY.accrued, textAt(first, 'posted_at'))).toEqual(['100', '0', '0', '0']);
    expect(await componentsAt(loan, DAY.accrued, textAt(second, 'posted_at'))).toEqual(['100', '0', '7', '0']);
    expect(await componentsAt(loan, DAY.accrued)).toEqual(['60', '0', '0', '0']);
    expect(await componentsAt(loan, DAY.between)).toEqual(['60', '0', '-7', '0']);
  });

  test('known_at may have any offset and up to six digits of a second', async () => {
    const loan = await newLoan(api);
    const now = new Date(Date.now() - 1_000).toISOString().slice(0, 19);
    for (const spelling of [`${now}Z`, `${now}.5z`, `${now.replace('T', 't')}.123456%2B00:00`, `${now}-00:00`]) {
      const answer = await api.get(`${pathOf(loan.loanId)}?known_at=${spelling}`);
      expect([200, 404]).toContain(answer.status);
    }
  });

  test('known_at one microsecond before an entry does not know it', async () => {
    const loan = unmadeLoan();
    await posted(api.post('/v1/disbursements', disbursement(loan, { amount_minor: '1' })));
    const second = await posted(api.post('/v1/disbursements', disbursement(loan, { amount_minor: '2' })));
    const at = textAt(second, 'posted_at');
    expect(await componentsAt(loan, DAY.accrued, at)).toEqual(['3', '0', '0', '0']);
    expect(await componentsAt(loan, DAY.accrued, microsecondBefore(at))).toEqual(['1', '0', '0', '0']);
  });

  test('layers are apart; one that nothing was posted to answers zeros', async () => {
    const loan = await newLoan(api);
    await posted(api.post('/v1/payments', payment(loan, { layer: 'PENDING', amount_minor: '9' })));
    for (const [layer, suspense, principal] of [
      ['SETTLED', '0', '1000000'],
      ['PENDING', '9', '0'],
      ['ENCUMBRANCE', '0', '0'],
    ]) {
      expect((await api.get(`${pathOf(loan.loanId)}?layer=${layer}`)).json).toMatchObject({
        suspense_minor: suspense,
        principal_outstanding_minor: principal,
      });
    }
  });
});

describe('400 validation_failed', () => {
  test.each([
    ['an as_of_date that does not exist', 'as_of_date=2026-02-30', 'as_of_date'],
    ['an as_of_date that is empty', 'as_of_date=', 'as_of_date'],
    ['an as_of_date with a time', 'as_of_date=2026-05-01T00:00:00Z', 'as_of_date'],
    ['an as_of_date sent twice', 'as_of_date=2026-05-01&as_of_date=2026-05-01', 'as_of_date'],
    ['a known_at without offset', 'known_at=2026-05-01T00:00:00', 'known_at'],
    ['a known_at that is a date', 'known_at=2026-05-01', 'known_at'],
    ['a known_at with a plus that became a space', 'known_at=2026-05-01T00:00:00+01:00', 'known_at'],
    ['a known_at with seven digits of a second', 'known_at=2026-05-01T00:00:00.1234567Z', 'known_at'],
    ['a known_at on a day that does not exist', 'known_at=2026-02-30T00:00:00Z', 'known_at'],
    ['a known_at at hour 24', 'known_at=2026-05-01T24:00:00Z', 'known_at'],
    ['a known_at that is "now"', 'known_at=now', 'known_at'],
    ['a known_at with U+0000', 'known_at=2026-05-01T00:00:00Z%00', 'known_at'],
    ['a layer that is none', 'layer=settled', 'layer'],
    ['a layer that is a number', 'layer=0', 'layer'],
  ])('%s', async (_title, query, field) => {
    const loan = await newLoan(api);
    const answer = await api.get(`${pathOf(loan.loanId)}?${query}`);
    expectProblem(answer, { status: 400, code: 'validation_failed', fields: [field], fieldCodes: ['invalid_format'] });
  });

  test('a known_at in the future', async () => {
    const loan = await newLoan(api);
    const hence = new Date(Date.now() + 60_000).toISOString();
    for (const at of [hence, '9999-12-31T23:59:59Z', '9999-12-31T23:59:59-14:00']) {
      const answer = await api.get(`${pathOf(loan.loanId)}?known_at=${at}`);
      expectProblem(answer, {
        status: 400,
        code: 'validation_failed',
        fields: ['known_at'],
        fieldCodes: ['out_of_range'],
      });
    }
  });

  test('every bad parameter is named at once', async () => {
    const answer = await api.get(`${pathOf(NOBODY)}?layer=x&as_of_date=x&when=x`);
    const fields = ['layer', 'as_of_date', 'when'];
    expectProblem(answer, { status: 400, code: 'validation_failed', fields });
  });
});

describe('404 loan_not_found', () => {
  test('a loan that was never disbursed', async () => {
    expectProblem(await api.get(pathOf(NOBODY)), { status: 404, code: 'loan_not_found' });
  });

  test.each(['x', '1', `${NOBODY}0`, '%00', '..%2F..', "'%20OR%201=1--", 'é'])(
    'an id that is no UUID: %s',
    async (id) => {
      expectProblem(await api.get(pathOf(encodeURI(id).replaceAll('%25', '%'))), {
        status: 404,
        code: 'loan_not_found',
      });
    },
  );

  test('a loan that was not known at known_at, on every layer', async () => {
    const loan = unmadeLoan();
    const made = await posted(api.post('/v1/disbursements', disbursement(loan)));
    const before = microsecondBefore(textAt(made, 'posted_at'));
    for (const layer of ['SETTLED', 'PENDING']) {
      const answer = await api.get(`${pathOf(loan.loanId)}?layer=${layer}&known_at=${before}`);
      expectProblem(answer, { status: 404, code: 'loan_not_found' });
      const known = await api.get(`${pathOf(loan.loanId)}?layer=${layer}&known_at=${textAt(made, 'posted_at')}`);
      expect(known.status).toBe(200);
    }
    expectProblem(await api.get(`${pathOf(loan.loanId)}?known_at=0001-01-01T00:00:00%2B14:00`), {
      status: 404,
      code: 'loan_not_found',
    });
  });
});

function pathOf(loanId: string): string {
  return `/v1/loans/${loanId}/balance`;
}

/** Principal, interest, fees and suspense. */
async function componentsAt(loan: Loan, day: string, knownAt?: string): Promise<string[]> {
  const known = knownAt === undefined ? '' : `&known_at=${knownAt}`;
  const answer = await api.get(`${pathOf(loan.loanId)}?as_of_date=${day}${known}`);
  return ['principal_outstanding_minor', 'interest_receivable_minor', 'fees_receivable_minor', 'suspense_minor'].map(
    (name) => textAt(answer, name),
  );
}

async function today(): Promise<string> {
  const [row] = await ledger.sql<{ today: string }>(`SELECT (now() AT TIME ZONE 'UTC')::date::text AS today`);
  return row?.today ?? '';
}

function microsecondBefore(instant: string): string {
  const micros = BigInt(Date.parse(`${instant.slice(0, 19)}Z`)) * 1_000n + BigInt(instant.slice(20, 26)) - 1n;
  const fraction = String(micros % 1_000_000n).padStart(6, '0');
  return `${new Date(Number(micros / 1_000n)).toISOString().slice(0, 19)}.${fraction}Z`;
}
