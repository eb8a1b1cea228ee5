-- Interest that the server computes. (decisions/0024-accrual-runs.md)

-- What somebody asked for, and whether it has been done. The lease keeps two processes from doing the same work; that nothing
-- is posted twice, it does not have to keep.
CREATE TABLE hpts.accrual_run (
  tenant_id      uuid NOT NULL,
  accrual_run_id uuid NOT NULL,
  program_id     uuid NOT NULL,
  accrual_date   date NOT NULL,
  actor          text NOT NULL,
  started_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
  leased_by      uuid,
  leased_until   timestamptz NOT NULL DEFAULT '-infinity',
  finished_at    timestamptz,
  PRIMARY KEY (tenant_id, accrual_run_id)
);
CREATE INDEX accrual_run_unfinished ON hpts.accrual_run (started_at) WHERE finished_at IS NULL;

-- How far a run has come: which of the program's loans it has looked at, in order of id, and what came of them. Written by the
-- transaction that posts the portion's entries, so that progress and interest are one fact.
CREATE TABLE hpts.accrual_run_portion (
  tenant_id      uuid NOT NULL,
  accrual_run_id uuid NOT NULL,
  portion        integer NOT NULL CHECK (portion >= 1),
  -- The next portion begins behind this loan. NULL: there was none to look at.
  last_loan_id   uuid,
  looked_at      integer NOT NULL CHECK (looked_at >= 0),
  accrued_loans  integer NOT NULL CHECK (accrued_loans BETWEEN 0 AND looked_at),
  is_last        boolean NOT NULL,
  -- Entry n is in currencies[n] and accrues accrued_minor[n].
  entry_ids      uuid[] NOT NULL,
  currencies     text[] NOT NULL,
  accrued_minor  bigint[] NOT NULL,
  PRIMARY KEY (tenant_id, accrual_run_id, portion),
  CONSTRAINT portion_is_parallel CHECK (cardinality(entry_ids) = cardinality(currencies) AND cardinality(entry_ids) = cardinality(accrued_minor)
    AND (accrued_loans > 0) = (cardinality(entry_ids) > 0))
);

-- Of the server's accruals: what each loan's nights are worth exactly, in minor units, as a fraction in lowest terms. NULL of a
-- client's, whose amount counts as exact.
ALTER TABLE hpts.accrual_batch ADD COLUMN exact_interest text[];
ALTER TABLE hpts.accrual_batch ADD CONSTRAINT exact_interest_is_parallel
  CHECK (exact_interest IS NULL OR cardinality(exact_interest) = cardinality(loan_ids));

-- Accruals that posted nothing for a loan, and so left no movement that leads from the loan to them.
CREATE TABLE hpts.loan_unmoved_accrual (
  tenant_id uuid NOT NULL,
  loan_id   uuid NOT NULL,
  entry_id  uuid NOT NULL,
  PRIMARY KEY (tenant_id, loan_id, entry_id)
);

-- How far the interest of a loan is counted, so that a run reads what happened since and not the loan's whole life. It can be
-- computed again from the journal at any time, and is taken away where something reaches further back.
CREATE TABLE hpts.loan_interest (
  tenant_id       uuid NOT NULL,
  loan_id         uuid NOT NULL,
  -- The loan's movements that are counted; together with the frontier it leads to those behind them.
  loan_seq        integer NOT NULL,
  frontier        date NOT NULL,
  -- Every night up to this day stands in an accrual.
  through         date NOT NULL,
  -- All standing accruals together: what they stand for, and what is posted of it.
  exact_interest  text NOT NULL CHECK (exact_interest ~ '^-?[0-9]+(/[1-9][0-9]*)?$'),
  posted_minor    numeric(38, 0) NOT NULL,
  -- The principal since when: where a segment of unchanged principal begins.
  principal_from  date NOT NULL,
  principal_minor bigint NOT NULL,
  -- Interest and memo interest that is owed, from which later movements count.
  interest_minor  bigint NOT NULL,
  PRIMARY KEY (tenant_id, loan_id),
  CONSTRAINT principal_is_known CHECK (principal_from <= through)
) WITH (fillfactor = 70);

GRANT SELECT, INSERT ON hpts.accrual_run, hpts.accrual_run_portion TO hpts_configurator;
GRANT UPDATE (leased_by, leased_until, finished_at) ON hpts.accrual_run TO hpts_configurator;
GRANT SELECT, INSERT ON hpts.accrual_run_portion, hpts.loan_unmoved_accrual TO hpts_poster;
GRANT SELECT, INSERT, UPDATE, DELETE ON hpts.loan_interest TO hpts_poster;
GRANT SELECT ON hpts.accrual_run, hpts.accrual_run_portion, hpts.loan_unmoved_accrual, hpts.loan_interest TO hpts_reader, hpts_auditor;
DO $$
DECLARE
  tenant_table text;
BEGIN
  FOREACH tenant_table IN ARRAY ARRAY['accrual_run', 'accrual_run_portion', 'loan_unmoved_accrual', 'loan_interest'] LOOP
    EXECUTE format('ALTER TABLE hpts.%I ENABLE ROW LEVEL SECURITY', tenant_table);
    EXECUTE format('ALTER TABLE hpts.%I FORCE ROW LEVEL SECURITY', tenant_table);
    EXECUTE format($policy$
      CREATE POLICY own_tenants ON hpts.%I TO %s
      USING (tenant_id = ANY ((SELECT string_to_array(current_setting('hpts.tenants', true), ',')::uuid[])::uuid[]))
      $policy$, tenant_table,
      CASE tenant_table WHEN 'accrual_run' THEN 'hpts_reader, hpts_configurator'
        WHEN 'accrual_run_portion' THEN 'hpts_poster, hpts_reader, hpts_configurator' ELSE 'hpts_poster, hpts_reader' END);
    EXECUTE format('CREATE POLICY every_tenant ON hpts.%I FOR SELECT TO hpts_auditor USING (true)', tenant_table);
  END LOOP;
  FOREACH tenant_table IN ARRAY ARRAY['accrual_run_portion', 'loan_unmoved_accrual'] LOOP
    EXECUTE format('CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON hpts.%I FOR EACH STATEMENT EXECUTE FUNCTION hpts.refuse_change()', tenant_table);
    EXECUTE format('ALTER TABLE hpts.%I ENABLE ALWAYS TRIGGER append_only', tenant_table);
  END LOOP;
END
$$;
-- Whoever goes on with runs has to find them, whosoever they are.
ALTER POLICY every_tenant ON hpts.accrual_run TO hpts_auditor, hpts_configurator;
