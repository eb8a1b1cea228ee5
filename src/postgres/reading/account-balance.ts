import type { AccountType } from '../../domain/chart-of-accounts.ts';
import type { LayerNumber } from '../../domain/layer.ts';
import type { Statement } from '../statement-train.ts';
import { SETTLE_KNOWN_AT } from './known-at.ts';
import type { ReaderPool } from './reader-pool.ts';

/**
 * An account's debits and credits in one currency and layer: counting every event effective up to `asOfDate` (null: the
 * tenant's business date), as the ledger knew it at `knownAt` (null: now; RFC 3339).
 */
export type AccountBalanceQuestion = {
  readonly tenantId: string;
  readonly account: number;
  readonly currency: string;
  readonly layer: LayerNumber;
  readonly asOfDate: string | null;
  readonly knownAt: string | null;
};

/** Totals in minor units, without a bound. */
export type AccountBalance = {
  readonly name: string;
  readonly type: AccountType;
  readonly asOfDate: string;
  readonly debitMinor: bigint;
  readonly creditMinor: bigint;
};

// One range of the table's key: every delta of the account, currency and layer up to the day. The chart is configuration
// and taken as it stands; only the sums look back.
export const READ_ACCOUNT_BALANCE: Statement = {
  name: 'read_account_balance',
  text: `SELECT a.name, a.type, day.as_of, total.debit, total.credit
    FROM hpts.account AS a
    JOIN hpts.tenant AS t USING (tenant_id)
    CROSS JOIN LATERAL (SELECT coalesce($5::date, (clock_timestamp() AT TIME ZONE t.timezone)::date) AS as_of) AS day
    CROSS JOIN LATERAL (
      SELECT coalesce(sum(d.debit_minor), 0) AS debit, coalesce(sum(d.credit_minor), 0) AS credit
      FROM hpts.account_delta AS d
      WHERE d.tenant_id = $1 AND d.account_code = $2 AND d.currency = $3 AND d.layer = $4 AND d.effective_at <= day.as_of
        AND d.posted_at <= $6::timestamptz) AS total
    WHERE a.tenant_id = $1 AND a.account_code = $2`,
};

const EVER = 'infinity';

type BalanceRow = [name: string, type: AccountType, asOf: string, debit: string, credit: string];

/** Answers undefined when the tenant's chart has no such account. */
export async function readAccountBalance(
  reader: ReaderPool,
  question: AccountBalanceQuestion,
): Promise<AccountBalance | undefined> {
  const { tenantId, account, currency, layer, asOfDate, knownAt } = question;
  const values = [tenantId, account, currency, layer, asOfDate, knownAt ?? EVER];
  const rows =
    knownAt === null
      ? await reader.read(tenantId, READ_ACCOUNT_BALANCE, values)
      : await reader.readInOrder(tenantId, [
          [SETTLE_KNOWN_AT, [tenantId, knownAt]],
          [READ_ACCOUNT_BALANCE, values],
        ]);
  const row = rows[0] as BalanceRow | undefined;
  if (row === undefined) return undefined;
  const [name, type, asOf, debit, credit] = row;
  return { name, type, asOfDate: asOf, debitMinor: BigInt(debit), creditMinor: BigInt(credit) };
}
