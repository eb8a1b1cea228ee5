-- Ceiling S: the rows of our own schema, written by SQL alone. The rows are whole (ids derived as the program derives
-- them, keys hashed, balances after each movement, account deltas, heads), so `hpts verify` passes over them and the same
-- statements fill the tables before a run. Unlike reference.sql this file follows the migrations.
--
-- Loan number n has the id md5('loan n') and the borrower md5('borrower n'). A head is moved last, since everybody else
-- of the tenant waits for it: its CTE depends on the one that writes the loans.

-- name: loans
-- Disburses $3 loans numbered from $4 on the day $5, for tenant $1 under program $2.
WITH pick AS MATERIALIZED (
  SELECT n, left(uuidv7()::text, 35) AS stem, 'bench:disbursement:' || n AS key, gen_random_uuid() AS payload_hash,
         md5('loan ' || n)::uuid AS loan_id, md5('borrower ' || n)::uuid AS borrower_id
  FROM generate_series($4::integer, $4::integer + $3::integer - 1) AS n
), loan AS (
  INSERT INTO hpts.loan (tenant_id, loan_id, borrower_id, currency, program_id, first_disbursed_on, loan_seq, frontier, principal_minor)
  SELECT $1::uuid, loan_id, borrower_id, 'USD', $2::uuid, $5::date, 1, $5::date, 1000000000000000 FROM pick
  RETURNING loan_id
), head AS (
  UPDATE hpts.tenant_head AS h
  SET seq = h.seq + (SELECT count(*) FROM loan), posted_at = greatest(clock_timestamp(), h.posted_at + interval '1 microsecond')
  WHERE h.tenant_id = $1::uuid
  RETURNING h.seq - (SELECT count(*) FROM loan) AS seq_before, h.seq, h.posted_at
), key AS (
  INSERT INTO hpts.idempotency_key (tenant_id, key_hash, payload_hash, entry_id, receipt_version)
  SELECT $1::uuid, encode(substring(sha256(convert_to(key, 'UTF8')) FOR 16), 'hex')::uuid, payload_hash, (stem || '0')::uuid, 1
  FROM pick
), disbursement AS (
  INSERT INTO hpts.disbursement (tenant_id, loan_id, entry_id, effective_at)
  SELECT $1::uuid, loan_id, (stem || '0')::uuid, $5::date FROM pick
), entry AS (
  INSERT INTO hpts.journal_entry (tenant_id, entry_id, seq, event_id, correlation_id, posted_at, effective_at, event_type, layer,
    currency, loan_id, borrower_id, accounts, amounts, actor, idempotency_key, payload_hash, event_input)
  SELECT $1::uuid, (stem || '0')::uuid, head.seq_before + row_number() OVER (), (stem || '1')::uuid, gen_random_uuid(), head.posted_at,
    $5::date, 'disbursement', 0, 'USD', loan_id, borrower_id, '{1100,2000}', '{1000000000000000,-1000000000000000}', 'bench', key, payload_hash,
    '{"method": "ach", "program_version": 1}'
  FROM pick CROSS JOIN head
), movement AS (
  INSERT INTO hpts.loan_movement (tenant_id, loan_id, layer, frontier, loan_seq, effective_at, posted_at, entry_id,
    principal_minor, interest_minor, fees_minor, suspense_minor, memo_interest_minor)
  SELECT $1::uuid, loan_id, 0, $5::date, 1, $5::date, head.posted_at, (stem || '0')::uuid, 1000000000000000, 0, 0, 0, 0
  FROM pick CROSS JOIN head
), delta AS (
  INSERT INTO hpts.account_delta (tenant_id, account_code, currency, layer, effective_at, seq, entries, posted_at, debit_minor, credit_minor)
  SELECT $1::uuid, a.code, 'USD', 0, $5::date, head.seq, $3::integer, head.posted_at, a.debits * $3::numeric, a.credits * $3::numeric
  FROM head CROSS JOIN (VALUES (1100::smallint, 1000000000000000, 0), (2000::smallint, 0, 1000000000000000)) AS a (code, debits, credits)
)
SELECT count(*)::integer AS rows FROM loan;

