import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { POSTING_ROUTES } from '../../src/http/routes/posting-routes.ts';
import { tableBelow } from '../../tools/check/markdown-table.ts';
import type { HttpAnswer } from './http-client.ts';
import type { Ids, Lender } from './id-position.ts';
import { ID_POSITIONS, newLender, noIds, WITHOUT_IDS } from './id-positions.ts';
import { idsOf, pageOf } from './journal-pages.ts';
import { type LedgerServer, startLedger } from './ledger-server.ts';
import { disbursement, fee, NOBODY, payment, posted, unmadeLoan } from './loan-story.ts';
import { booksOf } from './problem.ts';
import { textAt } from './tenant-api.ts';

/** TRUST.md section 5, "Tenancy": two tenants × every operation × every place of an id. */
const TIMED_PAIRS = 15;
const TIME_RATIO_MAX = 3;
let ledger: LedgerServer;
let lenders: readonly [Lender, Lender];

beforeAll(async () => {
  ledger = await startLedger({ webhookReceivers: 'loopback' });
  const stranger = await ledger.newTenant();
  lenders = [await newLender(ledger.api), await newLender(stranger)];
});
afterAll(() => ledger.stop());

describe.each([
  [0, 1],
  [1, 0],
] as const)(
  'tenant %i names what tenant %i has: the answer is that for a thing that does not exist',
  (mine, theirs) => {
    test.each(ID_POSITIONS)('$operation: $status: $position', async ({ status, attempt }) => {
      const [me, other] = [lenders[mine], lenders[theirs]];
      const [books, otherBooks] = [await booksOf(ledger), await booksOfTenant(other)];
      const missing = noIds();
      const foreign = await attempt(other.ids, me);
      const none = await attempt(missing, me);
      expect([foreign.status, none.status]).toEqual([status, status]);
      expect(impersonal(foreign, other.ids)).toEqual(impersonal(none, missing));
      expect(headersOf(foreign)).toEqual(headersOf(none));
      expect(await booksOfTenant(other)).toBe(otherBooks);
      if (status >= 400) expect(await booksOf(ledger)).toBe(books);
    });

    test.each(ID_POSITIONS.filter(({ status }) => status === 404))(
      '$operation: 404 in the same time: $position',
      async ({ attempt }) => {
        const [me, other] = [lenders[mine], lenders[theirs]];
        const times: { foreign: number[]; none: number[] } = { foreign: [], none: [] };
        for (let pair = 0; pair < TIMED_PAIRS; pair += 1) {
          times.foreign.push(await durationMs(() => attempt(other.ids, me)));
          times.none.push(await durationMs(() => attempt(noIds(), me)));
        }
        const ratio = median(times.foreign) / median(times.none);
        expect(Math.max(ratio, 1 / ratio)).toBeLessThan(TIME_RATIO_MAX);
      },
    );
  },
);

describe('the table of id positions is whole', () => {
  const operations = documentedOperations();
  const positionsOf = (operation: string): ReadonlySet<string> =>
    new Set(ID_POSITIONS.filter((one) => one.operation === operation).map(({ position }) => position));

  test('it names no operation that docs/api.md does not, and has all of those with a scope', () => {
    const named = new Set([...ID_POSITIONS.map(({ operation }) => operation), ...WITHOUT_IDS]);
    expect([...named].sort()).toEqual([...operations].sort());
  });

  test.each(operations)('%s: every id of its path', (operation) => {
    for (const [, name] of operation.matchAll(/\{(\w+_id)\}/g))
      expect(positionsOf(operation)).toContain(`path ${name}`);
  });

  test.each([...POSTING_ROUTES])('POST %s: every id of its body', (path, route) => {
    const operation = `POST ${path.replaceAll(/:(\w+)/g, '{$1}')}`;
    const found = uuidPaths(route.use(({ body }) => body.schema));
    // What has no id in its body has one in its path, or names a month.
    const named = found.length > 0 || operation.includes('{');
    expect(named).toBe(true);
    if (WITHOUT_IDS.has(operation)) expect(found).toEqual([]);
    for (const place of found) expect(positionsOf(operation)).toContain(`body ${place}`);
  });
});

