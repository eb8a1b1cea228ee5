import { hostname } from 'node:os';
import pg from 'pg';

/**
 * How a database is reached. A socket directory may stand in `host`. Everything that opens a connection takes this, so
 * that the embedded server and a cluster far away are one case.
 */
export type DatabaseAddress = {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  readonly ssl?: boolean | { readonly rejectUnauthorized: boolean };
};

/** The roles of migrations 0001, 0007 and 0010; `owner` is the role of the address itself. */
export type DatabaseRole =
  | 'owner'
  | 'hpts_poster'
  | 'hpts_reader'
  | 'hpts_access'
  | 'hpts_auditor'
  | 'hpts_delivery'
  | 'hpts_configurator';

export type ConnectionOptions = {
  readonly role: DatabaseRole;
  /** Shows in pg_stat_activity, with this process's host and pid behind it, as its log names them. */
  readonly applicationName: string;
  /** Statements are sent without waiting for the answers of those before them. */
  readonly pipeline?: boolean;
  readonly lockTimeoutMs?: number;
  readonly statementTimeoutMs?: number;
  readonly idleInTransactionTimeoutMs?: number;
  /**
   * Plans that look rows up by index, made once. Statements that take arrays are planned for a guessed length; on tables
   * that were empty then, a plan that scans them would be kept while they grow.
   */
  readonly indexPlansOnly?: boolean;
  /** A plan for each execution, made for the arrays it came with: for statements that are few and large. */
  readonly planEachTime?: boolean;
};

/** Connections live longer than requests and one batch serves many, so it is the process that they name. */
const PROCESS = `${hostname()}:${process.pid}`;
/** PostgreSQL cuts longer names. */
const NAME_CHARS = 63;

const CONNECT_WAIT_MS = 5_000;
/** How much longer than the statement's own time-out its answer is waited for. */
const ANSWER_WAIT_MS = 3_000;

/** How long a server may take over a goodbye. */
const END_WAIT_MS = 2_000;

const OID_INT8 = 20;
const OID_DATE = 1082;
const OID_TIMESTAMPTZ = 1184;
const OID_DATE_ARRAY = 1182;
const OID_NUMERIC = 1700;

// Money must never pass through a double, and a calendar date must never pass through a time zone.
pg.types.setTypeParser(OID_INT8, BigInt);
pg.types.setTypeParser(OID_DATE, (text: string) => text);
pg.types.setTypeParser(OID_TIMESTAMPTZ, (text: string) => text);
pg.types.setTypeParser(OID_NUMERIC, (text: string) => text);
// pg-types knows the array form only by number; its parser for text[] (1009) splits without converting.
pg.types.setTypeParser(OID_DATE_ARRAY as number, pg.types.getTypeParser(1009 as number) as (text: string) => string[]);

/**
 * Settings of one client: UTC, the role, and every time-out, all set in the start-up packet so that no statement can run
 * before them.
 */
export function clientConfig(address: DatabaseAddress, options: ConnectionOptions): pg.ClientConfig {
  const settings = ['-c TimeZone=UTC', '-c DateStyle=ISO', '-c search_path=pg_catalog', '-c jit=off'];
  if (options.role !== 'owner') settings.push(`-c role=${options.role}`);
  if (options.lockTimeoutMs !== undefined) settings.push(`-c lock_timeout=${options.lockTimeoutMs}`);
  if (options.statementTimeoutMs !== undefined) settings.push(`-c statement_timeout=${options.statementTimeoutMs}`);
  if (options.idleInTransactionTimeoutMs !== undefined) {
    settings.push(`-c idle_in_transaction_session_timeout=${options.idleInTransactionTimeoutMs}`);
  }
  if (options.indexPlansOnly === true) {
    settings.push(
      '-c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off -c plan_cache_mode=force_generic_plan',
      '-c enable_bitmapscan=off -c enable_material=off',
    );
  }
  if (options.planEachTime === true) settings.push('-c plan_cache_mode=force_custom_plan');
  return {
    host: address.host,
    port: address.port,
    user: address.user,
    password: address.password,
    database: address.database,
    ...(address.ssl === undefined ? {} : { ssl: address.ssl }),
    application_name: `${options.applicationName} ${PROCESS}`.slice(0, NAME_CHARS),
    options: settings.join(' '),
    connectionTimeoutMillis: CONNECT_WAIT_MS,
    // A server that stopped answering cannot time a statement out; then the driver gives the connection up.
    ...(options.statementTimeoutMs === undefined ? {} : { query_timeout: options.statementTimeoutMs + ANSWER_WAIT_MS }),
    keepAlive: true,
    ...(options.pipeline === true ? { pipeline: true } : {}),
  } as pg.ClientConfig;
}