-- name: fees
-- Charges $2 loans numbered from $3 a fee on the day $4, large enough that every payment finds some of it outstanding.
WITH pick AS MATERIALIZED (
  SELECT n, left(uuidv7()::text, 35) AS stem, 'bench:fee:' || n AS key, gen_random_uuid() AS payload_hash, md5('loan ' || n)::uuid AS loan_id
  FROM generate_series($3::integer, $3::integer + $2::integer - 1) AS n
), loan AS (
  UPDATE hpts.loan AS l
  SET fees_minor = l.fees_minor + 1000000000000, loan_seq = l.loan_seq + 1, frontier = $4::date
  FROM pick AS p
  WHERE l.tenant_id = $1::uuid AND l.loan_id = p.loan_id
  RETURNING l.*, p.stem, p.key, p.payload_hash
), head AS (
  UPDATE hpts.tenant_head AS h
  SET seq = h.seq + (SELECT count(*) FROM loan), posted_at = greatest(clock_timestamp(), h.posted_at + interval '1 microsecond')
  WHERE h.tenant_id = $1::uuid
  RETURNING h.seq - (SELECT count(*) FROM loan) AS seq_before, h.seq, h.posted_at
), key AS (
  INSERT INTO hpts.idempotency_key (tenant_id, key_hash, payload_hash, entry_id, receipt_version)
  SELECT $1::uuid, encode(substring(sha256(convert_to(key, 'UTF8')) FOR 16), 'hex')::uuid, payload_hash, (stem || '0')::uuid, 1
  FROM pick
), entry AS (
  INSERT INTO hpts.journal_entry (tenant_id, entry_id, seq, event_id, correlation_id, posted_at, effective_at, event_type, layer,
    currency, loan_id, borrower_id, accounts, amounts, actor, idempotency_key, payload_hash, event_input)
  SELECT $1::uuid, (stem || '0')::uuid, head.seq_before + row_number() OVER (), (stem || '1')::uuid, gen_random_uuid(), head.posted_at,
    $4::date, 'fee_assessed', 0, 'USD', loan_id, borrower_id, '{1300,4100}', '{1000000000000,-1000000000000}', 'bench', key, payload_hash,
    '{"fee_type": "late", "program_version": 1}'
  FROM loan CROSS JOIN head
), movement AS (
  INSERT INTO hpts.loan_movement (tenant_id, loan_id, layer, frontier, loan_seq, effective_at, posted_at, entry_id,
    principal_minor, interest_minor, fees_minor, suspense_minor, memo_interest_minor)
  SELECT $1::uuid, loan_id, 0, frontier, loan_seq, $4::date, head.posted_at, (stem || '0')::uuid,
    principal_minor, interest_minor, fees_minor, suspense_minor, memo_interest_minor
  FROM loan CROSS JOIN head
), delta AS (
  INSERT INTO hpts.account_delta (tenant_id, account_code, currency, layer, effective_at, seq, entries, posted_at, debit_minor, credit_minor)
  SELECT $1::uuid, a.code, 'USD', 0, $4::date, head.seq, $2::integer, head.posted_at, a.debits * $2::numeric, a.credits * $2::numeric
  FROM head CROSS JOIN (VALUES (1300::smallint, 1000000000000, 0), (4100::smallint, 0, 1000000000000)) AS a (code, debits, credits)
)
SELECT count(*)::integer AS rows FROM loan;

