import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { LIMITS } from '../../src/limits.ts';
import { verifyLedger } from '../../src/postgres/verify/ledger-verification.ts';
import { expectNothingDone, testAdministrativeGates } from './administrative-gates.ts';
import { serveLedger } from './ledger-server.ts';
import {
  accrual,
  chargeOff,
  DAY,
  disbursement,
  FAR_FUTURE,
  type Loan,
  NOBODY,
  payment,
  posted,
  registration,
  reversal,
  unmadeLoan,
} from './loan-story.ts';
import { close } from './period-story.ts';
import { expectProblem } from './problem.ts';
import { newProgram } from './program-story.ts';
import { testReadingGates } from './reading-gates.ts';
import { accruedBy, daysFrom, runAccruals } from './run-story.ts';
import { type TenantApi, textAt } from './tenant-api.ts';

const PATH = '/v1/accruals/runs';
const MAY_1 = '2026-05-01';

const ledger = await serveLedger();

/** A program with a rate from the beginning of 2020 on. */
function rated(tenant: TenantApi, rate: string, changes: object = {}): Promise<string> {
  return newProgram(tenant, { annual_rates: [{ from: '2020-01-01', rate }], ...changes });
}

async function disbursed(tenant: TenantApi, programId: string, amount: string, changes: object = {}): Promise<Loan> {
  const loan = unmadeLoan();
  const body = { program_id: programId, amount_minor: amount, effective_at: MAY_1, ...changes };
  await posted(tenant.post('/v1/disbursements', disbursement(loan, body)));
  return loan;
}

async function interestOf(tenant: TenantApi, { loanId }: Loan, query = ''): Promise<string> {
  return textAt(await tenant.get(`/v1/loans/${loanId}/balance${query}`), 'interest_receivable_minor');
}

async function expectWholeLedger(): Promise<void> {
  const { checks } = await verifyLedger(ledger.address);
  expect(checks.flatMap(({ findings }) => findings)).toEqual([]);
}

describe('POST /v1/accruals/runs as any administrative POST', () => {
  testAdministrativeGates({
    ledger: () => ledger,
    name: PATH,
    scope: 'hpts:accruals:write',
    valid: async (tenant) => ({
      path: PATH,
      body: { program_id: await newProgram(tenant), accrual_date: DAY.accrued },
    }),
  });
});

describe('GET /v1/accruals/runs/{accrual_run_id}', () => {
  testReadingGates({
    ledger: () => ledger,
    scope: 'hpts:accruals:write',
    valid: async () => {
      const body = { program_id: ledger.api.defaultProgramId, accrual_date: DAY.accrued };
      return `${PATH}/${textAt(await posted(ledger.api.post(PATH, body)), 'accrual_run_id')}`;
    },
  });

  test('GET /v1/accruals/runs/{accrual_run_id}: 404 for a run that the tenant does not have', async () => {
    expectProblem(await ledger.api.get(`${PATH}/${NOBODY}`), { status: 404, code: 'not_found' });
    expectProblem(await ledger.api.get(`${PATH}/no-id`), { status: 404, code: 'not_found' });
  });

  test('GET /v1/accruals/runs/{accrual_run_id}: 400 for any parameter, saying that there is none', async () => {
    const answer = await ledger.api.get(`${PATH}/${NOBODY}?limit=5`);
    expectProblem(answer, { status: 400, code: 'validation_failed', fields: ['limit'] });
    expect(answer.json).toMatchObject({ errors: [{ message: 'is not a parameter here; this operation takes none' }] });
  });
});

