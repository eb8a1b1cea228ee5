import type pg from 'pg';
import { LIMITS } from '../../limits.ts';
import type { Command } from '../../posting/command.ts';
import type { DecidedBatch } from '../../posting/decide-batch.ts';
import { newEntryId } from '../../posting/entry-id.ts';
import type { LedgerState, TenantState } from '../../posting/ledger-state.ts';
import { scopedKey } from '../../posting/ledger-state.ts';
import {
  type CommittedBatch,
  type DecideBatch,
  type PostingBatch,
  type PostingStore,
  StoreFailure,
} from '../../posting/posting-store.ts';
import { type ReadSet, readSetOf } from '../../posting/read-set.ts';
import type { LoanHistory } from '../../posting/restatement/loan-history.ts';
import { type ConnectionOptions, type DatabaseAddress, renewPlans } from '../connection.ts';
import type { ReaderPool } from '../reading/reader-pool.ts';
import { ConfigurationCache } from './configuration.ts';
import { HELD_LOAN_STATEMENTS, heldLoans } from './held-loans.ts';
import { readReceipts, resolveEntries } from './posted-entries.ts';
import { failureOf, needsNewConnection, PosterConnection } from './poster-connection.ts';
import { PreviewConnection } from './preview-connection.ts';
import { readHistories } from './read-histories.ts';
import { type LockedRows, lockAndRead, READ_STATEMENTS, type ReadState, readKeys, stateOf } from './read-state.ts';
import { INTEREST_STATEMENTS } from './stored-interest.ts';
import { writeAndCommit } from './write-plan.ts';
import { WRITE_STATEMENTS } from './write-statements.ts';

export type PostgresStoreOptions = {
  readonly address: DatabaseAddress;
  readonly lanes: number;
  /** Heavy lanes wait longer for locks and statements: LIMITS.heavy… in place of LIMITS.poster…. */
  readonly heavy: boolean;
  readonly reader: ReaderPool;
};

type DecidedOnState = DecidedBatch & { readonly state: LedgerState & Pick<ReadState, 'loanRows'> };

type Deciding = {
  readonly batch: Omit<PostingBatch, 'lane'>;
  readonly decide: DecideBatch;
  readonly histories?: ReadonlyMap<string, LoanHistory>;
};

const STATEMENTS = [...READ_STATEMENTS, ...WRITE_STATEMENTS, ...INTEREST_STATEMENTS, ...HELD_LOAN_STATEMENTS];

/**
 * Keys are not looked up before a batch is decided: nearly every key is new, and the unique index says so at the write. A
 * batch that meets a used key there is rolled back and decided again with the keys in sight, and since whoever repeats one
 * request repeats others, so are this many behind it.
 */
const BATCHES_THAT_LOOK = 64;

/** The posting engine's store on PostgreSQL: one connection per lane, in role hpts_poster. */
export class PostgresStore implements PostingStore {
  readonly #lanes: readonly PosterConnection[];
  readonly #previews: PreviewConnection;
  readonly #reader: ReaderPool;
  readonly #configurations = new ConfigurationCache();
  /** How many batches from now on look for used keys before they decide. */
  #lookForKeys = 0;

