import { type LedgerCheck, ofTenant } from './check.ts';

/** The first 16 bytes of SHA-256 of a key's UTF-8, typed uuid. */
const KEY_HASH = `encode(substring(sha256(convert_to(e.idempotency_key, 'UTF8')) FROM 1 FOR 16), 'hex')::uuid`;

/**
 * The entries whose answer has a form of its own, with its number (decisions/0006): registrations, corrections of accruals,
 * settlements. Of every other entry it is version 1. A replay under another one finds no form for its event and is answered 503.
 */
const OWN_RECEIPTS = `
        SELECT r.tenant_id, r.entry_id, 2 AS version FROM hpts.loan_registration AS r WHERE ${ofTenant('r')}
        UNION ALL SELECT c.tenant_id, c.entry_id, 3 FROM hpts.accrual_correction AS c WHERE ${ofTenant('c')}
        UNION ALL SELECT s.tenant_id, s.entry_id, 4 FROM hpts.settling AS s WHERE ${ofTenant('s')}
        UNION ALL SELECT e.tenant_id, e.entry_id, 4 FROM hpts.journal_entry AS e
                  WHERE ${ofTenant('e')} AND e.event_type = 'disbursement_settled' AND e.idempotency_key IS NOT NULL`;

/** Whether an accrual entry `e` says of itself that it corrects another one. */
export const IS_CORRECTION = `coalesce(e.event_input::jsonb ? 'corrected_event_id', false)`;

