import { connect, type DatabaseAddress, endConnection } from '../connection.ts';
import type { Statement } from '../statement-train.ts';
import { CONTROL_ACCOUNTS } from '../verify/check.ts';
import {
  type CurrencyReconciliation,
  type FoldedAccount,
  type FoldedLoans,
  judgeBooks,
} from './reconciliation-verdict.ts';

/** Which day of whose books is reconciled; null: the tenant's business date. */
export type ReconciliationQuestion = { readonly tenantId: string; readonly asOfDate: string | null };

export type Reconciliation = {
  readonly asOfDate: string;
  /** The tenant's own currency. */
  readonly currency: string;
  /** RFC 3339 with six digits: the moment of which everything is. */
  readonly checkedAt: string;
  /** Every currency that any line or balance is in, in alphabetical order. */
  readonly currencies: readonly CurrencyReconciliation[];
};

const READ_DAY: Statement = {
  name: 'reconciliation_day',
  text: `SELECT coalesce($2::date, (clock_timestamp() AT TIME ZONE t.timezone)::date), t.currency,
      to_char(clock_timestamp(), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
    FROM hpts.tenant AS t WHERE t.tenant_id = $1`,
};

/**
 * Every account, currency and layer: its debits and credits as stored and as its lines make them. Shares nothing with what
 * writes either, nor with the view that shows lines to people.
 */
const FOLD_ACCOUNTS: Statement = {
  name: 'reconciliation_accounts',
  text: `WITH stored AS (
      SELECT d.currency, d.account_code, d.layer::int, sum(d.debit_minor) AS debit, sum(d.credit_minor) AS credit
      FROM hpts.account_delta AS d WHERE d.tenant_id = $1 AND d.effective_at <= $2::date GROUP BY 1, 2, 3),
    folded AS (
      SELECT coalesce(l.currency, e.currency) AS currency, l.account AS account_code, coalesce(l.layer, e.layer)::int AS layer,
        coalesce(sum(l.amount) FILTER (WHERE l.amount > 0), 0) AS debit, -coalesce(sum(l.amount) FILTER (WHERE l.amount < 0), 0) AS credit
      FROM hpts.journal_entry AS e
      CROSS JOIN LATERAL unnest(e.accounts, e.amounts, e.layers, e.currencies) AS l (account, amount, layer, currency)
      WHERE e.tenant_id = $1 AND e.effective_at <= $2::date GROUP BY 1, 2, 3)
    SELECT coalesce(s.currency, f.currency), lpad(coalesce(s.account_code, f.account_code)::text, 4, '0'), coalesce(s.layer, f.layer),
      coalesce(s.debit, 0)::text, coalesce(s.credit, 0)::text, coalesce(f.debit, 0)::text, coalesce(f.credit, 0)::text
    FROM stored AS s
    FULL JOIN folded AS f ON f.currency = s.currency AND f.account_code = s.account_code AND f.layer = s.layer
    ORDER BY 1, 2, 3`,
};

type AccountRow = [
  currency: string,
  account: string,
  layer: number,
  storedDebit: string,
  storedCredit: string,
  foldedDebit: string,
  foldedCredit: string,
];

const eachComponent = (expression: (component: string, place: number) => string, separator = ', '): string =>
  CONTROL_ACCOUNTS.map(({ component }, index) => expression(component, index + 1)).join(separator);

const FOLDED_COMPONENTS = CONTROL_ACCOUNTS.map(
  ({ account, component, sign }) =>
    `coalesce(${sign}sum(l.amount) FILTER (WHERE l.account = ${account}), 0) AS ${component}`,
).join(', ');

/** A loan's present components by layer, as its own row holds them. */
const ROW_COMPONENT = (component: string, place: number): string =>
  `CASE y.layer WHEN 0 THEN l.${component}_minor WHEN 1 THEN l.pending_minor[${place}] ELSE l.encumbrance_minor[${place}] END`;

/**
 * Per currency and layer: the sums over loans of each component in two stored forms, and which loans differ from their
 * lines. `told` is what answers a balance as of the day, `kept` what the next posting is judged by: the loan's own row,
 * where nothing of it is dated after the day.
 */
