-- What is charged off and recovered. The sums of it stand in hpts.loan.standing, for whoever asks what a loan is; these rows
-- say which entry lost what, and which entry brought what of it back.

-- What an entry took off a loan's receivables as lost: a charge-off, or a return to a loan that was charged off. It stands as
-- long as the entry is not reversed.
CREATE TABLE hpts.loan_loss (
  tenant_id         uuid NOT NULL,
  loan_id           uuid NOT NULL,
  entry_id          uuid NOT NULL,
  principal_minor   bigint NOT NULL CHECK (principal_minor >= 0),
  interest_minor    bigint NOT NULL CHECK (interest_minor >= 0),
  fees_minor        bigint NOT NULL CHECK (fees_minor >= 0),
  -- 5000, 5010 or 1900: where its principal was debited, or would have been.
  principal_account smallint NOT NULL CHECK (principal_account IN (1900, 5000, 5010)),
  -- It charged the loan off, in place of a part of it.
  closes_loan       boolean NOT NULL,
  PRIMARY KEY (tenant_id, loan_id, entry_id),
  CONSTRAINT something_is_lost CHECK (principal_minor > 0 OR interest_minor > 0 OR fees_minor > 0)
);

-- What an entry brought back of a loss. Negative where a recovery was returned: it takes back what the recovery brought.
CREATE TABLE hpts.loan_recovery (
  tenant_id       uuid NOT NULL,
  loan_id         uuid NOT NULL,
  entry_id        uuid NOT NULL,
  loss_entry_id   uuid NOT NULL,
  principal_minor bigint NOT NULL,
  interest_minor  bigint NOT NULL,
  fees_minor      bigint NOT NULL,
  PRIMARY KEY (tenant_id, loan_id, entry_id, loss_entry_id),
  CONSTRAINT something_is_recovered CHECK (principal_minor <> 0 OR interest_minor <> 0 OR fees_minor <> 0)
);

GRANT SELECT, INSERT ON hpts.loan_loss, hpts.loan_recovery TO hpts_poster;
GRANT SELECT ON hpts.loan_loss, hpts.loan_recovery TO hpts_reader, hpts_auditor;
DO $$
DECLARE
  tenant_table text;
BEGIN
  FOREACH tenant_table IN ARRAY ARRAY['loan_loss', 'loan_recovery'] LOOP
    EXECUTE format('CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON hpts.%I FOR EACH STATEMENT EXECUTE FUNCTION hpts.refuse_change()', tenant_table);
    EXECUTE format('ALTER TABLE hpts.%I ENABLE ALWAYS TRIGGER append_only', tenant_table);
    EXECUTE format('ALTER TABLE hpts.%I ENABLE ROW LEVEL SECURITY', tenant_table);
    EXECUTE format('ALTER TABLE hpts.%I FORCE ROW LEVEL SECURITY', tenant_table);
    EXECUTE format($policy$
      CREATE POLICY own_tenants ON hpts.%I TO hpts_poster, hpts_reader
      USING (tenant_id = ANY ((SELECT string_to_array(current_setting('hpts.tenants', true), ',')::uuid[])::uuid[]))
      $policy$, tenant_table);
    EXECUTE format('CREATE POLICY every_tenant ON hpts.%I FOR SELECT TO hpts_auditor USING (true)', tenant_table);
  END LOOP;
END
$$;

-- In place of "fraud": the account that principal is debited to which is lost after the charge-off, of a loan that is charged off.
ALTER TABLE hpts.loan DROP CONSTRAINT standing_is_complete;
ALTER TABLE hpts.loan ADD CONSTRAINT standing_is_complete CHECK (standing IS NULL OR (
  standing ?& ARRAY['status', 'loss_account', 'charged_off_minor', 'recovered_minor', 'non_accrual_since']
  AND standing ->> 'status' IN ('active', 'charged_off')
  AND (standing ->> 'status' = 'charged_off') = (standing ->> 'loss_account' IS NOT NULL)));
