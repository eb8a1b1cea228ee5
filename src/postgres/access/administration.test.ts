import { afterAll, beforeAll, expect, test } from 'vitest';
import { type TestDatabase, testDatabase } from '../../../test/database.ts';
import { DEFAULT_CHART_OF_ACCOUNTS } from '../../domain/chart-of-accounts.ts';
import { DEFAULT_PROGRAM_POLICY } from '../../domain/default-program.ts';
import { SCOPES } from '../../domain/scope.ts';
import { connect, type DatabaseAddress, type DatabaseRole } from '../connection.ts';
import { findClient, openAccessPool, readAccessGeneration } from './access-snapshot.ts';
import { createClient, revokeClient, rotateClientSecret } from './client.ts';
import { hashClientSecret, matchesClientSecret } from './client-secret.ts';
import { DEMO_CREDENTIALS, DEMO_TENANT, ensureDemo } from './demo.ts';
import { createTenant } from './tenant.ts';

let database: TestDatabase;
let address: DatabaseAddress;
const BY = { actor: 'test' };
const LENDER = { name: 'Lender', timezone: 'America/New_York', currency: 'USD' };

beforeAll(async () => {
  database = await testDatabase();
  address = database.connection;
});

afterAll(() => database.drop());

async function rows(sql: string, parameters: unknown[] = [], role: DatabaseRole = 'owner'): Promise<unknown[]> {
  const client = await connect(address, { role, applicationName: 'test' });
  try {
    return (await client.query(sql, parameters)).rows as unknown[];
  } finally {
    await client.end();
  }
}

async function generation(): Promise<bigint> {
  const [row] = await rows('SELECT generation FROM hpts.access_generation');
  return (row as { generation: bigint }).generation;
}

test('a tenant comes with its head, its default program and its chart', async () => {
  const before = await generation();
  const { tenantId, defaultProgramId } = await createTenant(address, LENDER, BY);
  expect(
    await rows('SELECT timezone, currency, default_program_id FROM hpts.tenant WHERE tenant_id = $1', [tenantId]),
  ).toEqual([{ timezone: 'America/New_York', currency: 'USD', default_program_id: defaultProgramId }]);
  expect(await rows('SELECT seq, config_epoch FROM hpts.tenant_head WHERE tenant_id = $1', [tenantId])).toEqual([
    { seq: 0n, config_epoch: 1n },
  ]);
  const versions = await rows(
    'SELECT version, effective_from, policy FROM hpts.program_version WHERE tenant_id = $1 AND program_id = $2',
    [tenantId, defaultProgramId],
  );
  expect(versions).toEqual([{ version: 1, effective_from: null, policy: DEFAULT_PROGRAM_POLICY }]);
  expect(
    await rows('SELECT account_code AS code, name, type FROM hpts.account WHERE tenant_id = $1 ORDER BY 1', [tenantId]),
  ).toEqual(DEFAULT_CHART_OF_ACCOUNTS.map(({ code, name, type }) => ({ code, name, type })));
  expect(await rows('SELECT actor, action, subject FROM hpts.audit_event WHERE tenant_id = $1', [tenantId])).toEqual([
    { actor: 'test', action: 'tenant.create', subject: tenantId },
  ]);
  expect(await generation()).toBe(before + 1n);
});

test('two tenants may have one name', async () => {
  const [a, b] = [await createTenant(address, LENDER, BY), await createTenant(address, LENDER, BY)];
  expect(a.tenantId).not.toBe(b.tenantId);
});

test.each([
  ['a name of nothing', { name: ' ' }],
  ['a name with a line break', { name: 'a\nb' }],
  ['a name with U+0000', { name: 'a\0' }],
  ['a name too long', { name: 'x'.repeat(201) }],
  ['a time zone nobody knows', { timezone: 'Mars/Olympus' }],
  ['an offset in place of a zone', { timezone: '+01:00' }],
  ['a zone in the wrong case', { timezone: 'europe/berlin' }],
  ["a zone of the database's own spelling", { timezone: 'posix/UTC' }],
  ['an empty zone', { timezone: '' }],
  ['a currency that is none', { currency: 'XXX' }],
  ['a currency in lower case', { currency: 'usd' }],
])('a tenant is refused for %s, and nothing is left behind', async (_name, changes) => {
  const count =
    'SELECT (SELECT count(*) FROM hpts.tenant) AS tenants, (SELECT count(*) FROM hpts.audit_event) AS events';
  const before = [await rows(count), await generation()];
  await expect(createTenant(address, { ...LENDER, ...changes }, BY)).rejects.toThrow(
    expect.objectContaining({ name: 'AdministrationRefused' }),
  );
  expect([await rows(count), await generation()]).toEqual(before);
});

