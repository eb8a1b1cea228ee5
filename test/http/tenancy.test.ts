import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { HttpAnswer } from './http-client.ts';
import { idsOf, pageOf } from './journal-pages.ts';
import { type LedgerServer, startLedger } from './ledger-server.ts';
import {
  accrual,
  DAY,
  disbursement,
  fee,
  type Loan,
  NOBODY,
  payment,
  posted,
  reversal,
  unmadeLoan,
  workedExample,
} from './loan-story.ts';
import { booksOf } from './problem.ts';
import { type TenantApi, textAt } from './tenant-api.ts';

/** Everything one tenant has that another may try to name. */
type Ids = {
  readonly loan: Loan;
  readonly entry: string;
  readonly event: string;
  readonly program: string;
  readonly account: string;
};

let ledger: LedgerServer;
let stranger: TenantApi;
let strangersLoan: Loan;
let owned: Ids;
const missing: Ids = {
  loan: { loanId: NOBODY, borrowerId: NOBODY, currency: 'USD' },
  entry: NOBODY,
  event: NOBODY,
  program: NOBODY,
  account: '0043',
};

beforeAll(async () => {
  ledger = await startLedger();
  stranger = await ledger.newTenant();
  strangersLoan = await workedExample(stranger);
  const loan = await workedExample(ledger.api);
  const paid = await posted(ledger.api.post('/v1/payments', payment(loan)));
  await ledger.sql(`INSERT INTO hpts.account VALUES ($1, 42, 'Ours', 'asset', now())`, [ledger.api.tenantId]);
  owned = {
    loan,
    entry: textAt(paid, 'journal_entry_id'),
    event: textAt(paid, 'payment_event_id'),
    program: ledger.api.defaultProgramId,
    account: '0042',
  };
});
afterAll(() => ledger.stop());

const borrower = () => ({ borrower_id: strangersLoan.borrowerId });
const attempts: readonly [string, (ids: Ids) => Promise<HttpAnswer>][] = [
  ['GET a balance', ({ loan }) => stranger.get(`/v1/loans/${loan.loanId}/balance`)],
  ['GET a balance as of a day', ({ loan }) => stranger.get(`/v1/loans/${loan.loanId}/balance?as_of_date=${DAY.paid}`)],
  [
    'GET a balance known at an instant',
    ({ loan }) => stranger.get(`/v1/loans/${loan.loanId}/balance?known_at=2026-05-01T00:00:00Z`),
  ],
  ['GET a balance of PENDING', ({ loan }) => stranger.get(`/v1/loans/${loan.loanId}/balance?layer=PENDING`)],
  ['GET the journal of a loan', ({ loan }) => stranger.get(`/v1/loans/${loan.loanId}/journal-entries`)],
  [
    'GET a filtered journal of a loan',
    ({ loan }) => stranger.get(`/v1/loans/${loan.loanId}/journal-entries?order=asc&event_type=accrual&page_size=1`),
  ],
  ['GET an account of the chart', ({ account }) => stranger.get(`/v1/accounts/${account}/balance?currency=USD`)],
  ['GET an entry', ({ entry }) => stranger.get(`/v1/journal-entries/${entry}`)],
  ['GET an entry by its event', ({ event }) => stranger.get(`/v1/journal-entries/${event}`)],
  ['GET a page of an entry', ({ entry }) => stranger.get(`/v1/journal-entries/${entry}?lines_page_token=bDE6MQ`)],
  ['POST a payment', ({ loan }) => stranger.post('/v1/payments', payment(loan))],
  ['POST a payment with a borrower of its own', ({ loan }) => stranger.post('/v1/payments', payment(loan, borrower()))],
  ['POST a pending payment', ({ loan }) => stranger.post('/v1/payments', payment(loan, { layer: 'PENDING' }))],
  ['POST a fee', ({ loan }) => stranger.post('/v1/fees', fee(loan))],
  ['POST a fee with a borrower', ({ loan }) => stranger.post('/v1/fees', fee(loan, borrower()))],
  ['POST an accrual of the loan', ({ loan }) => stranger.post('/v1/accruals/batch', accrual(stranger, [[loan, '1']]))],
  [
    'POST an accrual of it among others',
    ({ loan }) =>
      stranger.post(
        '/v1/accruals/batch',
        accrual(
          stranger,
          [
            [strangersLoan, '1'],
            [loan, '1'],
          ],
          { accrual_date: DAY.paid },
        ),
      ),
  ],
  [
    'POST an accrual under the program',
    ({ program }) =>
      stranger.post('/v1/accruals/batch', accrual(stranger, [[strangersLoan, '1']], { program_id: program })),
  ],
  [
    'POST a disbursement under the program',
    ({ program }) => stranger.post('/v1/disbursements', disbursement(strangersLoan, { program_id: program })),
  ],
  [
    'POST a first disbursement under the program',
    ({ program }) =>
      stranger.post('/v1/disbursements', disbursement({ ...strangersLoan, loanId: NOBODY }, { program_id: program })),
  ],
  ['POST a reversal', ({ entry }) => stranger.post('/v1/reversals', reversal(entry))],
  ['POST a reversal by the event', ({ event }) => stranger.post('/v1/reversals', reversal(event))],
];

