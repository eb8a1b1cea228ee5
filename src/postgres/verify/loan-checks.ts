import {
  CONTROL_ACCOUNT_LIST,
  componentsDiffer,
  describeComponents,
  eachComponent,
  FOLDED_COMPONENTS,
  type LedgerCheck,
  layerName,
  ofTenant,
} from './check.ts';

const COMPONENT_MAX = '999999999999999999';

/** hpts.loan as one row per loan and layer that it has moved on; SETTLED always. */
const LOAN_BY_LAYER = `
        SELECT loan.tenant_id, loan.loan_id, c.*
        FROM hpts.loan AS loan
        CROSS JOIN LATERAL (
          SELECT 0::smallint AS layer, ${eachComponent((component) => `loan.${component}_minor AS ${component}`)}
          UNION ALL SELECT 1::smallint, ${eachComponent((_component, place) => `loan.pending_minor[${place}]`)} WHERE loan.pending_minor IS NOT NULL
          UNION ALL SELECT 2::smallint, ${eachComponent((_component, place) => `loan.encumbrance_minor[${place}]`)} WHERE loan.encumbrance_minor IS NOT NULL
        ) AS c
        WHERE ${ofTenant('loan')}`;

/**
 * What the lines of each entry do to each loan on each layer; `e.tenant_id`, `e.entry_id` and more may be selected beside. An
 * entry moves the loan that it is about, and each that a line names, though none of its lines touches a component, as those of a
 * recovery: it belongs to its history.
 */
const EFFECT_OF_ENTRY = `
        SELECT coalesce(l.loan_id, e.loan_id) AS loan_id, coalesce(l.layer, e.layer) AS layer,
           ${FOLDED_COMPONENTS}
        FROM (SELECT * FROM unnest(e.accounts, e.amounts, e.layers, e.loan_ids)
              UNION ALL SELECT NULL, NULL, NULL, NULL WHERE e.loan_id IS NOT NULL AND e.layers IS NULL) AS l(account, amount, layer, loan_id)
        WHERE l.account IN (${CONTROL_ACCOUNT_LIST}) OR l.loan_id IS NOT NULL OR e.loan_id IS NOT NULL GROUP BY 1, 2`;

