import { type LedgerCheck, ofTenant } from './check.ts';

/** True of a row whose `entry_id` no reversal names. */
function stands(alias: string): string {
  return `NOT EXISTS (SELECT FROM hpts.reversal AS v WHERE v.tenant_id = ${alias}.tenant_id AND v.reversed_entry_id = ${alias}.entry_id)`;
}

/** The sum of an entry's lines on accounts, debits positive, on one layer; every account when none is named. */
function sumOf(entry: string, condition: string): string {
  return `coalesce((SELECT sum(l.amount) FROM unnest(${entry}.accounts, ${entry}.amounts, ${entry}.layers) AS l(account, amount, layer)
          WHERE coalesce(l.layer, ${entry}.layer) = ${condition}), 0)`;
}

/** Rows of a fact about `earlier`, with both entries, their number as it should be, and how many of them stand. */
function facts(table: string, earlier: string): string {
  return `
        SELECT f.*, row_number() OVER times AS due, count(*) FILTER (WHERE ${stands('f')}) OVER (PARTITION BY f.tenant_id, f.${earlier}) AS standing
        FROM hpts.${table} AS f WHERE ${ofTenant('f')} WINDOW times AS (PARTITION BY f.tenant_id, f.${earlier} ORDER BY f.turn)`;
}

/** The parts of a payment, by the name of the column that says how much of one came back. */
const PARTS = [
  { column: 'fees_minor', accounts: '1300' },
  { column: 'interest_minor', accounts: '1200, 9100' },
  { column: 'principal_minor', accounts: '1100' },
  { column: 'suspense_minor', accounts: '2100' },
];

