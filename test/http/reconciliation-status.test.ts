import pino from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SCOPES } from '../../src/domain/scope.ts';
import { BodyBudget } from '../../src/http/body-budget.ts';
import { RequestWatch } from '../../src/http/request-watch.ts';
import { reconciliationStatus } from '../../src/http/routes/reconciliation-status.ts';
import { createHttpServer } from '../../src/http/server.ts';
import { ReconciliationRuns } from '../../src/postgres/reading/reconciliation-runs.ts';
import { HttpClient } from './http-client.ts';
import { type LedgerServer, startLedger } from './ledger-server.ts';
import { accrual, DAY, disbursement, fee, type Loan, newLoan, payment, posted, workedExample } from './loan-story.ts';
import { expectProblem } from './problem.ts';
import { testReadingGates } from './reading-gates.ts';
import { type TenantApi, textAt } from './tenant-api.ts';

const PATH = '/v1/reconciliation/status';
const APPEND_ONLY = ['journal_entry', 'idempotency_key', 'reversal', 'disbursement', 'accrual_batch'];

/** Who asks a server that has no tokens. */
const CALLER = { clientId: 'test', subject: 'test', scopes: new Set(SCOPES), expiresAtSeconds: 4_000_000_000 };

let ledger: LedgerServer;
beforeAll(async () => {
  ledger = await startLedger();
});
afterAll(() => ledger.stop());

type Part = {
  readonly status: string;
  readonly mismatched_account_count: number;
  readonly mismatched_accounts: readonly string[];
  readonly mismatched_loan_balance_count: number;
  readonly first_mismatched_loan_id: string | null;
};
type Rollup = {
  readonly status: string;
  readonly gl_principal_minor: string;
  readonly sum_of_loan_balances_minor: string;
  readonly mismatched_accounts: readonly string[];
};
type Status = {
  readonly as_of_date: string;
  readonly ledger_integrity: { readonly status: string; readonly mismatched_account_count: number };
  readonly portfolio_rollup: Rollup;
  readonly by_currency: readonly {
    readonly currency: string;
    readonly ledger_integrity: Part;
    readonly portfolio_rollup: Rollup;
  }[];
};

async function statusOf(api: TenantApi, query = ''): Promise<Status> {
  const answer = await api.get(PATH + query);
  if (answer.status !== 200) throw new Error(`no status: ${answer.status} ${answer.text}`);
  return answer.json as Status;
}

/** A lender with two loans of every component, one of them on PENDING too and backdated, and one loan in euros. */
async function lender(): Promise<{ api: TenantApi; loan: Loan; other: Loan; euro: Loan }> {
  const api = await ledger.newTenant();
  const [loan, other] = [await workedExample(api), await workedExample(api)];
  const euro = await newLoan(api, { currency: 'EUR', principal: '700' });
  await posted(api.post('/v1/payments', payment(loan)));
  await posted(api.post('/v1/payments', payment(loan, { layer: 'PENDING', amount_minor: '9' })));
  await posted(api.post('/v1/fees', fee(loan, { effective_at: DAY.between, amount_minor: '30' })));
  await posted(api.post('/v1/payments', payment(other, { amount_minor: '2000000' })));
  return { api, loan, other, euro };
}

describe('GET /v1/reconciliation/status as any reading', () => {
  testReadingGates({ ledger: () => ledger, scope: 'hpts:reconciliation:read', valid: async () => PATH });
});

