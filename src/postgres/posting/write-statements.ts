import type { Statement } from './poster-connection.ts';

/** The statements that write a batch, one named constant each; arrays in, one element per row. */

export const MAKE_LOANS_KNOWN: Statement = {
  name: 'make_loans_known',
  text: `UPDATE hpts.loan AS l
    SET borrower_id = n.borrower_id, currency = n.currency, program_id = n.program_id, first_disbursed_on = n.first_disbursed_on
    FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::uuid[], $6::date[])
      AS n (tenant_id, loan_id, borrower_id, currency, program_id, first_disbursed_on)
    WHERE l.tenant_id = n.tenant_id AND l.loan_id = n.loan_id`,
};

/** $1–$9 the loans that moved, $10–$14 the keys. The loans are locked already, so only the keys can meet somebody. */
export const MOVE_LOANS_AND_INSERT_KEYS: Statement = {
  name: 'move_loans_and_insert_keys',
  text: `WITH moved AS (
      UPDATE hpts.loan AS l
      SET loan_seq = n.loan_seq, frontier = n.frontier, principal_minor = n.principal, interest_minor = n.interest,
          fees_minor = n.fees, suspense_minor = n.suspense, memo_interest_minor = n.memo_interest
      FROM unnest($1::uuid[], $2::uuid[], $3::int[], $4::date[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[])
        AS n (tenant_id, loan_id, loan_seq, frontier, principal, interest, fees, suspense, memo_interest)
      WHERE l.tenant_id = n.tenant_id AND l.loan_id = n.loan_id
    )
    INSERT INTO hpts.idempotency_key (tenant_id, key_hash, payload_hash, entry_id, receipt_version)
    SELECT * FROM unnest($10::uuid[], $11::uuid[], $12::uuid[], $13::uuid[], $14::smallint[])`,
};

export const MOVE_LAYERS: Statement = {
  name: 'move_layers',
  text: `UPDATE hpts.loan AS l
    SET pending_minor = n.pending::bigint[], encumbrance_minor = n.encumbrance::bigint[]
    FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[]) AS n (tenant_id, loan_id, pending, encumbrance)
    WHERE l.tenant_id = n.tenant_id AND l.loan_id = n.loan_id`,
};

export const REMOVE_UNMADE_LOANS: Statement = {
  name: 'remove_unmade_loans',
  text: `DELETE FROM hpts.loan AS l USING unnest($1::uuid[], $2::uuid[]) AS n (tenant_id, loan_id)
    WHERE l.tenant_id = n.tenant_id AND l.loan_id = n.loan_id AND l.borrower_id IS NULL`,
};

export const INSERT_REVERSALS: Statement = {
  name: 'insert_reversals',
  text: `INSERT INTO hpts.reversal (tenant_id, reversed_entry_id, entry_id)
    SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[])`,
};

export const INSERT_DISBURSEMENTS: Statement = {
  name: 'insert_disbursements',
  text: `INSERT INTO hpts.disbursement (tenant_id, loan_id, entry_id, effective_at)
    SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::date[])`,
};

export const INSERT_ACCRUAL_BATCHES: Statement = {
  name: 'insert_accrual_batches',
  text: `INSERT INTO hpts.accrual_batch
      (tenant_id, entry_id, program_id, accrual_date, day_count_convention, loan_ids, outstanding_principal_minor, interest_minor)
    VALUES ($1, $2, $3, $4, $5, $6::uuid[], $7::bigint[], $8::bigint[])`,
};

export const MARK_ACCRUAL_MONTHS: Statement = {
  name: 'mark_accrual_months',
  text: `INSERT INTO hpts.loan_accrual_month AS m (tenant_id, loan_id, month, days)
    SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::date[], $4::int[])
    ON CONFLICT (tenant_id, loan_id, month) DO UPDATE SET days = excluded.days`,
};

/**
 * Locks the heads in tenant order, moves them, and inserts everything that carries their time and place. The lock is a step
 * of its own, before any new value is computed: an UPDATE computes new values first and waits afterwards, so its time
 * could lie before what a reader, who held the head FOR SHARE meanwhile, was told to be settled. Rows name their tenant by its place among $1.
 * $1–$3 heads, $4–$26 entries, $27–$39 movements, $40–$46 account deltas.
 */
