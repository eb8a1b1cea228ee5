-- The journal. One row per entry, its lines as parallel arrays: a payment is one row instead of five, and a constraint
-- can hold debits against credits, which no constraint over separate rows can. People who query read the view
-- hpts.journal_line, one row per line. (decisions/0001-lines-inside-the-entry.md)
--
-- No foreign keys here: they cost half of the rate. The posting transaction writes entry, key and sub-ledger together
-- under the loan's lock, and `hpts verify` has a check for each relation that is not declared.
CREATE TYPE hpts.event_type AS ENUM (
  'disbursement', 'disbursement_settled', 'accrual', 'payment_received', 'payment_allocated', 'payment_returned',
  'fee_assessed', 'fee_waived', 'chargeoff', 'recovery', 'refinance', 'restructure', 'reversal', 'manual_adjustment',
  'payment_settled', 'suspense_refunded', 'goodwill_credit', 'non_accrual', 'period_closed'
);

-- The constraints below run for every entry of every batch. PostgreSQL reads a table's CHECK anew for each statement but
-- a domain's once per session, so what can be said of one value is said by a domain, and what only uncommon entries need
-- stands in functions that the common entry never calls.
CREATE FUNCTION hpts.total_minor(amounts bigint[]) RETURNS numeric
  LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
  RETURN (SELECT coalesce(sum(a), 0) FROM unnest(amounts) AS a);
END
$$;

-- Signed amounts of lines, debit positive, credit negative: a plain list from 1, none is zero or missing, debits equal
-- credits. Up to six lines of 10^18
-- cannot pass 2^63; more are summed as numeric.
CREATE DOMAIN hpts.balanced_minor AS bigint[] CHECK (
  CASE
    WHEN cardinality(VALUE) = 0 THEN true
    WHEN array_ndims(VALUE) <> 1 OR array_lower(VALUE, 1) <> 1 THEN false
    WHEN array_position(VALUE, NULL) IS NOT NULL OR 0 = ANY (VALUE) THEN false
    WHEN cardinality(VALUE) <= 6 THEN
      VALUE[1] + coalesce(VALUE[2], 0) + coalesce(VALUE[3], 0)
      + coalesce(VALUE[4], 0) + coalesce(VALUE[5], 0) + coalesce(VALUE[6], 0) = 0
    ELSE hpts.total_minor(VALUE) = 0
  END);

CREATE DOMAIN hpts.account_list AS smallint[] CHECK (
  CASE
    WHEN cardinality(VALUE) = 0 THEN true
    WHEN array_ndims(VALUE) <> 1 OR array_lower(VALUE, 1) <> 1 THEN false
    ELSE array_position(VALUE, NULL) IS NULL
  END);

CREATE DOMAIN hpts.layer AS smallint CHECK (VALUE BETWEEN 0 AND 2);

-- For entries whose lines differ in layer, currency or loan: every array has an element per line, each is said once, by
-- the scalar or by the array, and debits equal credits per currency and layer.
CREATE FUNCTION hpts.lines_agree(
  amounts bigint[], layer smallint, layers smallint[], currency text, currencies text[],
  loan_id uuid, loan_ids uuid[], borrower_id uuid, borrower_ids uuid[]) RETURNS boolean
  LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
  lines integer := cardinality(amounts);
BEGIN
  RETURN (layers IS NULL) <> (layer IS NULL) AND coalesce(cardinality(layers), lines) = lines
    AND (currencies IS NULL) <> (currency IS NULL) AND coalesce(cardinality(currencies), lines) = lines
    AND (loan_ids IS NULL OR (loan_id IS NULL AND cardinality(loan_ids) = lines))
    AND (borrower_ids IS NULL OR (borrower_id IS NULL AND cardinality(borrower_ids) = lines))
    AND ((layers IS NULL AND currencies IS NULL) OR NOT EXISTS (
      SELECT FROM unnest(amounts, currencies, layers) AS line (amount, line_currency, line_layer)
      GROUP BY line_currency, line_layer HAVING sum(amount) <> 0));
END
$$;

