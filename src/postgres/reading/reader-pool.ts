import type pg from 'pg';
import { LIMITS } from '../../limits.ts';
import { connect, type DatabaseAddress, endConnection, renewPlans } from '../connection.ts';
import type { Statement } from '../statement-train.ts';

const SET_TENANT: Statement = { name: 'set_tenant', text: `SELECT set_config('hpts.tenants', $1, false)` };

/** The part of the driver's connection that `inOneWrite` needs and its types do not show. */
type Corkable = { readonly connection?: { readonly stream?: { cork?: () => void; uncork?: () => void } } };

/** Lets everything that `send` sends leave in one system call: each write of its own would wake PostgreSQL up. */
function inOneWrite<Answer>(client: pg.Client, send: () => Answer): Answer {
  const stream = (client as unknown as Corkable).connection?.stream;
  stream?.cork?.();
  try {
    return send();
  } finally {
    stream?.uncork?.();
  }
}

/** Thrown when more reads wait than LIMITS.queuedReads; the caller answers too_busy. */
export class TooManyReads extends Error {
  override readonly name = 'TooManyReads';
}

/**
 * Connections in role hpts_reader, pipelined: a read is sent at once behind those that wait, together with the setting
 * that lets row-level security show its tenant. Both go out in one tick, so no other read can come between them; if the
 * setting fails, the read's answer is thrown away with it.
 */
export class ReaderPool {
  readonly #address: DatabaseAddress;
  readonly #slots: (Promise<pg.Client> | undefined)[];
  #outstanding = 0;
  #next = 0;

  constructor(address: DatabaseAddress, connections: number = LIMITS.readerConnections) {
    this.#address = address;
    this.#slots = Array.from({ length: connections }, () => undefined);
  }

  /** Connections that are open or being opened. */
  get openConnections(): number {
    return this.#slots.filter((slot) => slot !== undefined).length;
  }

  /** Reads that wait for their answer. */
  get underWay(): number {
    return this.#outstanding;
  }

  /** One read of the tenants named. Rows come as arrays of the driver's parsed values. */
  async read(tenantIds: string, statement: Statement, values: unknown[]): Promise<unknown[][]> {
    return this.#use(async (client) => {
      const answered = inOneWrite(client, () =>
        Promise.all([
          client.query({ name: SET_TENANT.name, text: SET_TENANT.text, values: [tenantIds] }),
          client.query<unknown[]>({ name: statement.name, text: statement.text, values, rowMode: 'array' }),
        ]),
      );
      const [, result] = await answered;
      return result.rows;
    });
  }

  /** Several statements in one transaction, each beginning after the one before it ended; answers the last one's rows. */
  async readInOrder(tenantId: string, statements: readonly (readonly [Statement, unknown[]])[]): Promise<unknown[][]> {
    return this.#use(async (client) => {
      const answered = inOneWrite(client, () =>
        Promise.all([
          client.query('BEGIN'),
          client.query({ name: SET_TENANT.name, text: SET_TENANT.text, values: [tenantId] }),
          ...statements.map(([statement, values]) =>
            client.query<unknown[]>({ name: statement.name, text: statement.text, values, rowMode: 'array' }),
          ),
          // Ends the transaction also when a statement failed: PostgreSQL answers it with ROLLBACK.
          client.query('COMMIT'),
        ]),
      );
      const results = await answered;
      return (results.at(-2)?.rows ?? []) as unknown[][];
    });
  }

  async close(): Promise<void> {
    const open = this.#slots.splice(0).filter((slot) => slot !== undefined);
    await Promise.all(open.map((slot) => slot.then(endConnection, () => undefined)));
  }

  async #use<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
    if (this.#outstanding >= LIMITS.queuedReads) throw new TooManyReads('too many reads are waiting');
    this.#outstanding += 1;
    try {
      const client = await this.#reader();
      renewPlans(client);
      return await work(client);
    } finally {
      this.#outstanding -= 1;
    }
  }

  #reader(): Promise<pg.Client> {
    const slot = this.#next;
    this.#next = (slot + 1) % this.#slots.length;
    const open = this.#slots[slot];
    if (open !== undefined) return open;
    // Only the connection that broke is forgotten, never the one opened in its place since.
    const forget = (): void => {
      if (this.#slots[slot] === opening) this.#slots[slot] = undefined;
    };
    const opening = this.#open(forget);
    opening.catch(forget);
    this.#slots[slot] = opening;
    return opening;
  }

  async #open(forget: () => void): Promise<pg.Client> {
    const client = await connect(this.#address, {
      role: 'hpts_reader',
      applicationName: 'hpts reader',
      pipeline: true,
      statementTimeoutMs: LIMITS.readerStatementTimeoutMs,
      lockTimeoutMs: LIMITS.readerLockTimeoutMs,
      indexPlansOnly: true,
    });
    client.on('end', forget);
    client.on('error', forget);
    return client;
  }
}
