import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTenant } from '../../src/postgres/access/tenant.ts';
import { connect, type DatabaseRole } from '../../src/postgres/connection.ts';
import { type TestDatabase, testDatabase } from '../database.ts';

let database: TestDatabase;
let tenantId: string;
beforeAll(async () => {
  database = await testDatabase();
  const wish = { name: 'guards', timezone: 'UTC', currency: 'USD' };
  ({ tenantId } = await createTenant(database.connection, wish, { actor: 'test' }));
});
afterAll(() => database.drop());

async function as<T>(role: DatabaseRole, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = await connect(database.connection, { role, applicationName: 'guards test' });
  try {
    await client.query(`SELECT set_config('hpts.tenants', $1, false)`, [tenantId]);
    return await work(client);
  } finally {
    await client.end();
  }
}

function insertEntry(accounts: string, amounts: string) {
  return as('hpts_poster', (client) =>
    client.query(
      `INSERT INTO hpts.journal_entry (tenant_id, entry_id, seq, event_id, correlation_id, posted_at, effective_at, event_type,
         layer, currency, accounts, amounts, actor)
       VALUES ($1, $2, 1, $2, $2, now(), '2026-01-01', 'manual_adjustment', 0, 'USD', $3, $4, 'test')`,
      [tenantId, randomUUID(), accounts, amounts],
    ),
  );
}

test.each([
  ['debits exceed credits', '{1000,3000}', '{7,-6}'],
  ['a line is zero', '{1000,3000,2000}', '{7,-7,0}'],
  ['an amount is missing', '{1000,3000,2000}', '{7,-7,NULL}'],
  ['an account is missing', '{1000,NULL}', '{7,-7}'],
  ['two dimensions', '{{1000,3000}}', '{{7,7}}'],
  ['places that do not begin at 1', '[7:8]={1000,3000}', '[7:8]={7,7}'],
  ['fewer accounts than amounts', '{1000}', '{7,-7}'],
  ['seven lines out of balance', '{1000,1000,1000,1000,1000,1000,3000}', '{1,1,1,1,1,1,-7}'],
])('the database refuses an entry when %s', async (_why, accounts, amounts) => {
  await expect(insertEntry(accounts, amounts)).rejects.toMatchObject({ code: expect.stringMatching(/^23514$/) });
});

test('the database takes an entry that balances, with lines and without', async () => {
  await insertEntry('{1000,3000}', '{7,-7}');
  await insertEntry('{}', '{}');
});

test('the reader may lock a head and not move it', async () => {
  await as('hpts_reader', async (client) => {
    const locked = await client.query('SELECT posted_at FROM hpts.tenant_head WHERE tenant_id = $1 FOR SHARE', [
      tenantId,
    ]);
    expect(locked.rowCount).toBe(1);
    const moved = client.query(`UPDATE hpts.tenant_head SET posted_at = '2000-01-01' WHERE tenant_id = $1`, [tenantId]);
    await expect(moved).rejects.toMatchObject({ code: '42501' });
  });
});

test.each([
  'UPDATE hpts.journal_entry SET actor = actor',
  'DELETE FROM hpts.journal_entry',
  'TRUNCATE hpts.journal_entry',
])('the journal refuses %s, to the poster and to its owner', async (statement) => {
  await expect(as('hpts_poster', (client) => client.query(statement))).rejects.toMatchObject({ code: '42501' });
  await expect(as('owner', (client) => client.query(statement))).rejects.toMatchObject({ code: '23001' });
});

test('without the setting, and for another tenant, the poster sees no entry', async () => {
  const seen = async (tenants: string) =>
    as('hpts_poster', async (client) => {
      await client.query(`SELECT set_config('hpts.tenants', $1, false)`, [tenants]);
      return (await client.query('SELECT FROM hpts.journal_entry')).rowCount;
    });
  expect(await seen('')).toBe(0);
  expect(await seen(randomUUID())).toBe(0);
  expect(await seen(tenantId)).toBeGreaterThan(0);
});
