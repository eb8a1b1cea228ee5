import type { AccountType } from '../../domain/chart-of-accounts.ts';
import type { Statement } from '../statement-train.ts';
import type { ReaderPool } from './reader-pool.ts';

/** An account of the chart as it stands. */
export type AccountView = { readonly code: number; readonly name: string; readonly type: AccountType };

const READ_CHART: Statement = {
  name: 'read_chart',
  text: `SELECT a.account_code, a.name, a.type FROM hpts.account AS a
    WHERE a.tenant_id = $1 AND a.account_code > $2 ORDER BY a.account_code LIMIT $3`,
};

/** The tenant's accounts in order of their numbers, those behind `after` (-1: from the first). */
export async function readChart(
  reader: ReaderPool,
  page: { readonly tenantId: string; readonly after: number; readonly limit: number },
): Promise<readonly AccountView[]> {
  const rows = await reader.read(page.tenantId, READ_CHART, [page.tenantId, page.after, page.limit]);
  return (rows as [number, string, AccountType][]).map(([code, name, type]) => ({ code, name, type }));
}