describe('what is asked for', () => {
  test('POST /v1/accruals/runs: 201, and the run begins by itself', async () => {
    const tenant = await ledger.newTenant();
    const programId = await rated(tenant, '0.12');
    const loan = await disbursed(tenant, programId, '1000000');
    const answer = await tenant.post(PATH, { program_id: programId, accrual_date: '2026-06-01' });
    expect(answer.status).toBe(201);
    const id = textAt(answer, 'accrual_run_id');
    expect(answer.json).toEqual({
      accrual_run_id: id,
      status: 'running',
      loan_count: 0,
      skipped_count: 0,
      totals: [],
      journal_entry_ids: [],
    });
    const run = await runAccruals(tenant, programId, '2026-06-01');
    expect([run.loan_count, await interestOf(tenant, loan)]).toEqual([0, '10192']);
  });

  test('POST /v1/accruals/runs: 404 program_not_found', async () => {
    const body = { program_id: NOBODY, accrual_date: DAY.accrued };
    const refused = { status: 404, code: 'program_not_found', fields: ['program_id'] } as const;
    await expectNothingDone(ledger, () => ledger.api.post(PATH, body), refused);
  });

  test('POST /v1/accruals/runs: 422 period_closed', async () => {
    const tenant = await ledger.newTenant();
    await posted(close(tenant, '2026-04'));
    const body = { program_id: tenant.defaultProgramId, accrual_date: DAY.accrued };
    const refused = { status: 422, code: 'period_closed', fields: ['accrual_date'] } as const;
    await expectNothingDone(ledger, () => tenant.post(PATH, body), refused);
    await posted(tenant.post(PATH, { ...body, accrual_date: MAY_1 }));
  });

  test('POST /v1/accruals/runs: 422 effective_date_in_future', async () => {
    const body = { program_id: ledger.api.defaultProgramId, accrual_date: FAR_FUTURE };
    const refused = { status: 422, code: 'effective_date_in_future', fields: ['accrual_date'] } as const;
    await expectNothingDone(ledger, () => ledger.api.post(PATH, body), refused);
  });
});

test('POST /v1/accruals/runs: 503 too_busy for a tenant with as many unfinished runs as it may have', async () => {
  const tenant = await ledger.newTenant();
  const programId = tenant.defaultProgramId;
  // Leased for good, so that nobody goes on with them and ends them.
  await ledger.sql(
    `INSERT INTO hpts.accrual_run (tenant_id, accrual_run_id, program_id, accrual_date, actor, leased_until)
     SELECT $1, gen_random_uuid(), $2, '2026-05-02', 'test', 'infinity' FROM generate_series(1, $3)`,
    [tenant.tenantId, programId, LIMITS.openAccrualRuns],
  );
  const run = { program_id: programId, accrual_date: '2026-05-02' };
  await expectNothingDone(ledger, () => tenant.post(PATH, run), { status: 503, code: 'too_busy' });
});

