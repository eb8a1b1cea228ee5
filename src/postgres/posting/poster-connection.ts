import type pg from 'pg';
import { StoreFailure, type StoreFailureKind } from '../../posting/posting-store.ts';
import { type ConnectionOptions, connect, type DatabaseAddress } from '../connection.ts';

const CONFLICTS: ReadonlySet<string> = new Set([
  '40001', // serialization_failure
  '40P01', // deadlock_detected
  '23505', // unique_violation: a key, a loan or a reversal that another process wrote first
  'HP001', // the configuration changed between decision and write
]);
const TIMEOUTS: ReadonlySet<string> = new Set([
  '55P03', // lock_not_available
  '57014', // query_canceled by statement_timeout
  '25P04', // transaction_timeout
]);
/** Errors of these classes say that the database is not fit to serve now; any other code is a bug of ours. */
const UNAVAILABLE_CLASSES: ReadonlySet<string> = new Set(['08', '53', '57', '58', 'F0', 'XX', '25']);

/** Sorts what the driver threw into what the engine can do about it; a bug is thrown on as it is. */
export function failureOf(error: unknown): unknown {
  if (error instanceof StoreFailure) return error;
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  const kind = failureKind(code);
  if (kind === undefined) return error;
  return new StoreFailure(
    kind,
    `${code ?? 'connection'}: ${error instanceof Error ? error.message : String(error)}`,
    error,
  );
}

function failureKind(code: string | undefined): StoreFailureKind | undefined {
  // The driver's own errors (connection terminated, timeout while connecting) and the socket's carry no SQLSTATE.
  if (code === undefined || !/^[0-9A-Z]{5}$/.test(code) || code.startsWith('E')) return 'unavailable';
  if (CONFLICTS.has(code)) return 'conflict';
  if (TIMEOUTS.has(code)) return 'timeout';
  return UNAVAILABLE_CLASSES.has(code.slice(0, 2)) ? 'unavailable' : undefined;
}

/** One named, prepared statement. `rowMode: array` keeps the driver from making an object per row. */
export type Statement = { readonly name: string; readonly text: string };

/** One connection of the poster: pipelined, reopened when it broke. Used by one batch at a time. */
export class PosterConnection {
  readonly #address: DatabaseAddress;
  readonly #options: ConnectionOptions;
  #client: pg.Client | null = null;

  constructor(address: DatabaseAddress, options: ConnectionOptions) {
    this.#address = address;
    this.#options = options;
  }

  /** The open client. Throws StoreFailure `unavailable` when none can be opened. */
  async client(): Promise<pg.Client> {
    if (this.#client !== null) return this.#client;
    try {
      const client = await connect(this.#address, this.#options);
      client.on('end', () => this.#forget(client));
      client.on('error', () => this.#forget(client));
      this.#client = client;
      return client;
    } catch (error) {
      throw new StoreFailure('unavailable', 'the database cannot be reached', error);
    }
  }

  /** Gives up a connection whose transaction is in an unknown state. */
  async discard(): Promise<void> {
    const client = this.#client;
    this.#client = null;
    if (client === null) return;
    await client.end().catch(() => undefined);
  }

  #forget(client: pg.Client): void {
    if (this.#client === client) this.#client = null;
  }
}

/** Sends one prepared statement; rows come as arrays of the driver's parsed values. */
export function run(
  client: pg.Client,
  statement: Statement,
  values: unknown[],
): Promise<pg.QueryArrayResult<unknown[]>> {
  return client.query<unknown[]>({ name: statement.name, text: statement.text, values, rowMode: 'array' });
}
