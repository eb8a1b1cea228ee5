import type { Statement } from '../statement-train.ts';

/** The statements that write a batch, one named constant each; arrays in, one element per row. */

/**
 * Rows out of arrays, `$first` and those behind it, a column each: `type name`. The arrays stand in the select list, where
 * PostgreSQL takes their elements one by one; in FROM, each would be copied into a table of its own first.
 */
function rows({ first, columns }: { readonly first: number; readonly columns: readonly string[] }): string {
  const lists = columns.map((column, index) => {
    const [type, name] = column.split(' ');
    return `unnest($${first + index}::${type}[]) AS ${name}`;
  });
  return `(SELECT ${lists.join(', ')})`;
}

export const MAKE_LOANS_KNOWN: Statement = {
  name: 'make_loans_known',
  text: `UPDATE hpts.loan AS l
    SET borrower_id = n.borrower_id, currency = n.currency, program_id = n.program_id, first_disbursed_on = n.first_disbursed_on
    FROM ${rows({ first: 1, columns: ['uuid tenant_id', 'uuid loan_id', 'uuid borrower_id', 'text currency', 'uuid program_id', 'date first_disbursed_on'] })} AS n
    WHERE l.tenant_id = n.tenant_id AND l.loan_id = n.loan_id`,
};

export const MOVE_LAYERS: Statement = {
  name: 'move_layers',
  text: `UPDATE hpts.loan AS l
    SET pending_minor = n.pending::bigint[], encumbrance_minor = n.encumbrance::bigint[]
    FROM ${rows({ first: 1, columns: ['uuid tenant_id', 'uuid loan_id', 'text pending', 'text encumbrance'] })} AS n
    WHERE l.tenant_id = n.tenant_id AND l.loan_id = n.loan_id`,
};

export const CHANGE_STANDINGS: Statement = {
  name: 'change_standings',
  text: `UPDATE hpts.loan AS l SET standing = n.standing::jsonb
    FROM ${rows({ first: 1, columns: ['uuid tenant_id', 'uuid loan_id', 'text standing'] })} AS n
    WHERE l.tenant_id = n.tenant_id AND l.loan_id = n.loan_id`,
};

export const REMOVE_UNMADE_LOANS: Statement = {
  name: 'remove_unmade_loans',
  text: `DELETE FROM hpts.loan AS l USING ${rows({ first: 1, columns: ['uuid tenant_id', 'uuid loan_id'] })} AS n
    WHERE l.tenant_id = n.tenant_id AND l.loan_id = n.loan_id AND l.borrower_id IS NULL`,
};

export const INSERT_FOLLOWING: Statement = {
  name: 'insert_following',
  text: `INSERT INTO hpts.following_entry (tenant_id, first_entry_id, place, entry_id)
    SELECT unnest($1::uuid[]), unnest($2::uuid[]), unnest($3::smallint[]), unnest($4::uuid[])`,
};

export const INSERT_SUPERSEDED: Statement = {
  name: 'insert_superseded',
  text: `INSERT INTO hpts.superseded_entry (tenant_id, entry_id, successor_id)
    SELECT unnest($1::uuid[]), unnest($2::uuid[]), unnest($3::uuid[])`,
};

export const INSERT_REVERSALS: Statement = {
  name: 'insert_reversals',
  text: `INSERT INTO hpts.reversal (tenant_id, reversed_entry_id, entry_id)
    SELECT unnest($1::uuid[]), unnest($2::uuid[]), unnest($3::uuid[])`,
};

export const INSERT_SETTLINGS: Statement = {
  name: 'insert_settlings',
  text: `INSERT INTO hpts.settling (tenant_id, pending_entry_id, turn, entry_id)
    SELECT unnest($1::uuid[]), unnest($2::uuid[]), unnest($3::smallint[]), unnest($4::uuid[])`,
};

