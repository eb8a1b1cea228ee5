import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pageToken } from '../../src/http/page-token.ts';
import { LIMITS } from '../../src/limits.ts';
import { expectNothingDone, testAdministrativeGates } from '../http/administrative-gates.ts';
import { type LedgerServer, startLedger } from '../http/ledger-server.ts';
import { NOBODY, newLoan } from '../http/loan-story.ts';
import { expectProblem } from '../http/problem.ts';
import { testReadingGates } from '../http/reading-gates.ts';
import { type TenantApi, textAt } from '../http/tenant-api.ts';
import { at, type Endpoint, eventually, postEvents, QUICK, register, untilAtRest } from './endpoints.ts';

/** Nobody listens there: what is sent fails at once. */
const NOWHERE = 'http://127.0.0.1:1025/hook';
const SCOPE = 'hpts:webhooks:manage';

let ledger: LedgerServer;
let api: TenantApi;
beforeAll(async () => {
  const names: Record<string, readonly string[]> = {
    'public.example': ['192.0.2.1'],
    'inside.example': ['10.0.0.7'],
    'both.example': ['8.8.8.8', '10.0.0.7'],
  };
  const resolve = async (host: string) => {
    if (host === 'broken.example') throw new Error('no name server answers');
    return names[host] ?? [];
  };
  ledger = await startLedger({ webhookPace: { ...QUICK, resolve } });
  api = ledger.api;
});
afterAll(() => ledger.stop());

/** A disabled endpoint does not count, so that tests may make as many as they like. */
async function disabledEndpoint(owner: TenantApi): Promise<Endpoint> {
  const endpoint = await register(owner, NOWHERE);
  await owner.post(`${endpoint.path}/disable`, {});
  return endpoint;
}

/** A tenant of its own for each request: it may have few active endpoints. */
async function freshTenant(owner: TenantApi): Promise<void> {
  await ledger.sql(`UPDATE hpts.webhook_endpoint SET status = 'disabled' WHERE tenant_id = $1`, [owner.tenantId]);
}

