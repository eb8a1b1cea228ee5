import { randomUUID } from 'node:crypto';
import { inject } from 'vitest';
import { type EmbeddedConnection, runStatements } from '../src/postgres/embedded/embedded-connection.ts';
import { TEMPLATE } from './database-template.ts';

/** A database of one test's own; `drop` also ends the connections left open to it. */
export type TestDatabase = { readonly connection: EmbeddedConnection; drop(): Promise<void> };

/** A new database with the schema and nothing else, on the PostgreSQL that the whole run shares; fsync is on. */
export function testDatabase(): Promise<TestDatabase> {
  return createDatabase({ template: TEMPLATE });
}

/** A new database as a copy of another, to which nobody may be connected: `template0` for one without the schema. */
export async function createDatabase(options: { readonly template: string }): Promise<TestDatabase> {
  const server = inject('postgresConnection');
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  // Copied file by file: page by page through the log takes four times as long, and every test file begins with it.
  const created = `CREATE DATABASE ${name} TEMPLATE ${options.template} STRATEGY FILE_COPY`;
  await runStatements({ connection: server, statements: [created] });
  return {
    connection: { ...server, database: name },
    async drop() {
      await runStatements({ connection: server, statements: [`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`] });
    },
  };
}
