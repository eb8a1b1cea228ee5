import { randomUUID } from 'node:crypto';
import { adjustment, proposedByColleague } from './adjustment-story.ts';
import type { HttpAnswer } from './http-client.ts';
import { type IdPosition, type Ids, type Lender, named } from './id-position.ts';
import {
  accrual,
  chargeOff,
  clearing,
  DAY,
  disbursement,
  fee,
  feeWaiver,
  goodwillCredit,
  newLoan,
  payment,
  paymentReturn,
  posted,
  recovery,
  registration,
  reversal,
  settlement,
  suspenseAllocation,
  suspenseRefund,
  unmadeLoan,
  workedExample,
} from './loan-story.ts';
import { RESTRUCTURING } from './restructuring-positions.ts';
import { type TenantApi, textAt } from './tenant-api.ts';

/** A lender whose loan was paid once. */
export async function newLender(api: TenantApi): Promise<Lender> {
  const loan = await workedExample(api);
  const [spare, spareNew] = [await newLoan(api), await newLoan(api)];
  const lent = await posted(api.post('/v1/disbursements', disbursement(loan, { amount_minor: '1' })));
  const registered = unmadeLoan();
  await posted(api.post('/v1/loans', registration(registered)));
  const paid = await posted(api.post('/v1/payments', payment(loan)));
  const accrued = await posted(
    api.post('/v1/accruals/batch', accrual(api, [[loan, '40']], { accrual_date: DAY.later })),
  );
  const ids = {
    loan: loan.loanId,
    spareLoan: spare.loanId,
    spareNewLoan: spareNew.loanId,
    registeredLoan: registered.loanId,
    borrower: loan.borrowerId,
    entry: textAt(paid, 'journal_entry_id'),
    event: textAt(paid, 'payment_event_id'),
    disbursement: textAt(lent, 'disbursement_event_id'),
    program: api.defaultProgramId,
    webhookEndpoint: await webhookEndpointOf(api),
    accrual: textAt(accrued, 'accrual_event_id'),
    adjustment: await proposedByColleague(api, adjustment(loan)),
    accrualRun: textAt(await posted(api.post('/v1/accruals/runs', run(api.defaultProgramId))), 'accrual_run_id'),
  };
  return { api, loan, ids };
}

/** Nobody listens there, and nothing is sent: it is disabled. */
async function webhookEndpointOf(api: TenantApi): Promise<string> {
  const made = await posted(api.post('/v1/webhook-endpoints', { url: 'http://127.0.0.1:1025/hook' }));
  const id = textAt(made, 'webhook_endpoint_id');
  await posted(api.post(`/v1/webhook-endpoints/${id}/disable`, {}));
  return id;
}

/** Ids of nothing at all, fresh ones each time. */
export function noIds(): Ids {
  return {
    loan: randomUUID(),
    spareLoan: randomUUID(),
    spareNewLoan: randomUUID(),
    registeredLoan: randomUUID(),
    borrower: randomUUID(),
    entry: randomUUID(),
    event: randomUUID(),
    disbursement: randomUUID(),
    program: randomUUID(),
    webhookEndpoint: randomUUID(),
    accrual: randomUUID(),
    adjustment: randomUUID(),
    accrualRun: randomUUID(),
  };
}

const READING: readonly IdPosition[] = [
  ...['', `?as_of_date=${DAY.paid}`, '?known_at=2026-05-01T00:00:00Z', '?layer=PENDING'].map(
    (query): IdPosition => ({
      operation: 'GET /v1/loans/{loan_id}/balance',
      position: query === '' ? 'path loan_id' : `path loan_id, ${query}`,
      status: 404,
      attempt: (ids, { api }) => api.get(`/v1/loans/${ids.loan}/balance${query}`),
    }),
  ),
  ...(['entry', 'event'] as const).flatMap((what) =>
    ['', '?lines_page_token=bDE6MQ'].map(
      (query): IdPosition => ({
        operation: 'GET /v1/journal-entries/{journal_entry_id}',
        position:
          what === 'entry' && query === '' ? 'path journal_entry_id' : `path journal_entry_id, of the ${what} ${query}`,
        status: 404,
        attempt: (ids, { api }) => api.get(`/v1/journal-entries/${ids[what]}${query}`),
      }),
    ),
  ),
];

