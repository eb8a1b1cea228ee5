import { type LedgerCheck, ofTenant } from './check.ts';
import { IS_CORRECTION } from './relation-checks.ts';

/** What corrections of accrual batches and adjustments under four eyes promise. */
export const ADJUSTMENT_CHECKS: readonly LedgerCheck[] = [
  {
    name: 'accrual_corrections',
    promise:
      'Every correction names an older accrual batch, under its correlation and not before its date, and stands only while that batch does; and the other way round.',
    sql: `
      WITH posted AS (
        SELECT e.tenant_id, e.seq, e.entry_id, e.effective_at, e.correlation_id, e.event_input::jsonb ->> 'corrected_event_id' AS corrected
        FROM hpts.journal_entry AS e WHERE ${ofTenant('e')} AND e.event_type = 'accrual' AND ${IS_CORRECTION}),
      kept AS (
        SELECT c.tenant_id, c.entry_id, c.accrual_entry_id, c.loan_ids, batch.loan_ids AS batch_loan_ids,
               cardinality(c.loan_ids) = cardinality(c.interest_minor) AND cardinality(c.loan_ids) = cardinality(c.difference_minor)
               AND cardinality(c.loan_ids) > 0 AND array_position(c.loan_ids, NULL) IS NULL
               AND array_position(c.difference_minor, NULL) IS NULL AND 0 <= ALL (c.interest_minor) AS complete
        FROM hpts.accrual_correction AS c
        LEFT JOIN hpts.accrual_batch AS batch ON batch.tenant_id = c.tenant_id AND batch.entry_id = c.accrual_entry_id
        WHERE ${ofTenant('c')}),
      judged AS (
        SELECT coalesce(p.tenant_id, k.tenant_id) AS tenant_id, coalesce(p.seq, 0) AS seq, coalesce(p.entry_id, k.entry_id) AS entry_id,
               CASE WHEN k.entry_id IS NULL THEN 'corrects an accrual batch and has no row in hpts.accrual_correction'
                    WHEN p.entry_id IS NULL THEN 'stands in hpts.accrual_correction and is no correction'
                    WHEN k.complete IS NOT TRUE THEN 'has a correction whose arrays of loans, interest and differences do not fit'
                    WHEN k.batch_loan_ids IS NULL OR b.entry_id IS NULL THEN format('corrects entry %s, which is no accrual batch', k.accrual_entry_id)
                    WHEN NOT k.loan_ids <@ k.batch_loan_ids THEN format('corrects loans that are not in the batch of entry %s', k.accrual_entry_id)
                    WHEN p.corrected IS DISTINCT FROM b.event_id::text THEN format('says it corrects event %s, and its row entry %s', p.corrected, k.accrual_entry_id)
                    WHEN b.seq >= p.seq THEN format('corrects entry %s, which is not older', b.entry_id)
                    WHEN p.effective_at < b.effective_at THEN format('is dated %s, before %s, the date of the batch', p.effective_at, b.effective_at)
                    WHEN p.correlation_id <> b.correlation_id THEN format('has another correlation id than entry %s', b.entry_id)
                    WHEN own.entry_id IS NULL AND of_batch.entry_id IS NOT NULL THEN format('stands, and the batch of entry %s was reversed', b.entry_id)
               END AS detail
        FROM posted AS p FULL JOIN kept AS k ON k.tenant_id = p.tenant_id AND k.entry_id = p.entry_id
        LEFT JOIN hpts.journal_entry AS b ON b.tenant_id = k.tenant_id AND b.entry_id = k.accrual_entry_id
        LEFT JOIN hpts.reversal AS own ON own.tenant_id = k.tenant_id AND own.reversed_entry_id = k.entry_id
        LEFT JOIN hpts.reversal AS of_batch ON of_batch.tenant_id = k.tenant_id AND of_batch.reversed_entry_id = k.accrual_entry_id)
      SELECT tenant_id, seq AS place, 'entry ' || entry_id AS subject, detail FROM judged WHERE detail IS NOT NULL`,
  },
  {
    name: 'correction_interest',
    promise: 'What a correction says it changed equals the lines of its entry, loan by loan.',
    sql: `
      WITH sent AS (
        SELECT c.tenant_id, c.entry_id, s.loan_id, sum(s.difference) AS difference
        FROM hpts.accrual_correction AS c CROSS JOIN LATERAL unnest(c.loan_ids, c.difference_minor) AS s(loan_id, difference)
        WHERE ${ofTenant('c')} GROUP BY 1, 2, 3),
      lined AS (
        SELECT e.tenant_id, e.entry_id, coalesce(l.loan_id, e.loan_id) AS loan_id, sum(l.amount) AS difference
        FROM hpts.journal_entry AS e CROSS JOIN LATERAL unnest(e.accounts, e.amounts, e.loan_ids) AS l(account, amount, loan_id)
        WHERE ${ofTenant('e')} AND e.event_type = 'accrual' AND ${IS_CORRECTION} AND l.account IN (1200, 9100) GROUP BY 1, 2, 3)
      SELECT coalesce(s.tenant_id, l.tenant_id) AS tenant_id, coalesce(e.seq, 0) AS place,
             'entry ' || coalesce(s.entry_id, l.entry_id) AS subject,
             format('changes loan %s by %s in its lines, by %s in its correction', coalesce(s.loan_id, l.loan_id),
                    coalesce(l.difference, 0), coalesce(s.difference, 0)) AS detail
      FROM sent AS s FULL JOIN lined AS l ON l.tenant_id = s.tenant_id AND l.entry_id = s.entry_id AND l.loan_id = s.loan_id
      LEFT JOIN hpts.journal_entry AS e
        ON e.tenant_id = coalesce(s.tenant_id, l.tenant_id) AND e.entry_id = coalesce(s.entry_id, l.entry_id)
      WHERE coalesce(s.difference, 0) <> coalesce(l.difference, 0)`,
  },
  {
    name: 'accrual_differences',
    promise:
      'What a restatement posted to an accrual stands in hpts.accrual_difference beside the first entry of that accrual, and the other way round; it moves interest of loans alone, and is reversed with that entry and not by itself.',
    sql: `
      WITH posted AS (
        SELECT e.* FROM hpts.journal_entry AS e
        WHERE ${ofTenant('e')} AND e.event_type = 'accrual' AND right(e.entry_id::text, 1) = '2'),
      kept AS (SELECT d.* FROM hpts.accrual_difference AS d WHERE ${ofTenant('d')}),
      judged AS (
        SELECT coalesce(p.tenant_id, k.tenant_id) AS tenant_id, coalesce(p.seq, 0) AS seq, coalesce(p.entry_id, k.entry_id) AS entry_id,
               CASE WHEN k.entry_id IS NULL THEN 'is the difference of an accrual and has no row in hpts.accrual_difference'
                    WHEN p.entry_id IS NULL THEN format('stands in hpts.accrual_difference beside entry %s and is no difference', k.of_entry_id)
                    WHEN k.of_entry_id::text <> left(p.event_id::text, 35) || '0'
                    THEN format('stands beside entry %s, which is not the first of its event', k.of_entry_id)
                    WHEN EXISTS (SELECT FROM unnest(p.accounts) AS l(account) WHERE l.account NOT IN (1200, 4000, 9100, 9200))
                    THEN 'moves more than interest'
                    WHEN own.entry_id IS NULL AND of_first.entry_id IS NOT NULL THEN format('stands, and entry %s was reversed', k.of_entry_id)
                    WHEN own.entry_id IS NOT NULL AND of_first.entry_id IS NULL THEN format('was reversed, and entry %s stands', k.of_entry_id)
               END AS detail
        FROM posted AS p FULL JOIN kept AS k ON k.tenant_id = p.tenant_id AND k.entry_id = p.entry_id
        LEFT JOIN hpts.reversal AS own ON own.tenant_id = k.tenant_id AND own.reversed_entry_id = k.entry_id
        LEFT JOIN hpts.reversal AS of_first ON of_first.tenant_id = k.tenant_id AND of_first.reversed_entry_id = k.of_entry_id)
      SELECT tenant_id, seq AS place, 'entry ' || entry_id AS subject, detail FROM judged WHERE detail IS NOT NULL`,
  },
  {
    name: 'adjustments',
    promise:
      'Every adjustment that was posted was proposed by another principal and posted as proposed, line by line, under its id; and every such entry has its verdict.',
    sql: `
      WITH posted AS (
        SELECT e.* FROM hpts.journal_entry AS e
        WHERE ${ofTenant('e')} AND e.event_type = 'manual_adjustment' AND coalesce(e.event_input::jsonb ? 'adjustment_id', false)),
      verdict AS (SELECT v.* FROM hpts.adjustment_verdict AS v WHERE ${ofTenant('v')}),
      judged AS (
        SELECT coalesce(p.tenant_id, v.tenant_id) AS tenant_id, coalesce(p.seq, 0) AS seq,
               CASE WHEN v.adjustment_id IS NULL THEN 'entry ' || p.entry_id ELSE 'adjustment ' || v.adjustment_id END AS subject,
               CASE WHEN v.adjustment_id IS NULL THEN 'is an adjustment and no verdict names it'
                    WHEN a.adjustment_id IS NULL THEN format('was %s and never proposed', v.verdict)
                    WHEN v.judged_at < a.proposed_at THEN 'was judged before it was proposed'
                    WHEN v.verdict = 'rejected' THEN NULL
                    WHEN p.entry_id IS NULL THEN format('was posted as entry %s, which is no adjustment', v.entry_id)
                    WHEN v.judged_by = a.proposed_by THEN format('was proposed and approved by %s', a.proposed_by)
                    WHEN p.actor <> v.judged_by THEN format('was approved by %s, and its entry posted by %s', v.judged_by, p.actor)
                    WHEN p.correlation_id <> a.adjustment_id THEN 'was posted under another correlation id'
                    WHEN p.effective_at <> a.effective_at THEN format('is dated %s, its entry %s', a.effective_at, p.effective_at)
                    WHEN p.accounts::smallint[] <> a.accounts OR p.amounts::bigint[] <> a.amounts
                      OR coalesce(p.currencies, array_fill(p.currency, ARRAY[cardinality(p.accounts)])) <> a.currencies
                      OR coalesce(p.layers, array_fill(p.layer::smallint, ARRAY[cardinality(p.accounts)])) <> a.layers
                      OR coalesce(p.loan_ids, array_fill(p.loan_id, ARRAY[cardinality(p.accounts)])) IS DISTINCT FROM a.loan_ids
                    THEN 'has other lines than its entry'
               END AS detail
        FROM posted AS p FULL JOIN verdict AS v ON v.tenant_id = p.tenant_id AND v.entry_id = p.entry_id
        LEFT JOIN hpts.adjustment AS a ON a.tenant_id = v.tenant_id AND a.adjustment_id = v.adjustment_id)
      SELECT tenant_id, seq AS place, subject, detail FROM judged WHERE detail IS NOT NULL`,
  },
];
