import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import type { Scope } from '../../src/domain/scope.ts';
import { LIMITS } from '../../src/limits.ts';
import type { HttpAnswer } from './http-client.ts';
import type { LedgerServer } from './ledger-server.ts';
import { fee, newLoan, posted } from './loan-story.ts';
import { type ExpectedProblem, expectProblem } from './problem.ts';
import type { TenantApi } from './tenant-api.ts';

/** What the tests that are the same for every administrative POST need to know of one. */
export type AdministrativeExample = {
  readonly ledger: () => LedgerServer;
  /** A request that would be answered 201, on a thing of its own. */
  readonly valid: (api: TenantApi) => Promise<{ readonly path: string; readonly body: object }>;
  /** The operation, as titles name it. */
  readonly name: string;
  readonly scope: Scope;
  /** What Allow lists at its address. */
  readonly allow?: string;
};

/** Every status and code that an administrative POST answers whatever it does (CONTRACT.md section 2). */
export function testAdministrativeGates(example: AdministrativeExample): void {
  testKeys(example);
  testCallers(example);
  testBodies(example);
  testLoad(example);
}

/** Everything that an administrative POST may change, as one text. */
async function administrationOf(ledger: LedgerServer): Promise<string> {
  const [row] = await ledger.sql<{ state: string }>(`
    SELECT concat_ws(' ',
      (SELECT md5(coalesce(string_agg(concat_ws(',', endpoint_id, url, status, start_seq), ';' ORDER BY endpoint_id), '')) FROM hpts.webhook_endpoint),
      (SELECT md5(coalesce(string_agg(concat_ws(',', secret_id, expires_at), ';' ORDER BY secret_id), '')) FROM hpts.webhook_secret),
      (SELECT md5(coalesce(string_agg(concat_ws(',', endpoint_id, seq, status), ';' ORDER BY endpoint_id, seq), '')) FROM hpts.webhook_dead_letter),
      (SELECT md5(string_agg(p::text, ';' ORDER BY program_id)) FROM hpts.program AS p),
      (SELECT md5(string_agg(v::text, ';' ORDER BY program_id, version)) FROM hpts.program_version AS v),
      (SELECT md5(string_agg(a::text, ';' ORDER BY tenant_id, account_code)) FROM hpts.account AS a),
      (SELECT count(*) FROM hpts.adjustment), (SELECT count(*) FROM hpts.adjustment_verdict), (SELECT count(*) FROM hpts.accrual_run),
      (SELECT md5(string_agg(config_epoch::text, ',' ORDER BY tenant_id)) FROM hpts.tenant_head),
      (SELECT count(*) FROM hpts.administrative_answer),
      (SELECT count(*) FROM hpts.audit_event WHERE action ~ '^(webhook|program|account|adjustment|accrual_run)')) AS state`);
  return row?.state ?? '';
}

/** A refused request changes nothing. */
export async function expectNothingDone(
  ledger: LedgerServer,
  sent: () => Promise<HttpAnswer>,
  expected: ExpectedProblem,
): Promise<HttpAnswer> {
  const before = await administrationOf(ledger);
  const answer = await sent();
  expectProblem(answer, expected);
  expect(await administrationOf(ledger)).toBe(before);
  return answer;
}