describe('what a run posts', () => {
  test('50.00 at 7.99 % ACT/360 makes 33 cents in 30 daily runs, never 30', async () => {
    const tenant = await ledger.newTenant();
    const programId = await rated(tenant, '0.0799', { day_count_convention: 'ACT_360' });
    const loan = await disbursed(tenant, programId, '5000');
    const amounts: (string | undefined)[] = [];
    for (const date of daysFrom('2026-05-02', 30)) amounts.push(accruedBy(await runAccruals(tenant, programId, date)));
    expect(await interestOf(tenant, loan)).toBe('33');
    expect(amounts.filter((amount) => amount === '2').length).toBe(3);
  });

  test('one entry with a line for each loan and one for the income, an accrual that can be corrected and reversed', async () => {
    const tenant = await ledger.newTenant();
    const programId = await rated(tenant, '0.365');
    const one = await disbursed(tenant, programId, '1000');
    const other = await disbursed(tenant, programId, '2000');
    const none = await disbursed(tenant, programId, '1', { effective_at: '2026-05-02' });
    const run = await runAccruals(tenant, programId, '2026-05-02');
    expect(run).toMatchObject({ loan_count: 3, skipped_count: 0, totals: [{ currency: 'USD', accrued_minor: '3' }] });
    const [entryId = ''] = run.journal_entry_ids;
    const entry = (await tenant.get(`/v1/journal-entries/${entryId}`)).json as {
      event_type: string;
      effective_at: string;
      correlation_id: string;
      lines: { account_code: string; direction: string; amount_minor: string; loan_id: string | null }[];
    };
    expect([entry.event_type, entry.effective_at, entry.correlation_id]).toEqual([
      'accrual',
      '2026-05-02',
      run.accrual_run_id,
    ]);
    const lines = entry.lines.map((line) => [line.account_code, line.direction, line.amount_minor, line.loan_id]);
    expect(new Set(lines.map((line) => line.join()))).toEqual(
      new Set([`1200,DR,1,${one.loanId}`, `1200,DR,2,${other.loanId}`, '4000,CR,3,']),
    );
    const eventId = `${entryId.slice(0, -1)}1`;
    const loans = [
      { loan_id: one.loanId, interest_minor: '5' },
      { loan_id: none.loanId, interest_minor: '2' },
    ];
    const correction = { effective_at: '2026-05-03', reason_code: 'error_correction', loans };
    await posted(tenant.post(`/v1/accruals/${eventId}/corrections`, correction));
    expect(await interestOf(tenant, one)).toBe('5');
    // A correction changes what is posted, not what is exact: the next run evens it out.
    await runAccruals(tenant, programId, '2026-05-08');
    expect([await interestOf(tenant, one), await interestOf(tenant, none)]).toEqual(['7', '2']);
    await posted(tenant.post('/v1/reversals', reversal(entryId, { effective_at: '2026-05-08' })));
    expect(await interestOf(tenant, other)).toBe('12');
    await runAccruals(tenant, programId, '2026-05-09');
    expect([await interestOf(tenant, one), await interestOf(tenant, other)]).toEqual(['8', '16']);
    await expectWholeLedger();
  });

  test('a payment and a change of rate inside the span, and days that were missed', async () => {
    const tenant = await ledger.newTenant();
    const programId = await rated(tenant, '0.365');
    const loan = await disbursed(tenant, programId, '100000');
    await runAccruals(tenant, programId, '2026-05-03');
    expect(await interestOf(tenant, loan)).toBe('200');
    const paid = { amount_minor: '50000', effective_at: '2026-05-05', allocation: { principal_minor: '50000' } };
    await posted(tenant.post('/v1/payments', payment(loan, paid)));
    const rates = [
      { from: '2020-01-01', rate: '0.365' },
      { from: '2026-05-08', rate: '0.73' },
    ];
    await posted(
      tenant.post(`/v1/programs/${programId}/versions`, { effective_at: '2026-05-07', annual_rates: rates }),
    );
    // Nights of 3 and 4 May: 100 each; of 5, 6 and 7 May: 50 each; of 8 and 9 May: 100 each.
    const run = await runAccruals(tenant, programId, '2026-05-10');
    expect(accruedBy(run)).toBe('550');
    expect(await interestOf(tenant, loan, '?as_of_date=2026-05-09')).toBe('200');
  });

  test('a backdated payment lowers nights to come and none that were accrued', async () => {
    const tenant = await ledger.newTenant();
    const programId = await rated(tenant, '0.365');
    const loan = await disbursed(tenant, programId, '100000');
    await runAccruals(tenant, programId, '2026-05-11');
    const paid = { amount_minor: '50000', effective_at: '2026-05-02', allocation: { principal_minor: '50000' } };
    await posted(tenant.post('/v1/payments', payment(loan, paid)));
    await runAccruals(tenant, programId, '2026-05-12');
    expect(await interestOf(tenant, loan)).toBe('1050');
  });

  test('the nights of a client batch count at the amount sent', async () => {
    const tenant = await ledger.newTenant();
    const programId = await rated(tenant, '0.365');
    const loan = await disbursed(tenant, programId, '100000');
    const batch = (date: string, interest: string) => ({
      program_id: programId,
      accrual_date: date,
      day_count_convention: 'ACT_365',
      loans: [{ loan_id: loan.loanId, outstanding_principal_minor: '100000', interest_minor: interest }],
    });
    await posted(tenant.post('/v1/accruals/batch', batch('2026-05-03', '7')));
    await runAccruals(tenant, programId, '2026-05-04');
    expect(await interestOf(tenant, loan)).toBe('107');
    const zero = await posted(tenant.post('/v1/accruals/batch', batch('2026-05-06', '0')));
    await runAccruals(tenant, programId, '2026-05-07');
    expect(await interestOf(tenant, loan)).toBe('207');
    await posted(
      tenant.post('/v1/reversals', reversal(textAt(zero, 'journal_entry_id'), { effective_at: '2026-05-07' })),
    );
    await runAccruals(tenant, programId, '2026-05-08');
    expect(await interestOf(tenant, loan)).toBe('507');
  });

  test('interest begins with a pending disbursement, so that a batch before its settling stands for the nights since', async () => {
    // 50000 at 7.3 % earn 10 a night from 2 May on; the client's 30 stand for all nights up to 4 May.
    const programId = await rated(ledger.api, '0.073');
    const loan = unmadeLoan();
    const pending = { program_id: programId, amount_minor: '50000', effective_at: MAY_1, layer: 'PENDING' };
    const lent = await posted(ledger.api.post('/v1/disbursements', disbursement(loan, pending)));
    const batch = { program_id: programId, accrual_date: '2026-05-04' };
    await posted(ledger.api.post('/v1/accruals/batch', accrual(ledger.api, [[loan, '30']], batch)));
    const settle = `/v1/disbursements/${textAt(lent, 'disbursement_event_id')}/settlements`;
    await posted(ledger.api.post(settle, { effective_at: '2026-05-02' }));
    expect(accruedBy(await runAccruals(ledger.api, programId, '2026-05-05'))).toBe('10');
    await expectWholeLedger();
  });

  test("a loan's own rate wins, its opening's interest is not earned again, and each currency has its entry", async () => {
    const tenant = await ledger.newTenant();
    const programId = await rated(tenant, '0.365');
    const [own, euro] = [unmadeLoan(), unmadeLoan('EUR')];
    const opening = {
      as_of: '2026-05-03',
      principal_minor: '100000',
      interest_minor: '40',
      fees_minor: '0',
      suspense_minor: '0',
      accrued_through: '2026-05-03',
    };
    const registered = { program_id: programId, annual_rate: '0.73', opening };
    await posted(tenant.post('/v1/loans', registration(own, registered)));
    const inEuro = { program_id: programId, amount_minor: '100000', effective_at: MAY_1 };
    await posted(tenant.post('/v1/disbursements', disbursement(euro, inEuro)));
    const run = await runAccruals(tenant, programId, '2026-05-04');
    expect(run.totals).toEqual([
      { currency: 'EUR', accrued_minor: '300' },
      { currency: 'USD', accrued_minor: '200' },
    ]);
    expect([run.journal_entry_ids.length, await interestOf(tenant, own)]).toEqual([2, '240']);
    await expectWholeLedger();
  });

  test('an opening whose interest ends before its date earns from there on', async () => {
    const tenant = await ledger.newTenant();
    const programId = await rated(tenant, '0.365');
    const loan = unmadeLoan();
    const amounts = { principal_minor: '100000', interest_minor: '0', fees_minor: '0', suspense_minor: '0' };
    const opening = { as_of: '2026-05-06', ...amounts, accrued_through: MAY_1 };
    await posted(tenant.post('/v1/loans', registration(loan, { program_id: programId, opening })));
    await runAccruals(tenant, programId, '2026-05-08');
    expect(await interestOf(tenant, loan)).toBe('700');
    await runAccruals(tenant, programId, '2026-05-09');
    expect(await interestOf(tenant, loan)).toBe('800');
    await expectWholeLedger();
  });

  test('on non-accrual a run posts DR 9100, CR 9200', async () => {
    const tenant = await ledger.newTenant();
    const programId = await rated(tenant, '0.365');
    const loan = await disbursed(tenant, programId, '100000');
    await posted(tenant.post(`/v1/loans/${loan.loanId}/non-accrual`, { effective_at: MAY_1, action: 'enter' }));
    const run = await runAccruals(tenant, programId, '2026-05-02');
    const entry = (await tenant.get(`/v1/journal-entries/${run.journal_entry_ids[0]}`)).json as {
      lines: { account_code: string; direction: string; amount_minor: string }[];
    };
    const lines = entry.lines.map((line) => [line.account_code, line.direction, line.amount_minor]);
    expect(lines).toEqual([
      ['9100', 'DR', '100'],
      ['9200', 'CR', '100'],
    ]);
  });
});

