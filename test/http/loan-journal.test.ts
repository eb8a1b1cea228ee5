import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { idsOf, type ListedEntry, pageOf, walk, walkIds, withQuery } from './journal-pages.ts';
import { serveLedger } from './ledger-server.ts';
import {
  accrual,
  DAY,
  disbursement,
  fee,
  type Loan,
  NOBODY,
  newLoan,
  payment,
  posted,
  reversal,
  unmadeLoan,
  workedExample,
} from './loan-story.ts';
import { expectProblem } from './problem.ts';
import { testReadingGates } from './reading-gates.ts';
import { type TenantApi, textAt } from './tenant-api.ts';

const ledger = await serveLedger();
const { api } = ledger;

const pathOf = (loanId: string): string => `/v1/loans/${loanId}/journal-entries`;

describe('GET /v1/loans/{loan_id}/journal-entries as any reading', () => {
  testReadingGates({
    ledger: () => ledger,
    scope: 'hpts:ledger:read',
    valid: async () => pathOf((await newLoan(api)).loanId),
  });
});

describe('GET /v1/loans/{loan_id}/journal-entries: 200', () => {
  test('newest first by default; every entry of the loan alone as its own operation answers it', async () => {
    const loan = await workedExample(api);
    const paid = await posted(api.post('/v1/payments', payment(loan, { metadata: { a: 1 } })));
    const undone = await posted(
      api.post('/v1/reversals', reversal(textAt(paid, 'journal_entry_id'), { effective_at: DAY.paid })),
    );
    await workedExample(api);
    const answer = await api.get(pathOf(loan.loanId.toUpperCase()));
    expect(Object.keys(answer.json as object)).toEqual(['items', 'next_page_token']);
    const { items, next_page_token } = pageOf(answer);
    expect(next_page_token).toBeNull();
    expect(items.map((entry) => entry.event_type)).toEqual([
      'reversal',
      'payment_received',
      'fee_assessed',
      'accrual',
      'disbursement',
    ]);
    expect(items[0]?.journal_entry_id).toBe(textAt(undone, 'journal_entry_id'));
    expect(items[1]).toMatchObject({ reversed_by_entry_id: textAt(undone, 'journal_entry_id'), metadata: { a: 1 } });
    for (const entry of items) {
      expect(entry).toEqual((await api.get(`/v1/journal-entries/${entry.journal_entry_id}`)).json);
    }
    expect(await walkIds(api, pathOf(loan.loanId), { order: 'asc' })).toEqual(idsOf([pageOf(answer)]).reverse());
  });

  test('an entry that touches several loans shows this loan’s lines and lines_total', async () => {
    const [first, second, third] = [await newLoan(api), await newLoan(api), await newLoan(api)];
    const batch = accrual(api, [
      [first, '5'],
      [second, '6'],
      [third, '0'],
    ]);
    const accrued = textAt(await posted(api.post('/v1/accruals/batch', batch)), 'journal_entry_id');
    const entry = (await api.get(`/v1/journal-entries/${accrued}`)).json as ListedEntry;
    for (const [loan, sequence] of [
      [first, 1],
      [second, 2],
    ] as const) {
      const [shown] = pageOf(await api.get(pathOf(loan.loanId))).items;
      const lines = entry.lines.filter((line) => line.sequence === sequence);
      expect(lines.map((line) => line.loan_id)).toEqual([loan.loanId]);
      expect(shown).toEqual({ ...entry, lines, lines_total: 3, lines_next_page_token: null });
    }
    expect(await walkIds(api, pathOf(third.loanId), { event_type: 'accrual' })).toEqual([]);
  });

  test('a batch of one loan with interest is that loan’s alone: all its lines', async () => {
    const [loan, other] = [await newLoan(api), await newLoan(api)];
    await posted(
      api.post(
        '/v1/accruals/batch',
        accrual(api, [
          [other, '0'],
          [loan, '5'],
        ]),
      ),
    );
    const [shown] = pageOf(await api.get(pathOf(loan.loanId))).items;
    expect(shown?.lines.map((line) => [line.sequence, line.account_code, line.loan_id])).toEqual([
      [1, '1200', loan.loanId],
      [2, '4000', null],
    ]);
  });

  test('PENDING and SETTLED are one history, in the order of posting', async () => {
    const loan = await newLoan(api);
    const ids = [textAt(await posted(api.post('/v1/fees', fee(loan))), 'journal_entry_id')];
    for (const [layer, effective_at] of [
      ['PENDING', DAY.paid],
      ['SETTLED', DAY.between],
      ['PENDING', DAY.disbursed],
      ['SETTLED', DAY.paid],
    ]) {
      const paid = await posted(api.post('/v1/payments', payment(loan, { layer, effective_at, amount_minor: '3' })));
      ids.push(textAt(paid, 'journal_entry_id'));
    }
    for (const page_size of ['1', '2', '500']) {
      expect((await walkIds(api, pathOf(loan.loanId), { order: 'asc', page_size })).slice(1)).toEqual(ids);
      expect((await walkIds(api, pathOf(loan.loanId), { page_size })).slice(0, -1)).toEqual(ids.toReversed());
    }
  });

  test('an entry with lines on two layers has two movements and is listed once, at any size of page', async () => {
    const loan = await newLoan(api, { fees: '500' });
    await postOnTwoLayers(loan);
    await posted(api.post('/v1/payments', payment(loan, { amount_minor: '1' })));
    for (const order of ['asc', 'desc']) {
      for (const page_size of ['1', '2', '3', '50']) {
        const types = (await walk(api, pathOf(loan.loanId), { query: { order, page_size } })).flatMap(({ items }) =>
          items.map((entry) => `${entry.event_type} ${entry.lines.length}`),
        );
        const wanted = ['disbursement 2', 'fee_assessed 2', 'payment_settled 4', 'payment_received 2'];
        expect(types).toEqual(order === 'asc' ? wanted : wanted.toReversed());
      }
    }
  });

  test('pages joined are the whole list, filtered, backdated entries among it: any filters, order and sizes', async () => {
    const loan = unmadeLoan();
    const days = Array.from(
      { length: 60 },
      (_, at) => `2026-0${2 + ((at * 7) % 3)}-${String(1 + ((at * 11) % 28)).padStart(2, '0')}`,
    );
    for (const [index, effective_at] of ['2026-02-01', ...days].entries()) {
      const layer = index % 7 === 3 ? 'PENDING' : 'SETTLED';
      if (index % 3 === 0) await posted(api.post('/v1/disbursements', disbursement(loan, { effective_at, layer })));
      else if (index % 3 === 1) await posted(api.post('/v1/fees', fee(loan, { effective_at })));
      else await posted(api.post('/v1/payments', payment(loan, { effective_at, layer, amount_minor: '2' })));
    }
    const all = (await walk(api, pathOf(loan.loanId), { query: { order: 'asc', page_size: '500' } })).flatMap(
      ({ items }) => items,
    );
    expect(all.length).toBe(61);
    const day = fc.constantFrom('2026-01-31', '2026-02-01', '2026-05-01', ...days);
    const asked = fc.record(
      {
        from_date: day,
        to_date: day,
        event_type: fc.constantFrom('disbursement', 'fee_assessed', 'payment_received', 'reversal'),
        order: fc.constantFrom('asc', 'desc'),
        page_size: fc.integer({ min: 1, max: 70 }).map(String),
      },
      { requiredKeys: [] },
    );
    await fc.assert(
      fc.asyncProperty(asked, async (query) => {
        const { from_date = '0001-01-01', to_date = '9999-12-31', event_type } = query;
        const wanted = all
          .filter(({ effective_at }) => effective_at >= from_date && effective_at <= to_date)
          .filter((entry) => event_type === undefined || entry.event_type === event_type)
          .map((entry) => entry.journal_entry_id);
        if (query.order !== 'asc') wanted.reverse();
        expect(await walkIds(api, pathOf(loan.loanId), query)).toEqual(wanted);
      }),
      { numRuns: 150 },
    );
  });

  test('none twice, none missing, while the loan is written to', async () => {
    const loan = await newLoan(api);
    const pay = () => api.post('/v1/payments', payment(loan, { amount_minor: '1' }));
    const burst = (count: number) => Promise.all(Array.from({ length: count }, () => posted(pay())));
    await burst(300);
    const path = pathOf(loan.loanId);
    const walks = await Promise.all(
      (['desc', 'asc'] as const).flatMap((order) =>
        ['', 'payment_received'].map(async (event_type) => {
          const query = { order, page_size: '17', ...(event_type === '' ? {} : { event_type }) };
          return { order, event_type, ids: idsOf(await walk(api, path, { query, between: () => burst(3) })) };
        }),
      ),
    );
    const all = await walkIds(api, path, { order: 'asc', page_size: '500' });
    for (const { order, event_type, ids } of walks) {
      const list = event_type === '' ? all : all.slice(1);
      const first = list.slice(0, ids.length);
      expect(ids).toEqual(order === 'asc' ? first : first.toReversed());
      expect(ids.length).toBeGreaterThanOrEqual(300);
    }
  });
});