-- name: accrual
-- One accrual entry for the $3 loans numbered from $4, of $6 minor units each on the day $5: a line per loan and one for
-- the sum, the batch as sent, and per loan its balance, a movement and the mark in its month.
WITH pick AS MATERIALIZED (
  SELECT n, md5('loan ' || n)::uuid AS loan_id FROM generate_series($4::integer, $4::integer + $3::integer - 1) AS n
), stem AS MATERIALIZED (
  SELECT left(uuidv7()::text, 35) AS stem, 'bench:accrual:' || gen_random_uuid() AS key, gen_random_uuid() AS payload_hash
), loan AS (
  UPDATE hpts.loan AS l
  SET interest_minor = l.interest_minor + $6::bigint, loan_seq = l.loan_seq + 1, frontier = $5::date
  FROM pick AS p
  WHERE l.tenant_id = $1::uuid AND l.loan_id = p.loan_id
  RETURNING l.*
), gathered AS MATERIALIZED (
  SELECT array_agg(loan_id) AS loan_ids, array_agg(borrower_id) AS borrower_ids, array_agg(principal_minor) AS principals,
         count(*)::integer AS loans
  FROM loan
), head AS (
  UPDATE hpts.tenant_head AS h
  SET seq = h.seq + (SELECT least(loans, 1) FROM gathered), posted_at = greatest(clock_timestamp(), h.posted_at + interval '1 microsecond')
  WHERE h.tenant_id = $1::uuid
  RETURNING h.seq, h.posted_at
), key AS (
  INSERT INTO hpts.idempotency_key (tenant_id, key_hash, payload_hash, entry_id, receipt_version)
  SELECT $1::uuid, encode(substring(sha256(convert_to(key, 'UTF8')) FOR 16), 'hex')::uuid, payload_hash, (stem || '0')::uuid, 1
  FROM stem
), entry AS (
  INSERT INTO hpts.journal_entry (tenant_id, entry_id, seq, event_id, correlation_id, posted_at, effective_at, event_type, layer,
    currency, accounts, amounts, loan_ids, borrower_ids, actor, idempotency_key, payload_hash, event_input)
  SELECT $1::uuid, (stem || '0')::uuid, head.seq, (stem || '1')::uuid, gen_random_uuid(), head.posted_at, $5::date, 'accrual', 0, 'USD',
    array_fill(1200::smallint, ARRAY[g.loans]) || 4000::smallint, array_fill($6::bigint, ARRAY[g.loans]) || -$6::bigint * g.loans,
    g.loan_ids || NULL::uuid, g.borrower_ids || NULL::uuid, 'bench', key, payload_hash,
    jsonb_build_object('program_id', $2::uuid, 'day_count_convention', 'ACT_365', 'loan_count', g.loans)::text
  FROM stem CROSS JOIN gathered AS g CROSS JOIN head
), batch AS (
  INSERT INTO hpts.accrual_batch (tenant_id, entry_id, program_id, accrual_date, day_count_convention, loan_ids,
    outstanding_principal_minor, interest_minor)
  SELECT $1::uuid, (stem || '0')::uuid, $2::uuid, $5::date, 'ACT_365', g.loan_ids, g.principals, array_fill($6::bigint, ARRAY[g.loans])
  FROM stem CROSS JOIN gathered AS g
), movement AS (
  INSERT INTO hpts.loan_movement (tenant_id, loan_id, layer, frontier, loan_seq, effective_at, posted_at, entry_id,
    principal_minor, interest_minor, fees_minor, suspense_minor, memo_interest_minor)
  SELECT $1::uuid, loan_id, 0, frontier, loan_seq, $5::date, head.posted_at, (stem || '0')::uuid,
    principal_minor, interest_minor, fees_minor, suspense_minor, memo_interest_minor
  FROM loan CROSS JOIN stem CROSS JOIN head
), month AS (
  INSERT INTO hpts.loan_accrual_month AS m (tenant_id, loan_id, month, days)
  SELECT $1::uuid, loan_id, date_trunc('month', $5::date)::date, 1 << (extract(day FROM $5::date)::integer - 1) FROM loan
  ON CONFLICT (tenant_id, loan_id, month) DO UPDATE SET days = m.days | excluded.days
), delta AS (
  INSERT INTO hpts.account_delta (tenant_id, account_code, currency, layer, effective_at, seq, entries, posted_at, debit_minor, credit_minor)
  SELECT $1::uuid, a.code, 'USD', 0, $5::date, head.seq, 1, head.posted_at,
    a.debits * $6::numeric * g.loans, a.credits * $6::numeric * g.loans
  FROM head CROSS JOIN gathered AS g CROSS JOIN (VALUES (1200::smallint, 1, 0), (4000::smallint, 0, 1)) AS a (code, debits, credits)
)
SELECT loans AS rows FROM gathered;

