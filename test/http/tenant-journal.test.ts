import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { EVENT_TYPES } from '../../src/domain/event-type.ts';
import { idsOf, type ListedEntry, pageOf, walk, walkIds, withQuery } from './journal-pages.ts';
import { type LedgerServer, startLedger } from './ledger-server.ts';
import { accrual, DAY, fee, type Loan, newLoan, payment, posted, reversal, workedExample } from './loan-story.ts';
import { expectProblem } from './problem.ts';
import { testReadingGates } from './reading-gates.ts';
import { type TenantApi, textAt } from './tenant-api.ts';

const PATH = '/v1/journal-entries';

let ledger: LedgerServer;
let api: TenantApi;
/** A journal of every event and of several days, and all of it as one list, oldest first. */
let entries: readonly ListedEntry[];
beforeAll(async () => {
  ledger = await startLedger();
  api = ledger.api;
  await fillJournal();
  entries = (await walk(api, PATH, { query: { order: 'asc', page_size: '500' } })).flatMap(({ items }) => items);
});
afterAll(() => ledger.stop());

async function fillJournal(): Promise<void> {
  const loans: Loan[] = [];
  for (let count = 0; count < 6; count += 1) loans.push(await workedExample(api));
  for (const [index, loan] of loans.entries()) {
    await posted(api.post('/v1/payments', payment(loan)));
    const effective_at = [DAY.between, DAY.disbursed, DAY.paid][index % 3];
    const charged = await posted(api.post('/v1/fees', fee(loan, { effective_at, metadata: { index } })));
    if (index % 2 === 0) await posted(api.post('/v1/reversals', reversal(textAt(charged, 'journal_entry_id'))));
    await posted(api.post('/v1/payments', payment(loan, { layer: 'PENDING', amount_minor: '5' })));
  }
  const batch = loans.map((loan) => [loan, '7'] as const);
  await posted(api.post('/v1/accruals/batch', accrual(api, batch, { accrual_date: DAY.paid })));
  const nothing = loans.map((loan) => [loan, '0'] as const);
  await posted(api.post('/v1/accruals/batch', accrual(api, nothing, { accrual_date: DAY.later })));
}

describe('GET /v1/journal-entries as any reading', () => {
  testReadingGates({ ledger: () => ledger, scope: 'hpts:ledger:read', valid: async () => PATH });
});

describe('GET /v1/journal-entries: 200', () => {
  test('newest first by default, 50 to a page; every entry as its own operation answers it', async () => {
    const answer = await api.get(PATH);
    expect(Object.keys(answer.json as object)).toEqual(['items', 'next_page_token']);
    const { items } = pageOf(answer);
    expect(items.map((entry) => entry.journal_entry_id)).toEqual(
      entries
        .map((entry) => entry.journal_entry_id)
        .reverse()
        .slice(0, 50),
    );
    for (const entry of items) {
      expect(entry).toEqual((await api.get(`${PATH}/${entry.journal_entry_id}`)).json);
    }
  });

  test('in the order of posting', async () => {
    const rows = await ledger.sql<{ entry_id: string }>(
      'SELECT entry_id FROM hpts.journal_entry WHERE tenant_id = $1 ORDER BY seq',
      [api.tenantId],
    );
    const ids = rows.map((row) => row.entry_id);
    expect(await walkIds(api, PATH, { order: 'asc', page_size: '7' })).toEqual(ids);
    expect(await walkIds(api, PATH, { order: 'desc', page_size: '7' })).toEqual(ids.toReversed());
  });

  test('a tenant without entries has an empty list', async () => {
    const nobody = await ledger.newTenant();
    for (const query of ['', '?order=asc', '?event_type=accrual', '?order=asc&account_code=1000']) {
      expect((await nobody.get(PATH + query)).json).toEqual({ items: [], next_page_token: null });
    }
  });

  test('a page that ends with the last entry says so', async () => {
    for (const order of ['asc', 'desc']) {
      const size = String(entries.length);
      expect(pageOf(await api.get(withQuery(PATH, { order, page_size: size }))).next_page_token).toBeNull();
      const pages = await walk(api, PATH, { query: { order, page_size: String(entries.length - 1) } });
      expect(pages.map(({ items }) => items.length)).toEqual([entries.length - 1, 1]);
      const filtered = { order, page_size: '6', event_type: 'disbursement' };
      expect(pageOf(await api.get(withQuery(PATH, filtered))).next_page_token).toBeNull();
    }
  });

  test('the size of a page may change from page to page', async () => {
    const first = pageOf(await api.get(withQuery(PATH, { page_size: '3' })));
    const rest = await api.get(withQuery(PATH, { page_size: '500', page_token: first.next_page_token ?? '' }));
    expect(idsOf([first, pageOf(rest)])).toEqual(entries.map((entry) => entry.journal_entry_id).reverse());
  });

  test('dates that no day lies between list nothing', async () => {
    const query = { from_date: DAY.paid, to_date: DAY.between };
    expect((await api.get(withQuery(PATH, query))).json).toEqual({ items: [], next_page_token: null });
  });

  test('pages joined are the whole list, filtered: any filters, order and sizes', async () => {
    const day = fc.constantFrom(...Object.values(DAY));
    const asked = fc.record(
      {
        from_date: day,
        to_date: day,
        event_type: fc.constantFrom(...EVENT_TYPES),
        account_code: fc.constantFrom('1000', '1010', '1100', '1200', '1300', '2100', '4000', '4100', '9999'),
        order: fc.constantFrom('asc', 'desc'),
        page_size: fc.integer({ min: 1, max: 60 }).map(String),
      },
      { requiredKeys: [] },
    );
    await fc.assert(
      fc.asyncProperty(asked, async (query) => {
        const wanted = entries.filter((entry) => passes(entry, query)).map((entry) => entry.journal_entry_id);
        if (query.order !== 'asc') wanted.reverse();
        expect(await walkIds(api, PATH, query)).toEqual(wanted);
      }),
      { numRuns: 150 },
    );
  });
});