describe('POST /v1/webhook-endpoints', () => {
  testAdministrativeGates({
    ledger: () => ledger,
    scope: SCOPE,
    name: '/v1/webhook-endpoints',
    allow: 'GET, HEAD, POST',
    valid: async (owner) => {
      await freshTenant(owner);
      return { path: '/v1/webhook-endpoints', body: { url: `${NOWHERE}?${randomUUID()}`, description: 'of a test' } };
    },
  });

  test('201: exactly its fields, with the secret, which stands nowhere else', async () => {
    await freshTenant(api);
    const body = { url: NOWHERE, description: 'books', event_types: ['payment_received', 'reversal', 'reversal'] };
    const answer = await api.post('/v1/webhook-endpoints', body);
    expect(answer.status).toBe(201);
    expect(answer.json).toEqual({
      webhook_endpoint_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      url: NOWHERE,
      description: 'books',
      event_types: ['payment_received', 'reversal'],
      status: 'active',
      created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/),
      secret: expect.stringMatching(/^whsec_[A-Za-z0-9+/]{43}=$/),
    });
    const secret = textAt(answer, 'secret');
    const shown = await api.get(`/v1/webhook-endpoints/${textAt(answer, 'webhook_endpoint_id')}`);
    expect(shown.text).not.toContain(secret.slice(6));
    const bytes = Buffer.from(secret.slice(6), 'base64').toString('hex');
    const text = Buffer.from(secret).toString('hex');
    const kept = await ledger.sql<{ all: string }>(
      `SELECT (SELECT string_agg(w::text, '') FROM hpts.webhook_secret AS w) || (SELECT string_agg(a::text, '') FROM hpts.administrative_answer AS a)
         || (SELECT string_agg(e::text, '') FROM hpts.audit_event AS e) || (SELECT string_agg(p::text, '') FROM hpts.webhook_endpoint AS p) AS all`,
    );
    for (const trace of [secret, secret.slice(6), bytes, text]) expect(kept[0]?.all).not.toContain(trace);
  });

  test('400 validation_failed: every field that is wrong', async () => {
    const body = { url: 'ftp://hooks.example.com', description: '', event_types: ['payment'], after: 'x' };
    await expectNothingDone(ledger, () => api.post('/v1/webhook-endpoints', body), {
      status: 400,
      code: 'validation_failed',
      fields: ['url', 'description', 'event_types[0]', 'after'],
    });
    for (const bad of [
      {},
      { url: 1 },
      { url: NOWHERE, event_types: [] },
      { url: NOWHERE, event_types: 'fee_assessed' },
    ]) {
      const refused = { status: 400, code: 'validation_failed', fields: [expect.any(String)] } as never;
      await expectNothingDone(ledger, () => api.post('/v1/webhook-endpoints', bad), refused);
    }
  });

  test('404 journal_entry_not_found: after names no entry of the tenant', async () => {
    const stranger = await ledger.newTenant();
    const [foreign] = await postEvents(stranger, 1);
    for (const after of [NOBODY, foreign]) {
      await expectNothingDone(ledger, () => api.post('/v1/webhook-endpoints', { url: NOWHERE, after }), {
        status: 404,
        code: 'journal_entry_not_found',
      });
    }
  });

  test('422 webhook_receiver_forbidden: a host that is nowhere, inside, half inside or not to be found, all the same', async () => {
    await freshTenant(api);
    const answers = [];
    for (const host of [
      'nowhere.example',
      'inside.example',
      'both.example',
      'broken.example',
      '10.0.0.1',
      '[::1%lo]',
    ]) {
      if (host.includes('%')) continue;
      const url = `https://${host}/hook`;
      answers.push(
        await expectNothingDone(ledger, () => api.post('/v1/webhook-endpoints', { url }), {
          status: 422,
          code: 'webhook_receiver_forbidden',
          fields: ['url'],
        }),
      );
    }
    expect(new Set(answers.map(({ json }) => JSON.stringify({ ...(json as object), trace_id: '' }))).size).toBe(1);
  });

  test('422 too_many_webhook_endpoints: one more than the limit; one disabled makes room', async () => {
    const owner = await ledger.newTenant();
    const made = await Promise.all(Array.from({ length: LIMITS.webhookEndpoints }, () => register(owner, NOWHERE)));
    const refused = { status: 422, code: 'too_many_webhook_endpoints' } as const;
    await expectNothingDone(ledger, () => owner.post('/v1/webhook-endpoints', { url: NOWHERE }), refused);
    await owner.post(`${made[0]?.path}/disable`, {});
    await register(owner, NOWHERE);
    await expectNothingDone(ledger, () => owner.post(`${made[0]?.path}/enable`, {}), refused);
    expect((await owner.post(`${made[1]?.path}/enable`, {})).status).toBe(201);
  });

  test('each act is in the audit log, with who did it and without a secret', async () => {
    const owner = await ledger.newTenant();
    const endpoint = await register(owner, NOWHERE, { event_types: ['recovery'] });
    await owner.post(`${endpoint.path}/rotate-secret`, { overlap_seconds: 5 });
    await owner.post(`${endpoint.path}/disable`, {});
    await owner.post(`${endpoint.path}/enable`, {});
    const log = await ledger.sql(
      `SELECT actor, action, subject, detail FROM hpts.audit_event
       WHERE tenant_id = $1 AND action LIKE 'webhook%' ORDER BY audit_id`,
      [owner.tenantId],
    );
    const by = { actor: owner.clientId, subject: endpoint.id };
    expect(log).toEqual([
      { ...by, action: 'webhook_endpoint.create', detail: { url: NOWHERE, event_types: ['recovery'] } },
      { ...by, action: 'webhook_endpoint.rotate_secret', detail: { overlap_seconds: 5 } },
      { ...by, action: 'webhook_endpoint.disable', detail: {} },
      { ...by, action: 'webhook_endpoint.enable', detail: {} },
    ]);
  });
});

