import { connect, type DatabaseAddress } from './connection.ts';

/** Thrown for a PostgreSQL that cannot keep the promises of the ledger; the message says what to change. */
export class UnsafeServer extends Error {
  override readonly name = 'UnsafeServer';
}

const OLDEST_VERSION = 150_000;

/**
 * Refuses a server that is too old, or that may lose what it acknowledged: fsync, full_page_writes or
 * synchronous_commit off (TRUST.md section 2).
 */
export async function refuseUnsafeServer(address: DatabaseAddress): Promise<void> {
  const client = await connect(address, { role: 'owner', applicationName: 'hpts start' });
  try {
    const { rows } = await client.query<{ name: string; setting: string }>(
      `SELECT name, setting FROM pg_settings
       WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit', 'server_version_num', 'server_version')`,
    );
    const settings = new Map(rows.map((row) => [row.name, row.setting]));
    if (Number(settings.get('server_version_num')) < OLDEST_VERSION) {
      throw new UnsafeServer(`PostgreSQL ${settings.get('server_version')} is too old: HPTS needs 15 or newer`);
    }
    for (const name of ['fsync', 'full_page_writes', 'synchronous_commit']) {
      if (settings.get(name) === 'off') {
        throw new UnsafeServer(
          `${name} is off on this PostgreSQL server, so a power cut could lose payments that were acknowledged: set ${name} = on in postgresql.conf and reload it`,
        );
      }
    }
  } finally {
    await client.end();
  }
}