function testKeys({ ledger, name, valid }: AdministrativeExample): void {
  test(`POST ${name}: 200 the same key and payload again answers the first body byte for byte and does nothing`, async () => {
    const { path, body } = await valid(ledger().api);
    const key = `gate:${randomUUID()}`;
    const first = await ledger().api.post(path, body, { key });
    expect([first.status, first.headers['idempotent-replayed']]).toEqual([201, undefined]);
    const before = await administrationOf(ledger());
    for (const text of [
      JSON.stringify(body),
      JSON.stringify(Object.fromEntries(Object.entries(body).reverse()), null, 2),
    ]) {
      const replay = await ledger().api.post(path, text, { key });
      expect([replay.status, replay.text, replay.headers['idempotent-replayed']]).toEqual([200, first.text, 'true']);
      expect(replay.headers['cache-control']).toBe('no-store');
    }
    expect(await administrationOf(ledger())).toBe(before);
  });

  test(`POST ${name}: 422 idempotency_mismatch the key of another such request, or of an event`, async () => {
    const { api } = ledger();
    const loan = await newLoan(api);
    const [first, second] = [await valid(api), await valid(api)];
    const keys = [`gate:${randomUUID()}`, `gate:${randomUUID()}`];
    const other = await posted(api.post('/v1/programs', { name: 'Whose key is another' }, { key: `${keys[0]}` }));
    await posted(api.post('/v1/fees', fee(loan), { key: `${keys[1]}` }));
    for (const [at, { path, body }] of [first, second].entries()) {
      const send = () => api.post(path, body, { key: `${keys[at]}` });
      await expectNothingDone(ledger(), send, { status: 422, code: 'idempotency_mismatch' });
    }
    expect(other.status).toBe(201);
  });

  test(`POST ${name}: 409 idempotency_in_progress while the first request is under way, then 200`, async () => {
    const { path, body } = await valid(ledger().api);
    const key = `gate:${randomUUID()}`;
    const held = await holdAnswers(ledger());
    const first = ledger().api.post(path, body, { key });
    await held.untilWaiting();
    const second = await ledger().api.post(path, body, { key });
    await held.release();
    expectProblem(second, { status: 409, code: 'idempotency_in_progress' });
    expect((await first).status).toBe(201);
    const third = await ledger().api.post(path, body, { key });
    expect([third.status, third.text]).toEqual([200, (await first).text]);
  });

  test(`POST ${name}: 201 under a key that was refused before, and under a key of another tenant`, async () => {
    const { path, body } = await valid(ledger().api);
    const key = `gate:${randomUUID()}`;
    expect((await ledger().api.post(path, { ...body, unknown: 1 }, { key })).status).toBe(400);
    expect((await ledger().api.post(path, body, { key })).status).toBe(201);
    const stranger = await ledger().newTenant();
    const theirs = await valid(stranger);
    expect((await stranger.post(theirs.path, theirs.body, { key })).status).toBe(201);
  });

  test(`POST ${name}: 400 missing_idempotency_key, invalid_idempotency_key, duplicate_header`, async () => {
    const { path, body } = await valid(ledger().api);
    const send = (options: Parameters<TenantApi['post']>[2]) => () => ledger().api.post(path, body, options);
    await expectNothingDone(ledger(), send({ key: null }), { status: 400, code: 'missing_idempotency_key' });
    await expectNothingDone(ledger(), send({ key: 'short' }), { status: 400, code: 'invalid_idempotency_key' });
    const twice = ['Idempotency-Key', 'gate:another-key'];
    await expectNothingDone(ledger(), send({ headers: twice }), { status: 400, code: 'duplicate_header' });
  });
}

