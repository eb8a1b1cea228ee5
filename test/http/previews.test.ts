import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { adjustment, line, proposedByColleague } from './adjustment-story.ts';
import type { HttpAnswer } from './http-client.ts';
import { type LedgerServer, startLedger } from './ledger-server.ts';
import { holdLoan } from './loan-lock.ts';
import {
  accrual,
  chargeOff,
  clearing,
  DAY,
  disbursement,
  FAR_FUTURE,
  fee,
  feeWaiver,
  goodwillCredit,
  type Loan,
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
  settlement,
  suspenseAllocation,
  suspenseRefund,
  unapplied,
  unmadeLoan,
  workedExample,
} from './loan-story.ts';
import { errorsOf, expectProblem } from './problem.ts';
import { type TenantApi, textAt } from './tenant-api.ts';

let ledger: LedgerServer;
let api: TenantApi;
beforeAll(async () => {
  ledger = await startLedger();
  api = ledger.api;
});
afterAll(() => ledger.stop());

type Previewed = {
  /** As docs/api.md writes it. */
  readonly path: string;
  /** Of a path with an id, the address of a thing of its own. */
  readonly address?: () => Promise<string>;
  readonly allocates: boolean;
  /** A request that would be posted. */
  readonly body: () => Promise<object>;
};

const TOO_LATE = { effective_at: FAR_FUTURE, accrual_date: FAR_FUTURE };

const EVENTS: readonly Previewed[] = [
  {
    path: '/v1/payments',
    allocates: true,
    body: async () => payment(await workedExample(api), { external_ref: 'a 1' }),
  },
  { path: '/v1/disbursements', allocates: false, body: async () => disbursement(unmadeLoan()) },
  { path: '/v1/fees', allocates: false, body: async () => fee(await newLoan(api)) },
  { path: '/v1/fees/waivers', allocates: false, body: async () => feeWaiver(await workedExample(api)) },
  { path: '/v1/goodwill-credits', allocates: true, body: async () => goodwillCredit(await workedExample(api)) },
  { path: '/v1/payments/allocations', allocates: true, body: async () => suspenseAllocation(await overpaid()) },
  { path: '/v1/suspense-refunds', allocates: false, body: async () => suspenseRefund(await overpaid()) },
  { path: '/v1/chargeoffs', allocates: true, body: async () => chargeOff(await workedExample(api)) },
  {
    path: '/v1/recoveries',
    allocates: true,
    body: async () => {
      const loan = await workedExample(api);
      await posted(api.post('/v1/chargeoffs', chargeOff(loan)));
      return recovery(loan, { amount_minor: '10700' });
    },
  },
  {
    path: '/v1/accruals/batch',
    allocates: false,
    body: async () => {
      const loans = [await newLoan(api), await newLoan(api)].map((loan) => [loan, '17'] as const);
      return accrual(api, loans);
    },
  },
  {
    path: '/v1/refinances',
    allocates: false,
    body: async () => refinance(await overpaid(), randomUUID(), { new_money_minor: '50' }),
  },
  { path: '/v1/restructures', allocates: false, body: async () => restructure(await workedExample(api)) },
  {
    path: '/v1/loans/{loan_id}/non-accrual',
    address: async () => nonAccrualPath(await workedExample(api)),
    allocates: false,
    body: async () => nonAccrual('enter'),
  },
  {
    path: '/v1/reversals',
    allocates: false,
    body: async () =>
      reversal(textAt(await posted(api.post('/v1/payments', payment(await workedExample(api)))), 'journal_entry_id')),
  },
  {
    path: '/v1/payments/settlements',
    allocates: false,
    body: async () =>
      clearing([textAt(await posted(api.post('/v1/payments', payment(await workedExample(api)))), 'journal_entry_id')]),
  },
  {
    path: '/v1/loans',
    allocates: false,
    body: async () =>
      registration(unmadeLoan(), { opening: { as_of: DAY.paid, principal_minor: '700', fees_minor: '5' } }),
  },
  {
    path: '/v1/payments/{payment_event_id}/settlements',
    address: () => pendingPayment('settlements'),
    allocates: true,
    body: async () => settlement({ external_ref: 'bank 7' }),
  },
  {
    path: '/v1/payments/{payment_event_id}/cancellations',
    address: () => pendingPayment('cancellations'),
    allocates: false,
    body: async () => settlement(),
  },
  {
    path: '/v1/disbursements/{disbursement_event_id}/settlements',
    address: () => pendingDisbursement('settlements'),
    allocates: false,
    body: async () => settlement(),
  },
  {
    path: '/v1/disbursements/{disbursement_event_id}/cancellations',
    address: () => pendingDisbursement('cancellations'),
    allocates: false,
    body: async () => settlement(),
  },
];