/** What is kept of entries that were settled, cleared or returned. */
export const EARLIER_ENTRY_CHECKS: readonly LedgerCheck[] = [
  {
    name: 'settlings',
    promise:
      'Every entry on PENDING and SETTLED settles one pending entry of its kind (money on a charged-off loan is a recovery), which it takes off PENDING line by line; a pending entry is settled by one standing entry at most, and then not reversed.',
    sql: `
      WITH posted AS (
        SELECT e.* FROM hpts.journal_entry AS e
        WHERE ${ofTenant('e')} AND e.layers IS NOT NULL AND e.event_type IN ('payment_received', 'recovery', 'disbursement')),
      kept AS (${facts('settling', 'pending_entry_id')}),
      judged AS (
        SELECT coalesce(e.tenant_id, k.tenant_id) AS tenant_id, coalesce(e.seq, 0) AS seq, coalesce(e.entry_id, k.entry_id) AS entry_id,
               CASE WHEN k.entry_id IS NULL THEN 'lies on PENDING and SETTLED and has no row in hpts.settling'
                    WHEN e.entry_id IS NULL THEN format('is said to settle entry %s and is no such entry', k.pending_entry_id)
                    WHEN k.turn <> k.due THEN format('is settling %s of entry %s in place of %s', k.turn, k.pending_entry_id, k.due)
                    WHEN k.standing > 1 THEN format('settles entry %s, which another standing entry settles too', k.pending_entry_id)
                    WHEN p.entry_id IS NULL OR p.layer IS DISTINCT FROM 1 OR p.event_type::text <> replace(e.event_type::text, 'recovery', 'payment_received') OR p.loan_id IS DISTINCT FROM e.loan_id
                    THEN format('settles entry %s, which is none of its kind and loan on PENDING', k.pending_entry_id)
                    WHEN e.effective_at < p.effective_at THEN format('settles entry %s and is dated before it', k.pending_entry_id)
                    WHEN ${stands('e')} AND NOT ${stands('p')} THEN format('settles entry %s, which is reversed', k.pending_entry_id)
                    WHEN EXISTS (
                      SELECT line.account FROM (
                        SELECT o.account, o.amount FROM unnest(p.accounts, p.amounts) AS o(account, amount)
                        UNION ALL
                        SELECT m.account, m.amount FROM unnest(e.accounts, e.amounts, e.layers) AS m(account, amount, layer) WHERE m.layer = 1) AS line
                      GROUP BY line.account HAVING sum(line.amount) <> 0)
                    THEN format('does not take off PENDING what entry %s put there', k.pending_entry_id) END AS detail
        FROM posted AS e
        FULL JOIN kept AS k ON k.tenant_id = e.tenant_id AND k.entry_id = e.entry_id
        LEFT JOIN hpts.journal_entry AS p ON p.tenant_id = k.tenant_id AND p.entry_id = k.pending_entry_id)
      SELECT tenant_id, seq AS place, 'entry ' || entry_id AS subject, detail FROM judged WHERE detail IS NOT NULL`,
  },
  {
    name: 'clearings',
    promise:
      'Every payment_settled brings to cash the net that the entries which it clears have on 1010, every disbursement_settled what its one entry has on 2000; an entry is cleared by one standing entry at most.',
    sql: `
      WITH posted AS (
        SELECT e.* FROM hpts.journal_entry AS e
        WHERE ${ofTenant('e')} AND e.event_type IN ('payment_settled', 'disbursement_settled')),
      kept AS (
        SELECT k.*, CASE WHEN o.event_type IN ('disbursement', 'refinance') THEN 'disbursement_settled'
                         WHEN o.event_type IN ('payment_received', 'recovery', 'payment_returned', 'suspense_refunded') THEN 'payment_settled' END AS cleared_by,
               o.effective_at, o.currency,
               CASE WHEN o.event_type IN ('disbursement', 'refinance') THEN ${sumOf('o', '0 AND l.account = 2000')}
                    ELSE ${sumOf('o', '0 AND l.account = 1010')} END AS moved,
               ${stands('k')} AND o.event_type NOT IN ('disbursement', 'refinance') AND EXISTS (
                 SELECT FROM hpts.reversal AS v WHERE v.tenant_id = o.tenant_id AND v.reversed_entry_id = o.entry_id)
                 AND NOT EXISTS (SELECT FROM hpts.superseded_entry AS x WHERE x.tenant_id = o.tenant_id AND x.entry_id = o.entry_id) AS reversed
        FROM (${facts('clearing', 'cleared_entry_id')}) AS k
        LEFT JOIN hpts.journal_entry AS o ON o.tenant_id = k.tenant_id AND o.entry_id = k.cleared_entry_id),
      summed AS (SELECT k.tenant_id, k.entry_id, sum(k.moved) AS moved, count(*) AS entries FROM kept AS k GROUP BY 1, 2),
      judged AS (
        SELECT e.tenant_id, e.seq, e.entry_id,
               CASE WHEN s.entries IS NULL THEN 'clears no entry'
                    WHEN e.event_type = 'disbursement_settled' AND s.entries > 1 THEN format('clears %s disbursements', s.entries)
                    WHEN s.moved <> ${sumOf('e', '0 AND l.account = 1000')}
                    THEN format('moves %s of cash, the entries that it clears have %s', ${sumOf('e', '0 AND l.account = 1000')}, s.moved) END AS detail
        FROM posted AS e LEFT JOIN summed AS s ON s.tenant_id = e.tenant_id AND s.entry_id = e.entry_id
        UNION ALL
        SELECT k.tenant_id, coalesce(e.seq, 0), k.entry_id,
               CASE WHEN e.entry_id IS NULL THEN format('is said to clear entry %s and clears none', k.cleared_entry_id)
                    WHEN k.cleared_by IS DISTINCT FROM e.event_type::text OR k.currency <> e.currency
                    THEN format('clears entry %s, which it cannot', k.cleared_entry_id)
                    WHEN k.turn <> k.due THEN format('is clearing %s of entry %s in place of %s', k.turn, k.cleared_entry_id, k.due)
                    WHEN k.standing > 1 THEN format('clears entry %s, which another standing entry clears too', k.cleared_entry_id)
                    WHEN e.effective_at < k.effective_at THEN format('clears entry %s and is dated before it', k.cleared_entry_id)
                    WHEN k.reversed THEN format('clears entry %s, which is reversed', k.cleared_entry_id) END
        FROM kept AS k LEFT JOIN posted AS e ON e.tenant_id = k.tenant_id AND e.entry_id = k.entry_id)
      SELECT tenant_id, seq AS place, 'entry ' || entry_id AS subject, detail FROM judged WHERE detail IS NOT NULL`,
  },
  {
    name: 'payment_returns',
    promise:
      'Every return says of which payment it took what parts, which sum to what it pays out; the standing returns of a payment take no more of any part than it was allocated, by what was said last of each, and it is not reversed then.',
    sql: `
      WITH RECURSIVE posted AS (
        SELECT e.*, -${sumOf('e', '0 AND l.account = 1010')} AS paid_out
        FROM hpts.journal_entry AS e WHERE ${ofTenant('e')} AND e.event_type = 'payment_returned'),
      kept AS (${facts('payment_return', 'payment_entry_id')}),
      chain AS (
        SELECT p.tenant_id, p.payment_entry_id, coalesce(settled.entry_id, p.payment_entry_id) AS entry_id
        FROM (SELECT DISTINCT k.tenant_id, k.payment_entry_id FROM kept AS k) AS p
        LEFT JOIN LATERAL (
          SELECT s.entry_id FROM hpts.settling AS s
          WHERE s.tenant_id = p.tenant_id AND s.pending_entry_id = p.payment_entry_id
          ORDER BY ${stands('s')} DESC, s.turn DESC LIMIT 1) AS settled ON true
        UNION ALL
        SELECT c.tenant_id, c.payment_entry_id, x.successor_id
        FROM chain AS c JOIN hpts.superseded_entry AS x ON x.tenant_id = c.tenant_id AND x.entry_id = c.entry_id),
      money AS (
        SELECT p.tenant_id, p.payment_entry_id, o.event_type, o.loan_id, o.effective_at, ${stands('o')} AS stands,
               ${PARTS.map(({ column, accounts }) => `-${sumOf('o', `0 AND l.amount < 0 AND l.account IN (${accounts})`)} AS ${column}`).join(', ')}
        FROM chain AS p
        JOIN hpts.journal_entry AS o ON o.tenant_id = p.tenant_id AND o.entry_id = p.entry_id
        WHERE NOT EXISTS (SELECT FROM hpts.superseded_entry AS x WHERE x.tenant_id = p.tenant_id AND x.entry_id = p.entry_id)),
      taken AS (
        SELECT k.tenant_id, k.payment_entry_id, ${PARTS.map(({ column }) => `sum(k.${column}) AS ${column}`).join(', ')}
        FROM kept AS k
        WHERE ${stands('k')} AND NOT EXISTS (SELECT FROM kept AS l WHERE l.tenant_id = k.tenant_id AND l.entry_id = k.entry_id AND l.turn > k.turn) GROUP BY 1, 2),
      judged AS (
        SELECT coalesce(e.tenant_id, k.tenant_id) AS tenant_id, coalesce(e.seq, 0) AS seq, coalesce(e.entry_id, k.entry_id) AS entry_id,
               CASE WHEN k.entry_id IS NULL THEN 'is a return and has no row in hpts.payment_return'
                    WHEN e.entry_id IS NULL THEN format('is said to return entry %s and is no return', k.payment_entry_id)
                    WHEN m.event_type IS NULL OR m.event_type NOT IN ('payment_received', 'recovery') OR m.loan_id IS DISTINCT FROM e.loan_id
                    THEN format('returns entry %s, which is no payment of its loan', k.payment_entry_id)
                    WHEN k.turn <> k.due THEN format('is return %s of entry %s in place of %s', k.turn, k.payment_entry_id, k.due)
                    WHEN e.effective_at < m.effective_at THEN format('returns entry %s and is dated before it', k.payment_entry_id)
                    WHEN ${PARTS.map(({ column }) => `k.${column}`).join(' + ')} <> e.paid_out
                    THEN format('pays out %s, its parts sum to %s', e.paid_out, ${PARTS.map(({ column }) => `k.${column}`).join(' + ')})
                    WHEN ${stands('e')} AND NOT m.stands THEN format('returns entry %s, which is reversed', k.payment_entry_id)
                    WHEN m.event_type = 'payment_received' AND (${PARTS.map(({ column }) => `t.${column} > m.${column}`).join(' OR ')})
                    THEN format('is one of the returns that take more of a part of entry %s than was allocated to it', k.payment_entry_id) END AS detail
        FROM posted AS e
        FULL JOIN kept AS k ON k.tenant_id = e.tenant_id AND k.entry_id = e.entry_id
        LEFT JOIN money AS m ON m.tenant_id = k.tenant_id AND m.payment_entry_id = k.payment_entry_id
        LEFT JOIN taken AS t ON t.tenant_id = k.tenant_id AND t.payment_entry_id = k.payment_entry_id)
      SELECT tenant_id, seq AS place, 'entry ' || entry_id AS subject, detail FROM judged WHERE detail IS NOT NULL`,
  },
];