describe('GET /v1/journal-entries while it is written to', () => {
  test('200: none twice, none missing, in both orders, over a journal that grows under every page', async () => {
    const busy = await ledger.newTenant();
    const loan = await newLoan(busy, { principal: '1000000' });
    const pay = () => busy.post('/v1/payments', payment(loan, { amount_minor: '1' }));
    const burst = (count: number) => Promise.all(Array.from({ length: count }, () => posted(pay())));
    await burst(600);
    let walking = true;
    const writing = Promise.all(
      Array.from({ length: 8 }, async () => {
        while (walking) await posted(pay());
      }),
    );
    const known = await walkIds(busy, PATH, { page_size: '500' });
    const walks = await Promise.all(
      (['desc', 'asc'] as const).flatMap((order) =>
        [{}, { event_type: 'payment_received' }].map(async (filter) => {
          const query = { order, page_size: '40', ...filter };
          return { order, filter, ids: idsOf(await walk(busy, PATH, { query, between: () => burst(2) })) };
        }),
      ),
    );
    walking = false;
    await writing;
    const all = await walkIds(busy, PATH, { order: 'asc', page_size: '500' });
    expect(new Set(all).size).toBe(all.length);
    for (const { order, filter, ids } of walks) {
      const list = 'event_type' in filter ? all.slice(1) : all;
      const wanted = order === 'asc' ? list.slice(0, ids.length) : list.slice(0, ids.length).reverse();
      expect(ids).toEqual(wanted);
      expect(ids.length).toBeGreaterThanOrEqual(known.length - 1);
    }
  });
});

describe('GET /v1/journal-entries: 200 in bounded pages', () => {
  test('an entry shows its first 1,000 lines and says how to read on; a page of large entries is short', async () => {
    const lender = await ledger.newTenant();
    const loans: Loan[] = [];
    for (let from = 0; from < 1_200; from += 100) {
      loans.push(...(await Promise.all(Array.from({ length: 100 }, () => newLoan(lender)))));
    }
    for (const day of ['2026-04-01', '2026-04-02', '2026-04-03', '2026-04-04', '2026-04-05', '2026-04-06']) {
      const batch = loans.map((loan) => [loan, '1'] as const);
      await posted(lender.post('/v1/accruals/batch', accrual(lender, batch, { accrual_date: day })));
    }
    const pages = await walk(lender, PATH, { query: { event_type: 'accrual', page_size: '500' } });
    expect(pages.map(({ items }) => items.length)).toEqual([4, 2]);
    const [entry] = pages[0]?.items ?? [];
    if (entry === undefined) throw new Error('the page is empty');
    expect([entry.lines.length, entry.lines_total]).toEqual([1_000, 1_201]);
    const token = Reflect.get(entry, 'lines_next_page_token');
    const rest = await lender.get(`${PATH}/${entry.journal_entry_id}?lines_page_token=${token}`);
    const sequences = (rest.json as ListedEntry).lines.map((line) => line.sequence);
    expect([sequences.length, sequences[0], sequences.at(-1)]).toEqual([201, 1_001, 1_201]);
  });

  test('metadata counts: entries of 16 KiB each end a page early', async () => {
    const lender = await ledger.newTenant();
    const loan = await newLoan(lender);
    const metadata = { note: 'x'.repeat(16 * 1024 - '{"note":""}'.length) };
    for (let count = 0; count < 150; count += 1) {
      await posted(lender.post('/v1/payments', payment(loan, { amount_minor: '1', metadata })));
    }
    const pages = await walk(lender, PATH, { query: { page_size: '500', order: 'asc' } });
    expect(pages.length).toBe(3);
    expect(new Set(idsOf(pages)).size).toBe(151);
  });
});

