import { createSecretKey, type KeyObject, randomBytes } from 'node:crypto';
import type pg from 'pg';
import { SCOPES, type Scope } from '../../src/domain/scope.ts';
import { type AccessDirectory, startAccessDirectory } from '../../src/http/oauth/access-directory.ts';
import { openAccessPool } from '../../src/postgres/access/access-snapshot.ts';
import { type ClientCredentials, createClient } from '../../src/postgres/access/client.ts';
import { ensureSigningKey } from '../../src/postgres/access/signing-key.ts';
import { createTenant } from '../../src/postgres/access/tenant.ts';
import type { DatabaseAddress } from '../../src/postgres/connection.ts';
import { testDatabase } from '../database.ts';

export const ISSUER = 'http://127.0.0.1:8080';
export const AUDIENCE = 'hpts';
export const ACTOR = { actor: 'test' };

/** A migrated database with a signing key, a tenant and a client with every scope. */
export type AccessInstance = {
  readonly address: DatabaseAddress;
  readonly masterKey: KeyObject;
  readonly tenantId: string;
  readonly credentials: ClientCredentials;
  readonly pool: pg.Pool;
  readonly directory: AccessDirectory;
  /** What the directory complained about. */
  readonly problems: unknown[];
  newClient(scopes: readonly Scope[]): Promise<ClientCredentials>;
  close(): Promise<void>;
};

/** The directory does not poll by itself unless an interval is given: tests say when it looks. */
export async function startAccessInstance(
  times: { readonly pollIntervalMs?: number; readonly stateAgeMsMax?: number } = {},
): Promise<AccessInstance> {
  const database = await testDatabase();
  const address: DatabaseAddress = database.connection;
  const masterKey = createSecretKey(randomBytes(32));
  await ensureSigningKey(address, masterKey);
  const { tenantId } = await createTenant(address, { name: 'Lender', timezone: 'UTC', currency: 'USD' }, ACTOR);
  const newClient = (scopes: readonly Scope[]) => createClient(address, { tenantId, name: null, scopes }, ACTOR);
  const credentials = await newClient(SCOPES);
  const pool = openAccessPool(address);
  const problems: unknown[] = [];
  const directory = await startAccessDirectory({
    db: pool,
    masterKey,
    onProblem: (problem) => problems.push(problem),
    pollIntervalMs: 3_600_000,
    stateAgeMsMax: 3_600_000,
    ...times,
  });
  return {
    address,
    masterKey,
    tenantId,
    credentials,
    pool,
    directory,
    problems,
    newClient,
    close: async () => {
      await directory.stop();
      await pool.end();
      await database.drop();
    },
  };
}
