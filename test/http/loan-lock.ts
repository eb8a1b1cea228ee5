import type { LedgerServer } from './ledger-server.ts';

/** A loan's row held by somebody else, as a batch of another process would hold it. */
export type HeldLoan = {
  /** Resolves when `count` of the ledger's transactions wait for a row. */
  untilWaiting(count?: number): Promise<void>;
  release(): Promise<void>;
};

const WAIT_MS_MAX = 10_000;

/**
 * Locks the row of a loan on a connection of its own until release(). A loan that is not there is held as another process
 * would hold it that is about to make it.
 */
export async function holdLoan(
  ledger: LedgerServer,
  loanId: string,
  tenantId: string = ledger.api.tenantId,
): Promise<HeldLoan> {
  const holder = await ledger.connection();
  await holder.query('BEGIN');
  const { rowCount } = await holder.query('SELECT FROM hpts.loan WHERE loan_id = $1 FOR UPDATE', [loanId]);
  if (rowCount === 0) {
    await holder.query('INSERT INTO hpts.loan (tenant_id, loan_id) VALUES ($1, $2)', [tenantId, loanId]);
  }
  return {
    untilWaiting: async (count = 1) => {
      const deadline = performance.now() + WAIT_MS_MAX;
      while ((await waiting(ledger)) < count) {
        if (performance.now() > deadline) throw new Error('nobody came to wait for the loan');
      }
    },
    release: async () => {
      await holder.query('ROLLBACK');
    },
  };
}

async function waiting(ledger: LedgerServer): Promise<number> {
  const [row] = await ledger.sql<{ waiting: bigint }>(
    `SELECT count(*) AS waiting FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
  );
  return Number(row?.waiting ?? 0n);
}
