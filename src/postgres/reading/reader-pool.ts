import { LIMITS } from '../../limits.ts';
import { connect, type DatabaseAddress, endConnection, renewPlans } from '../connection.ts';
import { isServerError, type Statement } from '../statement-train.ts';
import { type Read, ReaderConnection, type ReadValue } from './reader-connection.ts';

/**
 * A statement that reads. A `brief` one looks up a few rows by index, whatever the size of the ledger, and shares its round
 * trip with others; any other has a connection to itself, so that nobody waits behind it.
 */
export type ReadStatement = Statement & { readonly brief?: true };

/** Thrown when more reads wait than LIMITS.queuedReads; the caller answers too_busy. */
export class TooManyReads extends Error {
  override readonly name = 'TooManyReads';
}

type Waiting = Read & {
  readonly brief: boolean;
  readonly resolve: (rows: unknown[][]) => void;
  readonly reject: (error: unknown) => void;
};

/**
 * Connections in role hpts_reader. Brief reads that came in together leave together as one message to PostgreSQL, with the
 * setting that lets row-level security show their tenants.
 */
export class ReaderPool {
  readonly #address: DatabaseAddress;
  readonly #heavy: boolean;
  readonly #idle: number[];
  readonly #slots: (ReaderConnection | undefined)[];
  readonly #underWay = new Set<Promise<void>>();
  #queue: Waiting[] = [];
  #outstanding = 0;
  #pumpScheduled = false;

  /** `heavy`: for reads of thousands of rows at once, each planned for what it asks. */
  constructor(address: DatabaseAddress, connections: number = LIMITS.readerConnections, heavy = false) {
    this.#address = address;
    this.#heavy = heavy;
    this.#slots = Array.from({ length: connections }, () => undefined);
    this.#idle = this.#slots.map((_, slot) => slot);
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
  read(tenantIds: string, statement: ReadStatement, values: readonly ReadValue[]): Promise<unknown[][]> {
    return this.#ask({ tenantIds, statements: [[statement, values]] }, statement.brief === true);
  }

  /** Several statements in one transaction, each beginning after the one before it ended; answers the last one's rows. */
  readInOrder(tenantId: string, statements: Read['statements']): Promise<unknown[][]> {
    return this.#ask({ tenantIds: tenantId, statements }, false);
  }

  /** Ends every connection once what is under way has ended. */
  async close(): Promise<void> {
    await Promise.all(this.#underWay);
    const open = this.#slots.splice(0).filter((connection) => connection !== undefined);
    await Promise.all(open.map(({ client }) => endConnection(client)));
  }

  #ask(read: Read, brief: boolean): Promise<unknown[][]> {
    if (this.#outstanding >= LIMITS.queuedReads) return Promise.reject(new TooManyReads('too many reads are waiting'));
    this.#outstanding += 1;
    return new Promise((resolve, reject) => {
      this.#queue.push({ ...read, brief, resolve, reject });
      this.#pumpSoon();
    });
  }

  /** Once the input that has arrived is read: what came in together travels together. */
  #pumpSoon(): void {
    if (this.#pumpScheduled) return;
    this.#pumpScheduled = true;
    setImmediate(() => {
      this.#pumpScheduled = false;
      this.#pump();
    });
  }

  #pump(): void {
    while (this.#queue.length > 0) {
      const slot = this.#idle.pop();
      if (slot === undefined) return;
      const reads = this.#takeReads();
      const running = this.#run(slot, reads).finally(() => {
        this.#outstanding -= reads.length;
        this.#idle.push(slot);
        this.#underWay.delete(running);
        this.#pumpSoon();
      });
      this.#underWay.add(running);
    }
  }

  #takeReads(): readonly Waiting[] {
    let count = 0;
    while (count < LIMITS.readsPerTrain && this.#queue[count]?.brief === true) count += 1;
    return this.#queue.splice(0, Math.max(count, 1));
  }

  /** Answers each read. Never rejects. */
  async #run(slot: number, reads: readonly Waiting[]): Promise<void> {
    try {
      const rows = await this.#readOn(slot, reads);
      for (const [index, { resolve }] of reads.entries()) resolve(rows[index] ?? []);
    } catch (error) {
      // One that PostgreSQL refuses must not fail those that shared its way.
      if (reads.length > 1 && isServerError(error)) for (const read of reads) await this.#run(slot, [read]);
      else for (const { reject } of reads) reject(error);
    }
  }

  async #readOn(slot: number, reads: readonly Read[]): Promise<unknown[][][]> {
    const connection = this.#slots[slot] ?? (await this.#open(slot));
    renewPlans(connection.client);
    try {
      return await connection.read(reads);
    } catch (error) {
      // What the connection has prepared, and whether a transaction is open on it, is not known any more.
      this.#forget(slot, connection);
      await endConnection(connection.client);
      throw error;
    }
  }

  async #open(slot: number): Promise<ReaderConnection> {
    const client = await connect(this.#address, {
      role: 'hpts_reader',
      applicationName: 'hpts reader',
      statementTimeoutMs: this.#heavy ? LIMITS.heavyStatementTimeoutMs : LIMITS.readerStatementTimeoutMs,
      lockTimeoutMs: LIMITS.readerLockTimeoutMs,
      ...(this.#heavy ? { planEachTime: true } : { indexPlansOnly: true }),
    });
    const connection = new ReaderConnection(client);
    client.on('end', () => this.#forget(slot, connection));
    client.on('error', () => this.#forget(slot, connection));
    this.#slots[slot] = connection;
    return connection;
  }

  /** Only the connection that broke is forgotten, never the one opened in its place since. */
  #forget(slot: number, connection: ReaderConnection): void {
    if (this.#slots[slot] === connection) this.#slots[slot] = undefined;
  }
}
