-- Programs, the chart of accounts and registered loans. (decisions/0018-programs-and-loans.md)
--   hpts_configurator  adds programs, their versions and accounts and renames accounts; raises tenant_head.config_epoch under
--                      the head's lock, so that a batch that was decided under older configuration is decided again
DO $$
BEGIN
  BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'hpts_configurator') THEN
      CREATE ROLE hpts_configurator NOLOGIN NOBYPASSRLS;
    END IF;
  EXCEPTION WHEN duplicate_object OR unique_violation THEN
    RAISE NOTICE 'role hpts_configurator was made by somebody else at the same moment';
  END;
  IF NOT pg_has_role(current_user, 'hpts_configurator', 'MEMBER') THEN
    BEGIN
      GRANT hpts_configurator TO CURRENT_USER;
    EXCEPTION
      WHEN unique_violation OR internal_error THEN
        RAISE NOTICE 'role hpts_configurator was granted by somebody else at the same moment';
      WHEN insufficient_privilege THEN
        RAISE EXCEPTION 'role hpts_configurator exists already and % is no member of it', current_user
          USING HINT = format('have a superuser run: GRANT hpts_configurator TO %I', current_user);
    END;
  END IF;
END
$$;
GRANT USAGE ON SCHEMA hpts TO hpts_configurator;
GRANT SELECT ON hpts.tenant, hpts.tenant_head TO hpts_configurator;
GRANT UPDATE (config_epoch) ON hpts.tenant_head TO hpts_configurator;
GRANT SELECT, INSERT ON hpts.program, hpts.program_version, hpts.account TO hpts_configurator;
GRANT UPDATE (name) ON hpts.account TO hpts_configurator;
GRANT SELECT, INSERT, DELETE ON hpts.administrative_answer TO hpts_configurator;
GRANT INSERT ON hpts.audit_event TO hpts_configurator;

DO $$
DECLARE
  configuration text;
BEGIN
  FOREACH configuration IN ARRAY ARRAY['tenant', 'tenant_head', 'program', 'program_version', 'account'] LOOP
    EXECUTE format('ALTER POLICY own_tenants ON hpts.%I TO hpts_poster, hpts_reader, hpts_configurator', configuration);
  END LOOP;
END
$$;
ALTER POLICY own_tenants ON hpts.administrative_answer TO hpts_reader, hpts_delivery, hpts_configurator;

-- What was registered of a loan besides its borrower, currency and program, which stand in hpts.loan. A loan that began
-- with a disbursement has no row here.
CREATE TABLE hpts.loan_registration (
  tenant_id       uuid NOT NULL,
  loan_id         uuid NOT NULL,
  -- The entry that the registration was posted as; its lines are the opening balances, or none.
  entry_id        uuid NOT NULL,
  -- A decimal text, as exact as it came; NULL: the program's rates hold.
  annual_rate     text CHECK (annual_rate ~ '^(0|[1-9][0-9]{0,2})(\.[0-9]{1,12})?$'),
  maturity_date   date,
  -- Both of the opening balances, or neither: the day from which they count, and the day through which interest is in them.
  opening_as_of   date,
  accrued_through date,
  PRIMARY KEY (tenant_id, loan_id),
  CONSTRAINT opening_is_complete CHECK ((opening_as_of IS NULL) = (accrued_through IS NULL) AND (accrued_through <= opening_as_of) IS NOT FALSE)
);

-- Where the principal that a client computed a night's interest on was not the ledger's own, as known when the batch was
-- posted (policy principal_check "record").
CREATE TABLE hpts.principal_difference (
  tenant_id    uuid NOT NULL,
  entry_id     uuid NOT NULL,
  loan_id      uuid NOT NULL,
  currency     text NOT NULL,
  accrual_date date NOT NULL,
  sent_minor   bigint NOT NULL,
  -- Of a past night, so it is bounded by nothing and may be negative.
  ledger_minor numeric(38, 0) NOT NULL,
  PRIMARY KEY (tenant_id, entry_id, loan_id),
  CONSTRAINT principal_differs CHECK (sent_minor <> ledger_minor)
);

CREATE INDEX loan_by_borrower ON hpts.loan (tenant_id, borrower_id, loan_id);
CREATE INDEX loan_by_program ON hpts.loan (tenant_id, program_id, loan_id);
CREATE INDEX loan_of_standing ON hpts.loan (tenant_id, loan_id) WHERE standing IS NOT NULL;

GRANT SELECT, INSERT ON hpts.loan_registration, hpts.principal_difference TO hpts_poster;
GRANT SELECT ON hpts.loan_registration, hpts.principal_difference TO hpts_reader, hpts_auditor;
DO $$
DECLARE
  tenant_table text;
BEGIN
  FOREACH tenant_table IN ARRAY ARRAY['loan_registration', 'principal_difference'] LOOP
    EXECUTE format('ALTER TABLE hpts.%I ENABLE ROW LEVEL SECURITY', tenant_table);
    EXECUTE format('ALTER TABLE hpts.%I FORCE ROW LEVEL SECURITY', tenant_table);
    EXECUTE format($policy$
      CREATE POLICY own_tenants ON hpts.%I TO hpts_poster, hpts_reader
      USING (tenant_id = ANY ((SELECT string_to_array(current_setting('hpts.tenants', true), ',')::uuid[])::uuid[]))
      $policy$, tenant_table);
    EXECUTE format('CREATE POLICY every_tenant ON hpts.%I FOR SELECT TO hpts_auditor USING (true)', tenant_table);
  END LOOP;
  -- A program is never edited, and neither is what was registered: a change is a further row.
  FOREACH tenant_table IN ARRAY ARRAY['loan_registration', 'principal_difference', 'program', 'program_version'] LOOP
    EXECUTE format('CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON hpts.%I FOR EACH STATEMENT EXECUTE FUNCTION hpts.refuse_change()', tenant_table);
    EXECUTE format('ALTER TABLE hpts.%I ENABLE ALWAYS TRIGGER append_only', tenant_table);
  END LOOP;
END
$$;
