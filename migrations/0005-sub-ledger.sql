-- The loan sub-ledger and the account balances: everything here can be computed again from the journal, and
-- `hpts verify` does so. Components are minor units; a component never leaves 0 .. 10^18-1 in the present.
CREATE DOMAIN hpts.component_minor AS bigint CHECK (VALUE BETWEEN 0 AND 999999999999999999);

-- The five components of a layer in the order principal, interest, fees, suspense, memo interest.
CREATE DOMAIN hpts.components_minor AS bigint[] CHECK (
  cardinality(VALUE) = 5 AND 0 <= ALL (VALUE) AND 999999999999999999 >= ALL (VALUE));

CREATE TABLE hpts.loan (
  tenant_id           uuid NOT NULL,
  loan_id             uuid NOT NULL,
  -- NULL only inside the posting transaction that makes the loan: the row is what it locks.
  borrower_id         uuid,
  currency            text,
  program_id          uuid,
  first_disbursed_on  date,
  -- Counts the loan's movements, all layers; the order of its history.
  loan_seq            integer NOT NULL DEFAULT 0,
  -- The latest effective date among the loan's movements.
  frontier            date,
  principal_minor     hpts.component_minor NOT NULL DEFAULT 0,
  interest_minor      hpts.component_minor NOT NULL DEFAULT 0,
  fees_minor          hpts.component_minor NOT NULL DEFAULT 0,
  suspense_minor      hpts.component_minor NOT NULL DEFAULT 0,
  memo_interest_minor hpts.component_minor NOT NULL DEFAULT 0,
  -- The same five components on the two other layers; NULL until the first movement there.
  pending_minor       hpts.components_minor,
  encumbrance_minor   hpts.components_minor,
  PRIMARY KEY (tenant_id, loan_id),
  CONSTRAINT loan_is_complete CHECK (
    num_nulls(borrower_id, currency, program_id) = 0 AND (frontier IS NULL) = (loan_seq = 0)
    OR borrower_id IS NULL AND loan_seq = 0)
) WITH (fillfactor = 60);

-- One row per entry, loan and layer: the components after it, in order of posting. `frontier` is the latest effective
-- date among the loan's movements up to this one, so it rises with loan_seq and one index serves three questions: the
-- history in order, the newest movement, and the last one at which everything posted lay on or before a day.
-- A movement dated before the frontier it met is backdated and carries its own effect as well.
CREATE TABLE hpts.loan_movement (
  tenant_id           uuid NOT NULL,
  loan_id             uuid NOT NULL,
  layer               smallint NOT NULL,
  frontier            date NOT NULL,
  loan_seq            integer NOT NULL,
  effective_at        date NOT NULL,
  posted_at           timestamptz NOT NULL,
  entry_id            uuid NOT NULL,
  principal_minor     bigint NOT NULL,
  interest_minor      bigint NOT NULL,
  fees_minor          bigint NOT NULL,
  suspense_minor      bigint NOT NULL,
  memo_interest_minor bigint NOT NULL,
  backdated_minor     bigint[],
  PRIMARY KEY (tenant_id, loan_id, layer, frontier, loan_seq),
  CONSTRAINT backdated_says_its_effect CHECK ((backdated_minor IS NOT NULL) = (effective_at < frontier) AND (backdated_minor IS NULL OR cardinality(backdated_minor) = 5))
);

-- What backdated movements add to the balance of a day that the movements up to that day's frontier do not show:
-- in force from `from_day` until the loan's next row. A movement dated e that met the frontier f adds its effect to
-- every row with e <= from_day < f. numeric, because a past balance is bounded by nothing: what was disbursed and reversed
-- later stands in the days between, each time again. (decisions/0002-as-of-balances.md)
CREATE TABLE hpts.loan_backdating (
  tenant_id           uuid NOT NULL,
  loan_id             uuid NOT NULL,
  layer               smallint NOT NULL,
  from_day            date NOT NULL,
  principal_minor     numeric(38, 0) NOT NULL,
  interest_minor      numeric(38, 0) NOT NULL,
  fees_minor          numeric(38, 0) NOT NULL,
  suspense_minor      numeric(38, 0) NOT NULL,
  memo_interest_minor numeric(38, 0) NOT NULL,
  last_posted_at      timestamptz,
  PRIMARY KEY (tenant_id, loan_id, layer, from_day)
);

-- Which days a loan has accrued: bit n-1 of `days` is day n of the month. One row a month in place of one a day.
CREATE TABLE hpts.loan_accrual_month (
  tenant_id uuid NOT NULL,
  loan_id   uuid NOT NULL,
  month     date NOT NULL CHECK (extract(day FROM month) = 1),
  days      integer NOT NULL,
  PRIMARY KEY (tenant_id, loan_id, month)
) WITH (fillfactor = 80);

-- Account balances as insert-only deltas: one row per batch and combination, so no writer waits for another on a hot
-- account. It sums the tenant's entries (seq - entries, seq] of that batch.
CREATE TABLE hpts.account_delta (
  tenant_id    uuid NOT NULL,
  account_code smallint NOT NULL,
  currency     text NOT NULL,
  layer        smallint NOT NULL,
  effective_at date NOT NULL,
  seq          bigint NOT NULL,
  entries      integer NOT NULL CHECK (entries >= 1),
  posted_at    timestamptz NOT NULL,
  debit_minor  numeric(38, 0) NOT NULL CHECK (debit_minor >= 0),
  credit_minor numeric(38, 0) NOT NULL CHECK (credit_minor >= 0),
  PRIMARY KEY (tenant_id, account_code, currency, layer, effective_at, seq)
);