-- name: payments
-- $2 payments on as many different loans of tenant $1, on the day $6. $3 of $4 says which part of the $5 loans this
-- connection keeps to; the stride is prime, so it visits every loan of the part.
WITH pick AS MATERIALIZED (
  SELECT left(uuidv7()::text, 35) AS stem, 'payment:bench:' || gen_random_uuid() AS key, gen_random_uuid() AS payload_hash,
         md5('loan ' || ((start.loan + i * 15485863::bigint) % ($5::bigint / $4::bigint)) * $4::bigint + $3::bigint)::uuid AS loan_id,
         (2 + i % 90)::bigint AS to_fees, (2 + i % 70)::bigint AS to_interest, (1000 + i)::bigint AS to_principal
  FROM (SELECT floor(random() * ($5::bigint / $4::bigint))::bigint AS loan OFFSET 0) AS start,
       generate_series(1, $2::integer) AS i
), loan AS (
  UPDATE hpts.loan AS l
  SET fees_minor = l.fees_minor - p.to_fees, interest_minor = l.interest_minor - p.to_interest,
      principal_minor = l.principal_minor - p.to_principal, loan_seq = l.loan_seq + 1, frontier = $6::date
  FROM pick AS p
  WHERE l.tenant_id = $1::uuid AND l.loan_id = p.loan_id
  RETURNING l.loan_id, l.borrower_id, l.frontier, l.loan_seq, l.principal_minor, l.interest_minor, l.fees_minor, l.suspense_minor,
    l.memo_interest_minor, p.stem, p.key, p.payload_hash, p.to_fees, p.to_interest, p.to_principal
), summed AS MATERIALIZED (
  SELECT count(*)::integer AS payments, sum(to_fees) AS fees, sum(to_interest) AS interest, sum(to_principal) AS principal FROM loan
), head AS (
  UPDATE hpts.tenant_head AS h
  SET seq = h.seq + (SELECT payments FROM summed), posted_at = greatest(clock_timestamp(), h.posted_at + interval '1 microsecond')
  WHERE h.tenant_id = $1::uuid
  RETURNING h.seq, h.posted_at
), key AS (
  INSERT INTO hpts.idempotency_key (tenant_id, key_hash, payload_hash, entry_id, receipt_version)
  SELECT $1::uuid, encode(substring(sha256(convert_to(key, 'UTF8')) FOR 16), 'hex')::uuid, payload_hash, (stem || '0')::uuid, 1
  FROM pick
), entry AS (
  INSERT INTO hpts.journal_entry (tenant_id, entry_id, seq, event_id, correlation_id, posted_at, effective_at, event_type, layer,
    currency, loan_id, borrower_id, accounts, amounts, external_ref, actor, idempotency_key, payload_hash, event_input)
  SELECT $1::uuid, (stem || '0')::uuid, head.seq - s.payments + row_number() OVER (), (stem || '1')::uuid, gen_random_uuid(), head.posted_at,
    $6::date, 'payment_received', 0, 'USD', loan_id, borrower_id, '{1010,1300,1200,1100}',
    ARRAY[to_fees + to_interest + to_principal, -to_fees, -to_interest, -to_principal], 'processor_ch_00001', 'client_00000001', key, payload_hash,
    jsonb_build_object('source_method', 'ach', 'program_version', 1, 'allocation', jsonb_build_object('fees_minor', to_fees::text,
      'interest_minor', to_interest::text, 'principal_minor', to_principal::text, 'suspense_minor', '0'))::text
  FROM loan CROSS JOIN summed AS s CROSS JOIN head
), movement AS (
  INSERT INTO hpts.loan_movement (tenant_id, loan_id, layer, frontier, loan_seq, effective_at, posted_at, entry_id,
    principal_minor, interest_minor, fees_minor, suspense_minor, memo_interest_minor)
  SELECT $1::uuid, loan_id, 0, frontier, loan_seq, $6::date, head.posted_at, (stem || '0')::uuid,
    principal_minor, interest_minor, fees_minor, suspense_minor, memo_interest_minor
  FROM loan CROSS JOIN head
), delta AS (
  INSERT INTO hpts.account_delta (tenant_id, account_code, currency, layer, effective_at, seq, entries, posted_at, debit_minor, credit_minor)
  SELECT $1::uuid, a.code, 'USD', 0, $6::date, head.seq, s.payments, head.posted_at,
    CASE a.code WHEN 1010 THEN s.fees + s.interest + s.principal ELSE 0 END,
    CASE a.code WHEN 1300 THEN s.fees WHEN 1200 THEN s.interest WHEN 1100 THEN s.principal ELSE 0 END
  FROM head CROSS JOIN summed AS s CROSS JOIN (VALUES (1010::smallint), (1300::smallint), (1200::smallint), (1100::smallint)) AS a (code)
)
SELECT payments AS rows FROM summed;

-- name: balances
-- 64 of these are kept outstanding: the balance of one loan by its primary key.
SELECT principal_minor, interest_minor, fees_minor, suspense_minor FROM hpts.loan WHERE tenant_id = $1::uuid AND loan_id = $2::uuid;

-- name: size
-- Everything that a payment writes, indexes included; hpts.loan is apart, since its rows are there before.
SELECT sum(pg_total_relation_size(c.oid))::bigint AS bytes
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname = 'hpts' AND c.relkind = 'r' AND c.relname <> 'loan';