async function overpaid(): Promise<Loan> {
  const loan = await workedExample(api);
  await posted(api.post('/v1/payments', unapplied(loan, '700')));
  return loan;
}

async function pendingPayment(action: 'settlements' | 'cancellations'): Promise<string> {
  const sent = payment(await workedExample(api), { layer: 'PENDING' });
  return `/v1/payments/${textAt(await posted(api.post('/v1/payments', sent)), 'payment_event_id')}/${action}`;
}

/** With a fee that is withheld when it settles. */
async function pendingDisbursement(action: 'settlements' | 'cancellations'): Promise<string> {
  const fees = [{ fee_type: 'origination_fee', amount_minor: '300' }];
  const sent = disbursement(unmadeLoan(), { layer: 'PENDING', fees });
  const answer = await posted(api.post('/v1/disbursements', sent));
  return `/v1/disbursements/${textAt(answer, 'disbursement_event_id')}/${action}`;
}

/** The same request on another day. */
function dated(sent: object, day: string): object {
  if ('accrual_date' in sent) return { ...sent, accrual_date: day };
  if ('opening' in sent) return { ...sent, opening: { ...Object(sent.opening), as_of: day } };
  return { ...sent, effective_at: day };
}

function preview(path: string, body: object): Promise<HttpAnswer> {
  return api.post(`${path}?preview=true`, body, { key: null });
}

/** How many rows each table has, and what the loans and heads say. */
async function everyTable(): Promise<unknown> {
  const tables = await ledger.sql<{ name: string }>(
    `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'hpts' AND table_type = 'BASE TABLE' ORDER BY 1`,
  );
  expect(tables.length).toBeGreaterThan(15);
  const counts = tables.map(({ name }) => `SELECT '${name}' AS name, count(*)::int AS rows FROM hpts.${name}`);
  const said = `SELECT md5(string_agg(l::text, ',' ORDER BY loan_id)) AS name, 0 FROM hpts.loan AS l
    UNION ALL SELECT md5(string_agg(h::text, ',' ORDER BY tenant_id)), 0 FROM hpts.tenant_head AS h`;
  return ledger.sql([...counts, said].join(' UNION ALL '));
}

describe.each(EVENTS)('POST $path?preview=true', ({ path, address = async () => path, allocates, body }) => {
  test(`POST ${path}: 200 with the lines that the post then has, and nothing is written before`, async () => {
    const [sent, at] = [await body(), await address()];
    const before = await everyTable();
    const shown = await preview(at, sent);
    expect(shown.status).toBe(200);
    expect(shown.headers['idempotent-replayed']).toBeUndefined();
    expect(await preview(at, sent)).toMatchObject({ status: 200, text: shown.text });
    expect(await everyTable()).toEqual(before);
    const done = await posted(api.post(at, sent));
    const entry = await api.get(`/v1/journal-entries/${textAt(done, 'journal_entry_id')}`);
    const { lines } = entry.json as { lines: unknown };
    const { allocation } = done.json as { allocation?: unknown };
    expect(allocation === undefined).toBe(!allocates);
    expect(shown.json).toEqual({ ...(allocates ? { allocation } : {}), lines, restates: [] });
  });

  test(`POST ${path}: refused as the post is`, async () => {
    const [sent, at] = [await body(), await address()];
    const before = await everyTable();
    const bodies = [dated(sent, FAR_FUTURE), { ...sent, unknown: 1 }, { ...sent, ...TOO_LATE, effective_at: 'soon' }];
    for (const refused of bodies) {
      const [shown, real] = [await preview(at, refused), await api.post(at, refused)];
      expect(shown.status).toBeGreaterThanOrEqual(400);
      expect([shown.status, errorsOf(shown)]).toEqual([real.status, errorsOf(real)]);
      const [{ trace_id: _one, ...shownProblem }, { trace_id: _two, ...realProblem }] = [shown.json, real.json] as [
        Record<string, unknown>,
        Record<string, unknown>,
      ];
      expect({ ...shownProblem, instance: '' }).toEqual({ ...realProblem, instance: '' });
    }
    expect(await everyTable()).toEqual(before);
  });
});

