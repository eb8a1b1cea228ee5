import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import type { Scope } from '../../src/domain/scope.ts';
import type { LedgerServer } from './ledger-server.ts';
import { holdLoan } from './loan-lock.ts';
import { expectProblem, expectRefusal } from './problem.ts';
import { type TenantApi, textAt } from './tenant-api.ts';

/** `path`: where the address names what the request is about; else that of the example. */
export type ValidRequest = { readonly body: object; readonly loanId: string; readonly path?: string };

/** What the tests that are the same for every posting operation need to know of one. */
export type PostingExample = {
  readonly ledger: () => LedgerServer;
  readonly path: string;
  readonly scope: Scope;
  readonly bodyBytesMax: number;
  /** A body that would be posted, on a loan of its own that exists. */
  readonly valid: (api: TenantApi) => Promise<ValidRequest>;
  /** Whether the address also takes a GET. */
  readonly alsoGet?: boolean;
  /** The same request with another meaning, that would be posted as well. */
  readonly other: (body: object) => object;
};

const MALFORMED_KEYS = [
  'short',
  'with space',
  '.starts-with-a-dot',
  'umlaut-ü-in-it',
  `k${'x'.repeat(255)}`,
  '"',
  '""',
  '"half',
  'a,bcdefgh',
];

/** Every status and code that a posting operation answers whatever the event is (CONTRACT.md section 2). */
export function testPostingGates(example: PostingExample): void {
  testKeys(example);
  testCallers(example);
  testBodies(example);
  testLoad(example);
}

function testKeys({ ledger, path: template, valid, other }: PostingExample): void {
  test('200: the same key and payload again answers the first body byte for byte and posts nothing', async () => {
    const { body, loanId, path = template } = await valid(ledger().api);
    const key = `gate:${randomUUID()}`;
    const first = await ledger().api.post(path, body, { key });
    expect(first.status).toBe(201);
    expect(first.headers['idempotent-replayed']).toBeUndefined();
    const balance = await ledger().api.balanceText(loanId);
    for (const again of [key, `"${key}"`]) {
      const replay = await ledger().api.post(path, body, { key: again });
      expect([replay.status, replay.text]).toEqual([200, first.text]);
      expect(replay.headers['idempotent-replayed']).toBe('true');
      expect(replay.headers['content-type']).toBe(first.headers['content-type']);
    }
    expect(await ledger().api.balanceText(loanId)).toBe(balance);
  });

  test('200: white space, the order of members and the case of ids do not make another payload', async () => {
    const { body, path = template } = await valid(ledger().api);
    const key = `gate:${randomUUID()}`;
    const first = await ledger().api.post(path, body, { key });
    const turned = Object.fromEntries(Object.entries(body).reverse());
    const replay = await ledger().api.post(path, `\n ${JSON.stringify(turned, null, 3)}\t`, { key });
    expect([replay.status, replay.text]).toEqual([200, first.text]);
  });

  test('422 idempotency_mismatch: the same key with another payload, whatever that payload is', async () => {
    const { body, path = template } = await valid(ledger().api);
    const key = `gate:${randomUUID()}`;
    const first = await ledger().api.post(path, body, { key });
    expect(first.status).toBe(201);
    const refused = { status: 422, code: 'idempotency_mismatch' } as const;
    await expectRefusal(ledger(), () => ledger().api.post(path, other(body), { key }), refused);
    expect((await ledger().api.post(path, body, { key })).text).toBe(first.text);
  });

  test('409 idempotency_in_progress: the same key while the first request is in flight, then 200', async () => {
    const { body, loanId, path = template } = await valid(ledger().api);
    const key = `gate:${randomUUID()}`;
    const held = await holdLoan(ledger(), loanId);
    const first = ledger().api.post(path, body, { key });
    await held.untilWaiting();
    const second = await ledger().api.post(path, body, { key });
    const mismatched = await ledger().api.post(path, other(body), { key });
    await held.release();
    expectProblem(second, { status: 409, code: 'idempotency_in_progress' });
    expectProblem(mismatched, { status: 409, code: 'idempotency_in_progress' });
    expect((await first).status).toBe(201);
    const third = await ledger().api.post(path, body, { key });
    expect([third.status, third.text]).toEqual([200, (await first).text]);
  });

  test('201: a key is free again after its request was refused', async () => {
    const { body, path = template } = await valid(ledger().api);
    const key = `gate:${randomUUID()}`;
    const refused = await ledger().api.post(path, { ...body, effective_at: 'soon', accrual_date: 'soon' }, { key });
    expect(refused.status).toBe(400);
    expect((await ledger().api.post(path, body, { key })).status).toBe(201);
  });

  test('201: the same key in two tenants has two effects', async () => {
    const stranger = await ledger().newTenant();
    const key = `gate:${randomUUID()}`;
    const [mine, theirs] = [await valid(ledger().api), await valid(stranger)];
    const path = mine.path ?? template;
    const first = await ledger().api.post(path, mine.body, { key });
    const second = await stranger.post(theirs.path ?? template, theirs.body, { key });
    expect([first.status, second.status]).toEqual([201, 201]);
    expect(textAt(second, 'journal_entry_id')).not.toBe(textAt(first, 'journal_entry_id'));
    expect((await ledger().api.post(path, mine.body, { key })).text).toBe(first.text);
    expect((await stranger.post(theirs.path ?? template, theirs.body, { key })).text).toBe(second.text);
  });

  test('400 missing_idempotency_key', async () => {
    const { body, path = template } = await valid(ledger().api);
    const refused = { status: 400, code: 'missing_idempotency_key' } as const;
    await expectRefusal(ledger(), () => ledger().api.post(path, body, { key: null }), refused);
  });

  test('400 invalid_idempotency_key: not 8 to 255 letters, digits and . _ : -', async () => {
    const { body, path = template } = await valid(ledger().api);
    for (const key of MALFORMED_KEYS) {
      const latin1 = Buffer.from(key, 'utf8').toString('latin1');
      const refused = { status: 400, code: 'invalid_idempotency_key' } as const;
      await expectRefusal(ledger(), () => ledger().api.post(path, body, { key: latin1 }), refused);
    }
    for (const key of ['12345678', 'k'.repeat(255), 'payment:loan_42:proc_txn_abc-123.x']) {
      const answer = await ledger().api.post(path, body, { key });
      expect(answer.json).not.toMatchObject({ code: 'invalid_idempotency_key' });
    }
  });

  test('400 duplicate_header: two Idempotency-Key headers, equal or not', async () => {
    const { body, path = template } = await valid(ledger().api);
    for (const second of ['gate:the-first-key', 'gate:another-key']) {
      const headers = ['Idempotency-Key', second];
      const send = () => ledger().api.post(path, body, { key: 'gate:the-first-key', headers });
      await expectRefusal(ledger(), send, { status: 400, code: 'duplicate_header' });
    }
  });
}