describe('GET /v1/reconciliation/status: 200', () => {
  test('the fields of the contract, and every currency', async () => {
    const { api } = await lender();
    const [row] = await ledger.sql<{ today: string }>(`SELECT (now() AT TIME ZONE 'UTC')::date::text AS today`);
    const whole = (currency: string, principal: string) => ({
      currency,
      ledger_integrity: {
        status: 'ok',
        mismatched_account_count: 0,
        mismatched_accounts: [],
        mismatched_loan_balance_count: 0,
        first_mismatched_loan_id: null,
      },
      portfolio_rollup: {
        status: 'ok',
        gl_principal_minor: principal,
        sum_of_loan_balances_minor: principal,
        mismatched_accounts: [],
      },
      client_principal: { status: 'ok', mismatched_accrual_count: 0, first_mismatched_loan_id: null },
    });
    expect(await statusOf(api)).toEqual({
      as_of_date: row?.today,
      ledger_integrity: {
        status: 'ok',
        mismatched_account_count: 0,
        checked_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/),
      },
      bank_reconciliation: [],
      portfolio_rollup: { status: 'ok', gl_principal_minor: '921651', sum_of_loan_balances_minor: '921651' },
      by_currency: [whole('EUR', '700'), whole('USD', '921651')],
    });
  });

  test('currency chooses the figures; one without a line has zeros', async () => {
    const { api } = await lender();
    expect((await statusOf(api, '?currency=EUR')).portfolio_rollup.gl_principal_minor).toBe('700');
    const yen = await statusOf(api, '?currency=JPY');
    expect(yen.portfolio_rollup).toEqual({ status: 'ok', gl_principal_minor: '0', sum_of_loan_balances_minor: '0' });
    expect(yen.by_currency.map(({ currency }) => currency)).toEqual(['EUR', 'JPY', 'USD']);
  });

  test('a tenant without entries', async () => {
    const status = await statusOf(await ledger.newTenant());
    expect(status).toMatchObject({
      ledger_integrity: { status: 'ok', mismatched_account_count: 0 },
      portfolio_rollup: { status: 'ok', gl_principal_minor: '0', sum_of_loan_balances_minor: '0' },
      by_currency: [{ currency: 'USD' }],
    });
  });

  test('as_of_date counts every event effective up to that day, on both sides', async () => {
    const { api, loan } = await lender();
    await posted(api.post('/v1/disbursements', disbursement(loan, { effective_at: DAY.beforeAll, amount_minor: '5' })));
    for (const [day, principal] of [
      ['2025-12-31', '0'],
      [DAY.beforeAll, '5'],
      [DAY.disbursed, '2000005'],
      [DAY.accrued, '2000005'],
      [DAY.paid, '921656'],
      ['9999-12-31', '921656'],
    ] as const) {
      expect(await statusOf(api, `?as_of_date=${day}`)).toMatchObject({
        as_of_date: day,
        ledger_integrity: { status: 'ok' },
        portfolio_rollup: { status: 'ok', gl_principal_minor: principal, sum_of_loan_balances_minor: principal },
      });
    }
  });

  test('the figures are those that balances answer', async () => {
    const { api, loan, other } = await lender();
    for (const day of [DAY.between, DAY.accrued, DAY.later]) {
      const balances = await Promise.all(
        [loan, other].map(async ({ loanId }) => JSON.parse(await api.balanceText(loanId, `?as_of_date=${day}`))),
      );
      const sum = balances.reduce((total, one) => total + BigInt(one.principal_outstanding_minor), 0n);
      const account = await api.get(`/v1/accounts/1100/balance?currency=USD&as_of_date=${day}`);
      const { portfolio_rollup } = await statusOf(api, `?as_of_date=${day}`);
      expect(portfolio_rollup.sum_of_loan_balances_minor).toBe(String(sum));
      expect(account.json).toMatchObject({ normal_balance_minor: portfolio_rollup.gl_principal_minor });
    }
  });

  test('computed in one snapshot: ok again and again while the books move', async () => {
    const api = await ledger.newTenant();
    const loan = await newLoan(api);
    let asking = true;
    const writing = Promise.all(
      Array.from({ length: 4 }, async () => {
        while (asking) await posted(api.post('/v1/payments', payment(loan, { amount_minor: '1' })));
      }),
    );
    for (let count = 0; count < 25; count += 1) {
      const status = await statusOf(api);
      expect(status).toMatchObject({ ledger_integrity: { status: 'ok' }, portfolio_rollup: { status: 'ok' } });
    }
    asking = false;
    await writing;
  });
});

