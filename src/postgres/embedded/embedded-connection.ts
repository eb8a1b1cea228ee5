import { Client } from 'pg';
import { errorCode } from './error-code.ts';

/** What the driver needs to connect; `host` is the folder of the socket, absolute. */
export type EmbeddedConnection = {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
};

const CONNECT_MS_MAX = 30_000;

/**
 * Connects once, to prove that the server answers and knows our password, and creates the database if it is missing.
 * Throws when the server refuses or does not answer within 30 s.
 */
export async function ensureDatabase(connection: EmbeddedConnection): Promise<void> {
  try {
    await runStatements({ connection, statements: ['SELECT 1'] });
  } catch (error) {
    const INVALID_CATALOG_NAME = '3D000';
    if (errorCode(error) !== INVALID_CATALOG_NAME) throw refusal({ connection, error });
    const name = `"${connection.database.replaceAll('"', '""')}"`;
    await runStatements({
      connection: { ...connection, database: 'postgres' },
      statements: [`CREATE DATABASE ${name} TEMPLATE template0`],
    });
  }
}

/** Runs statements one by one, each on its own, on a connection that is closed again. */
export async function runStatements(run: {
  readonly connection: EmbeddedConnection;
  readonly statements: readonly string[];
}): Promise<void> {
  const client = new Client({ ...run.connection, connectionTimeoutMillis: CONNECT_MS_MAX });
  let broken: Error | undefined;
  // Without a listener, a connection that breaks between two statements would end the process.
  client.on('error', (error) => {
    broken = error;
  });
  try {
    await client.connect();
    for (const statement of run.statements) await client.query(statement);
  } finally {
    await client.end();
  }
  if (broken !== undefined) throw broken;
}

function refusal(refused: { readonly connection: EmbeddedConnection; readonly error: unknown }): Error {
  return new Error(`The embedded PostgreSQL in ${refused.connection.host} runs but does not let us in.`, {
    cause: refused.error,
  });
}