test('lists, accounts and reconciliation show the own books alone, whatever others have', async () => {
  const empty = await ledger.newTenant();
  expect((await empty.get('/v1/journal-entries?order=asc')).json).toEqual({ items: [], next_page_token: null });
  const account = await empty.get('/v1/accounts/1100/balance?currency=USD');
  expect(account.json).toMatchObject({ dr_balance_minor: '0', cr_balance_minor: '0' });
  const status = await empty.get('/v1/reconciliation/status');
  expect(status.json).toMatchObject({ portfolio_rollup: { gl_principal_minor: '0', sum_of_loan_balances_minor: '0' } });
  for (const { api } of lenders) {
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
  const [one, two] = lenders;
  await posted(one.api.post('/v1/disbursements', disbursement(loan, { amount_minor: '7' })));
  const other = { ...loan, borrowerId: NOBODY, currency: 'EUR' };
  await posted(two.api.post('/v1/disbursements', disbursement(other, { amount_minor: '9' })));
  await posted(two.api.post('/v1/payments', payment(other, { amount_minor: '1' })));
  expect((await one.api.get(`/v1/loans/${loan.loanId}/balance`)).json).toMatchObject({
    currency: 'USD',
    principal_outstanding_minor: '7',
  });
  expect((await two.api.get(`/v1/loans/${loan.loanId}/balance`)).json).toMatchObject({
    currency: 'EUR',
    principal_outstanding_minor: '8',
  });
});

test('2,000 interleaved reads and writes of two tenants, refusals among them: no row of the other', async () => {
  const sides = await Promise.all(
    lenders.map(async ({ api }, side) => {
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

/** What docs/api.md lists with a scope; `npm run check` compares that table with the code. */
function documentedOperations(): readonly string[] {
  const page = readFileSync(new URL('../../docs/api.md', import.meta.url), 'utf8');
  const rows = tableBelow(page, 'Operations') ?? [];
  return rows.filter(([, , scope]) => scope !== 'none').map(([method, path]) => `${method} ${path}`);
}

type Schema = { $ref?: string; items?: Schema; properties?: Readonly<Record<string, Schema>> };

/** Where a body has ids: `loan_id`, `loans[].loan_id`. */
function uuidPaths(schema: Schema, place = ''): readonly string[] {
  if (schema.$ref === '#/components/schemas/Uuid') return [place];
  if (schema.items !== undefined) return uuidPaths(schema.items, `${place}[]`);
  const prefix = place === '' ? '' : `${place}.`;
  return Object.entries(schema.properties ?? {}).flatMap(([name, member]) => uuidPaths(member, `${prefix}${name}`));
}

/** The body without what names this one request, with the ids that were asked for as words. */
function impersonal(answer: HttpAnswer, ids: Ids): unknown {
  const text = Object.entries(ids).reduce((rest, [name, id]) => rest.replaceAll(id, `the-${name}`), answer.text);
  const own = text.replaceAll(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, 'an-id');
  const timeless = own.replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'a-time');
  return { ...JSON.parse(timeless), trace_id: null };
}

function headersOf(answer: HttpAnswer): unknown {
  return { ...answer.headers, date: null, 'content-length': null };
}

/** Everything that one tenant has, as one text. */
async function booksOfTenant({ api }: Lender): Promise<string> {
  const [row] = await ledger.sql<{ books: string }>(
    `SELECT concat_ws(' ',
      (SELECT md5(coalesce(string_agg(l::text, ',' ORDER BY loan_id), '')) FROM hpts.loan AS l WHERE tenant_id = $1),
      (SELECT md5(coalesce(string_agg(h::text, ','), '')) FROM hpts.tenant_head AS h WHERE tenant_id = $1),
      (SELECT count(*) FROM hpts.journal_entry WHERE tenant_id = $1),
      (SELECT count(*) FROM hpts.loan_movement WHERE tenant_id = $1),
      (SELECT count(*) FROM hpts.idempotency_key WHERE tenant_id = $1)) AS books`,
    [api.tenantId],
  );
  if (row === undefined) throw new Error('the books cannot be read');
  return row.books;
}

async function durationMs(ask: () => Promise<HttpAnswer>): Promise<number> {
  const beganMs = performance.now();
  await ask();
  return performance.now() - beganMs;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
