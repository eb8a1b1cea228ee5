import { randomUUID } from 'node:crypto';
import { describe, expect, test, vi } from 'vitest';
import { LIMITS } from '../../src/limits.ts';
import { serveLedger } from './ledger-server.ts';
import { accrual, disbursement, fee, goodwillCredit, posted, reversal, unmadeLoan } from './loan-story.ts';
import { balanceAt, close, closeAll, loanOfLastYear, reopen } from './period-story.ts';
import { expectProblem, expectRefusal } from './problem.ts';
import { testReadingGates } from './reading-gates.ts';
import { TenantApi, textAt } from './tenant-api.ts';

const ledger = await serveLedger();

function listAt(answer: { readonly json: unknown }, name: string): readonly Readonly<Record<string, unknown>>[] {
  return Reflect.get(Object(answer.json), name) as readonly Readonly<Record<string, unknown>>[];
}

async function entriesOf(api: TenantApi, answer: { readonly json: unknown }) {
  const ids = Reflect.get(Object(answer.json), 'journal_entry_ids') as readonly string[];
  return Promise.all(ids.map(async (id) => (await api.get(`/v1/journal-entries/${id}`)).json));
}

describe('GET /v1/periods', () => {
  testReadingGates({ ledger: () => ledger, scope: 'hpts:periods:write', valid: async () => '/v1/periods' });
});

test('GET /v1/periods: 200, the running month first, in pages; a month is closed or open', async () => {
  const api = await ledger.newTenant();
  await loanOfLastYear(api);
  const closed = await posted(close(api, '2025-11'));
  const items: Readonly<Record<string, unknown>>[] = [];
  for (let query = '?page_size=5'; query !== ''; ) {
    const page = await api.get(`/v1/periods${query}`);
    expect(page.status).toBe(200);
    items.push(...listAt(page, 'items'));
    const next: unknown = Reflect.get(Object(page.json), 'next_page_token');
    query = next === null ? '' : `?page_size=5&page_token=${next}`;
  }
  const months = items.map(({ period }) => String(period));
  expect(months).toEqual([...new Set(months)].sort().reverse());
  expect(months[0]).toBe(new Date().toISOString().slice(0, 7));
  expect(items.slice(-2)).toEqual([
    {
      period: '2025-12',
      from_date: '2025-12-01',
      to_date: '2025-12-31',
      status: 'open',
      ends_fiscal_year: true,
      closed_at: null,
      journal_entry_id: null,
    },
    {
      period: '2025-11',
      from_date: '2025-11-01',
      to_date: '2025-11-30',
      status: 'closed',
      ends_fiscal_year: false,
      closed_at: textAt(closed, 'posted_at'),
      journal_entry_id: textAt(closed, 'journal_entry_id'),
    },
  ]);
  expectProblem(await api.get('/v1/periods?page_token=x'), { status: 400, code: 'invalid_page_token' });
  const nothingYet = await ledger.newTenant();
  expect(listAt(await nothingYet.get('/v1/periods'), 'items')).toHaveLength(1);
});