describe('GET /v1/loans/{loan_id}/journal-entries: 400 validation_failed', () => {
  test.each(['from_date=x', 'to_date=2026-13-01', 'event_type=x', 'page_size=1000', 'order=newest'])(
    '%s',
    async (query) => {
      const answer = await api.get(`${pathOf((await newLoan(api)).loanId)}?${query}`);
      const fields = { fields: [query.slice(0, query.indexOf('='))], fieldCodes: ['invalid_format'] };
      expectProblem(answer, { status: 400, code: 'validation_failed', ...fields });
    },
  );

  test('account_code, which is a parameter of the tenant’s list', async () => {
    const answer = await api.get(`${pathOf((await newLoan(api)).loanId)}?account_code=1100`);
    expectProblem(answer, { status: 400, code: 'validation_failed', fields: ['account_code'] });
  });
});

describe('GET /v1/loans/{loan_id}/journal-entries: 400 invalid_page_token', () => {
  test('what is no token, and one of another loan, of another query or of another tenant', async () => {
    const [loan, other] = [await workedExample(api), await workedExample(api)];
    const stranger = await ledger.newTenant();
    await posted(stranger.post('/v1/disbursements', disbursement(loan)));
    const query = { page_size: '1', event_type: 'fee_assessed', order: 'asc' };
    await posted(api.post('/v1/fees', fee(loan)));
    const page_token = pageOf(await api.get(withQuery(pathOf(loan.loanId), query))).next_page_token ?? '';
    pageOf(await api.get(withQuery(pathOf(loan.loanId), { ...query, page_token })));
    const refused: readonly [TenantApi, Loan, Readonly<Record<string, string>>][] = [
      [api, loan, { ...query, page_token: 'x' }],
      [api, loan, { ...query, page_token: '' }],
      [api, loan, { ...query, page_token: `${page_token.slice(0, -2)}AA` }],
      [api, other, { ...query, page_token }],
      [stranger, loan, { ...query, page_token }],
      [api, loan, { ...query, order: 'desc', page_token }],
      [api, loan, { ...query, from_date: DAY.between, page_token }],
      [api, loan, { page_token }],
    ];
    for (const [who, about, sent] of refused) {
      const answer = await who.get(withQuery(pathOf(about.loanId), sent));
      expectProblem(answer, { status: 400, code: 'invalid_page_token' });
    }
  });
});