function testCallers({ ledger, path: template, scope, valid, alsoGet = false }: PostingExample): void {
  test('401 invalid_token: none, a broken one, or another scheme, each with WWW-Authenticate', async () => {
    const { body, path = template } = await valid(ledger().api);
    const token = await ledger().api.token();
    const at = token.lastIndexOf('.') + 5;
    const broken = `${token.slice(0, at)}${token[at] === 'A' ? 'B' : 'A'}${token.slice(at + 1)}`;
    const refused = { status: 401, code: 'invalid_token' } as const;
    const without = await expectRefusal(ledger(), () => ledger().api.post(path, body, { token: null }), refused);
    expect(without.headers['www-authenticate']).toBe('Bearer realm="hpts"');
    const bad = await expectRefusal(ledger(), () => ledger().api.post(path, body, { token: broken }), refused);
    expect(bad.headers['www-authenticate']).toBe('Bearer realm="hpts", error="invalid_token"');
    const basic = { token: null, headers: ['authorization', 'Basic dTpw'] };
    await expectRefusal(ledger(), () => ledger().api.post(path, body, basic), refused);
  });

  test(`403 insufficient_scope: a token with every scope but ${scope}`, async () => {
    const { body, path = template } = await valid(ledger().api);
    const others = (await scopesOf(ledger())).filter((one) => one !== scope);
    const token = await ledger().api.token(others.join(' '));
    const refused = { status: 403, code: 'insufficient_scope' } as const;
    const answer = await expectRefusal(ledger(), () => ledger().api.post(path, body, { token }), refused);
    expect(answer.headers['www-authenticate']).toBe(
      `Bearer realm="hpts", error="insufficient_scope", scope="${scope}"`,
    );
  });

  test(`201: a token with ${scope} alone`, async () => {
    const { body, path = template } = await valid(ledger().api);
    const token = await ledger().api.token(scope);
    expect((await ledger().api.post(path, body, { token })).status).toBe(201);
  });

  test('400 duplicate_header: two Authorization headers', async () => {
    const { body, path = template } = await valid(ledger().api);
    const headers = ['Authorization', `Bearer ${await ledger().api.token()}`];
    const refused = { status: 400, code: 'duplicate_header' } as const;
    await expectRefusal(ledger(), () => ledger().api.post(path, body, { headers }), refused);
  });

  test('405 method_not_allowed: everything but POST, with Allow', async () => {
    for (const method of [...(alsoGet ? [] : ['GET', 'HEAD']), 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
      const answer = await ledger().api.request(method, template);
      expect([method, answer.status, answer.headers.allow]).toEqual([
        method,
        405,
        alsoGet ? 'GET, HEAD, POST' : 'POST',
      ]);
      if (method !== 'HEAD') expectProblem(answer, { status: 405, code: 'method_not_allowed' });
    }
  });
}

function testBodies({ ledger, path: template, bodyBytesMax, valid }: PostingExample): void {
  test('400 malformed_json: no body, half a body, two bodies', async () => {
    const { body, path = template } = await valid(ledger().api);
    const text = JSON.stringify(body);
    for (const bad of ['', ' ', text.slice(0, -1), `${text}${text}`, `${text},`]) {
      const refused = { status: 400, code: 'malformed_json' } as const;
      await expectRefusal(ledger(), () => ledger().api.post(path, bad), refused);
    }
  });

  test('400 validation_failed: a body that is no object', async () => {
    const path = template;
    for (const bad of ['null', '[]', '"text"', '1', 'true']) {
      const refused = {
        status: 400,
        code: 'validation_failed',
        fields: ['body'],
        fieldCodes: ['invalid_type'],
      } as const;
      await expectRefusal(ledger(), () => ledger().api.post(path, bad), refused);
    }
  });

  test('400 validation_failed: every unknown field is named', async () => {
    const { body, path = template } = await valid(ledger().api);
    await expectRefusal(ledger(), () => ledger().api.post(path, { ...body, amount: '1', Layer: 'SETTLED' }), {
      status: 400,
      code: 'validation_failed',
      fields: ['amount', 'Layer'],
      fieldCodes: ['unknown_field', 'unknown_field'],
    });
  });

  test('413 payload_too_large: one byte over the limit, announced or not; at the limit it is read', async () => {
    const { body, path = template } = await valid(ledger().api);
    const text = JSON.stringify(body);
    const refused = { status: 413, code: 'payload_too_large' } as const;
    const tooLarge = text.padEnd(bodyBytesMax + 1, ' ');
    await expectRefusal(ledger(), () => ledger().api.post(path, tooLarge), refused);
    expect((await ledger().api.post(path, text.padEnd(bodyBytesMax, ' '))).status).toBe(201);
  });

  test('415 unsupported_media_type: anything but application/json', async () => {
    const { body, path = template } = await valid(ledger().api);
    for (const type of [
      'text/plain',
      'application/x-www-form-urlencoded',
      'application/jsonp',
      'application/problem+json',
      '',
    ]) {
      const headers = ['content-type', type];
      const refused = { status: 415, code: 'unsupported_media_type' } as const;
      await expectRefusal(ledger(), () => ledger().api.post(path, body, { headers }), refused);
    }
    const headers = ['content-type', 'application/json; charset=utf-8'];
    expect((await ledger().api.post(path, body, { headers })).status).toBe(201);
  });
}

function testLoad({ ledger, path: template, valid }: PostingExample): void {
  // On a tenant of its own: commands of one of whom a loan was held no longer wait for locks for a while.
  test('503 too_busy: a loan that somebody else holds for more than a second; then the same key posts', async () => {
    const api = await ledger().newTenant();
    const { body, loanId, path = template } = await valid(api);
    const key = `gate:${randomUUID()}`;
    const held = await holdLoan(ledger(), loanId, api.tenantId);
    const refused = { status: 503, code: 'too_busy' } as const;
    await expectRefusal(ledger(), () => api.post(path, body, { key }), refused);
    await held.release();
    expect((await api.post(path, body, { key })).status).toBe(201);
  });

  test('503 unavailable: the database ends the connection under the request; then the same key posts', async () => {
    const { body, loanId, path = template } = await valid(ledger().api);
    const key = `gate:${randomUUID()}`;
    const held = await holdLoan(ledger(), loanId);
    const cut = ledger().api.post(path, body, { key });
    await held.untilWaiting();
    await ledger().sql(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE datname = current_database() AND wait_event_type = 'Lock'`,
    );
    expectProblem(await cut, { status: 503, code: 'unavailable' });
    await held.release();
    const answer = await ledger().api.post(path, body, { key });
    expect(answer.status).toBe(201);
    expect(textAt(answer, 'posted_at')).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
  });
}

async function scopesOf(ledger: LedgerServer): Promise<readonly string[]> {
  const [row] = await ledger.sql<{ scopes: string[] }>('SELECT scopes FROM hpts.client WHERE client_id = $1', [
    ledger.api.clientId,
  ]);
  return row?.scopes ?? [];
}