describe('POST /v1/periods/{period}/close', () => {
  testGates('/v1/periods/{period}/close', async (api) => {
    await loanOfLastYear(api);
    return '/v1/periods/2025-11/close';
  });

  test('POST /v1/periods/{period}/close: 201, a month that ends no year posts an entry without lines', async () => {
    const api = await ledger.newTenant();
    await loanOfLastYear(api);
    const answer = await posted(close(api, '2025-11', { description: 'November', metadata: { by: 'hand' } }));
    const id = textAt(answer, 'journal_entry_id');
    expect(answer.json).toEqual({
      period_event_id: textAt(answer, 'correlation_id'),
      journal_entry_id: id,
      period: '2025-11',
      status: 'closed',
      journal_entry_ids: [id],
      posted_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/),
      correlation_id: `${id.slice(0, -1)}1`,
    });
    expect(await entriesOf(api, answer)).toEqual([
      expect.objectContaining({
        event_type: 'period_closed',
        effective_at: '2025-11-30',
        lines: [],
        description: 'November',
        metadata: { by: 'hand' },
        reverses_entry_id: null,
      }),
    ]);
  });

  test('POST /v1/periods/{period}/close: 201, the end of a year closes 4xxx and 5xxx to 3000, an entry per currency', async () => {
    const api = await ledger.newTenant();
    const loan = await loanOfLastYear(api);
    await loanOfLastYear(api, 'EUR');
    const inDecember = { effective_at: '2025-12-20' };
    await posted(api.post('/v1/accruals/batch', accrual(api, [[loan, '700']], { accrual_date: '2025-12-31' })));
    await posted(api.post('/v1/goodwill-credits', goodwillCredit(loan, { ...inDecember, amount_minor: '800' })));
    await posted(api.post('/v1/fees', fee(loan, { effective_at: '2026-01-01', amount_minor: '9' })));
    await closeAll(api, ['2025-11']);
    const answer = await posted(close(api, '2025-12'));
    const [inEuro, inDollars, ...more] = await entriesOf(api, answer);
    expect(more).toEqual([]);
    expect(inEuro).toMatchObject({
      effective_at: '2025-12-31',
      lines: [
        {
          account_code: '4100',
          direction: 'DR',
          amount_minor: '500',
          currency: 'EUR',
          layer: 'SETTLED',
          loan_id: null,
        },
        {
          account_code: '3000',
          direction: 'CR',
          amount_minor: '500',
          currency: 'EUR',
          layer: 'SETTLED',
          loan_id: null,
        },
      ],
    });
    // Fees 500 and interest 700 came in; of the goodwill of 800, 500 went to fees, 300 to the interest or the principal.
    expect(inDollars).toMatchObject({ effective_at: '2025-12-31', correlation_id: textAt(answer, 'correlation_id') });
    for (const account of ['4000', '4100', '4900', '4910', '5200']) {
      expect([account, await balanceAt(api, account, '2025-12-31')]).toEqual([account, '0']);
    }
    expect(await balanceAt(api, '3000', '2025-12-31')).toBe('400');
    expect(await balanceAt(api, '3000', '2025-12-31', 'EUR')).toBe('500');
    expect(await balanceAt(api, '4100', '2026-01-01')).toBe('9');
    const replayed = await replayOf(api, answer);
    expect(replayed).toBe(true);
  });

  test('POST /v1/periods/{period}/close: 201, a year with nothing to close; the next closes what came since alone', async () => {
    const api = await newTenant(3);
    const loan = unmadeLoan();
    await posted(api.post('/v1/disbursements', disbursement(loan, { effective_at: '2025-03-31' })));
    expect(await entriesOf(api, await posted(close(api, '2025-03')))).toMatchObject([{ lines: [] }]);
    await closeAll(
      api,
      ['04', '05', '06', '07', '08', '09', '10', '11', '12'].map((month) => `2025-${month}`),
    );
    await posted(api.post('/v1/fees', fee(loan, { effective_at: '2026-03-31' })));
    await closeAll(api, ['2026-01', '2026-02']);
    const ofTheYear = [
      { account_code: '4100', direction: 'DR', amount_minor: '500' },
      { account_code: '3000', direction: 'CR', amount_minor: '500' },
    ];
    expect(await entriesOf(api, await posted(close(api, '2026-03')))).toMatchObject([{ lines: ofTheYear }]);
  });

  test('POST /v1/periods/{period}/close: 201, more than 18 digits are closed by several lines', async () => {
    const api = await ledger.newTenant();
    const most = '999999999999999999';
    for (const _ of [1, 2]) {
      const loan = unmadeLoan();
      await posted(api.post('/v1/disbursements', disbursement(loan, { effective_at: '2025-12-01' })));
      await posted(api.post('/v1/fees', fee(loan, { effective_at: '2025-12-01', amount_minor: most })));
    }
    const [entry] = await entriesOf(api, await posted(close(api, '2025-12')));
    const amounts = listAt({ json: entry }, 'lines').map((line) => [line['account_code'], line['amount_minor']]);
    expect(amounts).toEqual([
      ['4100', most],
      ['4100', most],
      ['3000', most],
      ['3000', most],
    ]);
  });

  test('POST /v1/periods/{period}/close: 200, a preview shows the lines, writes nothing, and is refused as the close is', async () => {
    const api = await ledger.newTenant();
    await loanOfLastYear(api);
    const early = () => api.post('/v1/periods/2025-12/close?preview=true', {}, { key: null });
    await expectRefusal(ledger, early, { status: 422, code: 'period_not_next', fields: ['period'] });
    await closeAll(api, ['2025-11']);
    const preview = await early();
    expect([preview.status, listAt(preview, 'lines')]).toEqual([
      200,
      [
        expect.objectContaining({ account_code: '4100', direction: 'DR', amount_minor: '500' }),
        expect.objectContaining({ account_code: '3000', direction: 'CR', amount_minor: '500' }),
      ],
    ]);
    expect(listAt(await api.get('/v1/periods'), 'items').find(({ period }) => period === '2025-12')).toMatchObject({
      status: 'open',
    });
  });

  test('POST /v1/periods/{period}/close: 422 period_not_next for a month behind an open one', async () => {
    const api = await ledger.newTenant();
    await loanOfLastYear(api);
    const refused = { status: 422, code: 'period_not_next', fields: ['period'] } as const;
    const first = await expectRefusal(ledger, () => close(api, '2025-12'), refused);
    expect(textAt(first, 'detail')).toContain('2025-11');
    await closeAll(api, ['2025-10', '2025-11']);
    const second = await expectRefusal(ledger, () => close(api, '2026-01'), refused);
    expect(textAt(second, 'detail')).toContain('2025-12');
  });

  test('POST /v1/periods/{period}/close: 422 period_closed for one that is closed, or lies before it', async () => {
    const api = await ledger.newTenant();
    await closeAll(api, ['2025-11']);
    const refused = { status: 422, code: 'period_closed', fields: ['period'] } as const;
    for (const period of ['2025-11', '2024-02']) {
      const answer = await expectRefusal(ledger, () => close(api, period), refused);
      expect(textAt(answer, 'detail')).toContain('2025-12-01');
    }
  });

  test('POST /v1/periods/{period}/close: 422 effective_date_in_future for the running month and those to come', async () => {
    const api = await ledger.newTenant();
    const refused = { status: 422, code: 'effective_date_in_future', fields: ['period'] } as const;
    for (const period of [new Date().toISOString().slice(0, 7), '2999-12', '9999-12']) {
      await expectRefusal(ledger, () => close(api, period), refused);
    }
  });
});

