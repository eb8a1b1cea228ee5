-- Ceiling R: what this machine's PostgreSQL can do with payments when nothing but SQL is asked of it. Per payment one
-- entry, four lines, one key and one update of a loan, as a ledger with one row per line would write them; every value
-- is made by the server, so nothing is sent, parsed or decided. Entry ids rise with time, as a ledger that cares for its
-- indexes makes them (random ones were measured: a third more CPU), so the ceiling is the higher of the two.
--
-- FROZEN. The figures of every release are ratios to this file, so it must never follow our own schema, neither slower
-- nor faster. bench/ceiling/reference.sha256 holds its checksum and the bench refuses to run when they differ.

-- name: schema
CREATE SCHEMA ceiling;

CREATE TABLE ceiling.loan (
  tenant_id       uuid NOT NULL,
  loan_id         uuid NOT NULL,
  borrower_id     uuid NOT NULL,
  currency        text NOT NULL,
  principal_minor bigint NOT NULL CHECK (principal_minor >= 0),
  interest_minor  bigint NOT NULL CHECK (interest_minor >= 0),
  fees_minor      bigint NOT NULL CHECK (fees_minor >= 0),
  version         integer NOT NULL DEFAULT 0,
  PRIMARY KEY (tenant_id, loan_id)
) WITH (fillfactor = 60);

CREATE TABLE ceiling.entry (
  tenant_id    uuid NOT NULL,
  entry_id     uuid NOT NULL,
  loan_id      uuid NOT NULL,
  event_type   text NOT NULL,
  effective_at date NOT NULL,
  posted_at    timestamptz NOT NULL,
  external_ref text,
  actor        text NOT NULL,
  PRIMARY KEY (tenant_id, entry_id)
);

CREATE TABLE ceiling.line (
  tenant_id    uuid NOT NULL,
  entry_id     uuid NOT NULL,
  sequence     smallint NOT NULL,
  account_code smallint NOT NULL,
  amount_minor bigint NOT NULL CHECK (amount_minor <> 0),
  currency     text NOT NULL,
  loan_id      uuid NOT NULL,
  PRIMARY KEY (tenant_id, entry_id, sequence)
);

CREATE TABLE ceiling.idempotency_key (
  tenant_id    uuid NOT NULL,
  key_hash     uuid NOT NULL,
  payload_hash uuid NOT NULL,
  entry_id     uuid NOT NULL,
  PRIMARY KEY (tenant_id, key_hash)
);

-- name: loans
-- $1 loans, numbered from 0; their ids are scattered as ids that clients choose.
INSERT INTO ceiling.loan (tenant_id, loan_id, borrower_id, currency, principal_minor, interest_minor, fees_minor)
SELECT '00000000-0000-4000-8000-000000000001', md5('loan ' || n)::uuid, md5('borrower ' || n)::uuid, 'USD',
       1000000000000000, 1000000000000, 1000000000000
FROM generate_series(0, $1::integer - 1) AS n;

-- name: payments
-- $1 payments on $1 different loans. $2 of $3 says which part of the $4 loans this connection keeps to, so that
-- connections never wait for one another's loans. The stride is prime, so it visits every loan of the part.
WITH pick AS MATERIALIZED (
  SELECT uuidv7() AS entry_id, gen_random_uuid() AS key_hash,
         md5('loan ' || ((start.loan + i * 15485863::bigint) % ($4::bigint / $3::bigint)) * $3::bigint + $2::bigint)::uuid AS loan_id,
         (2 + i % 90)::bigint AS fees_minor, (2 + i % 70)::bigint AS interest_minor, (1000 + i)::bigint AS principal_minor
  FROM (SELECT floor(random() * ($4::bigint / $3::bigint))::bigint AS loan OFFSET 0) AS start,
       generate_series(1, $1::integer) AS i
), account (sequence, account_code) AS MATERIALIZED (
  VALUES (1::smallint, 1010::smallint), (2::smallint, 1300::smallint), (3::smallint, 1200::smallint), (4::smallint, 1100::smallint)
), paid AS (
  UPDATE ceiling.loan AS l
  SET fees_minor = l.fees_minor - p.fees_minor, interest_minor = l.interest_minor - p.interest_minor,
      principal_minor = l.principal_minor - p.principal_minor, version = l.version + 1
  FROM pick AS p
  WHERE l.tenant_id = '00000000-0000-4000-8000-000000000001' AND l.loan_id = p.loan_id
  RETURNING p.entry_id
), key AS (
  INSERT INTO ceiling.idempotency_key (tenant_id, key_hash, payload_hash, entry_id)
  SELECT '00000000-0000-4000-8000-000000000001', key_hash, key_hash, entry_id FROM pick
), entry AS (
  INSERT INTO ceiling.entry (tenant_id, entry_id, loan_id, event_type, effective_at, posted_at, external_ref, actor)
  SELECT '00000000-0000-4000-8000-000000000001', entry_id, loan_id, 'payment_received', current_date, now(),
         'processor_ch_00001', 'client_00000001'
  FROM pick
), line AS (
  INSERT INTO ceiling.line (tenant_id, entry_id, sequence, account_code, amount_minor, currency, loan_id)
  SELECT '00000000-0000-4000-8000-000000000001', p.entry_id, a.sequence, a.account_code,
         CASE a.sequence WHEN 1 THEN p.fees_minor + p.interest_minor + p.principal_minor
                         WHEN 2 THEN -p.fees_minor WHEN 3 THEN -p.interest_minor ELSE -p.principal_minor END,
         'USD', p.loan_id
  FROM pick AS p, account AS a
)
SELECT count(*)::integer AS payments FROM paid;

-- name: size
SELECT (pg_total_relation_size('ceiling.entry') + pg_total_relation_size('ceiling.line')
        + pg_total_relation_size('ceiling.idempotency_key'))::bigint AS bytes;