export const INSERT_CLEARINGS: Statement = {
  name: 'insert_clearings',
  text: `INSERT INTO hpts.clearing (tenant_id, cleared_entry_id, turn, entry_id)
    SELECT unnest($1::uuid[]), unnest($2::uuid[]), unnest($3::smallint[]), unnest($4::uuid[])`,
};

export const INSERT_PAYMENT_RETURNS: Statement = {
  name: 'insert_payment_returns',
  text: `INSERT INTO hpts.payment_return (tenant_id, payment_entry_id, turn, entry_id, fees_minor, interest_minor,
      principal_minor, suspense_minor)
    SELECT unnest($1::uuid[]), unnest($2::uuid[]), unnest($3::smallint[]), unnest($4::uuid[]), unnest($5::bigint[]),
      unnest($6::bigint[]), unnest($7::bigint[]), unnest($8::bigint[])`,
};

export const INSERT_DISBURSEMENTS: Statement = {
  name: 'insert_disbursements',
  text: `INSERT INTO hpts.disbursement (tenant_id, loan_id, entry_id, effective_at)
    SELECT unnest($1::uuid[]), unnest($2::uuid[]), unnest($3::uuid[]), unnest($4::date[])`,
};

export const INSERT_NON_ACCRUALS: Statement = {
  name: 'insert_non_accruals',
  text: `INSERT INTO hpts.non_accrual (tenant_id, loan_id, entry_id, effective_at, action)
    SELECT unnest($1::uuid[]), unnest($2::uuid[]), unnest($3::uuid[]), unnest($4::date[]), unnest($5::text[])`,
};

export const INSERT_REGISTRATIONS: Statement = {
  name: 'insert_registrations',
  text: `INSERT INTO hpts.loan_registration (tenant_id, loan_id, entry_id, annual_rate, maturity_date, opening_as_of, accrued_through)
    SELECT unnest($1::uuid[]), unnest($2::uuid[]), unnest($3::uuid[]), unnest($4::text[]), unnest($5::date[]),
      unnest($6::date[]), unnest($7::date[])`,
};

export const INSERT_LOSSES: Statement = {
  name: 'insert_losses',
  text: `INSERT INTO hpts.loan_loss
      (tenant_id, loan_id, entry_id, principal_minor, interest_minor, fees_minor, principal_account, closes_loan, turn)
    SELECT unnest($1::uuid[]), unnest($2::uuid[]), unnest($3::uuid[]), unnest($4::bigint[]), unnest($5::bigint[]),
      unnest($6::bigint[]), unnest($7::smallint[]), unnest($8::boolean[]), unnest($9::smallint[])`,
};

export const INSERT_RECOVERIES: Statement = {
  name: 'insert_recoveries',
  text: `INSERT INTO hpts.loan_recovery
      (tenant_id, loan_id, entry_id, loss_entry_id, principal_minor, interest_minor, fees_minor, turn)
    SELECT unnest($1::uuid[]), unnest($2::uuid[]), unnest($3::uuid[]), unnest($4::uuid[]), unnest($5::bigint[]),
      unnest($6::bigint[]), unnest($7::bigint[]), unnest($8::smallint[])`,
};

export const INSERT_ACCRUAL_BATCHES: Statement = {
  name: 'insert_accrual_batches',
  text: `INSERT INTO hpts.accrual_batch
      (tenant_id, entry_id, program_id, accrual_date, day_count_convention, loan_ids, outstanding_principal_minor, interest_minor,
       exact_interest)
    VALUES ($1, $2, $3, $4, $5, $6::uuid[], $7::bigint[], $8::bigint[], $9::text[])`,
};

export const INSERT_ACCRUAL_CORRECTION: Statement = {
  name: 'insert_accrual_correction',
  text: `INSERT INTO hpts.accrual_correction (tenant_id, accrual_entry_id, entry_id, loan_ids, interest_minor, difference_minor)
    VALUES ($1, $2, $3, $4::uuid[], $5::bigint[], $6::bigint[])`,
};