describe('what a run passes over', () => {
  test('loans that are charged off, have not begun or have no rate, and those that accrued on or after the date', async () => {
    const tenant = await ledger.newTenant();
    const programId = await newProgram(tenant, { annual_rates: [{ from: '2026-05-03', rate: '0.365' }] });
    const lost = await disbursed(tenant, programId, '1000');
    await disbursed(tenant, programId, '100000');
    await disbursed(tenant, programId, '1000', { effective_at: '2026-05-20' });
    await posted(tenant.post('/v1/chargeoffs', chargeOff(lost, { effective_at: MAY_1 })));
    await posted(tenant.post('/v1/loans', registration(unmadeLoan(), { program_id: programId })));
    // The night of 2 May has no rate yet.
    expect(await runAccruals(tenant, programId, '2026-05-03')).toMatchObject({ loan_count: 0, skipped_count: 4 });
    const first = await runAccruals(tenant, programId, '2026-05-04');
    expect(first).toMatchObject({ loan_count: 1, skipped_count: 3, totals: [{ accrued_minor: '100' }] });
    for (const date of ['2026-05-04', '2026-05-02']) {
      const again = await runAccruals(tenant, programId, date);
      expect(again).toMatchObject({ loan_count: 0, skipped_count: 4, totals: [], journal_entry_ids: [] });
    }
    expect(await runAccruals(tenant, programId, '2026-06-01')).toMatchObject({ loan_count: 2, skipped_count: 2 });
  });

  test('a reversed charge-off interrupts no interest', async () => {
    const tenant = await ledger.newTenant();
    const programId = await rated(tenant, '0.365');
    const loan = await disbursed(tenant, programId, '100000');
    await runAccruals(tenant, programId, '2026-05-03');
    const lost = await posted(tenant.post('/v1/chargeoffs', chargeOff(loan, { effective_at: '2026-05-03' })));
    expect(await runAccruals(tenant, programId, '2026-05-05')).toMatchObject({ loan_count: 0, skipped_count: 1 });
    const undo = reversal(textAt(lost, 'journal_entry_id'), { effective_at: '2026-05-06' });
    await posted(tenant.post('/v1/reversals', undo));
    await runAccruals(tenant, programId, '2026-05-07');
    expect(await interestOf(tenant, loan)).toBe('600');
  });
});

