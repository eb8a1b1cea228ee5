import { type LedgerCheck, ofTenant } from './check.ts';

/** A fraction `n/d` or a whole number, kept as text, as billionths; sums of them are compared to within a millionth. */
function billionths(fraction: string): string {
  return `(split_part(${fraction}, '/', 1)::numeric * 1000000000 / coalesce(nullif(split_part(${fraction}, '/', 2), '')::numeric, 1))`;
}

/** What accrual runs promise, and what is kept of the interest of loans. */
export const RUN_CHECKS: readonly LedgerCheck[] = [
  {
    name: 'accrual_runs',
    promise:
      'The portions of a run count 1, 2, 3 …, each behind the loans of the one before; the last one and no other says so, and a finished run has it.',
    sql: `
      WITH portion AS (
        SELECT p.*, row_number() OVER run AS place, lag(p.last_loan_id) OVER run AS before, lead(p.portion) OVER run AS next
        FROM hpts.accrual_run_portion AS p WHERE ${ofTenant('p')}
        WINDOW run AS (PARTITION BY p.tenant_id, p.accrual_run_id ORDER BY p.portion)),
      judged AS (
        SELECT p.tenant_id, p.accrual_run_id, p.portion,
               CASE WHEN r.accrual_run_id IS NULL THEN format('has portion %s and was never asked for', p.portion)
                    WHEN p.portion <> p.place THEN format('has portion %s in place of %s', p.portion, p.place)
                    WHEN (p.last_loan_id IS NULL) <> (p.looked_at = 0) THEN format('looks in portion %s at loans and at none', p.portion)
                    WHEN p.is_last AND p.next IS NOT NULL THEN format('has portion %s behind its last', p.next)
                    WHEN p.last_loan_id <= p.before THEN format('looks in portion %s at loans that it has looked at before', p.portion)
                    WHEN p.next IS NULL AND NOT p.is_last AND r.finished_at IS NOT NULL THEN 'is finished without its last portion' END AS detail
        FROM portion AS p
        LEFT JOIN hpts.accrual_run AS r ON r.tenant_id = p.tenant_id AND r.accrual_run_id = p.accrual_run_id)
      SELECT tenant_id, portion::bigint AS place, 'run ' || accrual_run_id AS subject, detail FROM judged WHERE detail IS NOT NULL
      UNION ALL
      SELECT r.tenant_id, 0, 'run ' || r.accrual_run_id, 'is finished without any portion'
      FROM hpts.accrual_run AS r
      WHERE ${ofTenant('r')} AND r.finished_at IS NOT NULL AND NOT EXISTS (
        SELECT FROM hpts.accrual_run_portion AS p WHERE p.tenant_id = r.tenant_id AND p.accrual_run_id = r.accrual_run_id)`,
  },
  {
    name: 'run_entries',
    promise:
      'Every accrual by the server is an entry of a portion of its run, with the actor, date, program, loans and sum of both; and every entry of a portion is such an accrual.',
    sql: `
      WITH named AS (
        SELECT p.tenant_id, p.accrual_run_id, p.accrued_loans, n.entry_id, n.currency, n.accrued,
               count(*) OVER (PARTITION BY p.tenant_id, n.entry_id) AS times
        FROM hpts.accrual_run_portion AS p CROSS JOIN LATERAL unnest(p.entry_ids, p.currencies, p.accrued_minor) AS n(entry_id, currency, accrued)
        WHERE ${ofTenant('p')}),
      posted AS (
        SELECT b.tenant_id, b.entry_id, b.program_id, b.accrual_date, e.seq, e.actor, e.currency, e.event_input::jsonb ->> 'accrual_run_id' AS run_id,
               (SELECT coalesce(sum(s.interest), 0) FROM unnest(b.interest_minor) AS s(interest)) AS accrued
        FROM hpts.accrual_batch AS b LEFT JOIN hpts.journal_entry AS e ON e.tenant_id = b.tenant_id AND e.entry_id = b.entry_id
        WHERE ${ofTenant('b')} AND b.exact_interest IS NOT NULL),
      judged AS (
        SELECT coalesce(p.tenant_id, n.tenant_id) AS tenant_id, coalesce(p.seq, 0) AS seq, coalesce(p.entry_id, n.entry_id) AS entry_id,
               CASE WHEN n.entry_id IS NULL THEN 'is an accrual by the server and of no portion of a run'
                    WHEN p.entry_id IS NULL THEN format('stands in run %s and is no accrual by the server', n.accrual_run_id)
                    WHEN n.times > 1 THEN 'stands in several portions'
                    WHEN p.run_id IS DISTINCT FROM n.accrual_run_id::text THEN format('says it is of run %s, and stands in run %s', coalesce(p.run_id, 'none'), n.accrual_run_id)
                    WHEN r.accrual_date <> p.accrual_date OR r.program_id <> p.program_id THEN format('is of another date or program than run %s', n.accrual_run_id)
                    WHEN r.actor <> p.actor THEN format('is by %s, run %s was asked for by %s', p.actor, n.accrual_run_id, r.actor)
                    WHEN n.currency <> p.currency OR n.accrued <> p.accrued THEN format('accrues %s %s, in its portion %s %s', p.accrued, p.currency, n.accrued, n.currency)
               END AS detail
        FROM posted AS p FULL JOIN named AS n ON n.tenant_id = p.tenant_id AND n.entry_id = p.entry_id
        LEFT JOIN hpts.accrual_run AS r ON r.tenant_id = n.tenant_id AND r.accrual_run_id = n.accrual_run_id)
      SELECT tenant_id, seq AS place, 'entry ' || entry_id AS subject, detail FROM judged WHERE detail IS NOT NULL
      UNION ALL
      SELECT p.tenant_id, p.portion, 'run ' || p.accrual_run_id, format('says that %s loans accrued in portion %s, its entries have %s', p.accrued_loans, p.portion, has.loans)
      FROM hpts.accrual_run_portion AS p
      CROSS JOIN LATERAL (
        SELECT coalesce(sum(cardinality(b.loan_ids)), 0) AS loans FROM hpts.accrual_batch AS b
        WHERE b.tenant_id = p.tenant_id AND b.entry_id = ANY (p.entry_ids)) AS has
      WHERE ${ofTenant('p')} AND p.accrued_loans <> has.loans`,
  },
  {
    name: 'unmoved_events',
    promise:
      'hpts.loan_unmoved_event leads from each loan to exactly the accruals, corrections and refinances that posted nothing for it, with their dates and the movements that the loan had by then.',
    sql: `
      WITH zero AS (
        SELECT b.tenant_id, b.entry_id, s.loan_id
        FROM hpts.accrual_batch AS b CROSS JOIN LATERAL unnest(b.loan_ids, b.interest_minor) AS s(loan_id, interest)
        WHERE ${ofTenant('b')} AND s.interest = 0
        UNION ALL
        SELECT c.tenant_id, c.entry_id, s.loan_id
        FROM hpts.accrual_correction AS c CROSS JOIN LATERAL unnest(c.loan_ids, c.difference_minor) AS s(loan_id, difference)
        WHERE ${ofTenant('c')} AND s.difference = 0
        UNION ALL
        SELECT e.tenant_id, e.entry_id, (e.event_input::jsonb ->> 'old_loan_id')::uuid
        FROM hpts.journal_entry AS e
        WHERE ${ofTenant('e')} AND e.event_type = 'refinance' AND (e.event_input::jsonb ->> 'old_loan_id')::uuid <> ALL (e.loan_ids)),
      kept AS (SELECT u.* FROM hpts.loan_unmoved_event AS u WHERE ${ofTenant('u')}),
      history AS (
        SELECT k.tenant_id, k.loan_id, k.entry_id, e.seq, 0 AS moved
        FROM kept AS k JOIN hpts.journal_entry AS e ON e.tenant_id = k.tenant_id AND e.entry_id = k.entry_id
        UNION ALL
        SELECT m.tenant_id, m.loan_id, NULL, o.seq, 1
        FROM hpts.loan_movement AS m JOIN hpts.journal_entry AS o ON o.tenant_id = m.tenant_id AND o.entry_id = m.entry_id
        WHERE ${ofTenant('m')} AND (m.tenant_id, m.loan_id) IN (SELECT k.tenant_id, k.loan_id FROM kept AS k)),
      met AS (
        SELECT h.tenant_id, h.loan_id, h.entry_id,
               sum(h.moved) OVER (PARTITION BY h.tenant_id, h.loan_id ORDER BY h.seq, h.moved ROWS UNBOUNDED PRECEDING) AS movements
        FROM history AS h),
      judged AS (
        SELECT coalesce(z.tenant_id, k.tenant_id) AS tenant_id, coalesce(e.seq, 0) AS place, coalesce(z.entry_id, k.entry_id) AS entry_id,
               CASE WHEN k.entry_id IS NULL THEN format('posts nothing for loan %s, and no row of hpts.loan_unmoved_event says so', z.loan_id)
                    WHEN z.entry_id IS NULL THEN format('stands in hpts.loan_unmoved_event for loan %s, for which it posts something or of which it says nothing', k.loan_id)
                    WHEN k.effective_at <> e.effective_at THEN format('is dated %s, in hpts.loan_unmoved_event %s', e.effective_at, k.effective_at)
                    WHEN k.loan_seq <> coalesce(met.movements, 0) THEN format('met loan %s after %s movements, hpts.loan_unmoved_event says %s', k.loan_id, coalesce(met.movements, 0), k.loan_seq)
               END AS detail
        FROM zero AS z FULL JOIN kept AS k ON k.tenant_id = z.tenant_id AND k.entry_id = z.entry_id AND k.loan_id = z.loan_id
        LEFT JOIN hpts.journal_entry AS e
          ON e.tenant_id = coalesce(z.tenant_id, k.tenant_id) AND e.entry_id = coalesce(z.entry_id, k.entry_id)
        LEFT JOIN met ON met.tenant_id = k.tenant_id AND met.loan_id = k.loan_id AND met.entry_id = k.entry_id)
      SELECT tenant_id, place, 'entry ' || entry_id AS subject, detail FROM judged WHERE detail IS NOT NULL`,
  },
  {
    name: 'restated_interest',
    promise:
      'What restatements say that an accrual stands for is of an accrual by the server and of a loan in it; for each such loan its turns count 1, 2, 3 ….',
    sql: `
      WITH said AS (
        SELECT r.*, row_number() OVER (PARTITION BY r.tenant_id, r.entry_id, r.loan_id ORDER BY r.turn) AS due
        FROM hpts.restated_interest AS r WHERE ${ofTenant('r')}),
      judged AS (
        SELECT s.tenant_id, coalesce(e.seq, 0) AS seq, s.entry_id,
               CASE WHEN b.entry_id IS NULL THEN format('is restated for loan %s and is no accrual by the server', s.loan_id)
                    WHEN s.loan_id <> ALL (b.loan_ids) THEN format('is restated for loan %s, which it does not accrue', s.loan_id)
                    WHEN s.turn <> s.due THEN format('is restated for loan %s by turn %s in place of %s', s.loan_id, s.turn, s.due) END AS detail
        FROM said AS s
        LEFT JOIN hpts.accrual_batch AS b ON b.tenant_id = s.tenant_id AND b.entry_id = s.entry_id AND b.exact_interest IS NOT NULL
        LEFT JOIN hpts.journal_entry AS e ON e.tenant_id = s.tenant_id AND e.entry_id = s.entry_id)
      SELECT tenant_id, seq AS place, 'entry ' || entry_id AS subject, detail FROM judged WHERE detail IS NOT NULL`,
  },
  {
    name: 'loan_interest',
    promise:
      'What is kept of the interest of a loan equals its standing accruals with their corrections up to there: their last date, what they stand for by now and what is posted; principal and interest are those that the loan had then.',
    sql: `
      WITH kept AS (
        SELECT c.*, l.loan_seq AS now_seq, had.principal_minor AS had_principal,
               had.interest_minor + had.memo_interest_minor AS had_interest, (
                 SELECT max(m.frontier) FROM hpts.loan_movement AS m
                 WHERE m.tenant_id = c.tenant_id AND m.loan_id = c.loan_id AND m.loan_seq <= c.loan_seq) AS had_frontier, (
                 SELECT max(u.effective_at) FROM hpts.loan_unmoved_event AS u
                 WHERE u.tenant_id = c.tenant_id AND u.loan_id = c.loan_id AND u.loan_seq <= c.loan_seq) AS met_until
        FROM hpts.loan_interest AS c
        LEFT JOIN hpts.loan AS l ON l.tenant_id = c.tenant_id AND l.loan_id = c.loan_id
        LEFT JOIN LATERAL (
          SELECT m.* FROM hpts.loan_movement AS m
          WHERE m.tenant_id = c.tenant_id AND m.loan_id = c.loan_id AND m.layer = 0 AND m.loan_seq <= c.loan_seq
          ORDER BY m.frontier DESC, m.loan_seq DESC LIMIT 1) AS had ON true
        WHERE ${ofTenant('c')}),
      later AS (
        SELECT k.tenant_id, k.loan_id, m.entry_id FROM kept AS k
        JOIN hpts.loan_movement AS m
          ON m.tenant_id = k.tenant_id AND m.loan_id = k.loan_id AND m.layer = 0 AND m.loan_seq > k.loan_seq
        WHERE k.loan_seq < k.now_seq),
      part AS (
        SELECT b.tenant_id, s.loan_id, b.entry_id, b.accrual_date, s.interest AS posted,
               CASE WHEN s.exact IS NULL THEN s.interest * 1000000000::numeric
                    WHEN t.turn IS NULL THEN ${billionths('s.exact')} ELSE coalesce(${billionths('t.exact_interest')}, 0) END AS exact
        FROM hpts.accrual_batch AS b CROSS JOIN LATERAL unnest(b.loan_ids, b.interest_minor, b.exact_interest) AS s(loan_id, interest, exact)
        LEFT JOIN (
          SELECT DISTINCT ON (r.tenant_id, r.entry_id, r.loan_id) r.* FROM hpts.restated_interest AS r
          WHERE ${ofTenant('r')} ORDER BY r.tenant_id, r.entry_id, r.loan_id, r.turn DESC) AS t
          ON t.tenant_id = b.tenant_id AND t.entry_id = b.entry_id AND t.loan_id = s.loan_id
        WHERE ${ofTenant('b')} AND NOT EXISTS (
          SELECT FROM hpts.reversal AS r WHERE r.tenant_id = b.tenant_id AND r.reversed_entry_id = b.entry_id)
        UNION ALL
        SELECT c.tenant_id, s.loan_id, c.entry_id, NULL, s.difference, CASE WHEN b.exact_interest IS NULL THEN s.difference * 1000000000::numeric ELSE 0 END
        FROM hpts.accrual_correction AS c
        JOIN hpts.accrual_batch AS b ON b.tenant_id = c.tenant_id AND b.entry_id = c.accrual_entry_id
        CROSS JOIN LATERAL unnest(c.loan_ids, c.difference_minor) AS s(loan_id, difference)
        WHERE ${ofTenant('c')} AND NOT EXISTS (
          SELECT FROM hpts.reversal AS r WHERE r.tenant_id = c.tenant_id AND r.reversed_entry_id = c.entry_id)
        UNION ALL
        SELECT d.tenant_id, l.loan_id, d.entry_id, NULL, l.amount, CASE WHEN b.exact_interest IS NULL THEN l.amount * 1000000000::numeric ELSE 0 END
        FROM hpts.accrual_difference AS d
        JOIN hpts.journal_entry AS e ON e.tenant_id = d.tenant_id AND e.entry_id = d.entry_id
        LEFT JOIN hpts.accrual_correction AS c ON c.tenant_id = d.tenant_id AND c.entry_id = d.of_entry_id
        JOIN hpts.accrual_batch AS b ON b.tenant_id = d.tenant_id AND b.entry_id = coalesce(c.accrual_entry_id, d.of_entry_id)
        CROSS JOIN LATERAL unnest(e.accounts, e.amounts, e.loan_ids) AS l(account, amount, loan_id)
        WHERE ${ofTenant('d')} AND l.account IN (1200, 9100) AND NOT EXISTS (
          SELECT FROM hpts.reversal AS r WHERE r.tenant_id = d.tenant_id AND r.reversed_entry_id = d.entry_id)),
      accrued AS (
        SELECT p.tenant_id, p.loan_id, max(p.accrual_date) AS through, sum(p.posted) AS posted, sum(p.exact) AS exact
        FROM part AS p LEFT JOIN later AS n ON n.tenant_id = p.tenant_id AND n.loan_id = p.loan_id AND n.entry_id = p.entry_id
        WHERE n.entry_id IS NULL GROUP BY 1, 2),
      judged AS (
        SELECT k.tenant_id, k.loan_id,
               CASE WHEN k.now_seq IS NULL THEN 'does not exist and has interest'
                    WHEN k.loan_seq > k.now_seq THEN format('has %s movements, its interest is counted over %s', k.now_seq, k.loan_seq)
                    WHEN a.through IS DISTINCT FROM k.through THEN format('accrued last for %s, its interest is counted through %s', coalesce(a.through::text, 'no day'), k.through)
                    WHEN a.posted <> k.posted_minor THEN format('has %s accrued, its interest counts %s', a.posted, k.posted_minor)
                    WHEN abs(a.exact - ${billionths('k.exact_interest')}) > 1000 THEN format('has interest of %s, its accruals stand for another amount', k.exact_interest)
                    WHEN k.principal_minor IS DISTINCT FROM k.had_principal OR k.interest_minor IS DISTINCT FROM k.had_interest
                      OR NOT k.frontier BETWEEN k.had_frontier AND greatest(k.had_frontier, k.met_until)
                    THEN 'has another principal, interest or frontier than its interest was counted on' END AS detail
        FROM kept AS k LEFT JOIN accrued AS a ON a.tenant_id = k.tenant_id AND a.loan_id = k.loan_id)
      SELECT tenant_id, 0::bigint AS place, 'loan ' || loan_id AS subject, detail FROM judged WHERE detail IS NOT NULL`,
  },
];