export const INSERT_ACCRUAL_DIFFERENCES: Statement = {
  name: 'insert_accrual_differences',
  text: `INSERT INTO hpts.accrual_difference (tenant_id, of_entry_id, entry_id)
    SELECT unnest($1::uuid[]), unnest($2::uuid[]), unnest($3::uuid[])`,
};

export const INSERT_VERDICTS: Statement = {
  name: 'insert_verdicts',
  text: `INSERT INTO hpts.adjustment_verdict (tenant_id, adjustment_id, verdict, judged_by, note, entry_id)
    SELECT unnest($1::uuid[]), unnest($2::uuid[]), 'posted', unnest($3::text[]), unnest($4::text[]), unnest($5::uuid[])`,
};

export const INSERT_PRINCIPAL_DIFFERENCES: Statement = {
  name: 'insert_principal_differences',
  text: `INSERT INTO hpts.principal_difference (tenant_id, loan_id, entry_id, currency, accrual_date, sent_minor, ledger_minor)
    SELECT unnest($1::uuid[]), unnest($2::uuid[]), unnest($3::uuid[]), unnest($4::text[]), unnest($5::date[]),
      unnest($6::bigint[]), unnest($7::numeric[])`,
};

export const MARK_ACCRUAL_MONTHS: Statement = {
  name: 'mark_accrual_months',
  text: `INSERT INTO hpts.loan_accrual_month AS m (tenant_id, loan_id, month, days)
    SELECT unnest($1::uuid[]), unnest($2::uuid[]), unnest($3::date[]), unnest($4::int[])
    ON CONFLICT (tenant_id, loan_id, month) DO UPDATE SET days = excluded.days`,
};

/** Where each kind of row begins among the parameters of POST_BATCH; heads are $1–$3, lines $4–$7. */
const LOANS = {
  first: 8,
  columns: [
    'int place',
    'uuid loan_id',
    'tid row_place',
    'int loan_seq',
    'date frontier',
    'bigint principal',
    'bigint interest',
    'bigint fees',
    'bigint suspense',
    'bigint memo_interest',
  ],
};
const ENTRIES = {
  first: 18,
  columns: [
    'int place',
    'uuid entry_id',
    'int ordinal',
    'uuid event_id',
    'uuid correlation_id',
    'uuid reverses_entry_id',
    'date effective_at',
    'text event_type',
    'smallint layer',
    'text currency',
    'uuid loan_id',
    'uuid borrower_id',
    'text layers',
    'text currencies',
    'int lines_from',
    'int lines_to',
    'int owners_from',
    'int owners_to',
    'text external_ref',
    'text actor',
    'text description',
    'text idempotency_key',
    'uuid payload_hash',
    'text event_input',
    'text metadata',
  ],
};
const KEYS = { first: 43, columns: ['int entry', 'uuid key_hash', 'smallint receipt_version'] };
const MOVEMENTS = {
  first: 46,
  columns: [
    'int entry',
    'uuid loan_id',
    'smallint layer',
    'date frontier',
    'int loan_seq',
    'bigint principal',
    'bigint interest',
    'bigint fees',
    'bigint suspense',
    'bigint memo_interest',
    'text backdated',
  ],
};
const DELTAS = {
  first: 57,
  columns: [
    'int place',
    'smallint account_code',
    'text currency',
    'smallint layer',
    'date effective_at',
    'numeric debit_minor',
    'numeric credit_minor',
  ],
};

/** A column of the entry that a key or a movement names by its place among the entries. */
function ofEntry(name: string): string {
  const index = ENTRIES.columns.findIndex((column) => column.endsWith(` ${name}`));
  const [type] = (ENTRIES.columns[index] ?? '').split(' ');
  return `($${ENTRIES.first + index}::${type}[])[n.entry]`;
}

