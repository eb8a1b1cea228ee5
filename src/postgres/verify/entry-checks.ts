import { accountCode, CONTROL_ACCOUNT_LIST, type LedgerCheck, layerName, ofTenant } from './check.ts';

const AMOUNT_MAX = '999999999999999999';

/** What each entry promises by itself and by its place among its tenant's entries. */
export const ENTRY_CHECKS: readonly LedgerCheck[] = [
  {
    name: 'tenants',
    promise: 'Every entry and every loan belongs to a tenant that exists, and every tenant has its head row.',
    sql: `
      SELECT owner.tenant_id, 0::bigint AS place, 'tenant ' || owner.tenant_id AS subject,
             format('owns rows of hpts.%s and does not exist', owner.relation) AS detail
      FROM (SELECT DISTINCT tenant_id, 'journal_entry' AS relation FROM hpts.journal_entry AS e WHERE ${ofTenant('e')}
            UNION ALL SELECT DISTINCT tenant_id, 'loan' FROM hpts.loan AS l WHERE ${ofTenant('l')}
            UNION ALL SELECT tenant_id, 'tenant_head' FROM hpts.tenant_head AS h WHERE ${ofTenant('h')}) AS owner
      WHERE NOT EXISTS (SELECT FROM hpts.tenant AS t WHERE t.tenant_id = owner.tenant_id)
      UNION ALL
      SELECT t.tenant_id, 0, 'tenant ' || t.tenant_id, 'has no row in hpts.tenant_head'
      FROM hpts.tenant AS t
      WHERE ${ofTenant('t')} AND NOT EXISTS (SELECT FROM hpts.tenant_head AS h WHERE h.tenant_id = t.tenant_id)`,
  },
  {
    name: 'entry_sequence',
    promise: "A tenant's entries are numbered 1, 2, 3 … up to its head's seq, each number once.",
    sql: `
      WITH numbered AS (
        SELECT e.tenant_id, e.entry_id, e.seq, lag(e.seq, 1, 0::bigint) OVER (PARTITION BY e.tenant_id ORDER BY e.seq) AS before
        FROM hpts.journal_entry AS e WHERE ${ofTenant('e')}),
      last AS (
        SELECT e.tenant_id, max(e.seq) AS seq FROM hpts.journal_entry AS e WHERE ${ofTenant('e')} GROUP BY e.tenant_id)
      SELECT n.tenant_id, n.before + 1 AS place,
             CASE WHEN n.seq <= n.before THEN 'entry ' || n.entry_id ELSE 'entry number ' || n.before + 1 END AS subject,
             CASE WHEN n.seq <= n.before THEN format('has seq %s, which another entry has too', n.seq)
                  ELSE format('is missing: entry %s has seq %s, the one before it %s', n.entry_id, n.seq, n.before) END AS detail
      FROM numbered AS n WHERE n.seq <> n.before + 1
      UNION ALL
      SELECT h.tenant_id, least(h.seq, coalesce(last.seq, 0)) + 1, 'entry number ' || least(h.seq, coalesce(last.seq, 0)) + 1,
             CASE WHEN h.seq > coalesce(last.seq, 0)
                  THEN format('is missing: the head has seq %s, the newest entry %s', h.seq, coalesce(last.seq, 0))
                  ELSE format('stands after the head: the head has seq %s, the newest entry %s', h.seq, last.seq) END
      FROM hpts.tenant_head AS h LEFT JOIN last ON last.tenant_id = h.tenant_id
      WHERE ${ofTenant('h')} AND h.seq <> coalesce(last.seq, 0)`,
  },
  {
    name: 'entry_time',
    promise:
      "posted_at never falls as seq rises, never passes the head's, and no entry is dated after the business day it was posted on.",
    sql: `
      WITH timed AS (
        SELECT e.tenant_id, e.entry_id, e.seq, e.posted_at, e.effective_at,
               lag(e.posted_at) OVER (PARTITION BY e.tenant_id ORDER BY e.seq) AS before
        FROM hpts.journal_entry AS e WHERE ${ofTenant('e')}),
      judged AS (
        SELECT t.tenant_id, t.entry_id, t.seq,
               CASE WHEN t.posted_at < t.before THEN format('posted_at %s is before %s, that of the entry before it', t.posted_at, t.before)
                    WHEN t.posted_at > h.posted_at THEN format('posted_at %s is after %s, that of the head', t.posted_at, h.posted_at)
                    WHEN t.effective_at > (t.posted_at AT TIME ZONE tenant.timezone)::date
                    THEN format('effective_at %s is after the business day of its posted_at %s', t.effective_at, t.posted_at)
               END AS detail
        FROM timed AS t
        LEFT JOIN hpts.tenant_head AS h ON h.tenant_id = t.tenant_id
        LEFT JOIN hpts.tenant AS tenant ON tenant.tenant_id = t.tenant_id)
      SELECT tenant_id, seq AS place, 'entry ' || entry_id AS subject, detail FROM judged WHERE detail IS NOT NULL`,
  },
  {
    name: 'entry_lines',
    promise:
      "An entry's lines are parallel arrays without gaps; every line has a layer, a currency and an amount of 1 to 18 digits.",
    sql: `
      WITH judged AS (
        SELECT e.tenant_id, e.entry_id, e.seq, cardinality(e.accounts) AS lines,
               CASE
                 WHEN cardinality(e.amounts) <> cardinality(e.accounts) OR cardinality(e.layers) <> cardinality(e.accounts)
                   OR cardinality(e.currencies) <> cardinality(e.accounts) OR cardinality(e.loan_ids) <> cardinality(e.accounts)
                   OR cardinality(e.borrower_ids) <> cardinality(e.accounts) THEN 'its arrays have different lengths'
                 WHEN cardinality(e.accounts) > 32767 THEN 'it has more than 32767 lines'
                 WHEN cardinality(e.accounts) > 0 AND (
                   array_ndims(e.accounts) <> 1 OR array_lower(e.accounts, 1) <> 1
                   OR array_ndims(e.amounts) <> 1 OR array_lower(e.amounts, 1) <> 1) THEN 'an array does not count from 1'
                 WHEN array_position(e.accounts, NULL) IS NOT NULL OR array_position(e.amounts, NULL) IS NOT NULL
                   OR array_position(e.layers, NULL) IS NOT NULL OR array_position(e.currencies, NULL) IS NOT NULL
                   THEN 'a line lacks account, amount, layer or currency'
                 WHEN (e.layer IS NULL) = (e.layers IS NULL) THEN 'layer is given both ways or not at all'
                 WHEN (e.currency IS NULL) = (e.currencies IS NULL) THEN 'currency is given both ways or not at all'
                 WHEN e.loan_id IS NOT NULL AND e.loan_ids IS NOT NULL THEN 'loan is given both ways'
                 WHEN e.borrower_id IS NOT NULL AND e.borrower_ids IS NOT NULL THEN 'borrower is given both ways'
                 WHEN 0 = ANY (e.amounts) THEN 'a line has amount 0'
                 WHEN ${AMOUNT_MAX} < ANY (e.amounts) OR -${AMOUNT_MAX} > ANY (e.amounts) THEN 'a line has more than 18 digits'
               END AS detail
        FROM hpts.journal_entry AS e WHERE ${ofTenant('e')})
      SELECT tenant_id, seq AS place, 'entry ' || entry_id AS subject, detail FROM judged WHERE detail IS NOT NULL`,
  },
  {
    name: 'entry_balance',
    promise: 'The debits of every entry equal its credits, per currency and layer.',
    sql: `
      SELECT e.tenant_id, e.seq AS place, 'entry ' || e.entry_id AS subject,
             format('debits less credits make %s %s on %s', unbalanced.total, unbalanced.currency, ${layerName('unbalanced.layer')}) AS detail
      FROM hpts.journal_entry AS e
      CROSS JOIN LATERAL (
        SELECT e.currency, e.layer, sum(l.amount) AS total FROM unnest(e.amounts) AS l(amount) HAVING sum(l.amount) <> 0) AS unbalanced
      WHERE ${ofTenant('e')} AND e.currencies IS NULL AND e.layers IS NULL
      UNION ALL
      SELECT e.tenant_id, e.seq, 'entry ' || e.entry_id,
             format('debits less credits make %s %s on %s', unbalanced.total, unbalanced.currency, ${layerName('unbalanced.layer')})
      FROM hpts.journal_entry AS e
      CROSS JOIN LATERAL (
        SELECT coalesce(l.currency, e.currency) AS currency, coalesce(l.layer, e.layer) AS layer, sum(l.amount) AS total
        FROM unnest(e.amounts, e.currencies, e.layers) AS l(amount, currency, layer)
        GROUP BY 1, 2 HAVING sum(l.amount) <> 0) AS unbalanced
      WHERE ${ofTenant('e')} AND (e.currencies IS NOT NULL OR e.layers IS NOT NULL)`,
  },
  {
    name: 'chart_of_accounts',
    promise: "Every line's account stands in its tenant's chart.",
    sql: `
      WITH chart AS (SELECT a.tenant_id, array_agg(a.account_code) AS codes FROM hpts.account AS a GROUP BY a.tenant_id)
      SELECT e.tenant_id, e.seq AS place, 'entry ' || e.entry_id AS subject,
             format('has a line on account %s, which is not in the chart', (
               SELECT min(${accountCode('a.code')}) FROM unnest(e.accounts) AS a(code)
               WHERE chart.codes IS NULL OR a.code <> ALL (chart.codes))) AS detail
      FROM hpts.journal_entry AS e LEFT JOIN chart ON chart.tenant_id = e.tenant_id
      WHERE ${ofTenant('e')} AND (e.accounts <@ coalesce(chart.codes, '{}')) IS NOT TRUE`,
  },
  {
    name: 'control_lines',
    promise: 'Every line on a control account (1100, 1200, 1300, 2100, 9100) names a loan.',
    sql: `
      SELECT e.tenant_id, e.seq AS place, 'entry ' || e.entry_id AS subject,
             format('line %s on account %s names no loan', min(l.sequence), min(l.account)) AS detail
      FROM hpts.journal_entry AS e
      CROSS JOIN LATERAL unnest(e.accounts, e.loan_ids) WITH ORDINALITY AS l(account, loan_id, sequence)
      WHERE ${ofTenant('e')} AND e.loan_id IS NULL AND l.loan_id IS NULL AND l.account IN (${CONTROL_ACCOUNT_LIST})
      GROUP BY e.tenant_id, e.seq, e.entry_id`,
  },
  {
    name: 'loan_of_line',
    promise: "The loan that a line names exists, is kept in the line's currency and belongs to the line's borrower.",
    sql: `
      WITH named AS (
        SELECT e.tenant_id, e.seq, e.entry_id, e.loan_id,
               coalesce(e.currencies, ARRAY[e.currency]) AS currencies, coalesce(e.borrower_ids, ARRAY[e.borrower_id]) AS borrower_ids
        FROM hpts.journal_entry AS e WHERE ${ofTenant('e')} AND e.loan_id IS NOT NULL
        UNION ALL
        SELECT e.tenant_id, e.seq, e.entry_id, l.loan_id,
               ARRAY[coalesce(l.currency, e.currency)], ARRAY[coalesce(l.borrower_id, e.borrower_id)]
        FROM hpts.journal_entry AS e
        CROSS JOIN LATERAL unnest(e.loan_ids, e.currencies, e.borrower_ids) AS l(loan_id, currency, borrower_id)
        WHERE ${ofTenant('e')} AND l.loan_id IS NOT NULL),
      judged AS (
        SELECT n.tenant_id, n.seq, n.entry_id,
               CASE WHEN loan.loan_id IS NULL THEN format('names loan %s, which does not exist', n.loan_id)
                    WHEN (loan.currency = ALL (n.currencies)) IS NOT TRUE
                    THEN format('has a line in another currency than loan %s, which is kept in %s', n.loan_id, loan.currency)
                    WHEN (loan.borrower_id = ALL (n.borrower_ids)) IS NOT TRUE
                    THEN format('has a line of another borrower than that of loan %s', n.loan_id) END AS detail
        FROM named AS n LEFT JOIN hpts.loan AS loan ON loan.tenant_id = n.tenant_id AND loan.loan_id = n.loan_id)
      SELECT tenant_id, seq AS place, 'entry ' || entry_id AS subject, detail FROM judged WHERE detail IS NOT NULL`,
  },
  {
    name: 'event_ids',
    promise:
      'The event id of every entry is derived from the entry that first booked the event: its id with 1 as the last digit.',
    sql: `
      SELECT e.tenant_id, e.seq AS place, 'entry ' || e.entry_id AS subject,
             format('has event id %s in place of its own id with the last digit 1', e.event_id) AS detail
      FROM hpts.journal_entry AS e
      WHERE ${ofTenant('e')} AND right(e.entry_id::text, 1) = '0' AND e.event_id::text <> left(e.entry_id::text, 35) || '1'
      UNION ALL
      SELECT e.tenant_id, e.seq, 'entry ' || e.entry_id, format('has event id %s, and no entry is the first booking of it', e.event_id)
      FROM hpts.journal_entry AS e
      WHERE ${ofTenant('e')} AND right(e.entry_id::text, 1) <> '0'
        AND NOT EXISTS (
          SELECT FROM hpts.journal_entry AS first
          WHERE first.tenant_id = e.tenant_id AND first.entry_id = (left(e.event_id::text, 35) || '0')::uuid)`,
  },
];
