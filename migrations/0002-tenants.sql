-- Tenants and what is configured for them. Configuration is cached by servers under tenant_head.config_epoch:
-- whoever changes a row here raises that epoch under the head's lock, in the same database transaction.
CREATE TABLE hpts.tenant (
  tenant_id          uuid PRIMARY KEY,
  name               text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
  timezone           text NOT NULL DEFAULT 'UTC',
  currency           text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
  default_program_id uuid NOT NULL,
  created_at         timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- One row per tenant that every posting passes through last: `seq` is gapless and follows commit order, `posted_at`
-- rises with it. fillfactor leaves room so that each update stays on its page and touches no index.
CREATE TABLE hpts.tenant_head (
  tenant_id    uuid PRIMARY KEY,
  seq          bigint NOT NULL DEFAULT 0 CHECK (seq >= 0),
  posted_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
  config_epoch bigint NOT NULL DEFAULT 1 CHECK (config_epoch >= 1)
) WITH (fillfactor = 10, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);

-- The time of a batch: rises with the tenant's order of posting even when the clock steps back. It must be asked after
-- the head is locked; a transaction's own now() would be older than what was known before it.
CREATE FUNCTION hpts.next_posted_at(previous timestamptz) RETURNS timestamptz
  LANGUAGE sql VOLATILE
  RETURN greatest(clock_timestamp(), previous + interval '1 microsecond');

CREATE TABLE hpts.program (
  tenant_id  uuid NOT NULL REFERENCES hpts.tenant,
  program_id uuid NOT NULL,
  name       text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
  currency   text CHECK (currency ~ '^[A-Z]{3}$'),
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (tenant_id, program_id)
);

-- A program is never edited: a change is a further version, in force from a day on. Version 1 holds from the beginning
-- of time (effective_from NULL).
CREATE TABLE hpts.program_version (
  tenant_id      uuid NOT NULL,
  program_id     uuid NOT NULL,
  version        integer NOT NULL CHECK (version >= 1),
  effective_from date CHECK ((effective_from IS NULL) = (version = 1)),
  policy         jsonb NOT NULL,
  created_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (tenant_id, program_id, version),
  FOREIGN KEY (tenant_id, program_id) REFERENCES hpts.program
);

CREATE TABLE hpts.account (
  tenant_id    uuid NOT NULL REFERENCES hpts.tenant,
  account_code smallint NOT NULL CHECK (account_code BETWEEN 0 AND 9999),
  name         text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
  type         text NOT NULL CHECK (type IN ('asset', 'contra_asset', 'liability', 'equity', 'income', 'contra_income', 'expense', 'memo_debit', 'memo_credit')),
  created_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (tenant_id, account_code)
);

GRANT SELECT ON hpts.tenant, hpts.tenant_head, hpts.program, hpts.program_version, hpts.account
  TO hpts_poster, hpts_reader, hpts_access, hpts_auditor;
GRANT UPDATE (seq, posted_at) ON hpts.tenant_head TO hpts_poster;
-- FOR SHARE on the head (a read at a known_at that is not settled yet) needs an update privilege on one column.
GRANT UPDATE (posted_at) ON hpts.tenant_head TO hpts_reader;