function testCallers({ ledger, name, scope, valid, allow = 'POST' }: AdministrativeExample): void {
  test(`POST ${name}: 401 invalid_token`, async () => {
    const { path, body } = await valid(ledger().api);
    for (const token of [null, 'none.at.all']) {
      const send = () => ledger().api.post(path, body, { token });
      const answer = await expectNothingDone(ledger(), send, { status: 401, code: 'invalid_token' });
      expect(answer.headers['www-authenticate']).toContain('Bearer');
    }
  });

  test(`POST ${name}: 403 insufficient_scope without ${scope}, 201 with it alone`, async () => {
    const { path, body } = await valid(ledger().api);
    const token = await ledger().api.token('hpts:ledger:read hpts:payments:write');
    const send = () => ledger().api.post(path, body, { token });
    const answer = await expectNothingDone(ledger(), send, { status: 403, code: 'insufficient_scope' });
    expect(answer.headers['www-authenticate']).toContain(`scope="${scope}"`);
    expect((await ledger().api.post(path, body, { token: await ledger().api.token(scope) })).status).toBe(201);
  });

  test(`POST ${name}: 405 method_not_allowed for every other method, with Allow`, async () => {
    const { path } = await valid(ledger().api);
    for (const method of ['GET', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
      if (allow.includes(method)) continue;
      const answer = await ledger().api.request(method, path);
      expect([method, answer.status, answer.headers.allow]).toEqual([method, 405, allow]);
      expectProblem(answer, { status: 405, code: 'method_not_allowed' });
    }
  });
}

function testBodies({ ledger, name, valid }: AdministrativeExample): void {
  test(`POST ${name}: 400 malformed_json, and validation_failed for what is no object or has unknown fields`, async () => {
    const { path, body } = await valid(ledger().api);
    for (const bad of ['', '{', `${JSON.stringify(body)},`]) {
      await expectNothingDone(ledger(), () => ledger().api.post(path, bad), { status: 400, code: 'malformed_json' });
    }
    const noObject = {
      status: 400,
      code: 'validation_failed',
      fields: ['body'],
      fieldCodes: ['invalid_type'],
    } as const;
    for (const bad of ['null', '[]', '"text"', '1']) {
      await expectNothingDone(ledger(), () => ledger().api.post(path, bad), noObject);
    }
    await expectNothingDone(ledger(), () => ledger().api.post(path, { ...body, colour: 1, Size: 2 }), {
      status: 400,
      code: 'validation_failed',
      fields: ['colour', 'Size'],
      fieldCodes: ['unknown_field', 'unknown_field'],
    });
  });

  test(`POST ${name}: 400 validation_failed for any query parameter, a preview's among them`, async () => {
    const { path, body } = await valid(ledger().api);
    for (const query of ['preview=true', 'preview=false', 'dry_run=1']) {
      const [field = ''] = query.split('=');
      const refused = {
        status: 400,
        code: 'validation_failed',
        fields: [field],
        fieldCodes: ['unknown_field'],
      } as const;
      await expectNothingDone(ledger(), () => ledger().api.post(`${path}?${query}`, body), refused);
    }
  });

  test(`POST ${name}: 413 payload_too_large, 415 unsupported_media_type`, async () => {
    const { path, body } = await valid(ledger().api);
    const text = JSON.stringify(body);
    const tooLarge = text.padEnd(LIMITS.eventBodyBytes + 1, ' ');
    await expectNothingDone(ledger(), () => ledger().api.post(path, tooLarge), {
      status: 413,
      code: 'payload_too_large',
    });
    const headers = ['content-type', 'text/plain'];
    await expectNothingDone(ledger(), () => ledger().api.post(path, text, { headers }), {
      status: 415,
      code: 'unsupported_media_type',
    });
    expect((await ledger().api.post(path, text.padEnd(LIMITS.eventBodyBytes, ' '))).status).toBe(201);
  });
}

function testLoad({ ledger, name, valid }: AdministrativeExample): void {
  test(`POST ${name}: 503 too_busy when a lock is held for more than a second; then the same key does it`, async () => {
    const { path, body } = await valid(ledger().api);
    const key = `gate:${randomUUID()}`;
    const held = await holdAnswers(ledger());
    const refused = { status: 503, code: 'too_busy' } as const;
    await expectNothingDone(ledger(), () => ledger().api.post(path, body, { key }), refused);
    await held.release();
    expect((await ledger().api.post(path, body, { key })).status).toBe(201);
  });

  test(`POST ${name}: 503 unavailable when the database ends the connection; then the same key does it`, async () => {
    const { path, body } = await valid(ledger().api);
    const key = `gate:${randomUUID()}`;
    const held = await holdAnswers(ledger());
    const cut = ledger().api.post(path, body, { key });
    await held.untilWaiting();
    await ledger().sql(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE datname = current_database() AND wait_event_type = 'Lock'`,
    );
    expectProblem(await cut, { status: 503, code: 'unavailable' });
    await held.release();
    expect((await ledger().api.post(path, body, { key })).status).toBe(201);
  });
}

/** Keeps every administrative answer from being written until release(). */
async function holdAnswers(
  ledger: LedgerServer,
): Promise<{ readonly untilWaiting: () => Promise<void>; readonly release: () => Promise<void> }> {
  const holder = await ledger.connection();
  await holder.query('BEGIN');
  await holder.query('LOCK TABLE hpts.administrative_answer IN EXCLUSIVE MODE');
  return {
    async untilWaiting() {
      for (;;) {
        const [row] = await ledger.sql<{ waiting: boolean }>(
          `SELECT EXISTS (SELECT FROM pg_stat_activity
             WHERE datname = current_database() AND wait_event_type = 'Lock') AS waiting`,
        );
        if (row?.waiting === true) return;
      }
    },
    async release() {
      await holder.query('ROLLBACK');
    },
  };
}