describe('GET /v1/journal-entries: 400 validation_failed', () => {
  test.each([
    ['from_date=2026-02-30', 'from_date'],
    ['to_date=2026-05-01T00:00:00Z', 'to_date'],
    ['event_type=payment', 'event_type'],
    ['event_type=ACCRUAL', 'event_type'],
    ['account_code=110', 'account_code'],
    ['account_code=cash', 'account_code'],
    ['page_size=0', 'page_size'],
    ['page_size=501', 'page_size'],
    ['page_size=-1', 'page_size'],
    ['page_size=1.0', 'page_size'],
    ['page_size=', 'page_size'],
    ['page_size=010', 'page_size'],
    ['order=up', 'order'],
    ['order=DESC', 'order'],
    ['order=asc&order=desc', 'order'],
  ])('%s', async (query, field) => {
    const expected = {
      status: 400,
      code: 'validation_failed',
      fields: [field],
      fieldCodes: ['invalid_format'],
    } as const;
    expectProblem(await api.get(`${PATH}?${query}`), expected);
  });
});

describe('GET /v1/journal-entries: 400 invalid_page_token', () => {
  const refused = async (who: TenantApi, query: Readonly<Record<string, string>>, path = PATH) =>
    expectProblem(await who.get(withQuery(path, query)), { status: 400, code: 'invalid_page_token' });
  const tokenOf = async (query: Readonly<Record<string, string>>) =>
    pageOf(await api.get(withQuery(PATH, { page_size: '2', ...query }))).next_page_token ?? '';

  test('a token of another query', async () => {
    const query = { from_date: DAY.disbursed, event_type: 'payment_received', account_code: '1010', order: 'asc' };
    const page_token = await tokenOf(query);
    pageOf(await api.get(withQuery(PATH, { ...query, page_token })));
    for (const [name, value] of [
      ['from_date', DAY.between],
      ['to_date', DAY.later],
      ['event_type', 'reversal'],
      ['account_code', '1100'],
      ['order', 'desc'],
    ] as const) {
      await refused(api, { ...query, [name]: value, page_token });
    }
    for (const name of Object.keys(query)) {
      const fewer = Object.fromEntries(Object.entries(query).filter(([other]) => other !== name));
      await refused(api, { ...fewer, page_token });
    }
  });

  test("another tenant's token, and one of a loan's journal", async () => {
    const other = await ledger.newTenant();
    await workedExample(other);
    await refused(other, { page_token: await tokenOf({}) });
    const loanId = entries.flatMap(({ lines }) => lines.map((line) => line.loan_id)).find((id) => id !== null);
    const path = `/v1/loans/${loanId}/journal-entries`;
    const page_token = pageOf(await api.get(`${path}?page_size=1`)).next_page_token ?? '';
    await refused(api, { page_token });
    await refused(api, { page_token: await tokenOf({}) }, path);
  });

  test('what is no token, and a token with any character changed', async () => {
    const token = await tokenOf({});
    for (const page_token of ['', 'x', 'AAAA', 'bDE6MQ', `${token}=`, `${token}A`, token.slice(0, -1), ` ${token}`]) {
      await refused(api, { page_token });
    }
    for (let at = 0; at < token.length; at += 1) {
      const other = token[at] === 'A' ? 'B' : 'A';
      await refused(api, { page_token: token.slice(0, at) + other + token.slice(at + 1) });
    }
  });
});

function passes(entry: ListedEntry, query: Partial<Record<string, string>>): boolean {
  const { from_date, to_date, event_type, account_code } = query;
  if (from_date !== undefined && entry.effective_at < from_date) return false;
  if (to_date !== undefined && entry.effective_at > to_date) return false;
  if (event_type !== undefined && entry.event_type !== event_type) return false;
  return account_code === undefined || entry.lines.some((line) => line.account_code === account_code);
}