describe('POST /v1/periods/{period}/reopen', () => {
  testGates('/v1/periods/{period}/reopen', async (api) => {
    await closeAll(api, ['2025-11']);
    return '/v1/periods/2025-11/reopen';
  });

  test('POST /v1/periods/{period}/reopen: 201, the mirror of every entry of the close; it takes events again', async () => {
    const api = await ledger.newTenant();
    const loan = await loanOfLastYear(api);
    await loanOfLastYear(api, 'EUR');
    await closeAll(api, ['2025-11']);
    const closed = await posted(close(api, '2025-12'));
    const closing = await entriesOf(api, closed);
    const reopened = await posted(reopen(api, '2025-12', { description: 'too early' }));
    expect(reopened.json).toMatchObject({ period: '2025-12', status: 'open' });
    expect(textAt(reopened, 'correlation_id')).toBe(textAt(closed, 'correlation_id'));
    const mirrors = await entriesOf(api, reopened);
    expect(mirrors).toHaveLength(2);
    for (const [at, mirror] of mirrors.entries()) {
      const original = Object(closing[at]);
      expect(mirror).toMatchObject({
        event_type: 'period_closed',
        effective_at: '2025-12-31',
        description: 'too early',
        reverses_entry_id: original.journal_entry_id,
        lines: original.lines.map(({ account_code, amount_minor, direction }: Record<string, string>) => ({
          account_code,
          amount_minor,
          direction: direction === 'DR' ? 'CR' : 'DR',
        })),
      });
      const now = await api.get(`/v1/journal-entries/${original.journal_entry_id}`);
      expect(now.json).toMatchObject({ reversed_by_entry_id: Object(mirror).journal_entry_id });
    }
    expect(await balanceAt(api, '4100', '2025-12-31')).toBe('500');
    expect(await balanceAt(api, '3000', '2025-12-31')).toBe('0');
    const inNovember = () => api.post('/v1/fees', fee(loan, { effective_at: '2025-11-30' }));
    await expectRefusal(ledger, inNovember, { status: 422, code: 'period_closed', fields: ['effective_at'] });
    await posted(api.post('/v1/fees', fee(loan, { effective_at: '2025-12-01', amount_minor: '25' })));
    await posted(close(api, '2025-12'));
    expect(await balanceAt(api, '4100', '2025-12-31')).toBe('0');
    expect(await balanceAt(api, '3000', '2025-12-31')).toBe('525');
  });

  test('POST /v1/periods/{period}/reopen: 200, a preview shows the mirrored lines', async () => {
    const api = await ledger.newTenant();
    await loanOfLastYear(api);
    await closeAll(api, ['2025-11', '2025-12']);
    const preview = await api.post('/v1/periods/2025-12/reopen?preview=true', {}, { key: null });
    expect([preview.status, listAt(preview, 'lines')]).toEqual([
      200,
      [
        expect.objectContaining({ account_code: '4100', direction: 'CR', amount_minor: '500' }),
        expect.objectContaining({ account_code: '3000', direction: 'DR', amount_minor: '500' }),
      ],
    ]);
  });

  test('POST /v1/periods/{period}/reopen: 422 period_not_next unless it is the latest that is closed', async () => {
    const api = await ledger.newTenant();
    const refused = { status: 422, code: 'period_not_next', fields: ['period'] } as const;
    await expectRefusal(ledger, () => reopen(api, '2025-10'), refused);
    await closeAll(api, ['2025-10', '2025-11']);
    for (const period of ['2025-09', '2025-10', '2025-12', '9999-12']) {
      const answer = await expectRefusal(ledger, () => reopen(api, period), refused);
      expect(textAt(answer, 'detail')).toContain('2025-11');
    }
    await posted(reopen(api, '2025-11'));
    await posted(reopen(api, '2025-10'));
    await posted(close(api, '2025-09'));
  });
});

