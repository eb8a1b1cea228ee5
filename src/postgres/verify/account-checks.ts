import { accountCode, CONTROL_ACCOUNTS, type LedgerCheck, layerName, ofTenant } from './check.ts';

/**
 * Each entry's number with the seq of the batch whose deltas sum it: the smallest seq of a delta row that is not below the
 * entry's. Found in one pass from the newest down, with a batch's row before the entry of the same number.
 */
const ENTRY_IN_BATCH = `
        SELECT tenant_id, entry_seq AS seq, batch_seq
        FROM (
          SELECT tenant_id, entry_seq, min(batch_seq) OVER (PARTITION BY tenant_id ORDER BY place DESC, batch_seq NULLS LAST ROWS UNBOUNDED PRECEDING) AS batch_seq
          FROM (
            SELECT e.tenant_id, e.seq AS place, e.seq AS entry_seq, NULL::bigint AS batch_seq FROM hpts.journal_entry AS e WHERE ${ofTenant('e')}
            UNION ALL
            SELECT DISTINCT d.tenant_id, d.seq, NULL::bigint, d.seq FROM hpts.account_delta AS d WHERE ${ofTenant('d')}) AS both_kinds
        ) AS met
        WHERE entry_seq IS NOT NULL`;

const DELTA_SUBJECT = (row: string): string =>
  `format('account %s %s %s', ${accountCode(`${row}.account_code`)}, ${row}.currency, ${layerName(`${row}.layer`)})`;

const CONTROL_VALUES = CONTROL_ACCOUNTS.map(({ component }, index) => ({
  settled: `l.${component}_minor`,
  pending: `l.pending_minor[${index + 1}]`,
  encumbrance: `l.encumbrance_minor[${index + 1}]`,
}));

function controlRows(layer: number, column: 'settled' | 'pending' | 'encumbrance'): string {
  return CONTROL_ACCOUNTS.map(
    ({ account, sign }, index) => `(${account}, ${layer}, ${sign}${CONTROL_VALUES[index]?.[column] ?? ''})`,
  ).join(', ');
}

