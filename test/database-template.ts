import type { EmbeddedConnection } from '../src/postgres/embedded/embedded-connection.ts';
import { migrate } from '../src/postgres/migrate.ts';

/** The database that every test's own is copied from. */
export const TEMPLATE = 'test_template';

/** Fills the template, once in a run of vitest, as a migration fills a new ledger. */
export async function applySchema(connection: EmbeddedConnection): Promise<void> {
  await migrate(connection);
}
