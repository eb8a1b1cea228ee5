import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { connect, type DatabaseAddress } from './connection.ts';

const MIGRATIONS_FOLDER = new URL('../../migrations/', import.meta.url);
const FILE_NAME = /^(\d{4})-([a-z0-9-]+)\.sql$/;
// One migrator at a time per database; the number is arbitrary but must never change.
const MIGRATION_LOCK = 4_873_311_902;

/** A migration as it lies in `migrations/`: forward only, never edited once released. */
export type Migration = {
  readonly version: number;
  readonly name: string;
  readonly sql: string;
  readonly sha256: string;
};

/** Thrown when the database and the checked-in migrations do not fit; the message says which and what to do. */
export class MigrationMismatch extends Error {
  override readonly name = 'MigrationMismatch';
}

/** Reads `migrations/*.sql` in order. Throws MigrationMismatch when a number is missing or taken twice. */
export async function readMigrations(folder: URL = MIGRATIONS_FOLDER): Promise<readonly Migration[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.sql')).sort();
  return Promise.all(
    names.map(async (file, index) => {
      const match = FILE_NAME.exec(file);
      if (match === null || Number(match[1]) !== index + 1) {
        throw new MigrationMismatch(`migrations/${file} is out of order: expected number ${index + 1}`);
      }
      const sql = await readFile(new URL(file, folder), 'utf8');
      return { version: index + 1, name: match[2] ?? '', sql, sha256: createHash('sha256').update(sql).digest('hex') };
    }),
  );
}

/**
 * Brings a database to the newest schema, each migration in a transaction of its own, under an advisory lock so that
 * several servers may start at once. Answers the versions it applied. Throws MigrationMismatch when an applied migration
 * was edited since, or when the database is newer than this program.
 */
export async function migrate(address: DatabaseAddress, folder: URL = MIGRATIONS_FOLDER): Promise<readonly number[]> {
  const migrations = await readMigrations(folder);
  const client = await connect(address, { role: 'owner', applicationName: 'hpts migrate' });
  try {
    await client.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK]);
    await client.query('CREATE SCHEMA IF NOT EXISTS hpts');
    await client.query(`CREATE TABLE IF NOT EXISTS hpts.schema_migration (
      version integer PRIMARY KEY, name text NOT NULL, sha256 text NOT NULL, applied_at timestamptz NOT NULL DEFAULT clock_timestamp())`);
    const applied = await client.query<{ version: number; sha256: string }>(
      'SELECT version, sha256 FROM hpts.schema_migration',
    );
    const known = new Map(applied.rows.map((row) => [row.version, row.sha256]));
    refuseMismatch(migrations, known);
    const done: number[] = [];
    for (const migration of migrations) {
      if (known.has(migration.version)) continue;
      await client.query('BEGIN');
      try {
        await client.query(migration.sql);
        await client.query('INSERT INTO hpts.schema_migration (version, name, sha256) VALUES ($1, $2, $3)', [
          migration.version,
          migration.name,
          migration.sha256,
        ]);
        await client.query('COMMIT');
      } catch (error) {
        await client.query('ROLLBACK');
        const failed = `migration ${migration.version} (${migration.name}) failed and was rolled back`;
        throw new Error(`${failed}${hintOf(error)}`, { cause: error });
      }
      done.push(migration.version);
    }
    return done;
  } finally {
    await client.end();
  }
}

/** Thrown for a database in which no ledger is; the message says where to look. */
class NoLedger extends Error {
  override readonly name = 'NoLedger';
}

/**
 * Refuses a database that holds no ledger, or one of another schema than this program's, and changes nothing. `name` says which
 * one it is, `setting` what names it. Throws NoLedger or MigrationMismatch. Whether each migration is as it was applied is
 * another question.
 */
export async function requireSchema(
  address: DatabaseAddress,
  { name, setting }: { readonly name: string; readonly setting: string },
): Promise<void> {
  const newest = (await readMigrations()).length;
  const client = await connect(address, { role: 'owner', applicationName: 'hpts verify' });
  try {
    const none = new NoLedger(`there is no ledger in ${name}: look at ${setting}`);
    const table = await client.query(`SELECT WHERE to_regclass('hpts.schema_migration') IS NOT NULL`);
    if (table.rowCount === 0) throw none;
    const applied = await client.query<{ newest: number | null }>(
      'SELECT max(version) AS newest FROM hpts.schema_migration',
    );
    const found = applied.rows[0]?.newest ?? null;
    if (found === null) throw none;
    if (found > newest) throw unknownMigration(found);
    if (found < newest) {
      const schemas = `the schema of migration ${found}, this program that of ${newest}`;
      throw new MigrationMismatch(`the ledger in ${name} has ${schemas}: run npx hpts migrate, then verify`);
    }
  } finally {
    await client.end();
  }
}

/** What PostgreSQL, or the migration itself, advises. */
function hintOf(error: unknown): string {
  const hint = error instanceof Error && 'hint' in error ? error.hint : undefined;
  return typeof hint === 'string' ? `: ${hint}` : '';
}

function refuseMismatch(migrations: readonly Migration[], known: ReadonlyMap<number, string>): void {
  for (const [version, sha256] of known) {
    const migration = migrations[version - 1];
    if (migration === undefined) {
      throw unknownMigration(version);
    }
    if (migration.sha256 !== sha256) {
      throw new MigrationMismatch(
        `migration ${version} (${migration.name}) was changed after it was applied: restore the file as it was released`,
      );
    }
  }
}

function unknownMigration(version: number): MigrationMismatch {
  return new MigrationMismatch(
    `the database has migration ${version}, which this program does not know: start a newer HPTS`,
  );
}
