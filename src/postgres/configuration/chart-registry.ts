/** Statements that change the chart of accounts, in the transaction of an administrative act that raised the epoch. */
import type pg from 'pg';
import type { AccountType, ChartAccount } from '../../domain/chart-of-accounts.ts';

/** False when the chart has an account of this number. */
export async function insertAccount(
  client: pg.ClientBase,
  tenantId: string,
  account: Omit<ChartAccount, 'normalSide'>,
): Promise<boolean> {
  const { rowCount } = await client.query(
    `INSERT INTO hpts.account (tenant_id, account_code, name, type) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
    [tenantId, account.code, account.name, account.type],
  );
  return rowCount === 1;
}

/** Answers the type of the account that was renamed; undefined when the chart has none of this number. */
export async function renameAccount(
  client: pg.ClientBase,
  tenantId: string,
  account: Pick<ChartAccount, 'code' | 'name'>,
): Promise<AccountType | undefined> {
  const { rows } = await client.query<{ type: AccountType }>(
    'UPDATE hpts.account SET name = $3 WHERE tenant_id = $1 AND account_code = $2 RETURNING type',
    [tenantId, account.code, account.name],
  );
  return rows[0]?.type;
}

/** Those of the numbers of which the chart has no account. */
export async function missingAccounts(
  client: pg.ClientBase,
  tenantId: string,
  codes: readonly number[],
): Promise<ReadonlySet<number>> {
  const { rows } = await client.query<{ account_code: number }>(
    'SELECT account_code FROM hpts.account WHERE tenant_id = $1 AND account_code = ANY ($2::smallint[])',
    [tenantId, codes],
  );
  const known = new Set(rows.map((row) => row.account_code));
  return new Set(codes.filter((code) => !known.has(code)));
}
