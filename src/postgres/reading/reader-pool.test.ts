import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { type TestDatabase, testDatabase } from '../../../test/database.ts';
import { LIMITS } from '../../limits.ts';
import { createTenant } from '../access/tenant.ts';
import { connect } from '../connection.ts';
import { ReaderPool, type ReadStatement, TooManyReads } from './reader-pool.ts';

const OWN_TENANTS: ReadStatement = {
  brief: true,
  name: 'own_tenants',
  text: 'SELECT t.tenant_id FROM hpts.tenant AS t ORDER BY t.tenant_id',
};
const SHOWN: ReadStatement = {
  brief: true,
  name: 'shown',
  text: `SELECT current_setting('hpts.tenants', true), $1::int`,
};
const DIVISION: ReadStatement = { brief: true, name: 'division', text: 'SELECT 1 / $1::int' };
const BACKEND: ReadStatement = { brief: true, name: 'backend', text: 'SELECT pg_backend_pid()' };
const KINDS: ReadStatement = {
  name: 'kinds',
  text: `SELECT 9223372036854775807::bigint, 7::int, '2026-05-01'::date, true, ARRAY[1,2]::smallint[], NULL::text, 'é'`,
};

let database: TestDatabase;
let pool: ReaderPool;
const tenants: string[] = [];
beforeAll(async () => {
  database = await testDatabase();
  for (const name of ['one', 'two', 'three']) {
    const wish = { name, timezone: 'UTC', currency: 'USD' };
    tenants.push((await createTenant(database.connection, wish, { actor: 'test' })).tenantId);
  }
});
afterAll(() => database.drop());
beforeEach(() => {
  pool = new ReaderPool(database.connection, 2);
});
afterEach(() => pool.close());

/** A read whose statement PostgreSQL refuses fails its train, which is then read one by one. */
const refused = () => pool.read('', DIVISION, [0]);

test('reads of several tenants that share a message each see their own rows', async () => {
  const asked = Array.from({ length: 60 }, (_, index) => tenants[index % 3] ?? '');
  const rows = await Promise.all(asked.map((tenant) => pool.read(tenant, OWN_TENANTS, [])));
  expect(rows).toEqual(asked.map((tenant) => [[tenant]]));
});

test('a tenant list shows its tenants, and an empty one nobody', async () => {
  const two = tenants.slice(0, 2).sort();
  expect(await pool.read(two.join(','), OWN_TENANTS, [])).toEqual(two.map((tenant) => [tenant]));
  expect(await pool.read('', OWN_TENANTS, [])).toEqual([]);
});

test('one that PostgreSQL refuses fails alone, and the tenant is set again behind it', async () => {
  const asked = Array.from({ length: 10 }, (_, index) => pool.read(tenants[index % 3] ?? '', SHOWN, [index]));
  await expect(refused()).rejects.toThrow('division by zero');
  expect(await Promise.all(asked)).toEqual(asked.map((_, index) => [[tenants[index % 3], index]]));
  const mixed = [pool.read(tenants[0] ?? '', SHOWN, [1]), refused(), pool.read(tenants[1] ?? '', SHOWN, [2])];
  const outcomes = await Promise.allSettled(mixed);
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect(outcomes.map((outcome) => (outcome.status === 'fulfilled' ? outcome.value : null))).toEqual([
    [[tenants[0], 1]],
    null,
    [[tenants[1], 2]],
  ]);
});

test('10,000 interleaved reads of three tenants on two connections that are cut again and again: no row of another', async () => {
  const owner = await connect(database.connection, { role: 'owner', applicationName: 'test' });
  const outcomes = { own: 0, wrong: 0, refused: 0, cut: 0 };
  const ask = async (index: number): Promise<void> => {
    const tenant = tenants[index % 3] ?? '';
    try {
      if (index % 50 === 7) await refused();
      const asked = index % 2 === 0 ? pool.read(tenant, OWN_TENANTS, []) : pool.read(tenant, SHOWN, [index]);
      const wanted = index % 2 === 0 ? [[tenant]] : [[tenant, index]];
      outcomes[JSON.stringify(await asked) === JSON.stringify(wanted) ? 'own' : 'wrong'] += 1;
    } catch (error) {
      outcomes[String(error).includes('division by zero') ? 'refused' : 'cut'] += 1;
    }
    if (index % 500 !== 499) return;
    await owner.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE datname = current_database() AND application_name LIKE 'hpts reader%'`);
  };
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < 10_000) {
      const index = next;
      next += 1;
      await ask(index);
    }
  };
  await Promise.all(Array.from({ length: 100 }, work));
  await owner.end();
  const { own, wrong, refused: divisions, cut } = outcomes;
  expect([wrong, own + divisions + cut]).toEqual([0, 10_000]);
  expect(divisions).toBeGreaterThan(100);
  expect(cut).toBeGreaterThan(0);
  expect(own).toBeGreaterThan(5_000);
});

test('columns come as the driver parses them', async () => {
  expect(await pool.read('', KINDS, [])).toEqual([[9223372036854775807n, 7, '2026-05-01', true, [1, 2], null, 'é']]);
  expect(await pool.read('', KINDS, [])).toEqual([[9223372036854775807n, 7, '2026-05-01', true, [1, 2], null, 'é']]);
});

test('statements in order see one tenant, and leave no transaction behind, refused or not', async () => {
  const [tenant = ''] = tenants;
  expect(
    await pool.readInOrder(tenant, [
      [SHOWN, [1]],
      [OWN_TENANTS, []],
    ]),
  ).toEqual([[tenant]]);
  await expect(
    pool.readInOrder(tenant, [
      [DIVISION, [0]],
      [OWN_TENANTS, []],
    ]),
  ).rejects.toThrow('division by zero');
  expect(await pool.read(tenant, OWN_TENANTS, [])).toEqual([[tenant]]);
});

test('a connection that was cut off fails what was on it, and the next read has a new one', async () => {
  const [before] = await pool.read('', BACKEND, []);
  const owner = await connect(database.connection, { role: 'owner', applicationName: 'test' });
  await owner.query('SELECT pg_terminate_backend($1, 5000)', [before?.[0]]);
  await owner.end();
  await expect.poll(async () => (await pool.read('', BACKEND, []).catch(() => [[null]]))[0]?.[0]).toBeGreaterThan(0);
  const after = await Promise.all([pool.read('', BACKEND, []), pool.read('', BACKEND, [])]);
  expect(after.flat(2)).not.toContain(before?.[0]);
});

test('more reads than may wait are turned away, and the rest is answered', async () => {
  const asked = Array.from({ length: LIMITS.queuedReads }, () => pool.read('', BACKEND, []));
  await expect(pool.read('', BACKEND, [])).rejects.toThrow(TooManyReads);
  expect((await Promise.all(asked)).length).toBe(LIMITS.queuedReads);
});

test('a database that cannot be reached fails every read at once, not one after the other', async () => {
  const nowhere = new ReaderPool({ ...database.connection, database: `no_${randomUUID()}` }, 1);
  const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => nowhere.read('', BACKEND, [])));
  expect(new Set(outcomes.map(({ status }) => status))).toEqual(new Set(['rejected']));
  await nowhere.close();
});