/** What a loan's row, its history and its as-of corrections promise. */
export const LOAN_CHECKS: readonly LedgerCheck[] = [
  {
    name: 'loan_balances',
    promise:
      "Every component of every loan, on each layer, equals the fold of the loan's lines and lies in 0 to 10^18-1.",
    sql: `
      WITH folded AS (
        SELECT e.tenant_id, coalesce(l.loan_id, e.loan_id) AS loan_id, coalesce(l.layer, e.layer) AS layer,
           ${FOLDED_COMPONENTS}
        FROM hpts.journal_entry AS e
        CROSS JOIN LATERAL unnest(e.accounts, e.amounts, e.layers, e.loan_ids) AS l(account, amount, layer, loan_id)
        WHERE ${ofTenant('e')} AND l.account IN (${CONTROL_ACCOUNT_LIST}) AND coalesce(l.loan_id, e.loan_id) IS NOT NULL
        GROUP BY 1, 2, 3),
      stored AS (${LOAN_BY_LAYER})
      SELECT coalesce(s.tenant_id, f.tenant_id) AS tenant_id, coalesce(s.layer, f.layer)::bigint AS place,
             'loan ' || coalesce(s.loan_id, f.loan_id) AS subject,
             ${layerName('coalesce(s.layer, f.layer)')} || ': ' || CASE WHEN ${componentsDiffer('s', 'f')}
               THEN ${describeComponents({ alias: 's', where: 'in hpts.loan' }, { alias: 'f', where: 'by its lines' })}
               ELSE 'a component is outside 0 to ${COMPONENT_MAX}' END AS detail
      FROM stored AS s FULL JOIN folded AS f ON f.tenant_id = s.tenant_id AND f.loan_id = s.loan_id AND f.layer = s.layer
      WHERE ${componentsDiffer('s', 'f')}
        OR 0 > LEAST(${eachComponent((component) => `s.${component}`)})
        OR ${COMPONENT_MAX} < GREATEST(${eachComponent((component) => `s.${component}`)})`,
  },
  {
    name: 'loan_heads',
    promise:
      "A loan's row counts its movements (only a registered loan has none), knows the latest date of its events and its first standing disbursement or opening balance, and belongs to a program that exists.",
    sql: `
      WITH moved AS (
        SELECT m.tenant_id, m.loan_id, count(*) AS movements, max(m.effective_at) AS frontier
        FROM hpts.loan_movement AS m WHERE ${ofTenant('m')} GROUP BY 1, 2),
      met AS (
        SELECT u.tenant_id, u.loan_id, max(u.effective_at) AS until FROM hpts.loan_unmoved_event AS u
        WHERE ${ofTenant('u')} AND u.loan_seq IS NOT NULL GROUP BY 1, 2),
      disbursed AS (
        SELECT d.tenant_id, d.loan_id, min(d.effective_at) AS first_on
        FROM hpts.disbursement AS d
        WHERE ${ofTenant('d')}
          AND NOT EXISTS (SELECT FROM hpts.reversal AS r WHERE r.tenant_id = d.tenant_id AND r.reversed_entry_id = d.entry_id)
        GROUP BY 1, 2),
      loan AS (SELECT l.* FROM hpts.loan AS l WHERE ${ofTenant('l')}),
      judged AS (
        SELECT coalesce(l.tenant_id, m.tenant_id) AS tenant_id, coalesce(l.loan_id, m.loan_id) AS loan_id,
               CASE WHEN l.loan_id IS NULL THEN 'has movements and no row in hpts.loan'
                    WHEN m.loan_id IS NULL AND (r.loan_id IS NULL OR l.loan_seq <> 0) THEN 'has a row in hpts.loan and no movement'
                    WHEN l.loan_seq <> m.movements THEN format('counts %s movements, has %s', l.loan_seq, m.movements)
                    WHEN l.frontier IS DISTINCT FROM greatest(m.frontier, u.until) THEN format('has frontier %s, its latest event is dated %s', l.frontier, greatest(m.frontier, u.until))
                    WHEN l.first_disbursed_on IS DISTINCT FROM d.first_on
                    THEN format('was first disbursed on %s by hpts.loan, on %s by its standing disbursements and opening balance',
                                coalesce(l.first_disbursed_on::text, 'no day'), coalesce(d.first_on::text, 'no day'))
                    WHEN l.borrower_id IS NULL OR l.currency IS NULL THEN 'lacks its borrower or its currency'
                    WHEN p.program_id IS NULL THEN format('belongs to program %s, which does not exist', l.program_id) END AS detail
        FROM loan AS l
        FULL JOIN moved AS m ON m.tenant_id = l.tenant_id AND m.loan_id = l.loan_id
        LEFT JOIN met AS u ON u.tenant_id = l.tenant_id AND u.loan_id = l.loan_id
        LEFT JOIN hpts.loan_registration AS r ON r.tenant_id = l.tenant_id AND r.loan_id = l.loan_id
        LEFT JOIN disbursed AS d ON d.tenant_id = l.tenant_id AND d.loan_id = l.loan_id
        LEFT JOIN hpts.program AS p ON p.tenant_id = l.tenant_id AND p.program_id = l.program_id)
      SELECT tenant_id, 0::bigint AS place, 'loan ' || loan_id AS subject, detail FROM judged WHERE detail IS NOT NULL`,
  },
  {
    name: 'movement_order',
    promise:
      "A loan's movements are numbered 1, 2, 3 … over all layers, posted in that order; each knows the latest date up to it, is backdated when dated before it, and ends in 0 to 10^18-1, but for those that later ones of the same request set right, when it restates or reverses several entries.",
    sql: `
      WITH ordered AS (
        SELECT m.tenant_id, m.loan_id, m.loan_seq, m.entry_id, m.frontier, m.effective_at, m.posted_at, m.backdated_minor,
               ${eachComponent((component) => `m.${component}_minor`)},
               row_number() OVER history AS place, greatest(max(m.effective_at) OVER history, (
                 SELECT max(u.effective_at) FROM hpts.loan_unmoved_event AS u
                 WHERE u.tenant_id = m.tenant_id AND u.loan_id = m.loan_id AND u.loan_seq < m.loan_seq)) AS latest, lag(m.posted_at) OVER history AS before,
               bool_or(right(m.entry_id::text, 1) = '2' OR (m.tenant_id, m.entry_id) IN (
                 SELECT r.tenant_id, r.entry_id FROM hpts.reversal AS r WHERE ${ofTenant('r')})) OVER request
                 AND m.loan_seq < max(m.loan_seq) OVER request AS set_right
        FROM hpts.loan_movement AS m
        LEFT JOIN (SELECT DISTINCT ON (f.tenant_id, f.entry_id) f.tenant_id, f.entry_id, f.first_entry_id
          FROM hpts.following_entry AS f WHERE ${ofTenant('f')}) AS f ON f.tenant_id = m.tenant_id AND f.entry_id = m.entry_id
        WHERE ${ofTenant('m')}
        WINDOW history AS (PARTITION BY m.tenant_id, m.loan_id ORDER BY m.loan_seq ROWS UNBOUNDED PRECEDING),
               request AS (PARTITION BY m.tenant_id, m.loan_id, m.layer, coalesce(f.first_entry_id, m.entry_id))),
      judged AS (
        SELECT o.tenant_id, o.loan_id, o.place, o.entry_id,
               CASE WHEN o.loan_seq <> o.place THEN format('has loan_seq %s in place of %s', o.loan_seq, o.place)
                    WHEN o.frontier <> o.latest THEN format('has frontier %s, the latest date up to it is %s', o.frontier, o.latest)
                    WHEN o.posted_at < o.before THEN format('was posted at %s, before %s, when the one before it was', o.posted_at, o.before)
                    WHEN (o.backdated_minor IS NOT NULL) <> (o.effective_at < o.frontier)
                    THEN format('is dated %s with frontier %s and %s', o.effective_at, o.frontier,
                      CASE WHEN o.backdated_minor IS NULL THEN 'lacks its backdated effect' ELSE 'carries a backdated effect' END)
                    WHEN NOT o.set_right AND (0 > LEAST(${eachComponent((component) => `o.${component}_minor`)})
                      OR ${COMPONENT_MAX} < GREATEST(${eachComponent((component) => `o.${component}_minor`)}))
                    THEN 'leaves a component outside 0 to ${COMPONENT_MAX}'
               END AS detail
        FROM ordered AS o)
      SELECT tenant_id, place, 'loan ' || loan_id AS subject, format('movement of entry %s ', entry_id) || detail AS detail
      FROM judged WHERE detail IS NOT NULL`,
  },
  {
    name: 'movement_effects',
    promise:
      'Each entry has one movement per layer and loan that its lines name, or of the one loan it is about, with its dates, and the balances step by exactly those lines.',
    // Steps are compared, not running sums, so that one wrong line is one finding and not one on every later movement.
    sql: `
      WITH effect AS (
        SELECT e.tenant_id, e.entry_id, e.seq, e.effective_at, e.posted_at, of_loan.*
        FROM hpts.journal_entry AS e CROSS JOIN LATERAL (${EFFECT_OF_ENTRY}) AS of_loan
        WHERE ${ofTenant('e')} AND of_loan.loan_id IS NOT NULL),
      step AS (
        SELECT m.tenant_id, m.loan_id, m.layer, m.entry_id, m.loan_seq, m.effective_at, m.posted_at, m.backdated_minor,
               ${eachComponent((component) => `m.${component}_minor - lag(m.${component}_minor, 1, 0::bigint) OVER history AS ${component}`)}
        FROM hpts.loan_movement AS m WHERE ${ofTenant('m')}
        WINDOW history AS (PARTITION BY m.tenant_id, m.loan_id, m.layer ORDER BY m.loan_seq)),
      judged AS (
        SELECT coalesce(f.tenant_id, s.tenant_id) AS tenant_id, coalesce(f.seq, 0) AS seq, coalesce(f.entry_id, s.entry_id) AS entry_id,
               coalesce(f.loan_id, s.loan_id) AS loan_id, s.loan_seq,
               CASE WHEN s.entry_id IS NULL THEN 'its lines touch the loan, and it has no movement there'
                    WHEN f.entry_id IS NULL THEN 'the loan has a movement of it, and no such entry touches the loan'
                    WHEN s.effective_at <> f.effective_at THEN format('is dated %s, its movement %s', f.effective_at, s.effective_at)
                    WHEN s.posted_at <> f.posted_at THEN format('was posted at %s, its movement at %s', f.posted_at, s.posted_at)
                    WHEN ${componentsDiffer('s', 'f')}
                    THEN ${describeComponents({ alias: 's', where: "by the movement's step" }, { alias: 'f', where: 'by its lines' }).replaceAll("movement's", "movement''s")}
                    WHEN s.backdated_minor <> ARRAY[${eachComponent((component) => `f.${component}`)}]::numeric[]::bigint[]
                    THEN format('its movement says a backdated effect of %s', s.backdated_minor) END AS detail
        FROM effect AS f
        FULL JOIN step AS s ON s.tenant_id = f.tenant_id AND s.entry_id = f.entry_id AND s.loan_id = f.loan_id AND s.layer = f.layer)
      SELECT tenant_id, seq AS place, 'entry ' || entry_id AS subject,
             format('loan %s, movement %s: ', loan_id, coalesce(loan_seq::text, 'none')) || detail AS detail
      FROM judged WHERE detail IS NOT NULL`,
  },
  {
    name: 'movement_ends',
    promise: "The newest movement of a loan on a layer ends at the loan's own balance.",
    sql: `
      WITH newest AS (
        SELECT DISTINCT ON (m.tenant_id, m.loan_id, m.layer)
               m.tenant_id, m.loan_id, m.layer, m.loan_seq, ${eachComponent((component) => `m.${component}_minor AS ${component}`)}
        FROM hpts.loan_movement AS m WHERE ${ofTenant('m')}
        ORDER BY m.tenant_id, m.loan_id, m.layer, m.loan_seq DESC),
      stored AS (${LOAN_BY_LAYER})
      SELECT coalesce(s.tenant_id, n.tenant_id) AS tenant_id, coalesce(s.layer, n.layer)::bigint AS place,
             'loan ' || coalesce(s.loan_id, n.loan_id) AS subject,
             format('%s, movement %s: ', ${layerName('coalesce(s.layer, n.layer)')}, n.loan_seq)
             || ${describeComponents({ alias: 's', where: 'in hpts.loan' }, { alias: 'n', where: 'by its newest movement' })} AS detail
      FROM stored AS s FULL JOIN newest AS n ON n.tenant_id = s.tenant_id AND n.loan_id = s.loan_id AND n.layer = s.layer
      WHERE ${componentsDiffer('s', 'n')}`,
  },
  {
    name: 'backdating',
    promise:
      'hpts.loan_backdating has a row at each day where a backdated movement begins and ends, and each row sums the backdated movements in force on its day and knows the newest of them.',
    // A movement dated e that met the frontier f counts on the days e <= day < f: +effect at e, -effect at f, summed up.
    // Frontiers and posted_at rise together, so the newest of those with e <= day is in force if any of them is.
    sql: `
      WITH backdated AS (
        SELECT m.tenant_id, m.loan_id, m.layer, m.effective_at, m.frontier, m.posted_at, m.backdated_minor::numeric[] AS effect
        FROM hpts.loan_movement AS m WHERE ${ofTenant('m')} AND m.backdated_minor IS NOT NULL),
      turn AS (
        SELECT b.tenant_id, b.loan_id, b.layer, t.day, max(t.posted_at) AS posted_at, max(t.until) AS until,
               ${eachComponent((component, place) => `sum(t.direction * b.effect[${place}]) AS ${component}`)}
        FROM backdated AS b
        CROSS JOIN LATERAL (VALUES (b.effective_at, 1, b.posted_at, b.frontier), (b.frontier, -1, NULL, NULL)) AS t(day, direction, posted_at, until)
        GROUP BY 1, 2, 3, 4),
      kept AS (
        SELECT k.tenant_id, k.loan_id, k.layer, k.from_day AS day, k.last_posted_at,
               ${eachComponent((component) => `k.${component}_minor AS ${component}`)}
        FROM hpts.loan_backdating AS k WHERE ${ofTenant('k')}),
      due AS (
        SELECT coalesce(t.tenant_id, k.tenant_id) AS tenant_id, coalesce(t.loan_id, k.loan_id) AS loan_id,
               coalesce(t.layer, k.layer) AS layer, coalesce(t.day, k.day) AS day, k AS kept,
               CASE WHEN max(t.until) OVER days > coalesce(t.day, k.day) THEN max(t.posted_at) OVER days END AS last_posted_at,
               ${eachComponent((component) => `sum(coalesce(t.${component}, 0)) OVER days AS ${component}`)}
        FROM turn AS t
        FULL JOIN kept AS k ON k.tenant_id = t.tenant_id AND k.loan_id = t.loan_id AND k.layer = t.layer AND k.day = t.day
        WINDOW days AS (PARTITION BY coalesce(t.tenant_id, k.tenant_id), coalesce(t.loan_id, k.loan_id), coalesce(t.layer, k.layer)
                        ORDER BY coalesce(t.day, k.day) ROWS UNBOUNDED PRECEDING))
      SELECT d.tenant_id, d.day - DATE '0001-01-01' AS place, 'loan ' || d.loan_id AS subject,
             format('%s from %s on: ', ${layerName('d.layer')}, d.day)
             || CASE WHEN (d.kept).day IS NULL THEN 'hpts.loan_backdating has no row'
                     WHEN ${componentsDiffer('(d.kept)', 'd')}
                     THEN ${describeComponents({ alias: '(d.kept)', where: 'in hpts.loan_backdating' }, { alias: 'd', where: 'by the backdated movements' })}
                     ELSE format('last_posted_at is %s, the newest movement in force was posted at %s',
                                 coalesce((d.kept).last_posted_at::text, 'not set'), coalesce(d.last_posted_at::text, 'none'))
                END AS detail
      FROM due AS d
      WHERE (d.kept).day IS NULL OR ${componentsDiffer('(d.kept)', 'd')} OR (d.kept).last_posted_at IS DISTINCT FROM d.last_posted_at`,
  },
];