/**
 * Every row that each batch writes, in one statement, because each costs a batch as much as many rows do. First the loans,
 * which are locked already, and the keys, which may meet another process; last the heads, since whoever holds one keeps
 * every other batch of its tenant from committing, and the rows that carry the head's time and place.
 *
 * The heads are locked in tenant order, as a step of its own before any new value is computed: an UPDATE computes new values
 * first and waits afterwards, so its time could lie before what a reader, who held the head FOR SHARE meanwhile, was told
 * to be settled. Rows name their tenant by its place among $1.
 */
function postBatch(loanRow: string): string {
  return `WITH loan AS (
      UPDATE hpts.loan AS l
      SET loan_seq = n.loan_seq, frontier = n.frontier, principal_minor = n.principal, interest_minor = n.interest,
          fees_minor = n.fees, suspense_minor = n.suspense, memo_interest_minor = n.memo_interest
      FROM ${rows(LOANS)} AS n
      WHERE ${loanRow}l.tenant_id = ($1::uuid[])[n.place] AND l.loan_id = n.loan_id
      RETURNING 1
    ), key AS (
      INSERT INTO hpts.idempotency_key (tenant_id, key_hash, payload_hash, entry_id, receipt_version)
      SELECT ($1::uuid[])[${ofEntry('place')}], n.key_hash, ${ofEntry('payload_hash')}, ${ofEntry('entry_id')}, n.receipt_version
      FROM ${rows(KEYS)} AS n
      RETURNING 1
    ), locked AS MATERIALIZED (
      SELECT n.tenant_id, n.entries, n.config_epoch, n.place
      FROM unnest($1::uuid[], $2::int[], $3::bigint[]) WITH ORDINALITY AS n (tenant_id, entries, config_epoch, place)
      JOIN hpts.tenant_head AS h ON h.tenant_id = n.tenant_id
      WHERE hpts.assert_loans_moved((SELECT count(*) FROM loan), cardinality($${LOANS.first}::int[])) AND (SELECT count(*) FROM key) >= 0
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
        effective_at, event_type, layer, currency, loan_id, borrower_id, accounts, amounts, layers, currencies, loan_ids, borrower_ids,
        external_ref, actor, description, idempotency_key, payload_hash, event_input, metadata)
      SELECT head.tenant_id[n.place], head.seq[n.place] - head.entries[n.place] + n.ordinal, head.posted_at[n.place],
        n.entry_id, n.event_id, n.correlation_id, n.reverses_entry_id, n.effective_at, n.event_type::hpts.event_type, n.layer,
        n.currency, n.loan_id, n.borrower_id, ($4::smallint[])[n.lines_from : n.lines_to], ($5::bigint[])[n.lines_from : n.lines_to],
        n.layers::smallint[], n.currencies::text[],
        ($6::uuid[])[n.owners_from : n.owners_to], ($7::uuid[])[n.owners_from : n.owners_to],
        n.external_ref, n.actor, n.description, n.idempotency_key, n.payload_hash, n.event_input, n.metadata
      FROM head CROSS JOIN ${rows(ENTRIES)} AS n
    ), movement AS (
      INSERT INTO hpts.loan_movement (tenant_id, posted_at, loan_id, layer, frontier, loan_seq, effective_at, entry_id,
        principal_minor, interest_minor, fees_minor, suspense_minor, memo_interest_minor, backdated_minor)
      SELECT head.tenant_id[${ofEntry('place')}], head.posted_at[${ofEntry('place')}], n.loan_id, n.layer, n.frontier,
        n.loan_seq, ${ofEntry('effective_at')}, ${ofEntry('entry_id')}, n.principal, n.interest, n.fees, n.suspense,
        n.memo_interest, n.backdated::bigint[]
      FROM head CROSS JOIN ${rows(MOVEMENTS)} AS n
    ), delta AS (
      INSERT INTO hpts.account_delta (tenant_id, seq, entries, posted_at, account_code, currency, layer, effective_at,
        debit_minor, credit_minor)
      SELECT head.tenant_id[n.place], head.seq[n.place], head.entries[n.place], head.posted_at[n.place], n.account_code,
        n.currency, n.layer, n.effective_at, n.debit_minor, n.credit_minor
      FROM head CROSS JOIN ${rows(DELTAS)} AS n
    )
    SELECT tenant_id, to_char(posted_at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') FROM moved`;
}

