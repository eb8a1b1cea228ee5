import { type LedgerCheck, ofTenant } from './check.ts';

/** What non-accrual promises: its changes, the mark that they leave, and memo accounts that balance among themselves. */
export const NON_ACCRUAL_CHECKS: readonly LedgerCheck[] = [
  {
    name: 'non_accruals',
    promise:
      'Every change of a mark of non-accrual stands in hpts.non_accrual under its loan, date and action, and the other way round.',
    sql: `
      WITH posted AS (
        SELECT e.tenant_id, e.seq, e.entry_id, e.loan_id, e.effective_at, e.event_input::jsonb ->> 'action' AS action
        FROM hpts.journal_entry AS e WHERE ${ofTenant('e')} AND e.event_type = 'non_accrual'),
      kept AS (SELECT n.* FROM hpts.non_accrual AS n WHERE ${ofTenant('n')})
      SELECT coalesce(p.tenant_id, k.tenant_id) AS tenant_id, coalesce(p.seq, 0) AS place,
             'entry ' || coalesce(p.entry_id, k.entry_id) AS subject,
             CASE WHEN k.entry_id IS NULL THEN 'changes a mark of non-accrual and does not stand in hpts.non_accrual'
                  WHEN p.entry_id IS NULL THEN format('stands in hpts.non_accrual for loan %s and changes no mark', k.loan_id)
                  ELSE format('is %s of loan %s on %s, in hpts.non_accrual %s of loan %s on %s', coalesce(p.action, 'nothing'),
                    coalesce(p.loan_id::text, 'none'), p.effective_at, k.action, k.loan_id, k.effective_at) END AS detail
      FROM posted AS p FULL JOIN kept AS k ON k.tenant_id = p.tenant_id AND k.entry_id = p.entry_id
      WHERE (k.loan_id, k.effective_at, k.action) IS DISTINCT FROM (p.loan_id, p.effective_at, p.action)`,
  },
  {
    name: 'non_accrual_marks',
    promise:
      'A loan is on non-accrual since the day that its newest standing change says, under replay the one that counts last, or not at all.',
    sql: `
      WITH newest AS (
        SELECT DISTINCT ON (n.tenant_id, n.loan_id) n.tenant_id, n.loan_id, n.action, n.effective_at
        FROM hpts.non_accrual AS n
        JOIN hpts.journal_entry AS e ON e.tenant_id = n.tenant_id AND e.entry_id = n.entry_id
        JOIN hpts.journal_entry AS o ON o.tenant_id = e.tenant_id AND o.entry_id = (left(e.event_id::text, 35) || '0')::uuid
        JOIN hpts.loan AS l ON l.tenant_id = n.tenant_id AND l.loan_id = n.loan_id
        LEFT JOIN hpts.program_version AS v ON v.tenant_id = l.tenant_id AND v.program_id = l.program_id AND v.version = 1
        WHERE ${ofTenant('n')}
          AND NOT EXISTS (SELECT FROM hpts.reversal AS r WHERE r.tenant_id = n.tenant_id AND r.reversed_entry_id = n.entry_id)
        ORDER BY n.tenant_id, n.loan_id, CASE WHEN v.policy ->> 'backdating' = 'replay' THEN n.effective_at END DESC, o.seq DESC),
      marked AS (
        SELECT l.tenant_id, l.loan_id, l.standing ->> 'non_accrual_since' AS since
        FROM hpts.loan AS l WHERE ${ofTenant('l')} AND l.standing IS NOT NULL),
      compared AS (
        SELECT coalesce(m.tenant_id, n.tenant_id) AS tenant_id, coalesce(m.loan_id, n.loan_id) AS loan_id, m.since,
               CASE n.action WHEN 'enter' THEN n.effective_at::text END AS due
        FROM marked AS m FULL JOIN newest AS n ON n.tenant_id = m.tenant_id AND n.loan_id = m.loan_id)
      SELECT c.tenant_id, 0::bigint AS place, 'loan ' || c.loan_id AS subject,
             format('is on non-accrual since %s by hpts.loan, since %s by its changes',
                    coalesce(c.since, 'no day'), coalesce(c.due, 'no day')) AS detail
      FROM compared AS c WHERE c.since IS DISTINCT FROM c.due`,
  },
  {
    name: 'memo_lines',
    promise: 'The lines of an entry on memo accounts (9xxx) balance among themselves, per currency and layer.',
    sql: `
      SELECT e.tenant_id, e.seq AS place, 'entry ' || e.entry_id AS subject,
             format('has memo lines that differ by %s', memo.difference) AS detail
      FROM hpts.journal_entry AS e
      CROSS JOIN LATERAL (
        SELECT sum(l.amount::numeric) AS difference
        FROM unnest(e.accounts, e.amounts, e.layers, e.currencies) AS l(account, amount, layer, currency)
        WHERE l.account >= 9000 GROUP BY l.layer, l.currency) AS memo
      WHERE ${ofTenant('e')} AND 9000 <= ANY (e.accounts) AND memo.difference <> 0`,
  },
];
