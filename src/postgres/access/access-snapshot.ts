/** What a server reads, as hpts_access, to decide who is calling. */
import pg from 'pg';
import { isScope, type Scope } from '../../domain/scope.ts';
import { clientConfig, type DatabaseAddress } from '../connection.ts';

/** A pool, or one connection, in a role that may read clients and keys. */
export type AccessReader = Pick<pg.Pool, 'query'>;

/** A client that is not revoked. */
export type ActiveClient = {
  readonly tenantId: string;
  readonly scopes: ReadonlySet<Scope>;
  /** Thumbprints of the certificates of which it has to show one; null: it needs none. Empty: nobody is let in. */
  readonly certificates: ReadonlySet<string> | null;
};

/** A key that is not retired yet. Times are the database's, in milliseconds since 1970. */
export type StoredSigningKey = {
  readonly kid: string;
  readonly sealed: Uint8Array;
  /** Null for a key that may sign. */
  readonly retiresAtMs: number | null;
};

/** Everything about clients and keys at one moment. */
export type AccessSnapshot = {
  readonly generation: bigint;
  readonly clients: ReadonlyMap<string, ActiveClient>;
  readonly tenants: ReadonlySet<string>;
  /** The newest first. */
  readonly signingKeys: readonly StoredSigningKey[];
};

/** The generation, with the database's clock: milliseconds since 1970. */
export type AccessGeneration = { readonly generation: bigint; readonly databaseNowMs: number };

/** A client with what proves its identity. `generation` is that of the same moment. */
export type ClientIdentity = ActiveClient & {
  readonly secretHashes: readonly Uint8Array[];
  readonly generation: bigint;
};

const POOL_CONNECTIONS_MAX = 4;
const ACCESS_WAIT_MS_MAX = 3_000;

/** Opens the pool the functions below are meant for. Nothing in it waits longer than 3 s for a connection or an answer. */
export function openAccessPool(address: DatabaseAddress): pg.Pool {
  const pool = new pg.Pool({
    ...clientConfig(address, {
      role: 'hpts_access',
      applicationName: 'hpts access',
      statementTimeoutMs: ACCESS_WAIT_MS_MAX,
    }),
    max: POOL_CONNECTIONS_MAX,
    connectionTimeoutMillis: ACCESS_WAIT_MS_MAX,
    query_timeout: ACCESS_WAIT_MS_MAX,
  });
  // An idle connection that breaks is replaced at the next query, which reports what is wrong if that fails as well.
  pool.on('error', () => undefined);
  return pool;
}

/** The cheap question, asked every few seconds: did anything change? */
export async function readAccessGeneration(db: AccessReader): Promise<AccessGeneration> {
  const { rows } = await db.query<{ generation: bigint; now_ms: number }>(
    `SELECT generation, (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS now_ms
     FROM hpts.access_generation`,
  );
  const row = rows[0];
  if (row === undefined) throw new Error('hpts.access_generation has lost its row');
  return { generation: row.generation, databaseNowMs: row.now_ms };
}

type ClientRow = {
  tenant_id: string;
  scopes: string[];
  certificate_required: boolean;
  certificates: string[];
};

type SnapshotRow = {
  generation: bigint;
  clients: (ClientRow & { client_id: string })[];
  tenants: string[];
  keys: { kid: string; sealed: string; retires_at_ms: number | null }[];
};

// As RFC 8705 section 3.1 writes a thumbprint: base64url without padding.
const CERTIFICATES = `ARRAY(
  SELECT translate(encode(thumbprint, 'base64'), '+/=', '-_') FROM hpts.client_certificate AS certificate
  WHERE certificate.client_id = client.client_id)`;

/** All of it in one statement, so that clients, keys and generation are of the same moment. */
export async function readAccessSnapshot(db: AccessReader): Promise<AccessSnapshot> {
  const { rows } = await db.query<SnapshotRow>(
    `SELECT generation,
       (SELECT coalesce(jsonb_agg(jsonb_build_object(
            'client_id', client_id,
            'tenant_id', tenant_id,
            'scopes', scopes,
            'certificate_required', certificate_required,
            'certificates', ${CERTIFICATES})), '[]')
        FROM hpts.client WHERE revoked_at IS NULL) AS clients,
       (SELECT coalesce(jsonb_agg(tenant_id), '[]') FROM hpts.tenant) AS tenants,
       (SELECT coalesce(jsonb_agg(jsonb_build_object(
            'kid', kid,
            'sealed', encode(private_key_sealed, 'base64'),
            'retires_at_ms', (extract(epoch FROM retired_at) * 1000)::float8) ORDER BY activated_at DESC, kid), '[]')
        FROM hpts.signing_key
        WHERE algorithm = 'RS256' AND (retired_at IS NULL OR retired_at > clock_timestamp())) AS keys
     FROM hpts.access_generation`,
  );
  const row = rows[0];
  if (row === undefined) throw new Error('hpts.access_generation has lost its row');
  return {
    generation: row.generation,
    clients: new Map(row.clients.map((client) => [client.client_id, activeClient(client)])),
    tenants: new Set(row.tenants),
    signingKeys: row.keys.map((key) => ({
      kid: key.kid,
      sealed: Buffer.from(key.sealed, 'base64'),
      retiresAtMs: key.retires_at_ms,
    })),
  };
}

/** The client of a token request with its unexpired secrets; undefined when there is none or it is revoked. */
export async function findClient(db: AccessReader, clientId: string): Promise<ClientIdentity | undefined> {
  const { rows } = await db.query<ClientRow & { hashes: Buffer[]; generation: bigint }>(
    `SELECT tenant_id, scopes, certificate_required, ${CERTIFICATES} AS certificates, generation,
       ARRAY(SELECT secret_hash FROM hpts.client_secret AS secret
             WHERE secret.client_id = client.client_id AND (expires_at IS NULL OR expires_at > clock_timestamp())) AS hashes
     FROM hpts.client AS client CROSS JOIN hpts.access_generation
     WHERE client_id = $1 AND revoked_at IS NULL`,
    [clientId],
  );
  const row = rows[0];
  if (row === undefined) return undefined;
  return { ...activeClient(row), secretHashes: row.hashes, generation: row.generation };
}

function activeClient(row: ClientRow): ActiveClient {
  return {
    tenantId: row.tenant_id,
    scopes: knownScopes(row.scopes),
    certificates: row.certificate_required ? new Set(row.certificates) : null,
  };
}

/** Leaves out scopes that a newer version granted and this one does not know. */
function knownScopes(stored: readonly string[]): ReadonlySet<Scope> {
  return new Set(stored.filter(isScope));
}