const LISTS: readonly IdPosition[] = [
  ...['', '?order=asc&event_type=accrual&page_size=1', `?from_date=${DAY.paid}`].map(
    (query): IdPosition => ({
      operation: 'GET /v1/loans/{loan_id}/journal-entries',
      position: query === '' ? 'path loan_id' : `path loan_id, ${query}`,
      status: 404,
      attempt: (ids, { api }) => api.get(`/v1/loans/${ids.loan}/journal-entries${query}`),
    }),
  ),
  {
    operation: 'GET /v1/events',
    position: 'query after',
    status: 404,
    attempt: (ids, { api }) => api.get(`/v1/events?after=${ids.entry}`),
  },
];

const LOANS: readonly IdPosition[] = [
  {
    operation: 'GET /v1/loans/{loan_id}',
    position: 'path loan_id',
    status: 404,
    attempt: (ids, { api }) => api.get(`/v1/loans/${ids.loan}`),
  },
  ...(['borrower_id', 'program_id'] as const).map(
    (name): IdPosition => ({
      operation: 'GET /v1/loans',
      position: `query ${name}`,
      // A filter that nothing fits is no fault: the list is empty.
      status: 200,
      attempt: (ids, { api }) => api.get(`/v1/loans?${name}=${name === 'borrower_id' ? ids.borrower : ids.program}`),
    }),
  ),
  {
    operation: 'POST /v1/loans',
    position: 'body loan_id',
    // An id that is free here makes a loan here.
    status: 201,
    attempt: (ids, me) => me.api.post('/v1/loans', registration({ ...unmadeLoan(), loanId: ids.registeredLoan })),
  },
  {
    operation: 'POST /v1/loans',
    position: 'body borrower_id',
    status: 201,
    attempt: (ids, me) => me.api.post('/v1/loans', registration({ ...unmadeLoan(), borrowerId: ids.borrower })),
  },
  {
    operation: 'POST /v1/loans',
    position: 'body program_id',
    status: 404,
    attempt: (ids, me) => me.api.post('/v1/loans', registration(unmadeLoan(), { program_id: ids.program })),
  },
];

const PROGRAMS: readonly IdPosition[] = [
  {
    operation: 'GET /v1/programs/{program_id}',
    position: 'path program_id',
    status: 404,
    attempt: (ids, { api }) => api.get(`/v1/programs/${ids.program}`),
  },
  {
    operation: 'POST /v1/programs/{program_id}/versions',
    position: 'path program_id',
    status: 404,
    attempt: (ids, { api }) => api.post(`/v1/programs/${ids.program}/versions`, { effective_at: DAY.paid }),
  },
];

const WEBHOOKS: readonly IdPosition[] = [
  ...['', '/deliveries'].map(
    (rest): IdPosition => ({
      operation: `GET /v1/webhook-endpoints/{webhook_endpoint_id}${rest}`,
      position: 'path webhook_endpoint_id',
      status: 404,
      attempt: (ids, { api }) => api.get(`/v1/webhook-endpoints/${ids.webhookEndpoint}${rest}`),
    }),
  ),
  ...['rotate-secret', 'disable', 'enable'].map(
    (act): IdPosition => ({
      operation: `POST /v1/webhook-endpoints/{webhook_endpoint_id}/${act}`,
      position: 'path webhook_endpoint_id',
      status: 404,
      attempt: (ids, { api }) => api.post(`/v1/webhook-endpoints/${ids.webhookEndpoint}/${act}`, {}),
    }),
  ),
  ...(['webhook_endpoint_id', 'journal_entry_id'] as const).map(
    (name): IdPosition => ({
      operation: 'POST /v1/webhook-endpoints/{webhook_endpoint_id}/deliveries/{journal_entry_id}/resend',
      position: `path ${name}`,
      status: 404,
      attempt: (ids, { api, ids: own }) => {
        const endpoint = name === 'webhook_endpoint_id' ? ids.webhookEndpoint : own.webhookEndpoint;
        return api.post(`/v1/webhook-endpoints/${endpoint}/deliveries/${ids.entry}/resend`, {});
      },
    }),
  ),
];