describe('what a run keeps to go on from is never more than what the journal says', () => {
  test('two tenants with one history, of which one counts from the beginning every time, accrue the same', async () => {
    for (const convention of ['ACT_365', 'THIRTY_360_BOND_BASIS'] as const) {
      const remembering = await life(convention, false);
      const forgetting = await life(convention, true);
      expect(remembering).toEqual(forgetting);
    }
    await expectWholeLedger();
  });

  /** A made-up year of a few loans; what each run accrued. */
  async function life(convention: string, forgets: boolean): Promise<readonly (string | undefined)[]> {
    const tenant = await ledger.newTenant();
    const programId = await rated(tenant, '0.0799', { day_count_convention: convention, rounding: 'half_up' });
    const loans = [
      await disbursed(tenant, programId, '123457', { effective_at: '2026-01-15' }),
      await disbursed(tenant, programId, '7', { effective_at: '2026-01-31' }),
    ];
    const entries: string[] = [];
    const accrued: (string | undefined)[] = [];
    let at = 7;
    const draw = (below: number): number => {
      at = (at * 48_271) % 2_147_483_647;
      return at % below;
    };
    for (const [day, date] of daysFrom('2026-02-01', 60).entries()) {
      const loan = loans[draw(2)] ?? unmadeLoan();
      const earlier = daysFrom('2026-02-01', 75)[Math.max(0, day - draw(9))] ?? date;
      if (draw(4) === 0) {
        const paid = { amount_minor: `${1 + draw(900)}`, effective_at: draw(2) === 0 ? date : earlier };
        const answer = await tenant.post('/v1/payments', payment(loan, paid));
        if (answer.status === 201 && draw(3) === 0) entries.push(textAt(answer, 'journal_entry_id'));
      }
      if (draw(9) === 0) {
        await tenant.post('/v1/disbursements', disbursement(loan, { amount_minor: '50', effective_at: earlier }));
      }
      if (draw(8) === 0) {
        const loansOfBatch = [{ loan_id: loan.loanId, outstanding_principal_minor: '1', interest_minor: `${draw(3)}` }];
        const batch = {
          program_id: programId,
          accrual_date: earlier,
          day_count_convention: convention,
          loans: loansOfBatch,
        };
        const answer = await tenant.post('/v1/accruals/batch', batch);
        if (answer.status === 201 && draw(2) === 0) entries.push(textAt(answer, 'journal_entry_id'));
      }
      if (draw(6) === 0) {
        const undone = entries.splice(draw(entries.length + 1), 1)[0];
        if (undone !== undefined) await tenant.post('/v1/reversals', reversal(undone, { effective_at: date }));
      }
      if (draw(3) === 0) continue;
      if (forgets) await ledger.sql('DELETE FROM hpts.loan_interest WHERE tenant_id = $1', [tenant.tenantId]);
      const run = await runAccruals(tenant, programId, date);
      accrued.push(accruedBy(run));
      if (draw(5) === 0) entries.push(...run.journal_entry_ids);
    }
    return accrued;
  }
});