describe("another tenant's thing answers exactly as a thing that does not exist", () => {
  test.each(attempts)('%s', async (_title, attempt) => {
    const before = await booksOf(ledger);
    const [foreign, none] = [await attempt(owned), await attempt(missing)];
    expect(foreign.status).toBe(404);
    expect(foreign.status).toBe(none.status);
    expect(impersonal(foreign, owned)).toEqual(impersonal(none, missing));
    expect(headersOf(foreign)).toEqual(headersOf(none));
    expect(await booksOf(ledger)).toBe(before);
  });
});

test('lists, accounts and reconciliation show the own books alone, whatever others have', async () => {
  const empty = await ledger.newTenant();
  expect((await empty.get('/v1/journal-entries?order=asc')).json).toEqual({ items: [], next_page_token: null });
  const account = await empty.get('/v1/accounts/1100/balance?currency=USD');
  expect(account.json).toMatchObject({ dr_balance_minor: '0', cr_balance_minor: '0' });
  const status = await empty.get('/v1/reconciliation/status');
  expect(status.json).toMatchObject({ portfolio_rollup: { gl_principal_minor: '0', sum_of_loan_balances_minor: '0' } });
  for (const api of [ledger.api, stranger]) {
    const page = await api.get('/v1/journal-entries?page_size=500');
    const rows = await ledger.sql<{ entry_id: string }>(
      'SELECT entry_id FROM hpts.journal_entry WHERE tenant_id = $1 ORDER BY seq DESC LIMIT 500',
      [api.tenantId],
    );
    expect(idsOf([pageOf(page)])).toEqual(rows.map((row) => row.entry_id));
  }
});

test('the same loan id in two tenants is two loans', async () => {
  const loan = unmadeLoan();
  await posted(ledger.api.post('/v1/disbursements', disbursement(loan, { amount_minor: '7' })));
  const other = { ...loan, borrowerId: NOBODY, currency: 'EUR' };
  await posted(stranger.post('/v1/disbursements', disbursement(other, { amount_minor: '9' })));
  await posted(stranger.post('/v1/payments', payment(other, { amount_minor: '1' })));
  expect((await ledger.api.get(`/v1/loans/${loan.loanId}/balance`)).json).toMatchObject({
    currency: 'USD',
    principal_outstanding_minor: '7',
  });
  expect((await stranger.get(`/v1/loans/${loan.loanId}/balance`)).json).toMatchObject({
    currency: 'EUR',
    principal_outstanding_minor: '8',
  });
});

test('2,000 interleaved reads and writes of two tenants, refusals among them: no row of the other', async () => {
  const sides = await Promise.all(
    [ledger.api, stranger].map(async (api, side) => {
      const loan = unmadeLoan(side === 0 ? 'USD' : 'EUR');
      await posted(api.post('/v1/disbursements', disbursement(loan)));
      return { api, loan };
    }),
  );
  const wrong: string[] = [];
  const ask = async (index: number) => {
    const [mine, theirs] = index % 2 === 0 ? [sides[0], sides[1]] : [sides[1], sides[0]];
    if (mine === undefined || theirs === undefined) throw new Error('two tenants are needed');
    const expectStatus = (answer: HttpAnswer, status: number) => {
      if (answer.status !== status) wrong.push(`${answer.status} in place of ${status}: ${answer.text}`);
      if (answer.text.includes(theirs.loan.borrowerId)) wrong.push(answer.text);
    };
    switch (index % 5) {
      case 0:
        return expectStatus(await mine.api.post('/v1/payments', payment(mine.loan, { amount_minor: '1' })), 201);
      case 1:
        return expectStatus(await mine.api.post('/v1/payments', payment(theirs.loan, { amount_minor: '1' })), 404);
      case 2:
        return expectStatus(await mine.api.get(`/v1/loans/${theirs.loan.loanId}/balance`), 404);
      case 3: {
        const answer = await mine.api.get(`/v1/loans/${mine.loan.loanId}/balance`);
        return textAt(answer, 'currency') === mine.loan.currency ? undefined : wrong.push(answer.text);
      }
      default:
        return expectStatus(await mine.api.post('/v1/fees', fee(theirs.loan)), 404);
    }
  };
  await Promise.all(
    Array.from({ length: 40 }, async (_, worker) => {
      for (let index = worker; index < 2_000; index += 40) await ask(index);
    }),
  );
  expect(wrong).toEqual([]);
  for (const { api, loan } of sides) {
    expect(textAt(await api.get(`/v1/loans/${loan.loanId}/balance`), 'principal_outstanding_minor')).toBe('999800');
  }
});

/** The body without what names this one request, and with the id that was asked for as a word. */
function impersonal(answer: HttpAnswer, ids: Ids): unknown {
  const text = [ids.loan.loanId, ids.entry, ids.event, ids.program, ids.account].reduce(
    (rest, id) => rest.replaceAll(id, 'the-id'),
    answer.text,
  );
  return { ...JSON.parse(text), trace_id: null };
}

function headersOf(answer: HttpAnswer): unknown {
  return { ...answer.headers, date: null, 'content-length': null };
}