/** What somebody with the database's own keys would do; `$1` is the tenant, `$2` the loan that the damage is about. */
const DAMAGES: readonly {
  readonly what: string;
  readonly sql: string;
  readonly accounts?: readonly string[];
  readonly loans?: number;
  readonly controls?: readonly string[];
}[] = [
  {
    what: 'an account balance raised',
    sql: `UPDATE hpts.account_delta SET debit_minor = debit_minor + 1 WHERE tenant_id = $1 AND account_code = 1010 AND layer = 0 AND $2 <> ''`,
    accounts: ['1010'],
  },
  {
    what: 'debits and credits of an account raised alike',
    sql: `UPDATE hpts.account_delta SET debit_minor = debit_minor + 1, credit_minor = credit_minor + 1 WHERE tenant_id = $1 AND account_code = 4000 AND $2 <> ''`,
    accounts: ['4000'],
  },
  {
    what: 'an account balance removed',
    sql: `DELETE FROM hpts.account_delta WHERE tenant_id = $1 AND account_code = 1100 AND currency = 'USD' AND effective_at = '${DAY.paid}' AND $2 <> ''`,
    accounts: ['1100'],
    controls: ['1100'],
  },
  {
    what: 'a pending account balance moved to another account',
    sql: `UPDATE hpts.account_delta SET account_code = 2000 WHERE tenant_id = $1 AND account_code = 2100 AND layer = 1 AND $2 <> ''`,
    accounts: ['2000', '2100'],
    controls: ['2100'],
  },
  {
    what: 'an account balance of an account that no line is on',
    sql: `INSERT INTO hpts.account_delta SELECT $1::uuid, 5100, 'USD', 0, '${DAY.paid}', 10000, 1, now(), 3, 0 WHERE $2 <> ''`,
    accounts: ['5100'],
  },
  {
    what: 'the amounts of an entry',
    sql: `UPDATE hpts.journal_entry SET amounts = '{10500,-500,-10000}', accounts = accounts[1:3]
          WHERE tenant_id = $1 AND loan_id = $2::uuid AND event_type = 'payment_received' AND layer = 0`,
    accounts: ['1010', '1100'],
    loans: 1,
  },
  {
    what: 'an entry removed',
    sql: `DELETE FROM hpts.journal_entry WHERE tenant_id = $1 AND loan_id = $2::uuid AND event_type = 'payment_received' AND layer = 0`,
    accounts: ['1010', '1100', '1200', '1300'],
    loans: 1,
  },
  {
    what: 'an entry moved to another loan',
    sql: `UPDATE hpts.journal_entry AS e SET loan_id = (SELECT l.loan_id FROM hpts.loan AS l WHERE l.tenant_id = $1 AND l.currency = 'USD' AND l.loan_id <> $2::uuid)
          WHERE e.tenant_id = $1 AND e.loan_id = $2::uuid AND e.event_type = 'payment_received' AND e.layer = 0`,
    loans: 2,
  },
  {
    what: 'the present principal of a loan',
    sql: `UPDATE hpts.loan SET principal_minor = principal_minor - 1 WHERE tenant_id = $1 AND loan_id = $2::uuid`,
    loans: 1,
    controls: ['1100'],
  },
  {
    what: 'the present fees of a loan turned into interest',
    sql: `UPDATE hpts.loan SET fees_minor = fees_minor - 30, interest_minor = interest_minor + 30 WHERE tenant_id = $1 AND loan_id = $2::uuid`,
    loans: 1,
    controls: ['1200', '1300'],
  },
  {
    what: 'the present suspense of a loan on PENDING',
    sql: `UPDATE hpts.loan SET pending_minor[4] = 0 WHERE tenant_id = $1 AND loan_id = $2::uuid`,
    loans: 1,
    controls: ['2100'],
  },
  {
    what: 'principal moved from one loan to another',
    sql: `UPDATE hpts.loan SET principal_minor = principal_minor + CASE WHEN loan_id = $2::uuid THEN -5 ELSE 5 END WHERE tenant_id = $1 AND currency = 'USD'`,
    loans: 2,
  },
  {
    what: 'a loan removed',
    sql: `DELETE FROM hpts.loan WHERE tenant_id = $1 AND loan_id = $2::uuid`,
    loans: 2,
    controls: ['1100', '1300', '2100'],
  },
  {
    what: 'the newest movement of a loan',
    sql: `UPDATE hpts.loan_movement SET interest_minor = interest_minor + 4 WHERE tenant_id = $1 AND loan_id = $2::uuid AND layer = 0
            AND loan_seq = (SELECT max(m.loan_seq) FROM hpts.loan_movement AS m WHERE m.tenant_id = $1 AND m.loan_id = $2::uuid AND m.layer = 0)`,
    loans: 1,
    controls: ['1200'],
  },
  {
    what: 'what a backdated event adds to the days before the newest one',
    sql: `UPDATE hpts.loan_backdating SET memo_interest_minor = memo_interest_minor + 1 WHERE tenant_id = $1 AND loan_id = $2::uuid`,
    loans: 1,
    controls: ['9100'],
  },
];