export const MOVE_HEADS_AND_INSERT_ENTRIES: Statement = {
  name: 'move_heads_and_insert_entries',
  text: `WITH locked AS MATERIALIZED (
      SELECT n.tenant_id, n.entries, n.config_epoch, n.place
      FROM unnest($1::uuid[], $2::int[], $3::bigint[]) WITH ORDINALITY AS n (tenant_id, entries, config_epoch, place)
      JOIN hpts.tenant_head AS h ON h.tenant_id = n.tenant_id
      ORDER BY h.tenant_id FOR NO KEY UPDATE OF h
    ), moved AS (
      UPDATE hpts.tenant_head AS h
      SET seq = h.seq + n.entries, posted_at = hpts.next_posted_at(h.posted_at)
      FROM (SELECT * FROM locked ORDER BY place) AS n
      WHERE h.tenant_id = n.tenant_id
      RETURNING n.place, h.tenant_id, h.seq, n.entries, h.posted_at, hpts.assert_config_epoch(n.config_epoch, h.config_epoch)
    ), head AS MATERIALIZED (
      SELECT array_agg(tenant_id ORDER BY place) AS tenant_id, array_agg(seq ORDER BY place) AS seq,
             array_agg(entries ORDER BY place) AS entries, array_agg(posted_at ORDER BY place) AS posted_at
      FROM moved
    ), entry AS (
      INSERT INTO hpts.journal_entry (tenant_id, seq, posted_at, entry_id, event_id, correlation_id, reverses_entry_id,
        effective_at, event_type, layer, currency, loan_id, borrower_id, accounts, amounts, loan_ids, borrower_ids,
        external_ref, actor, description, idempotency_key, payload_hash, event_input, metadata)
      SELECT head.tenant_id[n.place], head.seq[n.place] - head.entries[n.place] + n.ordinal, head.posted_at[n.place],
        n.entry_id, n.event_id, n.correlation_id, n.reverses_entry_id, n.effective_at, n.event_type, n.layer, n.currency,
        n.loan_id, n.borrower_id, n.accounts::smallint[], n.amounts::bigint[], n.loan_ids::uuid[], n.borrower_ids::uuid[],
        n.external_ref, n.actor, n.description, n.idempotency_key, n.payload_hash, n.event_input::jsonb, n.metadata
      FROM head CROSS JOIN unnest($4::int[], $5::uuid[], $6::int[], $7::uuid[], $8::uuid[], $9::uuid[], $10::date[],
          $11::hpts.event_type[], $12::smallint[], $13::text[], $14::uuid[], $15::uuid[], $16::text[], $17::text[],
          $18::text[], $19::text[], $20::text[], $21::text[], $22::text[], $23::text[], $24::uuid[], $25::text[], $26::text[])
        AS n (place, entry_id, ordinal, event_id, correlation_id, reverses_entry_id, effective_at, event_type, layer, currency,
          loan_id, borrower_id, accounts, amounts, loan_ids, borrower_ids, external_ref, actor, description, idempotency_key,
          payload_hash, event_input, metadata)
    ), movement AS (
      INSERT INTO hpts.loan_movement (tenant_id, posted_at, loan_id, layer, frontier, loan_seq, effective_at, entry_id,
        principal_minor, interest_minor, fees_minor, suspense_minor, memo_interest_minor, backdated_minor)
      SELECT head.tenant_id[n.place], head.posted_at[n.place], n.loan_id, n.layer, n.frontier, n.loan_seq, n.effective_at,
        n.entry_id, n.principal, n.interest, n.fees, n.suspense, n.memo_interest, n.backdated::bigint[]
      FROM head CROSS JOIN unnest($27::int[], $28::uuid[], $29::smallint[], $30::date[], $31::int[], $32::date[], $33::uuid[],
          $34::bigint[], $35::bigint[], $36::bigint[], $37::bigint[], $38::bigint[], $39::text[])
        AS n (place, loan_id, layer, frontier, loan_seq, effective_at, entry_id, principal, interest, fees, suspense,
          memo_interest, backdated)
    ), delta AS (
      INSERT INTO hpts.account_delta (tenant_id, seq, entries, posted_at, account_code, currency, layer, effective_at,
        debit_minor, credit_minor)
      SELECT head.tenant_id[n.place], head.seq[n.place], head.entries[n.place], head.posted_at[n.place], n.account_code,
        n.currency, n.layer, n.effective_at, n.debit_minor, n.credit_minor
      FROM head CROSS JOIN unnest($40::int[], $41::smallint[], $42::text[], $43::smallint[], $44::date[], $45::numeric[], $46::numeric[])
        AS n (place, account_code, currency, layer, effective_at, debit_minor, credit_minor)
    )
    SELECT tenant_id, to_char(posted_at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') FROM moved`,
};