describe('POST /v1/webhook-endpoints/{webhook_endpoint_id}/rotate-secret', () => {
  testAdministrativeGates({
    ledger: () => ledger,
    scope: SCOPE,
    name: '…/rotate-secret',
    valid: async (owner) => {
      await freshTenant(owner);
      return { path: `${(await disabledEndpoint(owner)).path}/rotate-secret`, body: { overlap_seconds: 60 } };
    },
  });

  test('201: another secret, and when the one before ends', async () => {
    await freshTenant(api);
    const endpoint = await register(api, NOWHERE);
    const answer = await api.post(`${endpoint.path}/rotate-secret`, {});
    expect(answer.json).toEqual({
      webhook_endpoint_id: endpoint.id,
      secret: expect.stringMatching(/^whsec_/),
      previous_secret_expires_at: expect.stringMatching(/Z$/),
    });
    expect(textAt(answer, 'secret')).not.toBe(endpoint.secret);
    const overlapMs = Date.parse(textAt(answer, 'previous_secret_expires_at')) - Date.now();
    expect(Math.abs(overlapMs - 86_400_000)).toBeLessThan(60_000);
  });

  test('201: however often it is rotated, two secrets sign at most', async () => {
    await freshTenant(api);
    const endpoint = await register(api, NOWHERE);
    for (let turn = 0; turn < 4; turn += 1) await api.post(`${endpoint.path}/rotate-secret`, { overlap_seconds: 600 });
    const kept = await ledger.sql('SELECT FROM hpts.webhook_secret WHERE endpoint_id = $1', [endpoint.id]);
    expect(kept).toHaveLength(2);
  });

  test('400 validation_failed: an overlap that is no whole number from 0 to a week', async () => {
    const { path } = await disabledEndpoint(api);
    for (const overlap_seconds of [-1, 0.5, 604_801, '60', null]) {
      await expectNothingDone(ledger, () => api.post(`${path}/rotate-secret`, { overlap_seconds }), {
        status: 400,
        code: 'validation_failed',
        fields: ['overlap_seconds'],
      });
    }
  });
});

describe.each(['disable', 'enable'])('POST /v1/webhook-endpoints/{webhook_endpoint_id}/%s', (verb) => {
  testAdministrativeGates({
    ledger: () => ledger,
    scope: SCOPE,
    name: `…/${verb}`,
    valid: async (owner) => {
      await freshTenant(owner);
      return { path: `${(await disabledEndpoint(owner)).path}/${verb}`, body: {} };
    },
  });

  test('201: the status that it has now, whatever it had', async () => {
    await freshTenant(api);
    const endpoint = await register(api, NOWHERE);
    for (let turn = 0; turn < 2; turn += 1) {
      const answer = await api.post(`${endpoint.path}/${verb}`, {});
      const status = verb === 'enable' ? 'active' : 'disabled';
      expect([answer.status, answer.json]).toEqual([201, { webhook_endpoint_id: endpoint.id, status }]);
      expect(at(await api.get(endpoint.path), 'status')).toBe(status);
    }
  });
});

/** An endpoint with a dead letter. */
async function withDeadLetter(owner: TenantApi): Promise<{ readonly endpoint: Endpoint; readonly entryId: string }> {
  const loan = await newLoan(owner);
  const endpoint = await register(owner, NOWHERE);
  const [entryId = ''] = await postEvents(owner, 1, loan);
  await eventually(
    () => owner.get(endpoint.path),
    (answer) => at(answer, 'dead_letters') === 1,
  );
  await owner.post(`${endpoint.path}/disable`, {});
  await untilAtRest(ledger, endpoint);
  return { endpoint, entryId };
}

describe('POST /v1/webhook-endpoints/{webhook_endpoint_id}/deliveries/{journal_entry_id}/resend', () => {
  testAdministrativeGates({
    ledger: () => ledger,
    scope: SCOPE,
    name: '…/resend',
    valid: async (owner) => {
      await freshTenant(owner);
      const { endpoint, entryId } = await withDeadLetter(owner);
      return { path: `${endpoint.path}/deliveries/${entryId}/resend`, body: {} };
    },
  });

  test('404 dead_letter_not_found: an entry that was received, another endpoint’s, none', async () => {
    await freshTenant(api);
    const { endpoint, entryId } = await withDeadLetter(api);
    const other = await disabledEndpoint(api);
    const [undelivered] = await postEvents(api, 1);
    for (const path of [
      `${endpoint.path}/deliveries/${undelivered}/resend`,
      `${endpoint.path}/deliveries/${NOBODY}/resend`,
      `${endpoint.path}/deliveries/x/resend`,
      `${other.path}/deliveries/${entryId}/resend`,
    ]) {
      const refused = { status: 404, code: 'dead_letter_not_found' } as const;
      await expectNothingDone(ledger, () => api.post(path, {}), refused);
    }
  });
});