/** A run of a day before all loans: it passes over every one. */
function run(programId: string): object {
  return { program_id: programId, accrual_date: DAY.beforeAll };
}

const RUNS: readonly IdPosition[] = [
  {
    operation: 'POST /v1/accruals/runs',
    position: 'body program_id',
    status: 404,
    attempt: (ids, { api }) => api.post('/v1/accruals/runs', run(ids.program)),
  },
  {
    operation: 'GET /v1/accruals/runs/{accrual_run_id}',
    position: 'path accrual_run_id',
    status: 404,
    attempt: (ids, { api }) => api.get(`/v1/accruals/runs/${ids.accrualRun}`),
  },
];

const ADJUSTMENTS: readonly IdPosition[] = [
  {
    operation: 'GET /v1/adjustments/{adjustment_id}',
    position: 'path adjustment_id',
    status: 404,
    attempt: (ids, { api }) => api.get(`/v1/adjustments/${ids.adjustment}`),
  },
  ...(['approvals', 'rejections'] as const).map(
    (verdict): IdPosition => ({
      operation: `POST /v1/adjustments/{adjustment_id}/${verdict}`,
      position: 'path adjustment_id',
      status: 404,
      attempt: (ids, { api }) => api.post(`/v1/adjustments/${ids.adjustment}/${verdict}`, {}),
    }),
  ),
  ...(['control', 'other'] as const).map(
    (kind): IdPosition => ({
      operation: 'POST /v1/adjustments',
      position: `body lines[].loan_id, on ${kind === 'control' ? 'a control account' : 'another'}`,
      status: 404,
      attempt: (ids, { api }) => {
        const line = { account_code: kind === 'control' ? '1200' : '4000', loan_id: ids.loan };
        const money = { amount_minor: '1', currency: 'USD' };
        const lines = [
          { ...line, ...money, direction: 'DR' },
          { account_code: '4100', ...money, direction: 'CR' },
        ];
        return api.post('/v1/adjustments', { lines, reason_code: 'other', effective_at: DAY.later });
      },
    }),
  ),
  {
    operation: 'POST /v1/accruals/{accrual_event_id}/corrections',
    position: 'path accrual_event_id',
    status: 404,
    attempt: (ids, me) => correct(me, { batch: ids.accrual, loan: me.loan.loanId }),
  },
  {
    operation: 'POST /v1/accruals/{accrual_event_id}/corrections',
    position: 'body loans[].loan_id',
    status: 404,
    attempt: (ids, me) => correct(me, { batch: me.ids.accrual, loan: ids.loan }),
  },
];

function correct({ api }: Lender, { batch, loan }: { batch: string; loan: string }): Promise<HttpAnswer> {
  const loans = [{ loan_id: loan, interest_minor: '40' }];
  const body = { effective_at: DAY.later, reason_code: 'other', loans };
  return api.post(`/v1/accruals/${batch}/corrections`, body);
}