test('POST /v1/reversals: 422 not_reversible for an entry of a close; its period is reopened', async () => {
  const api = await ledger.newTenant();
  await loanOfLastYear(api);
  await closeAll(api, ['2025-11']);
  const closed = await posted(close(api, '2025-12'));
  const mirrored = await posted(reopen(api, '2025-12'));
  for (const answer of [closed, mirrored]) {
    const send = () => api.post('/v1/reversals', reversal(textAt(answer, 'journal_entry_id')));
    await expectRefusal(ledger, send, { status: 422, code: 'not_reversible', fields: ['reverses_entry_id'] });
  }
});

async function newTenant(fiscalYearEndMonth: number): Promise<TenantApi> {
  return TenantApi.create(ledger.address, ledger.http, { fiscalYearEndMonth });
}

/** Whether the key of an entry that was posted answers the body of its post again. */
async function replayOf(api: TenantApi, answer: { readonly json: unknown; readonly text: string }): Promise<boolean> {
  const [row] = await ledger.sql<{ key: string }>(
    'SELECT idempotency_key AS key FROM hpts.journal_entry WHERE entry_id = $1',
    [Reflect.get(Object(answer.json), 'journal_entry_id')],
  );
  const period: unknown = Reflect.get(Object(answer.json), 'period');
  const again = await api.post(`/v1/periods/${period}/close`, {}, { key: row?.key ?? null });
  return again.status === 200 && again.text === answer.text;
}