describe('GET /v1/reconciliation/status: 200 names what was damaged', () => {
  test.each(DAMAGES)('$what', async ({ sql, accounts = [], loans = 0, controls = [] }) => {
    const { api, loan } = await lender();
    await tamper(sql, [api.tenantId, loan.loanId]);
    const status = await statusOf(api);
    const dollars = status.by_currency.find(({ currency }) => currency === 'USD');
    const isWhole = accounts.length + loans === 0;
    expect(dollars?.ledger_integrity.mismatched_accounts).toEqual(accounts);
    expect(dollars?.ledger_integrity.mismatched_loan_balance_count).toBe(loans);
    expect(dollars?.portfolio_rollup.mismatched_accounts).toEqual(controls);
    expect([status.ledger_integrity.status, status.ledger_integrity.mismatched_account_count]).toEqual([
      isWhole ? 'ok' : 'mismatch',
      accounts.length,
    ]);
    expect(status.portfolio_rollup.status).toBe(controls.length === 0 ? 'ok' : 'mismatch');
    if (loans === 1) expect(dollars?.ledger_integrity.first_mismatched_loan_id).toBe(loan.loanId);
    const { gl_principal_minor, sum_of_loan_balances_minor } = status.portfolio_rollup;
    expect(gl_principal_minor === sum_of_loan_balances_minor).toBe(!controls.includes('1100'));
    const euros = status.by_currency.find(({ currency }) => currency === 'EUR');
    expect([euros?.ledger_integrity.status, euros?.portfolio_rollup.status]).toEqual(['ok', 'ok']);
  });

  test('damage in another currency shows in the statuses at the top, whichever currency the figures are of', async () => {
    const { api, euro } = await lender();
    await tamper('UPDATE hpts.loan SET principal_minor = 1 WHERE tenant_id = $1 AND loan_id = $2::uuid', [
      api.tenantId,
      euro.loanId,
    ]);
    expect(await statusOf(api, '?currency=USD')).toMatchObject({
      ledger_integrity: { status: 'mismatch', mismatched_account_count: 0 },
      portfolio_rollup: { status: 'mismatch', gl_principal_minor: '921651', sum_of_loan_balances_minor: '921651' },
      by_currency: [
        { currency: 'EUR', portfolio_rollup: { status: 'mismatch', sum_of_loan_balances_minor: '1' } },
        { currency: 'USD', portfolio_rollup: { status: 'ok' } },
      ],
    });
  });

  test('damage of later days does not show as of an earlier one', async () => {
    const { api } = await lender();
    await tamper(
      `UPDATE hpts.account_delta SET credit_minor = credit_minor + 1 WHERE tenant_id = $1 AND effective_at = $2::date AND account_code = 1100`,
      [api.tenantId, DAY.paid],
    );
    expect((await statusOf(api, `?as_of_date=${DAY.accrued}`)).ledger_integrity.status).toBe('ok');
    expect((await statusOf(api, `?as_of_date=${DAY.paid}`)).ledger_integrity.status).toBe('mismatch');
  });

  test("another tenant's damage is not this one's", async () => {
    const [damaged, whole] = [await lender(), await lender()];
    await tamper('UPDATE hpts.loan SET principal_minor = 1 WHERE tenant_id = $1 AND loan_id = $2::uuid', [
      damaged.api.tenantId,
      damaged.loan.loanId,
    ]);
    expect((await statusOf(whole.api)).ledger_integrity.status).toBe('ok');
    expect((await statusOf(damaged.api)).ledger_integrity.status).toBe('mismatch');
  });
});

describe('GET /v1/reconciliation/status: 400 validation_failed', () => {
  test.each(['as_of_date=2026-02-30', 'currency=usd', 'currency=XXX'])('%s', async (query) => {
    const fields = { fields: [query.slice(0, query.indexOf('='))], fieldCodes: ['invalid_format'] };
    const answer = await ledger.api.get(`${PATH}?${query}`);
    expectProblem(answer, { status: 400, code: 'validation_failed', ...fields });
  });
});