test('a client is made, rotated and revoked; each act is in the log and moves the generation', async () => {
  const { tenantId } = await createTenant(address, LENDER, BY);
  const before = await generation();
  const wish = { tenantId: tenantId.toUpperCase(), name: 'Servicing', scopes: ['hpts:ledger:read'] as const };
  const { clientId, clientSecret } = await createClient(address, wish, BY);
  expect(Buffer.from(clientSecret, 'base64url')).toHaveLength(32);
  await rotateClientSecret(address, { clientId, overlapSeconds: 60 }, BY);
  await rotateClientSecret(address, { clientId, overlapSeconds: 0 }, BY);
  await revokeClient(address, { clientId }, BY);
  expect(await generation()).toBe(before + 4n);
  const log = await rows('SELECT action, tenant_id FROM hpts.audit_event WHERE subject = $1 ORDER BY audit_id', [
    clientId,
  ]);
  expect(log).toEqual(
    ['create', 'rotate', 'rotate', 'revoke'].map((act) => ({ action: `client.${act}`, tenant_id: tenantId })),
  );
  await expect(rotateClientSecret(address, { clientId, overlapSeconds: 0 }, BY)).rejects.toThrow('it was revoked');
  await expect(revokeClient(address, { clientId }, BY)).rejects.toThrow('it was revoked');
});

test('the secret itself is nowhere in the database', async () => {
  const { tenantId } = await createTenant(address, LENDER, BY);
  const { clientSecret } = await createClient(address, { tenantId, name: null, scopes: SCOPES }, BY);
  const dump = await rows(`SELECT to_jsonb(c)::text AS row FROM hpts.client c
    UNION ALL SELECT to_jsonb(s)::text FROM hpts.client_secret s UNION ALL SELECT to_jsonb(a)::text FROM hpts.audit_event a`);
  expect(JSON.stringify(dump)).toContain(hashClientSecret(clientSecret).toString('hex'));
  expect(JSON.stringify(dump)).not.toContain(clientSecret);
});

test.each([
  ['an unknown tenant', { tenantId: '00000000-0000-0000-0000-000000000000' }],
  ['a tenant that is no id', { tenantId: "x' OR true" }],
  ['no scope', { scopes: [] }],
  ['a name with a control character', { name: '\u001b[2J' }],
])('a client is refused for %s', async (_name, changes) => {
  const wish = { tenantId: DEMO_TENANT.tenantId, name: null, scopes: ['hpts:ledger:read'] as const };
  await ensureDemo(address);
  await expect(createClient(address, { ...wish, ...changes }, BY)).rejects.toThrow(
    expect.objectContaining({ name: 'AdministrationRefused' }),
  );
});

test('a rotation lets the old secret live its overlap and no longer than it had', async () => {
  const { tenantId } = await createTenant(address, LENDER, BY);
  const first = await createClient(address, { tenantId, name: null, scopes: SCOPES }, BY);
  const { clientId } = first;
  const second = await rotateClientSecret(address, { clientId, overlapSeconds: 60 }, BY);
  const third = await rotateClientSecret(address, { clientId, overlapSeconds: 3_600 }, BY);
  const ends = await rows(
    `SELECT secret_hash, expires_at < clock_timestamp() + interval '2 minutes' AS soon FROM hpts.client_secret
     WHERE client_id = $1 ORDER BY created_at`,
    [clientId],
  );
  expect(ends).toEqual([
    { secret_hash: hashClientSecret(first.clientSecret), soon: true },
    { secret_hash: hashClientSecret(second.clientSecret), soon: false },
    { secret_hash: hashClientSecret(third.clientSecret), soon: null },
  ]);
});

test('the demo is made once, by however many servers start at once, and holds every scope', async () => {
  await Promise.all([ensureDemo(address), ensureDemo(address), ensureDemo(address)]);
  const before = await generation();
  expect(await ensureDemo(address)).toEqual(DEMO_TENANT);
  expect(await generation()).toBe(before);
  const pool = openAccessPool(address);
  const client = await findClient(pool, DEMO_CREDENTIALS.clientId);
  expect([...(client?.scopes ?? [])]).toEqual([...SCOPES]);
  expect(client?.tenantId).toBe(DEMO_TENANT.tenantId);
  expect(matchesClientSecret('demo_secret', client?.secretHashes ?? [])).toBe(true);
  expect((await readAccessGeneration(pool)).generation).toBe(before);
  await pool.end();
});

test('a scope that came with a newer version is granted to the demo client', async () => {
  await ensureDemo(address);
  await rows("UPDATE hpts.client SET scopes = ARRAY['hpts:ledger:read'] WHERE client_id = 'demo_client'");
  await ensureDemo(address);
  expect(await rows("SELECT cardinality(scopes) AS count FROM hpts.client WHERE client_id = 'demo_client'")).toEqual([
    { count: SCOPES.length },
  ]);
});

test('the role that reads clients and keys changes nothing', async () => {
  for (const sql of [
    'UPDATE hpts.client SET revoked_at = NULL',
    'DELETE FROM hpts.client_secret',
    'SELECT FROM hpts.audit_event',
  ]) {
    await expect(rows(sql, [], 'hpts_access')).rejects.toThrow('permission denied');
  }
});

test('the audit log cannot be changed by its owner either', async () => {
  await expect(rows("UPDATE hpts.audit_event SET actor = 'x'")).rejects.toThrow('append-only');
});

test('a secret matches itself and nothing near it', () => {
  const hashes = [hashClientSecret('one'), hashClientSecret('two')];
  expect(['one', 'two', 'three', '', 'One'].map((secret) => matchesClientSecret(secret, hashes))).toEqual([
    true,
    true,
    false,
    false,
    false,
  ]);
  expect(matchesClientSecret('', [])).toBe(false);
});