  constructor(options: PostgresStoreOptions) {
    this.#reader = options.reader;
    this.#previews = new PreviewConnection(options.address);
    const connection = posterOptions(options.heavy);
    this.#lanes = Array.from(
      { length: options.lanes },
      () => new PosterConnection(options.address, connection, STATEMENTS),
    );
  }

  /** Lanes whose connection is open; the others open theirs when they are used. */
  get openConnections(): number {
    return this.#lanes.filter(({ isOpen }) => isOpen).length;
  }

  readonly resolve: PostingStore['resolve'] = async (refs) => {
    try {
      return await resolveEntries(this.#reader, refs);
    } catch (error) {
      throw failureOf(error);
    }
  };

  readonly receipts: PostingStore['receipts'] = async (refs) => {
    try {
      return await readReceipts(this.#reader, refs);
    } catch (error) {
      throw failureOf(error);
    }
  };

  readonly post: PostingStore['post'] = (batch, decide) =>
    this.#onLane(batch.lane, (client) => this.#postOn(client, batch, decide));

  readonly held: PostingStore['held'] = ({ commands, resolved, lane }) =>
    this.#onLane(lane, async (client) => {
      const loans = await heldLoans(client, readSetOf(commands, resolved));
      if (loans.size === 0) return new Set();
      const isHeld = (command: Command): boolean =>
        readSetOf([command], resolved).loans.some(({ tenantId, loanId }) => loans.has(scopedKey(tenantId, loanId)));
      return new Set(commands.flatMap((command, place) => (isHeld(command) ? [place] : [])));
    });

  readonly preview: PostingStore['preview'] = (batch, decide) =>
    this.#previews.run(readSetOf(batch.commands, batch.resolved), async (client, rows) =>
      this.#withHistories(client, rows, {
        batch,
        decide,
        decided: await this.#decide(client, rows, { batch, decide }),
      }),
    );

  /** Closes every connection; batches under way must have ended. */
  async close(): Promise<void> {
    await Promise.all([...this.#lanes.map((lane) => lane.discard()), this.#previews.close()]);
  }

  async #onLane<Answer>(lane: number, work: (client: pg.Client) => Promise<Answer>): Promise<Answer> {
    const connection = this.#lanes[lane];
    if (connection === undefined) throw new Error(`there is no lane ${lane}`);
    const client = await connection.client();
    renewPlans(client);
    try {
      return await work(client);
    } catch (error) {
      const failure = failureOf(error);
      if (failure instanceof StoreFailure && failure.kind === 'conflict') this.#lookForKeys = BATCHES_THAT_LOOK;
      if (needsNewConnection(failure) || !(await rolledBack(client))) await connection.discard();
      throw failure;
    }
  }

  async #postOn(client: pg.Client, batch: PostingBatch, decide: DecideBatch): Promise<CommittedBatch> {
    const readSet = readSetOf(batch.commands, batch.resolved);
    const lookForKeys = this.#lookForKeys > 0;
    this.#lookForKeys = Math.max(this.#lookForKeys - 1, 0);
    let locked = await lockAndRead(client, readSet, { keys: lookForKeys });
    let decided = await this.#decide(client, locked, { batch, decide });
    if (!lookForKeys && decided.decisions.some(({ outcome }) => outcome === 'refused' || outcome === 'deferred')) {
      // A key that was used before is answered before any refusal.
      const withKeys = await readKeys(client, locked);
      if (withKeys !== undefined) {
        locked = withKeys;
        decided = await this.#decide(client, locked, { batch, decide });
      }
    }
    const { decisions, plan, state } = await this.#withHistories(client, locked, { batch, decide, decided });
    if (plan.entries.length === 0) {
      // Nothing was accepted: rolling back also takes away the loans that were inserted to be locked.
      await client.query('ROLLBACK');
      return { decisions, postedAt: new Map() };
    }
    const unmade = unmadeLoans(readSet, state);
    const { tenants, loanRows } = state;
    return { decisions, postedAt: await writeAndCommit(client, plan, { tenants, loanRows, unmadeLoans: unmade }) };
  }

  async #decide(
    client: pg.Client,
    locked: LockedRows,
    { batch, decide, histories }: Deciding,
  ): Promise<DecidedOnState> {
    const read = stateOf(locked);
    const tenants = await this.#tenants(client, read);
    const state = { ...read, tenants, entries: batch.resolved, ...(histories === undefined ? {} : { histories }) };
    return { ...decide(state, () => newEntryId(read.databaseTimeMs)), state };
  }

  /** Decides again a command that asked for the lives of its loans, when the batch is that command by itself. */
  async #withHistories(
    client: pg.Client,
    locked: LockedRows,
    { decided, ...deciding }: Deciding & { readonly decided: DecidedOnState },
  ): Promise<DecidedOnState> {
    const asked = decided.decisions.flatMap((one) => (one.outcome === 'deferred' ? one.histories : []));
    if (deciding.batch.readsHistories !== true || asked.length === 0) return decided;
    return this.#decide(client, locked, { ...deciding, histories: await readHistories(client, asked) });
  }

  async #tenants(client: pg.Client, read: ReadState): Promise<Map<string, TenantState>> {
    const tenants = new Map<string, TenantState>();
    for (const { tenantId, configEpoch, businessDate } of read.tenants) {
      const configuration = await this.#configurations.of(client, tenantId, configEpoch);
      tenants.set(tenantId, { configuration, businessDate, closedThrough: configuration.closedThrough });
    }
    return tenants;
  }
}

function unmadeLoans(readSet: ReadSet, state: LedgerState): readonly { tenantId: string; loanId: string }[] {
  return readSet.loansToMake.filter(
    (loan) => state.loans.get(scopedKey(loan.tenantId, loan.loanId))?.borrowerId === null,
  );
}

async function rolledBack(client: pg.Client): Promise<boolean> {
  try {
    return (await client.query('ROLLBACK')).command === 'ROLLBACK';
  } catch {
    return false;
  }
}

function posterOptions(heavy: boolean): ConnectionOptions {
  return {
    role: 'hpts_poster',
    applicationName: heavy ? 'hpts heavy poster' : 'hpts poster',
    lockTimeoutMs: heavy ? LIMITS.heavyLockTimeoutMs : LIMITS.posterLockTimeoutMs,
    statementTimeoutMs: heavy ? LIMITS.heavyStatementTimeoutMs : LIMITS.posterStatementTimeoutMs,
    idleInTransactionTimeoutMs: LIMITS.posterIdleInTransactionTimeoutMs,
    // A plan that was made for small tables compares every loan of a large batch with every loan there is.
    ...(heavy ? { planEachTime: true } : { indexPlansOnly: true }),
  };
}