describe('GET /v1/reconciliation/status: 503 too_busy', () => {
  test('at most two runs at once; of those who ask more than may wait, some are turned away, and then it recovers', async () => {
    const { api } = await lender();
    const holder = await ledger.connection();
    await holder.query('BEGIN');
    await holder.query('LOCK TABLE hpts.account_delta IN ACCESS EXCLUSIVE MODE');
    const days = Array.from({ length: 24 }, (_, day) => `2026-06-${String(day + 1).padStart(2, '0')}`);
    const asked = days.map((day) => api.get(`${PATH}?as_of_date=${day}`));
    const turnedAway = await Promise.race(asked);
    const runs = await ledger.sql(`SELECT FROM pg_stat_activity WHERE application_name LIKE 'hpts reconciliation %'`);
    // Whoever asks for a day that somebody waits for gets the same answer.
    const shared = api.get(`${PATH}?as_of_date=${days[5]}`);
    await holder.query('ROLLBACK');
    expectProblem(turnedAway, { status: 503, code: 'too_busy' });
    expect(runs.length).toBeLessThanOrEqual(2);
    const statuses = (await Promise.all(asked)).map(({ status }) => status);
    expect(statuses.filter((status) => status === 200).length).toBe(18);
    expect(statuses.filter((status) => status === 503).length).toBe(6);
    const [first, second] = [await asked[5], await shared];
    expect(second?.text).toBe(first?.text);
  });

  test('a run that takes too long ends, and its connection with it; the answer says what has no such limit', async () => {
    const { api } = await lender();
    const holder = await ledger.connection();
    await holder.query('BEGIN');
    await holder.query('LOCK TABLE hpts.account_delta IN ACCESS EXCLUSIVE MODE');
    const impatient = await createHttpServer({
      operations: [reconciliationStatus(new ReconciliationRuns(ledger.address, 200))],
      plugins: [],
      certificates: { thumbprintOf: () => undefined },
      bodies: new BodyBudget(),
      verifier: { verify: () => ({ ok: true, principal: { ...CALLER, tenantId: api.tenantId, certificates: null } }) },
      loopbackHostsOnly: false,
      watch: new RequestWatch({ log: pino({ level: 'silent' }), accessLog: false, metrics: false }),
      onFailure: () => undefined,
    });
    const client = new HttpClient(await impatient.listen({ host: '127.0.0.1', port: 0 }));
    const answer = await client.send({ method: 'GET', path: PATH, headers: [] });
    await holder.query('ROLLBACK');
    expect(answer.json).toMatchObject({ status: 503, code: 'too_busy' });
    expect(textAt(answer, 'detail')).toContain('npx hpts verify');
    expect([answer.status, answer.headers['retry-after']]).toEqual([503, '30']);
    await expect.poll(runsUnderWay).toBe(0);
    expect((await client.send({ method: 'GET', path: PATH, headers: [] })).status).toBe(200);
    client.close();
    await impatient.close();
  });
});

test('GET /v1/reconciliation/status: 200 for a batch over several loans', async () => {
  const api = await ledger.newTenant();
  const loans = [await newLoan(api), await newLoan(api), await newLoan(api)];
  await posted(
    api.post(
      '/v1/accruals/batch',
      accrual(
        api,
        loans.map((loan) => [loan, '7'] as const),
      ),
    ),
  );
  expect((await statusOf(api)).ledger_integrity.status).toBe('ok');
  await tamper(
    'UPDATE hpts.journal_entry SET loan_ids = loan_ids[2:2] || loan_ids[2:] WHERE tenant_id = $1 AND loan_ids[1] = $2::uuid',
    [api.tenantId, loans[0]?.loanId ?? ''],
  );
  const status = await statusOf(api);
  expect(status.by_currency[0]?.ledger_integrity.mismatched_loan_balance_count).toBe(2);
});

async function runsUnderWay(): Promise<number> {
  const runs = await ledger.sql(`SELECT FROM pg_stat_activity WHERE application_name LIKE 'hpts reconciliation %'`);
  return runs.length;
}

async function tamper(sql: string, values: readonly string[]): Promise<void> {
  for (const table of APPEND_ONLY) await ledger.sql(`ALTER TABLE hpts.${table} DISABLE TRIGGER append_only`);
  await ledger.sql(sql, [...values]);
  for (const table of APPEND_ONLY) await ledger.sql(`ALTER TABLE hpts.${table} ENABLE ALWAYS TRIGGER append_only`);
}