const POSTING: readonly IdPosition[] = [
  ...[{}, { layer: 'PENDING' }].map(
    (changes): IdPosition => ({
      operation: 'POST /v1/payments',
      position: 'layer' in changes ? 'body loan_id, PENDING' : 'body loan_id',
      status: 404,
      attempt: (ids, me) => me.api.post('/v1/payments', payment(named(ids, me), changes)),
    }),
  ),
  {
    operation: 'POST /v1/payments',
    position: 'body loan_id, with a borrower of its own',
    status: 404,
    attempt: (ids, me) => me.api.post('/v1/payments', payment({ ...me.loan, loanId: ids.loan })),
  },
  {
    operation: 'POST /v1/payments',
    position: 'body borrower_id',
    status: 422,
    attempt: (ids, me) => me.api.post('/v1/payments', payment({ ...me.loan, borrowerId: ids.borrower })),
  },
  {
    operation: 'POST /v1/disbursements',
    position: 'body loan_id',
    // A loan begins with its first disbursement, so an id that is free here makes a loan here.
    status: 201,
    attempt: (ids, me) => me.api.post('/v1/disbursements', disbursement({ ...unmadeLoan(), loanId: ids.spareLoan })),
  },
  {
    operation: 'POST /v1/disbursements',
    position: 'body borrower_id',
    status: 422,
    attempt: (ids, me) => me.api.post('/v1/disbursements', disbursement({ ...me.loan, borrowerId: ids.borrower })),
  },
  {
    operation: 'POST /v1/disbursements',
    position: 'body borrower_id, of a first disbursement',
    status: 201,
    attempt: (ids, me) => me.api.post('/v1/disbursements', disbursement({ ...unmadeLoan(), borrowerId: ids.borrower })),
  },
  {
    operation: 'POST /v1/disbursements',
    position: 'body program_id',
    status: 404,
    attempt: (ids, me) => me.api.post('/v1/disbursements', disbursement(me.loan, { program_id: ids.program })),
  },
  {
    operation: 'POST /v1/disbursements',
    position: 'body program_id, of a first disbursement',
    status: 404,
    attempt: (ids, me) => me.api.post('/v1/disbursements', disbursement(unmadeLoan(), { program_id: ids.program })),
  },
  {
    operation: 'POST /v1/fees',
    position: 'body loan_id',
    status: 404,
    attempt: (ids, me) => me.api.post('/v1/fees', fee(named(ids, me))),
  },
  {
    operation: 'POST /v1/fees',
    position: 'body borrower_id',
    status: 422,
    attempt: (ids, me) => me.api.post('/v1/fees', fee(me.loan, { borrower_id: ids.borrower })),
  },
  {
    operation: 'POST /v1/fees/waivers',
    position: 'body loan_id',
    status: 404,
    attempt: (ids, me) => me.api.post('/v1/fees/waivers', feeWaiver(named(ids, me))),
  },
  {
    operation: 'POST /v1/goodwill-credits',
    position: 'body loan_id',
    status: 404,
    attempt: (ids, me) => me.api.post('/v1/goodwill-credits', goodwillCredit(named(ids, me))),
  },
  {
    operation: 'POST /v1/goodwill-credits',
    position: 'body borrower_id',
    status: 422,
    attempt: (ids, me) => {
      const body = goodwillCredit({ ...me.loan, borrowerId: ids.borrower });
      return me.api.post('/v1/goodwill-credits', body);
    },
  },
  {
    operation: 'POST /v1/payments/allocations',
    position: 'body loan_id',
    status: 404,
    attempt: (ids, me) => me.api.post('/v1/payments/allocations', suspenseAllocation(named(ids, me))),
  },
  {
    operation: 'POST /v1/suspense-refunds',
    position: 'body loan_id',
    status: 404,
    attempt: (ids, me) => me.api.post('/v1/suspense-refunds', suspenseRefund(named(ids, me))),
  },
  {
    operation: 'POST /v1/chargeoffs',
    position: 'body loan_id',
    status: 404,
    attempt: (ids, me) => me.api.post('/v1/chargeoffs', chargeOff(named(ids, me))),
  },
  {
    operation: 'POST /v1/recoveries',
    position: 'body loan_id',
    status: 404,
    attempt: (ids, me) => me.api.post('/v1/recoveries', recovery(named(ids, me))),
  },
  {
    operation: 'POST /v1/recoveries',
    position: 'body borrower_id',
    status: 422,
    attempt: (ids, me) => me.api.post('/v1/recoveries', recovery({ ...me.loan, borrowerId: ids.borrower })),
  },
  {
    operation: 'POST /v1/accruals/batch',
    position: 'body loans[].loan_id',
    status: 404,
    attempt: (ids, me) => me.api.post('/v1/accruals/batch', accrual(me.api, [[named(ids, me), '1']])),
  },
  {
    operation: 'POST /v1/accruals/batch',
    position: 'body loans[].loan_id, behind one of its own',
    status: 404,
    attempt: (ids, me) => {
      const loans = [me.loan, named(ids, me)].map((loan) => [loan, '1'] as const);
      return me.api.post('/v1/accruals/batch', accrual(me.api, loans, { accrual_date: DAY.paid }));
    },
  },
  {
    operation: 'POST /v1/accruals/batch',
    position: 'body program_id',
    status: 404,
    attempt: (ids, me) => {
      const changes = { program_id: ids.program, accrual_date: DAY.paid };
      return me.api.post('/v1/accruals/batch', accrual(me.api, [[me.loan, '1']], changes));
    },
  },
  ...(['entry', 'event'] as const).map(
    (what): IdPosition => ({
      operation: 'POST /v1/reversals',
      position: what === 'entry' ? 'body reverses_entry_id' : 'body reverses_entry_id, of the event',
      status: 404,
      attempt: (ids, { api }) => api.post('/v1/reversals', reversal(ids[what])),
    }),
  ),
];