test('runs beside payments and client batches on the same loans: each loan accrues once for the date', async () => {
  const tenant = await ledger.newTenant();
  const programId = await rated(tenant, '0.365');
  const loans: Loan[] = [];
  for (let count = 0; count < 40; count += 1) loans.push(await disbursed(tenant, programId, '100000'));
  const date = '2026-05-02';
  const batches = loans.map((loan) => {
    const sent = { loan_id: loan.loanId, outstanding_principal_minor: '100000', interest_minor: '7' };
    const batch = { program_id: programId, accrual_date: date, day_count_convention: 'ACT_365', loans: [sent] };
    return () => tenant.post('/v1/accruals/batch', batch);
  });
  const paid = { amount_minor: '1', effective_at: date, allocation: { principal_minor: '1' } };
  const answers = await Promise.all([
    ...batches.map((send) => send()),
    ...loans.map((loan) => tenant.post('/v1/payments', payment(loan, paid))),
    runAccruals(tenant, programId, date),
    runAccruals(tenant, programId, date),
  ]);
  const statuses = answers.flatMap((answer) => ('text' in answer ? [answer.status] : []));
  expect(statuses.filter((status) => status !== 201 && status !== 409)).toEqual([]);
  const interest = await Promise.all(loans.map((loan) => interestOf(tenant, loan)));
  expect(new Set(interest)).toEqual(new Set(interest.filter((amount) => amount === '7' || amount === '100')));
  const taken = statuses.slice(0, loans.length).filter((status) => status === 201).length;
  expect(interest.filter((amount) => amount === '7').length).toBe(taken);
  await expectWholeLedger();
});

test('a client cannot use the keys of portions', async () => {
  const key = `/v1/accruals/runs/${randomUUID()}/portions/1`;
  const answer = await ledger.api.post('/v1/fees', {}, { key });
  expectProblem(answer, { status: 400, code: 'invalid_idempotency_key' });
});