CREATE TABLE hpts.journal_entry (
  tenant_id         uuid NOT NULL,
  entry_id          uuid NOT NULL,
  seq               bigint NOT NULL,
  event_id          uuid NOT NULL,
  correlation_id    uuid NOT NULL,
  reverses_entry_id uuid,
  posted_at         timestamptz NOT NULL,
  effective_at      date NOT NULL,
  event_type        hpts.event_type NOT NULL,
  -- Of every line, when they agree; else NULL and the arrays of the same name below say it line by line.
  layer             hpts.layer,
  currency          text,
  loan_id           uuid,
  borrower_id       uuid,
  -- Line n is accounts[n], amounts[n]: a debit is positive, a credit negative.
  accounts          hpts.account_list NOT NULL,
  amounts           hpts.balanced_minor NOT NULL,
  layers            smallint[],
  currencies        text[],
  loan_ids          uuid[],
  borrower_ids      uuid[],
  external_ref      text,
  actor             text NOT NULL,
  description       text,
  idempotency_key   text,
  -- As in hpts.idempotency_key, so that a key that was tampered with is found.
  payload_hash      uuid,
  -- The fact as accepted (method, explicit split, program version, …): what a restatement decides from again. JSON, kept as
  -- text: PostgreSQL has nothing to ask of it.
  event_input       text,
  -- The text that came, so that it goes back byte for byte.
  metadata          text,
  PRIMARY KEY (tenant_id, entry_id),
  CONSTRAINT key_has_its_payload CHECK ((idempotency_key IS NULL) = (payload_hash IS NULL)),
  CONSTRAINT lines_are_parallel CHECK (cardinality(accounts) = cardinality(amounts) AND cardinality(accounts) <= 32767),
  CONSTRAINT lines_agree CHECK (
    (num_nulls(layers, currencies, loan_ids, borrower_ids) = 4 AND num_nulls(layer, currency) = 0)
    OR hpts.lines_agree(amounts, layer, layers, currency, currencies, loan_id, loan_ids, borrower_id, borrower_ids))
);
CREATE INDEX journal_entry_by_seq ON hpts.journal_entry (tenant_id, seq);

CREATE VIEW hpts.journal_line WITH (security_invoker = true) AS
SELECT e.tenant_id, e.entry_id, line.sequence::smallint AS sequence, e.seq, e.event_type, e.effective_at, e.posted_at,
       lpad(line.account::text, 4, '0') AS account_code,
       CASE WHEN line.amount > 0 THEN 'DR' ELSE 'CR' END AS direction,
       abs(line.amount) AS amount_minor,
       coalesce(line.currency, e.currency) AS currency,
       (ARRAY['SETTLED', 'PENDING', 'ENCUMBRANCE'])[coalesce(line.layer, e.layer) + 1] AS layer,
       coalesce(line.loan_id, e.loan_id) AS loan_id,
       coalesce(line.borrower_id, e.borrower_id) AS borrower_id,
       e.external_ref
FROM hpts.journal_entry AS e
CROSS JOIN LATERAL unnest(e.accounts, e.amounts, e.layers, e.currencies, e.loan_ids, e.borrower_ids)
  WITH ORDINALITY AS line(account, amount, layer, currency, loan_id, borrower_id, sequence);

-- What makes a thing happen once. A key is kept as long as the journal; the narrow hashes (16 bytes of SHA-256, typed
-- uuid because that is a fixed 16 bytes) keep the index small. receipt_version names the renderer of the answer.
CREATE TABLE hpts.idempotency_key (
  tenant_id       uuid NOT NULL,
  key_hash        uuid NOT NULL,
  payload_hash    uuid NOT NULL,
  entry_id        uuid NOT NULL,
  receipt_version smallint NOT NULL,
  PRIMARY KEY (tenant_id, key_hash)
);

CREATE TABLE hpts.reversal (
  tenant_id         uuid NOT NULL,
  reversed_entry_id uuid NOT NULL,
  entry_id          uuid NOT NULL,
  PRIMARY KEY (tenant_id, reversed_entry_id)
);

CREATE TABLE hpts.disbursement (
  tenant_id    uuid NOT NULL,
  loan_id      uuid NOT NULL,
  entry_id     uuid NOT NULL,
  effective_at date NOT NULL,
  PRIMARY KEY (tenant_id, loan_id, entry_id)
);

-- An accrual batch as its client sent it, loans of zero interest included: they have no line but their date is taken.
CREATE TABLE hpts.accrual_batch (
  tenant_id                   uuid NOT NULL,
  entry_id                    uuid NOT NULL,
  program_id                  uuid NOT NULL,
  accrual_date                date NOT NULL,
  day_count_convention        text NOT NULL,
  loan_ids                    uuid[] NOT NULL,
  outstanding_principal_minor bigint[] NOT NULL,
  interest_minor              bigint[] NOT NULL,
  PRIMARY KEY (tenant_id, entry_id),
  CHECK (cardinality(loan_ids) = cardinality(interest_minor)
         AND cardinality(loan_ids) = cardinality(outstanding_principal_minor))
);

-- Privileges keep the journal append-only; this trigger keeps it so against its owner too. Somebody with the database's
-- own keys can disable it: that is what seals and `hpts verify` are for.
CREATE FUNCTION hpts.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% on hpts.% is refused: the journal is append-only, corrections are new entries', TG_OP, TG_TABLE_NAME
    USING ERRCODE = 'restrict_violation';
END
$$;
DO $$
DECLARE
  kept text;
BEGIN
  FOREACH kept IN ARRAY ARRAY['journal_entry', 'idempotency_key', 'reversal', 'disbursement', 'accrual_batch', 'audit_event'] LOOP
    EXECUTE format('CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON hpts.%I FOR EACH STATEMENT EXECUTE FUNCTION hpts.refuse_change()', kept);
    EXECUTE format('ALTER TABLE hpts.%I ENABLE ALWAYS TRIGGER append_only', kept);
  END LOOP;
END
$$;