/** Ids of payments and disbursements stand in paths; each action there answers for itself. */
const EARLIER: readonly IdPosition[] = [
  ...(['returns', 'settlements', 'cancellations'] as const).flatMap((action) => [
    ...(['event', 'entry'] as const).map(
      (what): IdPosition => ({
        operation: `POST /v1/payments/{payment_event_id}/${action}`,
        position: what === 'event' ? 'path payment_event_id' : 'path payment_event_id, of the entry',
        status: 404,
        attempt: (ids, { api }) =>
          api.post(`/v1/payments/${ids[what]}/${action}`, action === 'returns' ? paymentReturn() : settlement()),
      }),
    ),
  ]),
  ...(['settlements', 'cancellations'] as const).map(
    (action): IdPosition => ({
      operation: `POST /v1/disbursements/{disbursement_event_id}/${action}`,
      position: 'path disbursement_event_id',
      status: 404,
      attempt: (ids, { api }) => api.post(`/v1/disbursements/${ids.disbursement}/${action}`, settlement()),
    }),
  ),
  {
    operation: 'POST /v1/payments/settlements',
    position: 'body journal_entry_ids[]',
    status: 404,
    attempt: (ids, { api }) => api.post('/v1/payments/settlements', clearing([ids.entry])),
  },
];

/** Every operation with every place where an id stands in it. A new operation adds its rows here. */
export const ID_POSITIONS: readonly IdPosition[] = [
  ...READING,
  ...LISTS,
  ...ADJUSTMENTS,
  ...RUNS,
  // Before anything is posted here for a borrower of the other.
  ...LOANS,
  ...POSTING,
  ...EARLIER,
  ...RESTRUCTURING,
  ...PROGRAMS,
  ...WEBHOOKS,
];

/** Operations with a scope that take no id of anything. */
export const WITHOUT_IDS: ReadonlySet<string> = new Set<string>([
  'GET /v1/accounts',
  'GET /v1/accounts/{account_code}/balance',
  'GET /v1/adjustments',
  'GET /v1/journal-entries',
  'GET /v1/periods',
  'GET /v1/programs',
  'GET /v1/reconciliation/status',
  'GET /v1/webhook-endpoints',
  'POST /v1/accounts',
  'POST /v1/accounts/{account_code}/names',
  'POST /v1/periods/{period}/close',
  'POST /v1/periods/{period}/reopen',
  'POST /v1/programs',
  'POST /v1/webhook-endpoints',
]);