describe('GET /v1/loans/{loan_id}/journal-entries: 404 loan_not_found', () => {
  test.each([NOBODY, 'x', '%00', `${NOBODY}0`])('%s', async (id) => {
    for (const query of ['', '?event_type=accrual&order=asc']) {
      expectProblem(await api.get(pathOf(id) + query), { status: 404, code: 'loan_not_found' });
    }
  });
});

/** What settling a pending payment will post: its mirror on PENDING and its lines on SETTLED, as one entry. */
async function postOnTwoLayers(loan: Loan): Promise<void> {
  const entryId = randomUUID();
  await ledger.sql(
    `INSERT INTO hpts.journal_entry (tenant_id, entry_id, seq, event_id, correlation_id, posted_at, effective_at, event_type, currency,
       loan_id, borrower_id, accounts, amounts, layers, actor)
     SELECT h.tenant_id, $2, h.seq + 1, $2, $2, h.posted_at, $5, 'payment_settled', 'USD', $3, $4, '{2100,1010,1010,1300}', '{5,-5,5,-5}', '{1,1,0,0}', 'test'
     FROM hpts.tenant_head AS h WHERE h.tenant_id = $1`,
    [api.tenantId, entryId, loan.loanId, loan.borrowerId, DAY.accrued],
  );
  for (const layer of [1, 0]) {
    await ledger.sql(
      `INSERT INTO hpts.loan_movement SELECT $1, $2, $3, $4, l.loan_seq + 1, $4, now(), $5, 0, 0, 0, 0, 0
       FROM hpts.loan AS l WHERE l.tenant_id = $1 AND l.loan_id = $2`,
      [api.tenantId, loan.loanId, layer, DAY.accrued, entryId],
    );
    await ledger.sql('UPDATE hpts.loan SET loan_seq = loan_seq + 1 WHERE tenant_id = $1 AND loan_id = $2', [
      api.tenantId,
      loan.loanId,
    ]);
  }
  await ledger.sql('UPDATE hpts.tenant_head SET seq = seq + 1 WHERE tenant_id = $1', [api.tenantId]);
}
