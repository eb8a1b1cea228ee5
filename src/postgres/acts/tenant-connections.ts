import pg from 'pg';
import { LIMITS } from '../../limits.ts';
import { clientConfig, type DatabaseAddress, type DatabaseRole } from '../connection.ts';

/** What a process opens connections for; the name is that of pg_stat_activity. */
export type TenantConnectionOptions = {
  readonly role: Exclude<DatabaseRole, 'owner'>;
  readonly applicationName: string;
  readonly connectionsMax: number;
  readonly statementTimeoutMs: number;
};

/** A few connections in one role, on which brief transactions change what is administered: endpoints, programs, accounts. */
export class TenantConnections {
  readonly #pool: pg.Pool;

  constructor(address: DatabaseAddress, options: TenantConnectionOptions) {
    const { role, applicationName, connectionsMax, statementTimeoutMs } = options;
    this.#pool = new pg.Pool({
      ...clientConfig(address, {
        role,
        applicationName,
        lockTimeoutMs: LIMITS.administrativeLockTimeoutMs,
        statementTimeoutMs,
        idleInTransactionTimeoutMs: statementTimeoutMs,
      }),
      max: connectionsMax,
      connectionTimeoutMillis: statementTimeoutMs,
    });
    // An idle connection that breaks is replaced at the next query, which reports what is wrong if that fails as well. The
    // pool does not listen to those that are lent out: without a listener a break would end the process.
    this.#pool.on('error', () => undefined);
    this.#pool.on('connect', (client) => client.on('error', () => undefined));
  }

  /** Its connections: open, and of those idle. */
  get connections(): { readonly open: number; readonly idle: number } {
    return { open: this.#pool.totalCount, idle: this.#pool.idleCount };
  }

  /** The few questions that are about every tenant; row-level security answers them where the role may see all of them. */
  async acrossTenants<Row extends pg.QueryResultRow>(text: string, values: unknown[]): Promise<Row[]> {
    return (await this.#pool.query<Row>(text, values)).rows;
  }

  /**
   * Runs `work` in one transaction that sees and changes the rows of one tenant. Commits when it ends, rolls back when it
   * throws, and throws that again.
   */
  async ofTenant<T>(tenantId: string, work: (client: pg.ClientBase) => Promise<T>): Promise<T> {
    const client = await this.#pool.connect();
    let broken = true;
    try {
      await client.query('BEGIN');
      await client.query(`SELECT set_config('hpts.tenants', $1, true)`, [tenantId]);
      const outcome = await orRollBack(client, work, () => {
        broken = false;
      });
      const { command } = await client.query('COMMIT');
      // PostgreSQL answers the COMMIT of a failed transaction with the tag ROLLBACK and no error.
      if (command !== 'COMMIT') throw new Error(`the transaction was not committed: ${command}`);
      broken = false;
      return outcome;
    } finally {
      client.release(broken);
    }
  }

  async close(): Promise<void> {
    await this.#pool.end();
  }
}

async function orRollBack<T>(
  client: pg.ClientBase,
  work: (client: pg.ClientBase) => Promise<T>,
  rolledBack: () => void,
): Promise<T> {
  try {
    return await work(client);
  } catch (error) {
    // When even that fails, the connection is given up and its transaction with it.
    await client.query('ROLLBACK').then(rolledBack, () => undefined);
    throw error;
  }
}
