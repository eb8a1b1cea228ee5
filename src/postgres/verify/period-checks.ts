import { accountCode, type LedgerCheck, ofTenant } from './check.ts';

/** Every close there was, with its place in the journal and, when it was reopened, that of its mirror. */
const CLOSED = `closed AS (
        SELECT c.tenant_id, c.entry_id, c.closed_through, e.seq, u.seq AS reopened_seq,
               extract(month FROM c.closed_through) = t.fiscal_year_end_month AS ends_year
        FROM hpts.period_close AS c
        JOIN hpts.tenant AS t ON t.tenant_id = c.tenant_id
        LEFT JOIN hpts.journal_entry AS e ON e.tenant_id = c.tenant_id AND e.entry_id = c.entry_id
        LEFT JOIN hpts.reversal AS r ON r.tenant_id = c.tenant_id AND r.reversed_entry_id = c.entry_id
        LEFT JOIN hpts.journal_entry AS u ON u.tenant_id = r.tenant_id AND u.entry_id = r.entry_id
        WHERE ${ofTenant('c')})`;

/** What closed periods promise. */
export const PERIOD_CHECKS: readonly LedgerCheck[] = [
  {
    name: 'period_closes',
    promise:
      'Every close stands in hpts.period_close and the other way round, dated on its last day, a month after the close before it; all entries of a close are mirrored or none, of the latest first; only the end of a year has lines.',
    sql: `
      WITH ${CLOSED},
      own AS (
        SELECT c.*, coalesce(f.entry_id, c.entry_id) AS own_id
        FROM closed AS c
        LEFT JOIN LATERAL (
          SELECT c.entry_id UNION ALL SELECT f.entry_id FROM hpts.following_entry AS f
          WHERE f.tenant_id = c.tenant_id AND f.first_entry_id = c.entry_id) AS f ON true),
      posted AS (
        SELECT e.* FROM hpts.journal_entry AS e WHERE ${ofTenant('e')} AND e.event_type = 'period_closed' AND e.reverses_entry_id IS NULL),
      judged AS (
        SELECT coalesce(p.tenant_id, o.tenant_id) AS tenant_id, coalesce(p.seq, 0) AS seq, coalesce(p.entry_id, o.own_id) AS entry_id,
               CASE WHEN o.own_id IS NULL THEN 'closes a period and does not stand in hpts.period_close'
                    WHEN p.entry_id IS NULL THEN format('stands in hpts.period_close for %s and closes nothing', to_char(o.closed_through, 'YYYY-MM'))
                    WHEN p.effective_at <> o.closed_through THEN format('is dated %s, in hpts.period_close %s', p.effective_at, o.closed_through)
                    WHEN cardinality(p.accounts) > 0 AND NOT o.ends_year THEN format('has lines, and no year ends with %s', to_char(o.closed_through, 'YYYY-MM'))
                    WHEN EXISTS (SELECT FROM unnest(p.accounts) AS a(code) WHERE a.code <> 3000 AND a.code NOT BETWEEN 4000 AND 5999)
                    THEN 'has a line on an account that no year end closes'
                    WHEN (o.reopened_seq IS NULL) <> (r.entry_id IS NULL) THEN format('is not mirrored together with its close, entry %s', o.entry_id)
                    WHEN m.effective_at <> p.effective_at THEN format('is dated %s, its mirror %s', p.effective_at, m.effective_at)
                    WHEN before.through + 1 <> date_trunc('month', o.closed_through)::date
                    THEN format('closes %s while everything up to %s was closed', to_char(o.closed_through, 'YYYY-MM'), before.through)
                    WHEN later.through IS NOT NULL
                    THEN format('was mirrored while %s was closed', to_char(later.through, 'YYYY-MM')) END AS detail
        FROM posted AS p
        FULL JOIN own AS o ON o.tenant_id = p.tenant_id AND o.own_id = p.entry_id
        LEFT JOIN hpts.reversal AS r ON r.tenant_id = p.tenant_id AND r.reversed_entry_id = p.entry_id
        LEFT JOIN hpts.journal_entry AS m ON m.tenant_id = r.tenant_id AND m.entry_id = r.entry_id
        LEFT JOIN LATERAL (
          SELECT max(c.closed_through) AS through FROM closed AS c
          WHERE c.tenant_id = o.tenant_id AND c.seq < o.seq AND coalesce(c.reopened_seq > o.seq, true)) AS before ON true
        LEFT JOIN LATERAL (
          SELECT max(c.closed_through) AS through FROM closed AS c
          WHERE c.tenant_id = o.tenant_id AND c.closed_through > o.closed_through AND c.seq < o.reopened_seq
            AND coalesce(c.reopened_seq > o.reopened_seq, true)) AS later ON true)
      SELECT tenant_id, seq AS place, 'entry ' || entry_id AS subject, detail FROM judged WHERE detail IS NOT NULL`,
  },
  {
    name: 'closed_periods',
    promise: 'No entry but those of a close is dated in a period that was closed when it was posted.',
    sql: `
      WITH ${CLOSED},
      changed AS (
        SELECT tenant_id, seq FROM closed UNION SELECT tenant_id, reopened_seq FROM closed WHERE reopened_seq IS NOT NULL),
      in_force AS (
        SELECT s.tenant_id, s.seq AS from_seq, lead(s.seq) OVER (PARTITION BY s.tenant_id ORDER BY s.seq) AS to_seq, (
                 SELECT max(c.closed_through) FROM closed AS c
                 WHERE c.tenant_id = s.tenant_id AND c.seq <= s.seq AND coalesce(c.reopened_seq > s.seq, true)) AS through
        FROM changed AS s)
      SELECT e.tenant_id, e.seq AS place, 'entry ' || e.entry_id AS subject,
             format('is dated %s, and everything up to %s was closed', e.effective_at, f.through) AS detail
      FROM in_force AS f
      JOIN hpts.journal_entry AS e
        ON e.tenant_id = f.tenant_id AND e.seq > f.from_seq AND coalesce(e.seq < f.to_seq, true) AND e.effective_at <= f.through
      WHERE e.event_type <> 'period_closed'`,
  },
  {
    name: 'closed_years',
    promise: 'At the end of every closed fiscal year each account of income and expense holds nothing on SETTLED.',
    // Nothing at each end means that nothing came together between two ends.
    sql: `
      WITH ${CLOSED},
      years AS (
        SELECT c.tenant_id, c.closed_through AS through,
               coalesce(lag(c.closed_through) OVER (PARTITION BY c.tenant_id ORDER BY c.closed_through), '-infinity') AS after
        FROM closed AS c WHERE c.ends_year AND c.reopened_seq IS NULL)
      SELECT y.tenant_id, l.account::bigint AS place, 'account ' || ${accountCode('l.account')} AS subject,
             format('holds %s %s of the year that was closed through %s', sum(l.amount), coalesce(l.currency, e.currency), y.through) AS detail
      FROM years AS y
      JOIN hpts.journal_entry AS e ON e.tenant_id = y.tenant_id AND e.effective_at > y.after AND e.effective_at <= y.through
      CROSS JOIN LATERAL unnest(e.accounts, e.amounts, e.layers, e.currencies) AS l(account, amount, layer, currency)
      WHERE l.account BETWEEN 4000 AND 5999 AND coalesce(l.layer, e.layer) = 0
      GROUP BY y.tenant_id, y.through, l.account, coalesce(l.currency, e.currency) HAVING sum(l.amount) <> 0`,
  },
];
