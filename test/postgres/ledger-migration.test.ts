import { randomUUID } from 'node:crypto';
import { copyFileSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connect, type DatabaseAddress } from '../../src/postgres/connection.ts';
import { runStatements } from '../../src/postgres/embedded/embedded-connection.ts';
import { migrate } from '../../src/postgres/migrate.ts';
import { createDatabase, type TestDatabase } from '../database.ts';

/** A ledger as an earlier version left it, in a database whose owner is no superuser: forced row security meets the owner too. */

const TENANT = randomUUID();
const LOAN = randomUUID();
const ENTRY = randomUUID();
const owner = { user: `owner_${randomUUID().slice(0, 8)}`, password: randomUUID() };
let database: TestDatabase;
let address: DatabaseAddress;

beforeAll(async () => {
  database = await createDatabase({ template: 'template0' });
  address = { ...database.connection, ...owner };
  const roles = ['poster', 'reader', 'access', 'auditor', 'delivery', 'configurator'].map((role) => `hpts_${role}`);
  await runStatements({
    connection: database.connection,
    statements: [
      `CREATE ROLE ${owner.user} LOGIN PASSWORD '${owner.password}'`,
      // It may become each of them, and sees nothing by their policies while it is itself.
      `GRANT ${roles.join(', ')} TO ${owner.user} WITH INHERIT FALSE, SET TRUE`,
      `ALTER DATABASE ${database.connection.database} OWNER TO ${owner.user}`,
    ],
  });
});
afterAll(async () => {
  const { connection } = database;
  await database.drop();
  await runStatements({
    connection: { ...connection, database: 'postgres' },
    statements: [`DROP ROLE IF EXISTS ${owner.user}`],
  });
});

test('0018 keeps what led from loans to accruals of 0, with the dates of their entries', async () => {
  await migrateThrough(17);
  await post([
    `INSERT INTO hpts.journal_entry (tenant_id, entry_id, seq, posted_at, event_id, correlation_id, event_type, effective_at, currency,
       layer, accounts, amounts, actor, event_input)
     VALUES ('${TENANT}', '${ENTRY}', 1, now(), '${randomUUID()}', '${randomUUID()}', 'accrual', '2026-05-03', 'USD', 0, '{}', '{}', 'test', '{}')`,
    `INSERT INTO hpts.loan_unmoved_accrual (tenant_id, loan_id, entry_id) VALUES ('${TENANT}', '${LOAN}', '${ENTRY}')`,
  ]);
  expect(await migrate(address)).toContain(18);
  const kept = await rowsOf(
    'SELECT loan_id, entry_id, effective_at::text AS effective_at, loan_seq FROM hpts.loan_unmoved_event',
  );
  // Its date did not count for the loan's frontier when it was posted.
  expect(kept).toEqual([{ loan_id: LOAN, entry_id: ENTRY, effective_at: '2026-05-03', loan_seq: null }]);
  // The journal's row security, which hid it from its owner, is forced again.
  const forced = `SELECT relname FROM pg_class WHERE oid IN ('hpts.journal_entry'::regclass, 'hpts.loan_unmoved_event'::regclass)
    AND relforcerowsecurity ORDER BY relname`;
  expect(await rowsOf(forced)).toEqual([{ relname: 'journal_entry' }, { relname: 'loan_unmoved_event' }]);
});

/** By the migrations up to a number alone, as an earlier version brought them. */
async function migrateThrough(version: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'hpts-migrations-'));
  const all = new URL('../../migrations/', import.meta.url);
  try {
    for (const name of readdirSync(all).sort().slice(0, version)) copyFileSync(new URL(name, all), join(folder, name));
    await migrate(address, pathToFileURL(`${folder}/`));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function post(statements: readonly string[]): Promise<void> {
  const client = await connect(address, { role: 'hpts_poster', applicationName: 'test' });
  try {
    await client.query(`SELECT set_config('hpts.tenants', $1, false)`, [TENANT]);
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}

async function rowsOf(text: string): Promise<unknown[]> {
  const client = await connect(address, { role: 'hpts_auditor', applicationName: 'test' });
  try {
    const { rows } = await client.query(text);
    return rows;
  } finally {
    await client.end();
  }
}