const FOLD_LOANS: Statement = {
  name: 'reconciliation_loans',
  text: `WITH folded AS (
      SELECT coalesce(l.loan_id, e.loan_id) AS loan_id, coalesce(l.currency, e.currency) AS currency,
        coalesce(l.layer, e.layer)::int AS layer, ${FOLDED_COMPONENTS}
      FROM hpts.journal_entry AS e
      CROSS JOIN LATERAL unnest(e.accounts, e.amounts, e.layers, e.currencies, e.loan_ids) AS l (account, amount, layer, currency, loan_id)
      WHERE e.tenant_id = $1 AND e.effective_at <= $2::date AND l.account IN (${CONTROL_ACCOUNTS.map(({ account }) => account).join(', ')})
      GROUP BY 1, 2, 3),
    stored AS (
      SELECT l.loan_id, l.currency, y.layer,
        ${eachComponent((name) => `coalesce(m.${name}_minor, 0)::numeric + coalesce(b.${name}_minor, 0) AS told_${name}`)},
        ${eachComponent((name, place) => `CASE WHEN l.frontier <= $2::date THEN coalesce(${ROW_COMPONENT(name, place)}, 0)::numeric END AS kept_${name}`)}
      FROM hpts.loan AS l
      CROSS JOIN generate_series(0, 2) AS y (layer)
      LEFT JOIN LATERAL (
        SELECT * FROM hpts.loan_movement AS m
        WHERE m.tenant_id = $1 AND m.loan_id = l.loan_id AND m.layer = y.layer::smallint AND m.frontier <= $2::date
        ORDER BY m.frontier DESC, m.loan_seq DESC LIMIT 1) AS m ON true
      LEFT JOIN LATERAL (
        SELECT * FROM hpts.loan_backdating AS b
        WHERE b.tenant_id = $1 AND b.loan_id = l.loan_id AND b.layer = y.layer::smallint AND b.from_day <= $2::date
        ORDER BY b.from_day DESC LIMIT 1) AS b ON true
      WHERE l.tenant_id = $1 AND l.borrower_id IS NOT NULL),
    compared AS (
      SELECT coalesce(s.currency, f.currency) AS currency, coalesce(s.layer, f.layer) AS layer, coalesce(s.loan_id, f.loan_id) AS loan_id,
        ${eachComponent((name) => `coalesce(s.told_${name}, 0) AS told_${name}, coalesce(s.kept_${name}, s.told_${name}, 0) AS kept_${name}`)},
        ${eachComponent((name) => `(coalesce(s.told_${name}, 0), coalesce(s.kept_${name}, s.told_${name}, 0)) <> (coalesce(f.${name}, 0), coalesce(f.${name}, 0))`, ' OR ')} AS differs
      FROM stored AS s FULL JOIN folded AS f ON f.loan_id = s.loan_id AND f.currency = s.currency AND f.layer = s.layer)
    SELECT c.currency, c.layer, ARRAY[${eachComponent((name) => `sum(c.told_${name})::text`)}],
      ARRAY[${eachComponent((name) => `sum(c.kept_${name})::text`)}],
      min(c.loan_id::text) FILTER (WHERE c.differs), count(*) FILTER (WHERE c.differs)
    FROM compared AS c GROUP BY 1, 2 ORDER BY 1, 2`,
};

/** What clients computed interest on besides the ledger's own principal, in batches that stand and were to be recorded so. */
const READ_PRINCIPAL_DIFFERENCES: Statement = {
  name: 'reconciliation_principal_differences',
  text: `SELECT d.currency, count(*)::int, min(d.loan_id::text)
    FROM hpts.principal_difference AS d
    WHERE d.tenant_id = $1 AND d.accrual_date <= $2::date
      AND NOT EXISTS (SELECT FROM hpts.reversal AS r WHERE r.tenant_id = d.tenant_id AND r.reversed_entry_id = d.entry_id)
    GROUP BY d.currency`,
};

type LoanRow = [
  currency: string,
  layer: number,
  told: string[],
  kept: string[],
  firstMismatch: string | null,
  mismatches: bigint,
];

function foldedAccount([currency, account, layer, ...totals]: AccountRow): FoldedAccount {
  const [storedDebit, storedCredit, foldedDebit, foldedCredit] = totals;
  const stored = { debitMinor: BigInt(storedDebit), creditMinor: BigInt(storedCredit) };
  return {
    currency,
    account,
    layer,
    stored,
    folded: { debitMinor: BigInt(foldedDebit), creditMinor: BigInt(foldedCredit) },
  };
}

function foldedLoans([currency, layer, told, kept, firstMismatch, mismatches]: LoanRow): FoldedLoans {
  const sums = { told: told.map(BigInt), kept: kept.map(BigInt) };
  return { currency, layer, ...sums, firstMismatch, mismatches: Number(mismatches) };
}

/**
 * Counts a tenant's books again up to a day, in one snapshot on a connection of its own. Its cost is that of reading every
 * line twice and every loan once; beyond `timeoutMs` it fails as a statement that timed out does.
 */
export async function reconcile(
  address: DatabaseAddress,
  { tenantId, asOfDate }: ReconciliationQuestion,
  timeoutMs: number,
): Promise<Reconciliation> {
  const untilMs = performance.now() + timeoutMs;
  const client = await connect(address, {
    role: 'hpts_reader',
    applicationName: 'hpts reconciliation',
    planEachTime: true,
    statementTimeoutMs: timeoutMs,
  });
  const ask = async (statement: Statement, values: unknown[]): Promise<unknown[][]> => {
    // The time-out is that of all statements together. Zero would mean none at all.
    const leftMs = Math.max(1, Math.floor(untilMs - performance.now()));
    await client.query(`SET LOCAL statement_timeout = ${leftMs}`);
    return (await client.query<unknown[]>({ ...statement, values, rowMode: 'array' })).rows;
  };
  try {
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    // One core and no more. A server that ended meanwhile is noticed before the end.
    await client.query('SET LOCAL max_parallel_workers_per_gather = 0');
    await client.query("SET LOCAL client_connection_check_interval = '1s'");
    await client.query(`SELECT set_config('hpts.tenants', $1, true)`, [tenantId]);
    const [day] = (await ask(READ_DAY, [tenantId, asOfDate])) as [string, string, string][];
    if (day === undefined) throw new Error(`tenant ${tenantId} has a token and does not exist`);
    const [asOf, currency, checkedAt] = day;
    const accounts = (await ask(FOLD_ACCOUNTS, [tenantId, asOf])) as AccountRow[];
    const loans = (await ask(FOLD_LOANS, [tenantId, asOf])) as LoanRow[];
    const differences = (await ask(READ_PRINCIPAL_DIFFERENCES, [tenantId, asOf])) as [string, number, string][];
    await client.query('COMMIT');
    return {
      asOfDate: asOf,
      currency,
      checkedAt,
      currencies: judgeBooks({
        accounts: accounts.map(foldedAccount),
        loans: loans.map(foldedLoans),
        differences: differences.map(([inCurrency, count, firstLoanId]) => ({
          currency: inCurrency,
          count,
          firstLoanId,
        })),
      }),
    };
  } finally {
    await endConnection(client);
  }
}
