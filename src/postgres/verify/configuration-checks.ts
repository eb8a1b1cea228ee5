import { accountCode, type LedgerCheck, ofTenant } from './check.ts';

/** The chart that tenants begin with (ACCOUNTING.md section 1). */
const FIRST_CHART = [
  "(1000, 'asset'), (1010, 'asset'), (1100, 'asset'), (1200, 'asset'), (1300, 'asset'), (1900, 'contra_asset')",
  "(2000, 'liability'), (2100, 'liability'), (3000, 'equity'), (3900, 'equity'), (4000, 'income'), (4100, 'income')",
  "(4200, 'income'), (4900, 'contra_income'), (4910, 'contra_income'), (4920, 'contra_income'), (5000, 'expense')",
  "(5010, 'expense'), (5100, 'expense'), (5200, 'expense'), (9100, 'memo_debit'), (9200, 'memo_credit')",
].join(', ');

/** What programs, the chart and registrations promise. */
export const CONFIGURATION_CHECKS: readonly LedgerCheck[] = [
  {
    name: 'programs',
    promise:
      'Every tenant has its default program; the versions of a program count 1, 2, 3 …, the first from the beginning of time; each is as the audit log says that it was made, and its fee types name accounts of the chart.',
    sql: `
      WITH versioned AS (
        SELECT p.tenant_id, p.program_id, p.program_id = t.default_program_id AS is_default, p.currency, v.version, v.effective_from, v.policy,
               row_number() OVER (PARTITION BY p.tenant_id, p.program_id ORDER BY v.version) AS place
        FROM hpts.program AS p
        JOIN hpts.tenant AS t ON t.tenant_id = p.tenant_id
        LEFT JOIN hpts.program_version AS v ON v.tenant_id = p.tenant_id AND v.program_id = p.program_id
        WHERE ${ofTenant('p')}),
      judged AS (
        SELECT v.tenant_id, v.program_id, v.place,
               CASE WHEN v.version IS NULL THEN 'has no version'
                    WHEN v.version <> v.place THEN format('has version %s in place of %s', v.version, v.place)
                    WHEN (v.version = 1) <> (v.effective_from IS NULL) THEN format('has version %s from %s on', v.version, coalesce(v.effective_from::text, 'the beginning of time'))
                    WHEN made.detail IS NULL AND NOT (v.is_default AND v.version = 1) THEN format('has version %s, which nobody made', v.version)
                    WHEN made.detail -> 'policy' <> v.policy
                      OR (made.detail IS NOT NULL AND made.detail ->> 'effective_from' IS DISTINCT FROM v.effective_from::text)
                      OR (v.version = 1 AND made.detail IS NOT NULL AND made.detail ->> 'currency' IS DISTINCT FROM v.currency)
                    THEN format('has a version %s that says something else than was asked for', v.version)
                    WHEN unknown.code IS NOT NULL THEN format('has a version %s whose fee types name account %s, which the chart has not', v.version, unknown.code)
               END AS detail
        FROM versioned AS v
        LEFT JOIN LATERAL (
          SELECT a.detail FROM hpts.audit_event AS a
          WHERE a.tenant_id = v.tenant_id AND a.subject = v.program_id::text AND a.action IN ('program.create', 'program.version')
            AND (a.detail ->> 'version')::int = v.version
          ORDER BY a.audit_id LIMIT 1) AS made ON true
        LEFT JOIN LATERAL (
          SELECT f.fee_type ->> 'income_account' AS code FROM jsonb_array_elements(v.policy -> 'fee_types') AS f (fee_type)
          WHERE NOT EXISTS (
            SELECT FROM hpts.account AS a WHERE a.tenant_id = v.tenant_id AND a.account_code = (f.fee_type ->> 'income_account')::int)
          LIMIT 1) AS unknown ON true)
      SELECT tenant_id, place, 'program ' || program_id AS subject, detail FROM judged WHERE detail IS NOT NULL
      UNION ALL
      SELECT t.tenant_id, 0, 'program ' || t.default_program_id, 'is the default program and does not exist'
      FROM hpts.tenant AS t
      WHERE ${ofTenant('t')}
        AND NOT EXISTS (SELECT FROM hpts.program AS p WHERE p.tenant_id = t.tenant_id AND p.program_id = t.default_program_id)`,
  },
  {
    name: 'chart_changes',
    promise:
      'Every account is one that tenants begin with, of its type, or one that the audit log says was added, of that type and with the last name it was given.',
    sql: `
      SELECT a.tenant_id, a.account_code::bigint AS place, 'account ' || ${accountCode('a.account_code')} AS subject,
             CASE WHEN first.type IS NULL AND made.detail IS NULL THEN 'was added by nobody'
                  WHEN a.type <> coalesce(first.type, made.detail ->> 'type') THEN format('is of type %s, and was added as %s', a.type, coalesce(first.type, made.detail ->> 'type'))
                  ELSE format('is called %s, and was last called %s', a.name, named.detail ->> 'name') END AS detail
      FROM hpts.account AS a
      LEFT JOIN (VALUES ${FIRST_CHART}) AS first(code, type) ON first.code = a.account_code
      LEFT JOIN LATERAL (
        SELECT e.detail FROM hpts.audit_event AS e
        WHERE e.tenant_id = a.tenant_id AND e.subject = ${accountCode('a.account_code')} AND e.action = 'account.create'
        ORDER BY e.audit_id LIMIT 1) AS made ON true
      LEFT JOIN LATERAL (
        SELECT e.detail FROM hpts.audit_event AS e
        WHERE e.tenant_id = a.tenant_id AND e.subject = ${accountCode('a.account_code')} AND e.action IN ('account.create', 'account.rename')
        ORDER BY e.audit_id DESC LIMIT 1) AS named ON true
      WHERE ${ofTenant('a')}
        AND (coalesce(first.type, made.detail ->> 'type') IS DISTINCT FROM a.type OR (named.detail ->> 'name' = a.name) IS FALSE)`,
  },
  {
    name: 'loan_registrations',
    promise:
      'Every registration entry stands in hpts.loan_registration with its loan, rate, maturity and opening, and the other way round; the loan is whose it was registered to be.',
    sql: `
      WITH posted AS (
        SELECT e.tenant_id, e.seq, e.entry_id, e.effective_at, e.currency, cardinality(e.accounts) > 0 AS opens, e.event_input::jsonb AS input
        FROM hpts.journal_entry AS e
        WHERE ${ofTenant('e')} AND e.event_type = 'manual_adjustment' AND e.event_input::jsonb ? 'registered_loan_id'),
      kept AS (SELECT r.* FROM hpts.loan_registration AS r WHERE ${ofTenant('r')}),
      judged AS (
        SELECT coalesce(p.tenant_id, k.tenant_id) AS tenant_id, coalesce(p.seq, 0) AS seq, coalesce(p.entry_id, k.entry_id) AS entry_id,
               CASE WHEN k.entry_id IS NULL THEN 'registers a loan and does not stand in hpts.loan_registration'
                    WHEN p.entry_id IS NULL THEN format('stands in hpts.loan_registration for loan %s and registers none', k.loan_id)
                    WHEN k.loan_id::text <> p.input ->> 'registered_loan_id' THEN format('registers loan %s, in hpts.loan_registration %s', p.input ->> 'registered_loan_id', k.loan_id)
                    WHEN p.input ->> 'annual_rate' IS DISTINCT FROM k.annual_rate THEN format('registers the rate %s, in hpts.loan_registration %s', coalesce(p.input ->> 'annual_rate', 'none'), coalesce(k.annual_rate, 'none'))
                    WHEN p.input ->> 'maturity_date' IS DISTINCT FROM k.maturity_date::text OR p.input ->> 'accrued_through' IS DISTINCT FROM k.accrued_through::text
                      OR k.opening_as_of IS DISTINCT FROM CASE WHEN p.opens THEN p.effective_at END
                    THEN 'registers other dates than stand in hpts.loan_registration'
                    WHEN (l.borrower_id::text, l.program_id::text, l.currency) IS DISTINCT FROM (p.input ->> 'borrower_id', p.input ->> 'program_id', p.currency)
                    THEN format('registers loan %s for another borrower, program or currency than hpts.loan has', k.loan_id) END AS detail
        FROM posted AS p FULL JOIN kept AS k ON k.tenant_id = p.tenant_id AND k.entry_id = p.entry_id
        LEFT JOIN hpts.loan AS l ON l.tenant_id = k.tenant_id AND l.loan_id = k.loan_id)
      SELECT tenant_id, seq AS place, 'entry ' || entry_id AS subject, detail FROM judged WHERE detail IS NOT NULL`,
  },
  {
    name: 'principal_differences',
    promise:
      "Every difference between a client's principal and the ledger's is of a loan of its batch, with both figures as they were when the batch was posted (a charge-off reversed before interrupts no interest), and no batch lacks one that it says it has.",
    sql: `
      WITH kept AS (
        SELECT d.*, e.seq, e.currency AS entry_currency, b.accrual_date AS batch_date
        FROM hpts.principal_difference AS d
        LEFT JOIN hpts.accrual_batch AS b ON b.tenant_id = d.tenant_id AND b.entry_id = d.entry_id
        LEFT JOIN hpts.journal_entry AS e ON e.tenant_id = d.tenant_id AND e.entry_id = d.entry_id
        WHERE ${ofTenant('d')}),
      sent AS (
        SELECT DISTINCT ON (b.tenant_id, b.entry_id, s.loan_id) b.tenant_id, b.entry_id, s.loan_id, s.minor
        FROM hpts.accrual_batch AS b
        CROSS JOIN LATERAL unnest(b.loan_ids, b.outstanding_principal_minor) WITH ORDINALITY AS s(loan_id, minor, place)
        WHERE ${ofTenant('b')} AND (b.tenant_id, b.entry_id) IN (SELECT k.tenant_id, k.entry_id FROM kept AS k)
        ORDER BY 1, 2, 3, s.place),
      principal AS (
        SELECT o.tenant_id, coalesce(l.loan_id, o.loan_id) AS loan_id, o.seq, o.effective_at, l.amount,
               CASE WHEN o.event_type = 'chargeoff' THEN u.seq END AS undone_seq
        FROM hpts.journal_entry AS o
        CROSS JOIN LATERAL unnest(o.accounts, o.amounts, o.loan_ids, o.layers) AS l(account, amount, loan_id, layer)
        LEFT JOIN hpts.reversal AS r ON r.tenant_id = o.tenant_id AND r.reversed_entry_id = o.entry_id
        LEFT JOIN hpts.journal_entry AS u ON u.tenant_id = r.tenant_id AND u.entry_id = r.entry_id
        LEFT JOIN hpts.journal_entry AS c ON c.tenant_id = o.tenant_id AND c.entry_id = o.reverses_entry_id
        WHERE ${ofTenant('o')} AND 1100 = ANY (o.accounts) AND l.account = 1100 AND coalesce(l.layer, o.layer) = 0
          AND NOT (o.event_type = 'reversal' AND c.event_type IS NOT DISTINCT FROM 'chargeoff')),
      own AS (
        SELECT k.tenant_id, k.entry_id, k.loan_id, sum(p.amount) AS minor
        FROM kept AS k
        JOIN principal AS p ON p.tenant_id = k.tenant_id AND p.loan_id = k.loan_id
          AND p.seq < k.seq AND p.effective_at < k.accrual_date AND (p.undone_seq < k.seq) IS NOT TRUE
        GROUP BY 1, 2, 3),
      judged AS (
        SELECT k.tenant_id, coalesce(k.seq, 0) AS seq, k.entry_id,
               CASE WHEN k.batch_date IS NULL OR k.seq IS NULL THEN format('has a difference for loan %s and is no accrual batch', k.loan_id)
                    WHEN k.accrual_date <> k.batch_date OR k.currency <> k.entry_currency THEN format('has a difference for loan %s of another date or currency', k.loan_id)
                    WHEN s.minor IS DISTINCT FROM k.sent_minor THEN format('has a difference for loan %s that says %s was sent, the batch says %s', k.loan_id, k.sent_minor, coalesce(s.minor::text, 'nothing'))
                    WHEN coalesce(o.minor, 0) <> k.ledger_minor THEN format('has a difference for loan %s that says the ledger had %s, its lines say %s', k.loan_id, k.ledger_minor, coalesce(o.minor, 0))
               END AS detail
        FROM kept AS k
        LEFT JOIN sent AS s ON s.tenant_id = k.tenant_id AND s.entry_id = k.entry_id AND s.loan_id = k.loan_id
        LEFT JOIN own AS o ON o.tenant_id = k.tenant_id AND o.entry_id = k.entry_id AND o.loan_id = k.loan_id),
      counted AS (SELECT k.tenant_id, k.entry_id, count(*) AS differences FROM kept AS k GROUP BY 1, 2)
      SELECT tenant_id, seq AS place, 'entry ' || entry_id AS subject, detail FROM judged WHERE detail IS NOT NULL
      UNION ALL
      SELECT e.tenant_id, e.seq, 'entry ' || e.entry_id, format('says that it has %s differences, and has %s', e.said, e.has)
      FROM (
        SELECT e.tenant_id, e.seq, e.entry_id, coalesce((e.event_input::jsonb ->> 'principal_differences')::bigint, 0) AS said,
               coalesce(c.differences, 0) AS has
        FROM hpts.journal_entry AS e LEFT JOIN counted AS c ON c.tenant_id = e.tenant_id AND c.entry_id = e.entry_id
        WHERE ${ofTenant('e')} AND e.event_type = 'accrual') AS e
      WHERE e.said <> e.has`,
  },
];