/** What every posting answers, of a change of a period; `ready` makes a tenant so that the path it answers is accepted. */
function testGates(name: string, ready: (api: TenantApi) => Promise<string>): void {
  const fresh = async () => {
    const api = await ledger.newTenant();
    return { api, path: await ready(api) };
  };

  test(`POST ${name}: 200 the same key and payload again, 422 idempotency_mismatch with another`, async () => {
    const { api, path } = await fresh();
    const key = `gate:${randomUUID()}`;
    const first = await api.post(path, {}, { key });
    expect(first.status).toBe(201);
    const replay = await api.post(path, ' {} ', { key });
    expect([replay.status, replay.text, replay.headers['idempotent-replayed']]).toEqual([200, first.text, 'true']);
    for (const [otherPath, body] of [
      [path, { description: 'x' }],
      [path.replace('2025-11', '2025-10'), {}],
    ] as const) {
      const mismatch = () => api.post(otherPath, body, { key });
      await expectRefusal(ledger, mismatch, { status: 422, code: 'idempotency_mismatch' });
    }
  });

  test(`POST ${name}: 400 for a month that is none, unknown fields, broken JSON and keys`, async () => {
    const { api, path } = await fresh();
    for (const month of ['2025-13', '2025-00', '2025-1', '202511', '2025-11-01', 'november', '0000-01']) {
      const bad = path.replace('2025-11', month);
      const refused = { status: 400, code: 'validation_failed', fields: ['period'] } as const;
      await expectRefusal(ledger, () => api.post(bad, {}), refused);
    }
    const unknown = { status: 400, code: 'validation_failed', fields: ['effective_at'] } as const;
    await expectRefusal(ledger, () => api.post(path, { effective_at: '2025-11-30' }), unknown);
    await expectRefusal(ledger, () => api.post(path, '{'), { status: 400, code: 'malformed_json' });
    const keyless = { status: 400, code: 'missing_idempotency_key' } as const;
    await expectRefusal(ledger, () => api.post(path, {}, { key: null }), keyless);
    const short = { status: 400, code: 'invalid_idempotency_key' } as const;
    await expectRefusal(ledger, () => api.post(path, {}, { key: 'short' }), short);
  });

  test(`POST ${name}: 401 without a token, 403 without hpts:periods:write, 201 with it alone`, async () => {
    const { api, path } = await fresh();
    await expectRefusal(ledger, () => api.post(path, {}, { token: null }), { status: 401, code: 'invalid_token' });
    const token = await api.token('hpts:ledger:read hpts:adjustments:write');
    const refused = { status: 403, code: 'insufficient_scope' } as const;
    await expectRefusal(ledger, () => api.post(path, {}, { token }), refused);
    expect((await api.post(path, {}, { token: await api.token('hpts:periods:write') })).status).toBe(201);
  });

  test(`POST ${name}: 405 for every other method, 413 for a large body, 415 for another type`, async () => {
    const { api, path } = await fresh();
    for (const method of ['GET', 'PUT', 'PATCH', 'DELETE']) {
      const answer = await api.request(method, path);
      expectProblem(answer, { status: 405, code: 'method_not_allowed' });
    }
    const tooLarge = '{}'.padEnd(LIMITS.eventBodyBytes + 1, ' ');
    await expectRefusal(ledger, () => api.post(path, tooLarge), { status: 413, code: 'payload_too_large' });
    const typed = () => api.post(path, '{}', { headers: ['content-type', 'text/plain'] });
    await expectRefusal(ledger, typed, { status: 415, code: 'unsupported_media_type' });
    expect((await api.post(path, '{}'.padEnd(LIMITS.eventBodyBytes, ' '))).status).toBe(201);
  });

  test(`POST ${name}: 409 while the first request is under way, 503 when its head stays held or its connection ends`, async () => {
    const { api, path } = await fresh();
    const key = `gate:${randomUUID()}`;
    const held = await holdHead(api.tenantId);
    const first = api.post(path, {}, { key });
    await held.untilWaiting();
    expectProblem(await api.post(path, {}, { key }), { status: 409, code: 'idempotency_in_progress' });
    expectProblem(await first, { status: 503, code: 'too_busy' });
    const cut = api.post(path, {}, { key });
    await held.untilWaiting();
    await ledger.sql(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE datname = current_database() AND wait_event_type = 'Lock'`,
    );
    expectProblem(await cut, { status: 503, code: 'unavailable' });
    await held.release();
    expect((await api.post(path, {}, { key })).status).toBe(201);
  });
}

async function holdHead(tenantId: string) {
  const holder = await ledger.connection();
  await holder.query('BEGIN');
  await holder.query('SELECT FROM hpts.tenant_head WHERE tenant_id = $1 FOR UPDATE', [tenantId]);
  return {
    async untilWaiting() {
      await vi.waitFor(
        async () => {
          const waiting = await ledger.sql(
            `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
          );
          expect(waiting.length).toBeGreaterThan(0);
        },
        { timeout: 4_000, interval: 5 },
      );
    },
    async release() {
      await holder.query('ROLLBACK');
    },
  };
}