// A day on which the balance begins to differ, or ceases to: it starts from what the day before it had in force.
export const ADD_BACKDATING_DAYS: Statement = {
  name: 'add_backdating_days',
  text: `INSERT INTO hpts.loan_backdating (tenant_id, loan_id, layer, from_day, principal_minor, interest_minor, fees_minor,
      suspense_minor, memo_interest_minor, last_posted_at)
    SELECT day.tenant_id, day.loan_id, day.layer, day.from_day, coalesce(earlier.principal_minor, 0),
      coalesce(earlier.interest_minor, 0), coalesce(earlier.fees_minor, 0), coalesce(earlier.suspense_minor, 0),
      coalesce(earlier.memo_interest_minor, 0), earlier.last_posted_at
    FROM (
      SELECT DISTINCT n.tenant_id, n.loan_id, n.layer, bound.from_day
      FROM unnest($1::uuid[], $2::uuid[], $3::smallint[], $4::date[], $5::date[]) AS n (tenant_id, loan_id, layer, effective_at, frontier)
      CROSS JOIN LATERAL (VALUES (n.effective_at), (n.frontier)) AS bound (from_day)
    ) AS day
    LEFT JOIN LATERAL (
      SELECT * FROM hpts.loan_backdating AS b
      WHERE b.tenant_id = day.tenant_id AND b.loan_id = day.loan_id AND b.layer = day.layer AND b.from_day < day.from_day
      ORDER BY b.from_day DESC LIMIT 1
    ) AS earlier ON true
    ON CONFLICT (tenant_id, loan_id, layer, from_day) DO NOTHING`,
};

export const MOVE_BACKDATED_DAYS: Statement = {
  name: 'move_backdated_days',
  text: `UPDATE hpts.loan_backdating AS b
    SET principal_minor = b.principal_minor + moved.principal, interest_minor = b.interest_minor + moved.interest,
        fees_minor = b.fees_minor + moved.fees, suspense_minor = b.suspense_minor + moved.suspense,
        memo_interest_minor = b.memo_interest_minor + moved.memo_interest, last_posted_at = moved.posted_at
    FROM (
      SELECT d.tenant_id, d.loan_id, d.layer, d.from_day, sum(n.principal) AS principal, sum(n.interest) AS interest,
        sum(n.fees) AS fees, sum(n.suspense) AS suspense, sum(n.memo_interest) AS memo_interest, max(h.posted_at) AS posted_at
      FROM unnest($1::uuid[], $2::uuid[], $3::smallint[], $4::date[], $5::date[], $6::bigint[], $7::bigint[], $8::bigint[],
          $9::bigint[], $10::bigint[])
        AS n (tenant_id, loan_id, layer, effective_at, frontier, principal, interest, fees, suspense, memo_interest)
      JOIN hpts.tenant_head AS h USING (tenant_id)
      JOIN hpts.loan_backdating AS d ON d.tenant_id = n.tenant_id AND d.loan_id = n.loan_id AND d.layer = n.layer
        AND d.from_day >= n.effective_at AND d.from_day < n.frontier
      GROUP BY d.tenant_id, d.loan_id, d.layer, d.from_day
    ) AS moved
    WHERE b.tenant_id = moved.tenant_id AND b.loan_id = moved.loan_id AND b.layer = moved.layer AND b.from_day = moved.from_day`,
};
