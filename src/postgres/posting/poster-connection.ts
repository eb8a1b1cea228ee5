import type pg from 'pg';
import { StoreFailure, type StoreFailureKind } from '../../posting/posting-store.ts';
import { type ConnectionOptions, connect, type DatabaseAddress, endConnection } from '../connection.ts';
import { prepareStatements, type Statement } from '../statement-train.ts';

/** A prepared statement that is gone or whose answer changed shape: a new connection prepares it again. */
const STALE_STATEMENT: ReadonlySet<string> = new Set(['26000', '0A000']);
const CONFLICTS: ReadonlySet<string> = new Set([
  ...STALE_STATEMENT,
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

/** What the driver itself throws when a connection breaks, hangs or cannot be opened; such errors carry no SQLSTATE. */
const DRIVER_FAILURE =
  /^(?:Connection terminated|Client (?:was closed|has encountered)|Query read timeout|timeout exceeded|timeout expired)/;
const SOCKET_ERROR = /^E[A-Z]+$/;
const SQLSTATE = /^[0-9A-Z]{5}$/;

/** Sorts what the driver threw into what the engine can do about it; a bug is answered as it is. */
export function failureOf(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof StoreFailure) return error;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  const kind = failureKind(code, error.message);
  return kind === undefined ? error : new StoreFailure(kind, `${code ?? 'connection'}: ${error.message}`, error);
}

function failureKind(code: string | undefined, message: string): StoreFailureKind | undefined {
  if (code !== undefined && SQLSTATE.test(code) && !SOCKET_ERROR.test(code)) {
    if (CONFLICTS.has(code)) return 'conflict';
    if (TIMEOUTS.has(code)) return 'timeout';
    return UNAVAILABLE_CLASSES.has(code.slice(0, 2)) ? 'unavailable' : undefined;
  }
  const broken = (code !== undefined && SOCKET_ERROR.test(code)) || DRIVER_FAILURE.test(message);
  return broken ? 'unavailable' : undefined;
}

/** True when a failed batch leaves its connection in a state that a ROLLBACK does not mend. */
export function needsNewConnection(failure: unknown): boolean {
  if (!(failure instanceof StoreFailure)) return false;
  if (failure.kind === 'unknown' || failure.kind === 'unavailable') return true;
  const { cause } = failure;
  return cause instanceof Error && 'code' in cause && STALE_STATEMENT.has(String(cause.code));
}

/** One connection of the poster, with its statements prepared; reopened when it broke. Used by one batch at a time. */
export class PosterConnection {
  readonly #address: DatabaseAddress;
  readonly #options: ConnectionOptions;
  readonly #statements: readonly Statement[];
  #client: pg.Client | null = null;

  constructor(address: DatabaseAddress, options: ConnectionOptions, statements: readonly Statement[]) {
    this.#address = address;
    this.#options = options;
    this.#statements = statements;
  }

  get isOpen(): boolean {
    return this.#client !== null;
  }

  /** The open client. Throws StoreFailure `unavailable` when none can be opened. */
  async client(): Promise<pg.Client> {
    if (this.#client !== null) return this.#client;
    try {
      const client = await this.#open();
      client.on('end', () => this.#forget(client));
      client.on('error', () => this.#forget(client));
      this.#client = client;
      return client;
    } catch (error) {
      throw new StoreFailure('unavailable', 'the database cannot be reached', error);
    }
  }

  async #open(): Promise<pg.Client> {
    const client = await connect(this.#address, this.#options);
    try {
      await prepareStatements(client, this.#statements);
      return client;
    } catch (error) {
      await endConnection(client);
      throw error;
    }
  }

  /** Gives up a connection whose transaction is in an unknown state. */
  async discard(): Promise<void> {
    const client = this.#client;
    this.#client = null;
    if (client !== null) await endConnection(client);
  }

  #forget(client: pg.Client): void {
    if (this.#client === client) this.#client = null;
  }
}