describe('GET /v1/webhook-endpoints', () => {
  testReadingGates({ ledger: () => ledger, scope: SCOPE, alsoPost: true, valid: async () => '/v1/webhook-endpoints' });

  test('200: every endpoint once, page by page, and none of another tenant', async () => {
    const owner = await ledger.newTenant();
    const made = [];
    for (let count = 0; count < 5; count += 1) made.push((await register(owner, NOWHERE)).id);
    const seen: string[] = [];
    let token: unknown = null;
    do {
      const page: unknown = token === null ? '' : `&page_token=${token}`;
      const answer = await owner.get(`/v1/webhook-endpoints?page_size=2${page}`);
      expect(answer.status).toBe(200);
      const items = at(answer, 'items') as { webhook_endpoint_id: string }[];
      expect(items.length).toBeLessThanOrEqual(2);
      seen.push(...items.map((item) => item.webhook_endpoint_id));
      token = at(answer, 'next_page_token');
    } while (token !== null);
    expect(seen).toEqual([...made].sort());
  });

  test('400 validation_failed: a page_size that is none', async () => {
    for (const size of ['0', '501', '-1', '1.5', '01', 'x', '']) {
      const answer = await api.get(`/v1/webhook-endpoints?page_size=${size}`);
      expectProblem(answer, { status: 400, code: 'validation_failed', fields: ['page_size'] });
    }
  });

  test('400 invalid_page_token: one that was never given out, or by another list', async () => {
    for (const token of [
      '',
      'x',
      Buffer.from('d1:7').toString('base64url'),
      Buffer.from('w1:x').toString('base64url'),
    ]) {
      const answer = await api.get(`/v1/webhook-endpoints?page_token=${token}`);
      expectProblem(answer, { status: 400, code: 'invalid_page_token' });
    }
  });
});

describe('GET /v1/webhook-endpoints/{webhook_endpoint_id}', () => {
  testReadingGates({ ledger: () => ledger, scope: SCOPE, valid: async () => (await disabledEndpoint(api)).path });

  test('200: exactly its fields', async () => {
    const owner = await ledger.newTenant();
    const { endpoint, entryId } = await withDeadLetter(owner);
    await postEvents(owner, 1);
    expect(
      (await owner.get(endpoint.path.toUpperCase().replace('/V1/WEBHOOK-ENDPOINTS', '/v1/webhook-endpoints'))).json,
    ).toEqual({
      webhook_endpoint_id: endpoint.id,
      url: NOWHERE,
      description: null,
      event_types: null,
      status: 'disabled',
      created_at: expect.stringMatching(/Z$/),
      served_through: entryId,
      events_behind: 2,
      failed_attempts: 0,
      next_attempt_at: null,
      dead_letters: 1,
    });
  });
});

describe('GET /v1/webhook-endpoints/{webhook_endpoint_id}/deliveries', () => {
  testReadingGates({
    ledger: () => ledger,
    scope: SCOPE,
    valid: async () => `${(await disabledEndpoint(api)).path}/deliveries`,
  });

  test('200: what waits, page by page, the newest first', async () => {
    const owner = await ledger.newTenant();
    const endpoint = await disabledEndpoint(owner);
    const ids = await postEvents(owner, 4);
    const seen: unknown[] = [];
    let token: unknown = null;
    do {
      const page: unknown = token === null ? '' : `&page_token=${token}`;
      const answer = await owner.get(`${endpoint.path}/deliveries?page_size=2${page}`);
      seen.push(...(at(answer, 'items') as object[]));
      token = at(answer, 'next_page_token');
    } while (token !== null);
    expect(seen).toHaveLength(5);
    expect(seen.slice(0, 4)).toMatchObject(
      [...ids].reverse().map((journal_entry_id) => ({ journal_entry_id, status: 'pending', attempts: [] })),
    );
  });

  test('400 validation_failed, invalid_page_token: a status that is none; a token of another list', async () => {
    const { path, id } = await disabledEndpoint(api);
    const answer = await api.get(`${path}/deliveries?status=lost`);
    expectProblem(answer, { status: 400, code: 'validation_failed', fields: ['status'] });
    const token = pageToken([api.tenantId, 'webhook-deliveries', id, 'dead_letter'], '7');
    expect((await api.get(`${path}/deliveries?status=dead_letter&page_token=${token}`)).status).toBe(200);
    expectProblem(await api.get(`${path}/deliveries?page_token=${token}`), { status: 400, code: 'invalid_page_token' });
  });
});