/** Thrown where the server asks for a password and there is none to give; the message says where it belongs. */
class PasswordMissing extends Error {
  override readonly name = 'PasswordMissing';
}

/**
 * Opens one connection. The caller ends it. Throws PasswordMissing, or what the driver throws when the server cannot be reached
 * or refuses us.
 */
export async function connect(address: DatabaseAddress, options: ConnectionOptions): Promise<pg.Client> {
  const client = new pg.Client(clientConfig(address, options));
  // A connection that breaks while idle emits 'error'; its next query reports it to whoever cares.
  client.on('error', () => undefined);
  try {
    await client.connect();
    return client;
  } catch (error) {
    // The driver leaves the socket open when it gives up by itself; the server would hold it, and us, for a minute.
    socketOf(client)?.destroy?.();
    if (lacksPassword(client, error)) throw new PasswordMissing(passwordMissing(client));
    throw error;
  }
}

/** The driver may have found one in PGPASSWORD or a password file, so it is asked, not the address. */
function lacksPassword(client: pg.Client, error: unknown): boolean {
  if (!(error instanceof Error) || (client.password ?? '') !== '') return false;
  const INVALID_PASSWORD = '28P01';
  return ('code' in error && error.code === INVALID_PASSWORD) || /^SASL: .*client password must be/.test(error.message);
}

function passwordMissing({ host, port, user }: pg.Client): string {
  const asks = `PostgreSQL at ${host}:${port} asks user ${user} for a password, and HPTS_DATABASE_URL has none`;
  return `${asks}: postgres://user:password@host:5432/database`;
}

function socketOf(client: pg.Client): { destroy?: () => void } | undefined {
  return (client as unknown as { readonly connection?: { readonly stream?: { destroy?: () => void } } }).connection
    ?.stream;
}

/** Which database an address names, for people: no user, no password. */
export function nameOfDatabase({ host, port, database }: DatabaseAddress): string {
  return `database ${database} at ${host}:${port}`;
}

const uses = new WeakMap<pg.Client, number>();

/**
 * Call before each piece of work on a connection with `indexPlansOnly`. A plan that was made for tables of a few rows goes
 * through all of them for each element asked for, and would be kept until PostgreSQL gathers statistics, a minute or more
 * later: a new ledger became slower with every loan. So plans are made anew at the 2nd, 4th, 8th, … use.
 */
export function renewPlans(client: pg.Client): void {
  const use = (uses.get(client) ?? 0) + 1;
  uses.set(client, use);
  if (use === 1 || (use & (use - 1)) !== 0) return;
  // It fails only when the connection is broken, and then the work behind it says so.
  client.query('DISCARD PLANS').catch(() => undefined);
}

/** Ends a connection; one whose server does not answer is cut off after END_WAIT_MS. Never rejects. */
export async function endConnection(client: pg.Client): Promise<void> {
  const stream = socketOf(client);
  const cut = setTimeout(() => stream?.destroy?.(), END_WAIT_MS);
  try {
    await client.end();
  } catch {
    // It was broken already, which is as good as ended.
    stream?.destroy?.();
  } finally {
    clearTimeout(cut);
  }
}

/** Reads a postgres:// URL; throws a TypeError that never shows the password. */
export function parseDatabaseUrl(url: string): DatabaseAddress {
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    throw new TypeError('is not a URL of the form postgres://user:password@host:5432/database');
  }
  if (parsed.protocol !== 'postgres:' && parsed.protocol !== 'postgresql:') {
    throw new TypeError('must begin with postgres:// or postgresql://');
  }
  const sslMode = parsed.searchParams.get('sslmode') ?? 'disable';
  const socketDirectory = parsed.searchParams.get('host');
  const database = decodeURIComponent(parsed.pathname.slice(1));
  if (database === '') throw new TypeError('names no database: add it as the path, postgres://…/database');
  return {
    host: socketDirectory ?? decodeURIComponent(parsed.hostname),
    port: parsed.port === '' ? 5432 : Number(parsed.port),
    user: decodeURIComponent(parsed.username),
    password: decodeURIComponent(parsed.password),
    database,
    ...(sslMode === 'disable' ? {} : { ssl: { rejectUnauthorized: sslMode.startsWith('verify') } }),
  };
}