/** What the account balances promise. */
export const ACCOUNT_CHECKS: readonly LedgerCheck[] = [
  {
    name: 'account_batches',
    promise:
      'The rows of one batch in hpts.account_delta agree on how many entries they sum and when; batches do not overlap and cover every entry with lines.',
    sql: `
      WITH batch AS (
        SELECT d.tenant_id, d.seq, min(d.entries) AS entries, max(d.entries) AS entries_max,
               min(d.posted_at) AS posted_at, max(d.posted_at) AS posted_at_max
        FROM hpts.account_delta AS d WHERE ${ofTenant('d')} GROUP BY 1, 2),
      lined_up AS (SELECT b.*, lag(b.seq, 1, 0::bigint) OVER (PARTITION BY b.tenant_id ORDER BY b.seq) AS before FROM batch AS b),
      placed AS (${ENTRY_IN_BATCH}),
      judged AS (
        SELECT e.tenant_id, e.seq, 'entry ' || e.entry_id AS subject,
               CASE WHEN b.seq IS NULL OR e.seq <= b.seq - b.entries THEN 'no row of hpts.account_delta sums it'
                    WHEN e.posted_at <> b.posted_at THEN format('was posted at %s, its rows in hpts.account_delta at %s', e.posted_at, b.posted_at)
               END AS detail
        FROM hpts.journal_entry AS e
        LEFT JOIN placed AS p ON p.tenant_id = e.tenant_id AND p.seq = e.seq
        LEFT JOIN batch AS b ON b.tenant_id = p.tenant_id AND b.seq = p.batch_seq
        WHERE ${ofTenant('e')} AND cardinality(e.accounts) > 0)
      SELECT l.tenant_id, l.seq AS place, 'account deltas of seq ' || l.seq AS subject,
             CASE WHEN l.entries <> l.entries_max THEN format('some sum %s entries, some %s', l.entries, l.entries_max)
                  WHEN l.posted_at <> l.posted_at_max THEN format('some were posted at %s, some at %s', l.posted_at, l.posted_at_max)
                  WHEN l.seq - l.entries < l.before THEN format('sum %s entries, which reaches into the batch that ends at seq %s', l.entries, l.before)
                  ELSE format('the head has seq %s', coalesce(h.seq::text, 'none')) END AS detail
      FROM lined_up AS l LEFT JOIN hpts.tenant_head AS h ON h.tenant_id = l.tenant_id
      WHERE l.entries <> l.entries_max OR l.posted_at <> l.posted_at_max OR l.seq - l.entries < l.before OR (l.seq <= h.seq) IS NOT TRUE
      UNION ALL
      SELECT tenant_id, seq, subject, detail FROM judged WHERE detail IS NOT NULL`,
  },
  {
    name: 'account_deltas',
    promise:
      'Every row of hpts.account_delta sums exactly the lines of its entries on its account, currency, layer and date, and no line is left out.',
    // Grouped by the numbers first: when the fold is sorted and not hashed, they decide the order at a tenth of a text's cost.
    sql: `
      WITH placed AS (${ENTRY_IN_BATCH}),
      folded AS (
        SELECT p.batch_seq AS seq, l.account AS account_code, e.effective_at, e.tenant_id, coalesce(l.layer, e.layer) AS layer,
               coalesce(l.currency, e.currency) AS currency, min(e.seq) AS first_seq, max(e.seq) AS last_seq,
               coalesce(sum(l.amount) FILTER (WHERE l.amount > 0), 0) AS debit, -coalesce(sum(l.amount) FILTER (WHERE l.amount < 0), 0) AS credit
        FROM hpts.journal_entry AS e
        JOIN placed AS p ON p.tenant_id = e.tenant_id AND p.seq = e.seq
        CROSS JOIN LATERAL unnest(e.accounts, e.amounts, e.layers, e.currencies) AS l(account, amount, layer, currency)
        WHERE ${ofTenant('e')}
        GROUP BY 1, 2, 3, 4, 5, 6),
      kept AS (SELECT d.* FROM hpts.account_delta AS d WHERE ${ofTenant('d')})
      SELECT coalesce(k.tenant_id, f.tenant_id) AS tenant_id, coalesce(f.first_seq, k.seq) AS place,
             CASE WHEN k.seq IS NULL THEN ${DELTA_SUBJECT('f')} ELSE ${DELTA_SUBJECT('k')} END AS subject,
             format('on %s, entries of seq %s to %s: debits %s, credits %s in hpts.account_delta; debits %s, credits %s by the lines',
                    coalesce(k.effective_at, f.effective_at), coalesce(f.first_seq, k.seq - k.entries + 1), coalesce(f.last_seq, k.seq),
                    coalesce(k.debit_minor, 0), coalesce(k.credit_minor, 0), coalesce(f.debit, 0), coalesce(f.credit, 0)) AS detail
      FROM folded AS f
      FULL JOIN kept AS k ON k.tenant_id = f.tenant_id AND k.account_code = f.account_code AND k.currency = f.currency
        AND k.layer = f.layer AND k.effective_at = f.effective_at AND k.seq = f.seq
      WHERE coalesce(k.debit_minor, 0) <> coalesce(f.debit, 0) OR coalesce(k.credit_minor, 0) <> coalesce(f.credit, 0)`,
  },
  {
    name: 'control_accounts',
    promise:
      'The control accounts 1100, 1200, 1300, 2100 and 9100 equal the sum of the loan sub-ledgers, per currency and layer.',
    sql: `
      WITH general AS (
        SELECT d.tenant_id, d.account_code, d.currency, d.layer, sum(d.debit_minor) - sum(d.credit_minor) AS balance
        FROM hpts.account_delta AS d
        WHERE ${ofTenant('d')} AND d.account_code IN (${CONTROL_ACCOUNTS.map(({ account }) => account).join(', ')})
        GROUP BY 1, 2, 3, 4),
      sub_ledger AS (
        SELECT l.tenant_id, c.account_code, l.currency, c.layer, sum(c.balance) AS balance
        FROM hpts.loan AS l
        CROSS JOIN LATERAL (VALUES ${controlRows(0, 'settled')},
          ${controlRows(1, 'pending')},
          ${controlRows(2, 'encumbrance')}) AS c(account_code, layer, balance)
        WHERE ${ofTenant('l')} AND l.currency IS NOT NULL AND c.balance <> 0
        GROUP BY 1, 2, 3, 4)
      SELECT coalesce(g.tenant_id, s.tenant_id) AS tenant_id, coalesce(g.account_code, s.account_code)::bigint AS place,
             CASE WHEN g.account_code IS NULL THEN ${DELTA_SUBJECT('s')} ELSE ${DELTA_SUBJECT('g')} END AS subject,
             format('has %s, the loans make %s', coalesce(g.balance, 0), coalesce(s.balance, 0)) AS detail
      FROM general AS g
      FULL JOIN sub_ledger AS s ON s.tenant_id = g.tenant_id AND s.account_code = g.account_code AND s.currency = g.currency AND s.layer = g.layer
      WHERE coalesce(g.balance, 0) <> coalesce(s.balance, 0)`,
  },
];