describe('POST /v1/payments?preview=true', () => {
  test('200: a key is not looked at, and stays free', async () => {
    const loan = await workedExample(api);
    const key = 'preview:one-key';
    const first = await api.post('/v1/payments?preview=true', payment(loan), { key });
    expect(first.status).toBe(200);
    expect((await api.post('/v1/payments', payment(loan), { key })).status).toBe(201);
    const again = await api.post('/v1/payments?preview=true', payment(loan, { amount_minor: '1' }), { key });
    expect(again.status).toBe(200);
  });

  test('200: a loan that somebody else holds is not waited for', async () => {
    const loan = await workedExample(api);
    const held = await holdLoan(ledger, loan.loanId);
    const shown = await preview('/v1/payments', payment(loan));
    await held.release();
    expect(shown.status).toBe(200);
  });

  test('201: preview=false posts', async () => {
    expect((await api.post('/v1/payments?preview=false', payment(await workedExample(api)))).status).toBe(201);
  });

  test('400: another parameter, another value, or twice', async () => {
    const body = payment(await workedExample(api));
    for (const query of ['preview=yes', 'preview=true&preview=true', 'Preview=true', 'dry_run=true']) {
      const refused = await api.post(`/v1/payments?${query}`, body);
      expectProblem(refused, { status: 400, code: 'validation_failed', fields: [query.split('=', 1)[0] ?? ''] });
    }
  });

  test('400 missing_idempotency_key: preview=false without a key', async () => {
    const body = payment(await workedExample(api));
    const refused = await api.post('/v1/payments?preview=false', body, { key: null });
    expectProblem(refused, { status: 400, code: 'missing_idempotency_key' });
  });

  test('403 insufficient_scope: what may not be posted may not be previewed', async () => {
    const token = await api.token('hpts:fees:write');
    const body = payment(await workedExample(api));
    const refused = await api.post('/v1/payments?preview=true', body, { key: null, token });
    expectProblem(refused, { status: 403, code: 'insufficient_scope' });
  });

  test("404 loan_not_found: another tenant's loan", async () => {
    const loan = await workedExample(await ledger.newTenant());
    expectProblem(await preview('/v1/payments', payment(loan)), {
      status: 404,
      code: 'loan_not_found',
      fields: ['loan_id'],
    });
  });
});

test('POST /v1/accruals/batch?preview=true: 200 for a batch so large that another thread reads it', async () => {
  const loan = await newLoan(api);
  const others = await Promise.all(Array.from({ length: 9 }, () => newLoan(api)));
  const loans = [loan, ...others].map((one) => [one, '3'] as const);
  const batch = `${JSON.stringify(accrual(api, loans))}${' '.repeat(70_000)}`;
  const before = await everyTable();
  const shown = await api.post('/v1/accruals/batch?preview=true', batch, { key: null });
  expect(shown.status).toBe(200);
  expect((shown.json as { lines: unknown[] }).lines).toHaveLength(11);
  expect(await everyTable()).toEqual(before);
});

test('POST /v1/reversals?preview=true: 200 for the reversal of a batch that is too heavy for the serving thread', async () => {
  const loans: Loan[] = [];
  for (let made = 0; made < 140; made += 20) {
    loans.push(...(await Promise.all(Array.from({ length: 20 }, () => newLoan(api)))));
  }
  const pairs = loans.map((loan) => [loan, '2'] as const);
  const accrued = await posted(api.post('/v1/accruals/batch', accrual(api, pairs, { accrual_date: DAY.paid })));
  const before = await everyTable();
  const shown = await preview('/v1/reversals', reversal(textAt(accrued, 'journal_entry_id')));
  expect(shown.status).toBe(200);
  expect((shown.json as { lines: unknown[] }).lines).toHaveLength(141);
  expect(await everyTable()).toEqual(before);
});

test('POST /v1/adjustments/{adjustment_id}/approvals: 200 a preview of several currencies and layers is what is then posted', async () => {
  const [dollars, euros] = [await newLoan(api), await newLoan(api, { currency: 'EUR' })];
  const lines = [
    line('1100', 'DR', '70', { loan_id: dollars.loanId }),
    line('3000', 'CR', '70'),
    line('1300', 'DR', '8', { loan_id: euros.loanId, currency: 'EUR' }),
    line('4100', 'CR', '8', { loan_id: euros.loanId, currency: 'EUR' }),
    line('1100', 'DR', '9', { loan_id: dollars.loanId, layer: 'PENDING' }),
    line('2000', 'CR', '9', { layer: 'PENDING' }),
  ];
  const id = await proposedByColleague(api, adjustment(dollars, { lines }));
  const preview = await api.post(`/v1/adjustments/${id}/approvals?preview=true`, {}, { key: null });
  expect(preview.status).toBe(200);
  const entryId = textAt(await posted(api.post(`/v1/adjustments/${id}/approvals`, {})), 'journal_entry_id');
  const { json } = await api.get(`/v1/journal-entries/${entryId}`);
  expect(Reflect.get(Object(preview.json), 'lines')).toEqual(Reflect.get(Object(json), 'lines'));
  expect(preview.json).toMatchObject({ lines: lines.map((one) => ({ layer: 'SETTLED', ...one })) });
});