describe('GET /v1/events', () => {
  testReadingGates({ ledger: () => ledger, scope: SCOPE, valid: async () => '/v1/events' });

  test('200: every event once, in the order of the journal, while it is written to', async () => {
    const owner = await ledger.newTenant();
    const loan = await newLoan(owner);
    const empty = await ledger.newTenant();
    expect((await empty.get('/v1/events')).json).toEqual({ items: [], next_after: null, has_more: false });
    const writing = Promise.all(Array.from({ length: 4 }, () => postEvents(owner, 20, loan)));
    let after = '';
    const pulled: string[] = [];
    const pull = async () => {
      const answer = await owner.get(`/v1/events?page_size=7${after}`);
      const items = at(answer, 'items') as { journal_entry_id: string }[];
      pulled.push(...items.map((item) => item.journal_entry_id));
      if (at(answer, 'next_after') !== null) after = `&after=${at(answer, 'next_after')}`;
      return items.length;
    };
    await eventually(pull, () => pulled.length === 81);
    const written = (await writing).flat();
    expect(await pull()).toBe(0);
    expect([...pulled.slice(1)].sort()).toEqual([...written].sort());
    const journal = await ledger.sql<{ entry_id: string }>(
      'SELECT entry_id FROM hpts.journal_entry WHERE tenant_id = $1 ORDER BY seq',
      [owner.tenantId],
    );
    expect(pulled).toEqual(journal.map(({ entry_id }) => entry_id));
  });

  test('200: exactly the fields that a webhook has, and has_more', async () => {
    const owner = await ledger.newTenant();
    const ids = await postEvents(owner, 3);
    const entry = await owner.get(`/v1/journal-entries/${ids[1]}`);
    expect((await owner.get(`/v1/events?after=${ids[0]?.toUpperCase()}&page_size=1`)).json).toEqual({
      items: [
        {
          journal_entry_id: ids[1],
          tenant_id: owner.tenantId,
          event_type: 'fee_assessed',
          occurred_at: at(entry, 'posted_at'),
          correlation_id: at(entry, 'correlation_id'),
        },
      ],
      next_after: ids[1],
      has_more: true,
    });
    expect((await owner.get(`/v1/events?after=${ids[2]}`)).json).toEqual({
      items: [],
      next_after: ids[2],
      has_more: false,
    });
  });

  test('400 validation_failed: an after that is no id', async () => {
    const answer = await api.get('/v1/events?after=x&page_size=0');
    expectProblem(answer, { status: 400, code: 'validation_failed', fields: ['after', 'page_size'] });
  });

  test('404 journal_entry_not_found: an after that is no entry of the tenant', async () => {
    const [foreign] = await postEvents(await ledger.newTenant(), 1);
    for (const after of [NOBODY, foreign]) {
      expectProblem(await api.get(`/v1/events?after=${after}`), { status: 404, code: 'journal_entry_not_found' });
    }
  });
});

describe('another tenant’s endpoint answers exactly as one that does not exist, and nothing is changed', () => {
  test.each<[string, string]>([
    ['GET', ''],
    ['GET', '/deliveries'],
    ['GET', '/deliveries?status=dead_letter'],
    ['POST', '/rotate-secret'],
    ['POST', '/disable'],
    ['POST', '/enable'],
    ['POST', '/deliveries/{journal_entry_id}/resend'],
  ])('%s /v1/webhook-endpoints/{webhook_endpoint_id}%s: 404 webhook_endpoint_not_found', async (method, rest) => {
    const stranger = await ledger.newTenant();
    await freshTenant(api);
    const { endpoint, entryId } = await withDeadLetter(api);
    const ask = (id: string) => {
      const path = `/v1/webhook-endpoints/${id}${rest.replace('{journal_entry_id}', entryId)}`;
      return method === 'GET' ? stranger.get(path) : stranger.post(path, {});
    };
    const refused = { status: 404, code: 'webhook_endpoint_not_found' } as const;
    const foreign = await expectNothingDone(ledger, () => ask(endpoint.id), refused);
    const none = await expectNothingDone(ledger, () => ask(NOBODY), refused);
    const nameless = (answer: typeof foreign, id: string) => ({
      ...(JSON.parse(answer.text.replaceAll(id, 'the-id')) as object),
      trace_id: '',
    });
    expect(nameless(foreign, endpoint.id)).toEqual(nameless(none, NOBODY));
    await expectNothingDone(ledger, () => ask('no-id'), refused);
    expect((await stranger.get('/v1/webhook-endpoints')).json).toEqual({ items: [], next_page_token: null });
    expect((await stranger.get('/v1/events')).json).toMatchObject({ items: [] });
  });
});