/** For loans that nothing touched since they were locked: their rows lie where they lay then, and are found without an index. */
export const POST_BATCH: Statement = { name: 'post_batch', text: postBatch('l.ctid = n.row_place AND ') };

/** For batches in which a statement before has changed rows of loans, and so moved them. */
export const POST_BATCH_ON_CHANGED_LOANS: Statement = {
  name: 'post_batch_on_changed_loans',
  text: postBatch(''),
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
      FROM ${rows({ first: 1, columns: ['uuid tenant_id', 'uuid loan_id', 'smallint layer', 'date effective_at', 'date frontier'] })} AS n
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
      FROM ${rows({ first: 1, columns: ['uuid tenant_id', 'uuid loan_id', 'smallint layer', 'date effective_at', 'date frontier', 'bigint principal', 'bigint interest', 'bigint fees', 'bigint suspense', 'bigint memo_interest'] })} AS n
      JOIN hpts.tenant_head AS h USING (tenant_id)
      JOIN hpts.loan_backdating AS d ON d.tenant_id = n.tenant_id AND d.loan_id = n.loan_id AND d.layer = n.layer
        AND d.from_day >= n.effective_at AND d.from_day < n.frontier
      GROUP BY d.tenant_id, d.loan_id, d.layer, d.from_day
    ) AS moved
    WHERE b.tenant_id = moved.tenant_id AND b.loan_id = moved.loan_id AND b.layer = moved.layer AND b.from_day = moved.from_day`,
};

export const INSERT_PERIOD_CLOSES: Statement = {
  name: 'insert_period_closes',
  text: `INSERT INTO hpts.period_close (tenant_id, entry_id, closed_through)
    SELECT unnest($1::uuid[]), unnest($2::uuid[]), unnest($3::date[])`,
};

export const RAISE_EPOCHS: Statement = {
  name: 'raise_epochs',
  text: 'UPDATE hpts.tenant_head SET config_epoch = config_epoch + 1 WHERE tenant_id = ANY ($1::uuid[])',
};

export const COMMIT: Statement = { name: 'commit', text: 'COMMIT' };

/** Every statement of this file, for a connection to prepare. */
export const WRITE_STATEMENTS: readonly Statement[] = [
  MAKE_LOANS_KNOWN,
  MOVE_LAYERS,
  CHANGE_STANDINGS,
  REMOVE_UNMADE_LOANS,
  INSERT_FOLLOWING,
  INSERT_SUPERSEDED,
  INSERT_REVERSALS,
  INSERT_SETTLINGS,
  INSERT_CLEARINGS,
  INSERT_PAYMENT_RETURNS,
  INSERT_DISBURSEMENTS,
  INSERT_NON_ACCRUALS,
  INSERT_REGISTRATIONS,
  INSERT_LOSSES,
  INSERT_RECOVERIES,
  INSERT_PRINCIPAL_DIFFERENCES,
  INSERT_ACCRUAL_BATCHES,
  INSERT_ACCRUAL_CORRECTION,
  INSERT_ACCRUAL_DIFFERENCES,
  INSERT_VERDICTS,
  MARK_ACCRUAL_MONTHS,
  POST_BATCH,
  POST_BATCH_ON_CHANGED_LOANS,
  ADD_BACKDATING_DAYS,
  MOVE_BACKDATED_DAYS,
  INSERT_PERIOD_CLOSES,
  RAISE_EPOCHS,
  COMMIT,
];