/** What the narrow tables beside the journal promise: keys, reversals, disbursements, accruals. */
export const RELATION_CHECKS: readonly LedgerCheck[] = [
  {
    name: 'idempotency_keys',
    promise:
      'Every entry that carries a key has exactly one key row, by the hash of that key, with its payload hash and the version of the receipt that answers such an entry; and every key row has its entry.',
    sql: `
      WITH carried AS (
        SELECT e.tenant_id, e.seq, e.entry_id, e.idempotency_key, e.payload_hash, ${KEY_HASH} AS key_hash
        FROM hpts.journal_entry AS e WHERE ${ofTenant('e')} AND e.idempotency_key IS NOT NULL),
      kept AS (SELECT k.* FROM hpts.idempotency_key AS k WHERE ${ofTenant('k')}),
      own_receipts AS (${OWN_RECEIPTS})
      SELECT coalesce(c.tenant_id, k.tenant_id) AS tenant_id, coalesce(c.seq, 0) AS place,
             CASE WHEN c.entry_id IS NULL THEN 'key hash ' || k.key_hash ELSE 'key ' || c.idempotency_key END AS subject,
             CASE WHEN k.key_hash IS NULL THEN format('entry %s carries it and hpts.idempotency_key has no row of its hash %s', c.entry_id, c.key_hash)
                  WHEN c.entry_id IS NULL THEN format('points to entry %s, and no entry carries a key of this hash', k.entry_id)
                  WHEN k.entry_id <> c.entry_id THEN format('is carried by entry %s, and its row points to entry %s', c.entry_id, k.entry_id)
                  WHEN k.payload_hash IS DISTINCT FROM c.payload_hash
                  THEN format('has payload hash %s, its entry %s says %s', k.payload_hash, c.entry_id, coalesce(c.payload_hash::text, 'none'))
                  ELSE format('is answered by receipt version %s, and what entry %s books by version %s', k.receipt_version, c.entry_id, coalesce(o.version, 1)) END AS detail
      FROM carried AS c FULL JOIN kept AS k ON k.tenant_id = c.tenant_id AND k.key_hash = c.key_hash
      LEFT JOIN own_receipts AS o ON o.tenant_id = c.tenant_id AND o.entry_id = c.entry_id
      WHERE k.entry_id IS DISTINCT FROM c.entry_id OR k.payload_hash IS DISTINCT FROM c.payload_hash
         OR k.receipt_version <> coalesce(o.version, 1)`,
  },
  {
    name: 'following_entries',
    promise:
      'Every entry without a key follows, at the place that hpts.following_entry says, the entry whose key it was posted under, at once and with its correlation; and the other way round.',
    sql: `
      WITH keyless AS (
        SELECT e.tenant_id, e.seq, e.entry_id, e.correlation_id, e.posted_at
        FROM hpts.journal_entry AS e WHERE ${ofTenant('e')} AND e.idempotency_key IS NULL),
      kept AS (SELECT f.* FROM hpts.following_entry AS f WHERE ${ofTenant('f')}),
      judged AS (
        SELECT coalesce(k.tenant_id, f.tenant_id) AS tenant_id, coalesce(k.seq, 0) AS seq, coalesce(k.entry_id, f.entry_id) AS entry_id,
               CASE WHEN f.entry_id IS NULL THEN 'carries no key and follows no entry that does'
                    WHEN k.entry_id IS NULL THEN format('follows entry %s and carries a key of its own, or does not exist', f.first_entry_id)
                    WHEN count(*) OVER (PARTITION BY f.tenant_id, f.entry_id) > 1 THEN 'follows twice'
                    WHEN o.idempotency_key IS NULL THEN format('follows entry %s, which does not exist or carries no key', f.first_entry_id)
                    WHEN k.seq <> o.seq + f.place THEN format('is number %s behind entry %s, not %s', f.place, o.entry_id, k.seq - o.seq)
                    WHEN k.posted_at <> o.posted_at THEN format('was posted at %s, entry %s at %s', k.posted_at, o.entry_id, o.posted_at)
                    WHEN k.correlation_id <> o.correlation_id THEN format('has another correlation id than entry %s', o.entry_id) END AS detail
        FROM keyless AS k
        FULL JOIN kept AS f ON f.tenant_id = k.tenant_id AND f.entry_id = k.entry_id
        LEFT JOIN hpts.journal_entry AS o ON o.tenant_id = f.tenant_id AND o.entry_id = f.first_entry_id)
      SELECT tenant_id, seq AS place, 'entry ' || entry_id AS subject, detail FROM judged WHERE detail IS NOT NULL`,
  },
  {
    name: 'reversals',
    promise:
      'Every reversal, and every entry that reopens a period, stands in hpts.reversal and the other way round, of an older entry that is none itself, once, dated no earlier; a close is mirrored by reopening alone.',
    sql: `
      WITH linked AS (
        SELECT e.tenant_id, e.seq, e.entry_id, e.reverses_entry_id, e.event_type, e.effective_at, e.correlation_id
        FROM hpts.journal_entry AS e WHERE ${ofTenant('e')} AND (e.reverses_entry_id IS NOT NULL OR e.event_type = 'reversal')),
      kept AS (SELECT r.* FROM hpts.reversal AS r WHERE ${ofTenant('r')}),
      judged AS (
        SELECT coalesce(l.tenant_id, k.tenant_id) AS tenant_id, coalesce(l.seq, 0) AS seq, coalesce(l.entry_id, k.entry_id) AS entry_id,
               CASE WHEN l.entry_id IS NULL THEN format('stands in hpts.reversal as that of entry %s, and no such entry reverses it', k.reversed_entry_id)
                    WHEN l.event_type NOT IN ('reversal', 'period_closed') THEN format('reverses entry %s and is no reversal', l.reverses_entry_id)
                    WHEN l.reverses_entry_id IS NULL THEN 'is a reversal and names no entry that it reverses'
                    WHEN k.entry_id IS NULL THEN format('reverses entry %s and does not stand in hpts.reversal', l.reverses_entry_id)
                    WHEN o.entry_id IS NULL THEN format('reverses entry %s, which does not exist', l.reverses_entry_id)
                    WHEN o.event_type = 'reversal' OR o.event_type = 'period_closed' AND o.reverses_entry_id IS NOT NULL
                    THEN format('reverses entry %s, which is itself a reversal', o.entry_id)
                    WHEN (l.event_type = 'period_closed') <> (o.event_type = 'period_closed')
                    THEN format('is a %s and reverses entry %s, a %s', l.event_type, o.entry_id, o.event_type)
                    WHEN o.seq >= l.seq THEN format('reverses entry %s, which is not older', o.entry_id)
                    WHEN l.effective_at < o.effective_at THEN format('is dated %s, before %s, the date of entry %s', l.effective_at, o.effective_at, o.entry_id)
                    -- What is restated is mirrored under the correlation that restates it; so is what restatements posted to an accrual.
                    WHEN l.correlation_id <> o.correlation_id AND s.entry_id IS NULL AND right(o.entry_id::text, 1) <> '2'
                    THEN format('has another correlation id than entry %s', o.entry_id)
               END AS detail
        FROM linked AS l
        FULL JOIN kept AS k ON k.tenant_id = l.tenant_id AND k.entry_id = l.entry_id AND k.reversed_entry_id = l.reverses_entry_id
        LEFT JOIN hpts.journal_entry AS o ON o.tenant_id = l.tenant_id AND o.entry_id = l.reverses_entry_id
        LEFT JOIN hpts.superseded_entry AS s ON s.tenant_id = o.tenant_id AND s.entry_id = o.entry_id)
      SELECT tenant_id, seq AS place, 'entry ' || entry_id AS subject, detail FROM judged WHERE detail IS NOT NULL`,
  },
  {
    name: 'restatements',
    promise:
      'Every entry that books an event again stands in hpts.superseded_entry as the one successor of an older entry of that event, on its date; that entry was reversed in the same posting, under the same correlation. Of an accrual it stands beside the first entry as a difference.',
    sql: `
      WITH again AS (
        SELECT e.* FROM hpts.journal_entry AS e WHERE ${ofTenant('e')} AND right(e.entry_id::text, 1) = '2'),
      kept AS (SELECT s.* FROM hpts.superseded_entry AS s WHERE ${ofTenant('s')}),
      judged AS (
        SELECT coalesce(a.tenant_id, k.tenant_id) AS tenant_id, coalesce(a.seq, 0) AS seq, coalesce(a.entry_id, k.successor_id) AS entry_id,
               CASE WHEN a.entry_id IS NULL THEN format('stands in hpts.superseded_entry in place of entry %s and books no event again', k.entry_id)
                    WHEN a.event_type = 'reversal' THEN 'books a reversal again'
                    WHEN a.event_type = 'accrual' AND k.entry_id IS NULL THEN
                      CASE WHEN f.event_type IS DISTINCT FROM 'accrual' THEN 'is the difference of an accrual that does not exist'
                           WHEN f.effective_at <> a.effective_at THEN format('is dated %s, its accrual %s %s', a.effective_at, f.entry_id, f.effective_at) END
                    WHEN k.entry_id IS NULL THEN 'books an event again and stands in the place of no entry'
                    WHEN count(*) OVER (PARTITION BY k.tenant_id, k.successor_id) > 1 THEN 'stands in the place of several entries'
                    WHEN o.entry_id IS NULL THEN format('stands in the place of entry %s, which does not exist', k.entry_id)
                    WHEN o.event_id <> a.event_id THEN format('books another event than entry %s, in whose place it stands', o.entry_id)
                    WHEN o.seq >= a.seq THEN format('stands in the place of entry %s, which is not older', o.entry_id)
                    WHEN o.effective_at <> a.effective_at THEN format('is dated %s, entry %s %s', a.effective_at, o.entry_id, o.effective_at)
                    WHEN m.entry_id IS NULL THEN format('stands in the place of entry %s, which is not reversed', o.entry_id)
                    WHEN m.posted_at <> a.posted_at THEN format('was posted at %s, the reversal of entry %s at %s', a.posted_at, o.entry_id, m.posted_at)
                    WHEN m.correlation_id <> a.correlation_id THEN format('has another correlation id than entry %s, which reverses the one in whose place it stands', m.entry_id)
               END AS detail
        FROM again AS a
        FULL JOIN kept AS k ON k.tenant_id = a.tenant_id AND k.successor_id = a.entry_id
        LEFT JOIN hpts.journal_entry AS o ON o.tenant_id = k.tenant_id AND o.entry_id = k.entry_id
        LEFT JOIN hpts.reversal AS r ON r.tenant_id = o.tenant_id AND r.reversed_entry_id = o.entry_id
        LEFT JOIN hpts.journal_entry AS m ON m.tenant_id = r.tenant_id AND m.entry_id = r.entry_id
        LEFT JOIN hpts.journal_entry AS f ON f.tenant_id = a.tenant_id AND f.entry_id = (left(a.event_id::text, 35) || '0')::uuid)
      SELECT tenant_id, seq AS place, 'entry ' || entry_id AS subject, detail FROM judged WHERE detail IS NOT NULL`,
  },
  {
    name: 'reversal_lines',
    promise: 'A reversal is the exact mirror, line by line, of the entry it reverses.',
    sql: `
      SELECT r.tenant_id, r.seq AS place, 'entry ' || r.entry_id AS subject,
             format('line %s is not the mirror of that line of entry %s', differing.sequence, o.entry_id) AS detail
      FROM hpts.journal_entry AS r
      JOIN hpts.journal_entry AS o ON o.tenant_id = r.tenant_id AND o.entry_id = r.reverses_entry_id
      CROSS JOIN LATERAL (
        SELECT coalesce(a.sequence, b.sequence) AS sequence
        FROM unnest(r.accounts, r.amounts, r.layers, r.currencies, r.loan_ids, r.borrower_ids) WITH ORDINALITY
          AS a(account, amount, layer, currency, loan_id, borrower_id, sequence)
        FULL JOIN unnest(o.accounts, o.amounts, o.layers, o.currencies, o.loan_ids, o.borrower_ids) WITH ORDINALITY
          AS b(account, amount, layer, currency, loan_id, borrower_id, sequence) ON b.sequence = a.sequence
        WHERE a.account IS DISTINCT FROM b.account OR a.amount::numeric IS DISTINCT FROM -b.amount::numeric
           OR coalesce(a.layer, r.layer) IS DISTINCT FROM coalesce(b.layer, o.layer)
           OR coalesce(a.currency, r.currency) IS DISTINCT FROM coalesce(b.currency, o.currency)
           OR coalesce(a.loan_id, r.loan_id) IS DISTINCT FROM coalesce(b.loan_id, o.loan_id)
           OR coalesce(a.borrower_id, r.borrower_id) IS DISTINCT FROM coalesce(b.borrower_id, o.borrower_id)
        ORDER BY 1 LIMIT 1) AS differing
      WHERE ${ofTenant('r')} AND r.reverses_entry_id IS NOT NULL`,
  },
  {
    name: 'disbursements',
    promise:
      'Every disbursement, every opening balance, and every refinance for the loan that it made, stands in hpts.disbursement under its loan and date, and the other way round.',
    // The loan that a refinance made is the one whose principal it debits.
    sql: `
      WITH posted AS (
        SELECT e.tenant_id, e.seq, e.entry_id, e.effective_at,
               ARRAY(SELECT coalesce(l.loan_id, e.loan_id) FROM unnest(e.accounts, e.amounts, e.loan_ids) AS l(account, amount, loan_id)
                     WHERE e.event_type <> 'refinance' OR (l.account = 1100 AND l.amount > 0)) AS loan_ids
        FROM hpts.journal_entry AS e
        WHERE ${ofTenant('e')} AND (e.event_type IN ('disbursement', 'refinance') OR e.event_type = 'manual_adjustment'
          AND cardinality(e.accounts) > 0 AND e.event_input::jsonb ? 'registered_loan_id')),
      kept AS (SELECT d.* FROM hpts.disbursement AS d WHERE ${ofTenant('d')})
      SELECT coalesce(p.tenant_id, k.tenant_id) AS tenant_id, coalesce(p.seq, 0) AS place,
             'entry ' || coalesce(p.entry_id, k.entry_id) AS subject,
             CASE WHEN k.entry_id IS NULL THEN 'begins a loan and does not stand in hpts.disbursement'
                  WHEN p.entry_id IS NULL THEN format('stands in hpts.disbursement for loan %s and begins none', k.loan_id)
                  WHEN k.effective_at <> p.effective_at THEN format('is dated %s, in hpts.disbursement %s', p.effective_at, k.effective_at)
                  ELSE format('stands in hpts.disbursement for loan %s, which does not begin with it', k.loan_id) END AS detail
      FROM posted AS p FULL JOIN kept AS k ON k.tenant_id = p.tenant_id AND k.entry_id = p.entry_id
      WHERE k.entry_id IS NULL OR p.entry_id IS NULL OR k.effective_at <> p.effective_at OR (k.loan_id = ANY (p.loan_ids)) IS NOT TRUE`,
  },
  {
    name: 'accrual_batches',
    promise:
      'Every accrual entry but for corrections has its batch as sent, of the same date and of a program that exists, and the other way round.',
    sql: `
      WITH posted AS (
        SELECT e.tenant_id, e.seq, e.entry_id, e.effective_at FROM hpts.journal_entry AS e
        WHERE ${ofTenant('e')} AND e.event_type = 'accrual' AND right(e.entry_id::text, 1) <> '2' AND NOT ${IS_CORRECTION}),
      kept AS (
        SELECT b.tenant_id, b.entry_id, b.accrual_date, b.program_id,
               cardinality(b.loan_ids) = cardinality(b.interest_minor)
               AND cardinality(b.loan_ids) = cardinality(b.outstanding_principal_minor) AND cardinality(b.loan_ids) > 0
               AND array_position(b.loan_ids, NULL) IS NULL AND array_position(b.interest_minor, NULL) IS NULL
               AND 0 <= ALL (b.interest_minor) AS complete
        FROM hpts.accrual_batch AS b WHERE ${ofTenant('b')}),
      judged AS (
        SELECT coalesce(p.tenant_id, k.tenant_id) AS tenant_id, coalesce(p.seq, 0) AS seq, coalesce(p.entry_id, k.entry_id) AS entry_id,
               CASE WHEN k.entry_id IS NULL THEN 'is an accrual and has no row in hpts.accrual_batch'
                    WHEN p.entry_id IS NULL THEN 'stands in hpts.accrual_batch and is no accrual entry'
                    WHEN k.accrual_date <> p.effective_at THEN format('is dated %s, in hpts.accrual_batch %s', p.effective_at, k.accrual_date)
                    WHEN k.complete IS NOT TRUE THEN 'has a batch whose arrays of loans, principal and interest do not fit'
                    WHEN program.program_id IS NULL THEN format('has a batch of program %s, which does not exist', k.program_id) END AS detail
        FROM posted AS p FULL JOIN kept AS k ON k.tenant_id = p.tenant_id AND k.entry_id = p.entry_id
        LEFT JOIN hpts.program AS program ON program.tenant_id = k.tenant_id AND program.program_id = k.program_id)
      SELECT tenant_id, seq AS place, 'entry ' || entry_id AS subject, detail FROM judged WHERE detail IS NOT NULL`,
  },
  {
    name: 'accrual_interest',
    promise: 'The interest of a batch as sent equals the lines of its entry, loan by loan.',
    sql: `
      WITH sent AS (
        SELECT b.tenant_id, b.entry_id, s.loan_id, sum(s.interest) AS interest
        FROM hpts.accrual_batch AS b CROSS JOIN LATERAL unnest(b.loan_ids, b.interest_minor) AS s(loan_id, interest)
        WHERE ${ofTenant('b')} GROUP BY 1, 2, 3),
      lined AS (
        SELECT e.tenant_id, e.entry_id, coalesce(l.loan_id, e.loan_id) AS loan_id, sum(l.amount) AS interest
        FROM hpts.journal_entry AS e CROSS JOIN LATERAL unnest(e.accounts, e.amounts, e.loan_ids) AS l(account, amount, loan_id)
        WHERE ${ofTenant('e')} AND e.event_type = 'accrual' AND right(e.entry_id::text, 1) <> '2' AND NOT ${IS_CORRECTION} AND l.account IN (1200, 9100) GROUP BY 1, 2, 3)
      SELECT coalesce(s.tenant_id, l.tenant_id) AS tenant_id, coalesce(e.seq, 0) AS place,
             'entry ' || coalesce(s.entry_id, l.entry_id) AS subject,
             format('accrues %s for loan %s by its lines, %s by its batch', coalesce(l.interest, 0),
                    coalesce(s.loan_id, l.loan_id), coalesce(s.interest, 0)) AS detail
      FROM sent AS s FULL JOIN lined AS l ON l.tenant_id = s.tenant_id AND l.entry_id = s.entry_id AND l.loan_id = s.loan_id
      LEFT JOIN hpts.journal_entry AS e
        ON e.tenant_id = coalesce(s.tenant_id, l.tenant_id) AND e.entry_id = coalesce(s.entry_id, l.entry_id)
      WHERE coalesce(s.interest, 0) <> coalesce(l.interest, 0)`,
  },
  {
    name: 'accrual_days',
    promise:
      'A loan accrues once for a date, and hpts.loan_accrual_month marks exactly the days of its standing batches.',
    // Powers of two add up to their union only when no day comes twice.
    sql: `
      WITH standing AS (
        SELECT b.tenant_id, b.loan_ids, date_trunc('month', b.accrual_date::timestamp)::date AS month,
               1 << (extract(day FROM b.accrual_date)::integer - 1) AS day
        FROM hpts.accrual_batch AS b
        WHERE ${ofTenant('b')}
          AND NOT EXISTS (SELECT FROM hpts.reversal AS r WHERE r.tenant_id = b.tenant_id AND r.reversed_entry_id = b.entry_id)),
      accrued AS (
        SELECT s.tenant_id, l.loan_id, s.month, bit_or(s.day) AS days, sum(s.day::bigint) > bit_or(s.day) AS twice
        FROM standing AS s CROSS JOIN LATERAL unnest(s.loan_ids) AS l(loan_id)
        GROUP BY s.tenant_id, l.loan_id, s.month),
      kept AS (SELECT m.* FROM hpts.loan_accrual_month AS m WHERE ${ofTenant('m')}),
      compared AS (
        SELECT coalesce(a.tenant_id, k.tenant_id) AS tenant_id, coalesce(a.loan_id, k.loan_id) AS loan_id,
               coalesce(a.month, k.month) AS month, coalesce(a.days, 0) AS accrued, coalesce(k.days, 0) AS marked, a.twice
        FROM accrued AS a FULL JOIN kept AS k ON k.tenant_id = a.tenant_id AND k.loan_id = a.loan_id AND k.month = a.month)
      SELECT c.tenant_id, 0::bigint AS place, 'loan ' || c.loan_id AS subject,
             CASE WHEN c.twice THEN format('accrued twice for one day of %s', to_char(c.month, 'YYYY-MM'))
                  WHEN l.loan_id IS NULL THEN 'has accrued and does not exist'
                  ELSE format('%s: accrued and not marked are the days {%s}, marked and not accrued {%s}', to_char(c.month, 'YYYY-MM'),
                    (SELECT string_agg(d::text, ',' ORDER BY d) FROM generate_series(1, 32) AS d WHERE (c.accrued & ~c.marked & (1 << (d - 1))) <> 0),
                    (SELECT string_agg(d::text, ',' ORDER BY d) FROM generate_series(1, 32) AS d WHERE (c.marked & ~c.accrued & (1 << (d - 1))) <> 0))
             END AS detail
      FROM compared AS c LEFT JOIN hpts.loan AS l ON l.tenant_id = c.tenant_id AND l.loan_id = c.loan_id
      WHERE c.twice OR c.accrued <> c.marked OR l.loan_id IS NULL`,
  },
];
