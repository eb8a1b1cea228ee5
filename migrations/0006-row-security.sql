-- Poster and reader see the tenants named in the setting hpts.tenants (comma-separated) and no other; without the
-- setting they see nothing. The sub-select is evaluated once per statement: written without it, it would be evaluated
-- per row, at a twentieth of the rate.
GRANT SELECT, INSERT ON hpts.journal_entry, hpts.idempotency_key, hpts.reversal, hpts.disbursement, hpts.accrual_batch,
  hpts.loan_movement, hpts.account_delta TO hpts_poster;
-- DELETE only for the row that a refused first disbursement leaves behind; the policy below allows no other.
GRANT SELECT, INSERT, UPDATE, DELETE ON hpts.loan TO hpts_poster;
GRANT SELECT, INSERT, UPDATE ON hpts.loan_backdating, hpts.loan_accrual_month TO hpts_poster;
GRANT SELECT ON hpts.journal_entry, hpts.journal_line, hpts.idempotency_key, hpts.reversal, hpts.disbursement,
  hpts.accrual_batch, hpts.loan, hpts.loan_movement, hpts.loan_backdating, hpts.loan_accrual_month, hpts.account_delta
  TO hpts_reader, hpts_auditor;
GRANT SELECT ON hpts.journal_line TO hpts_poster;

DO $$
DECLARE
  tenant_table text;
BEGIN
  FOREACH tenant_table IN ARRAY ARRAY['journal_entry', 'idempotency_key', 'reversal', 'disbursement', 'accrual_batch',
      'loan', 'loan_movement', 'loan_backdating', 'loan_accrual_month', 'account_delta'] LOOP
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
-- Configuration is guarded in the same way, but not against its owner, who administers it.
DO $$
DECLARE
  tenant_table text;
BEGIN
  FOREACH tenant_table IN ARRAY ARRAY['tenant', 'tenant_head', 'program', 'program_version', 'account'] LOOP
    EXECUTE format('ALTER TABLE hpts.%I ENABLE ROW LEVEL SECURITY', tenant_table);
    EXECUTE format($policy$
      CREATE POLICY own_tenants ON hpts.%I TO hpts_poster, hpts_reader
      USING (tenant_id = ANY ((SELECT string_to_array(current_setting('hpts.tenants', true), ',')::uuid[])::uuid[]))
      $policy$, tenant_table);
    EXECUTE format('CREATE POLICY every_tenant ON hpts.%I FOR SELECT TO hpts_access, hpts_auditor USING (true)', tenant_table);
  END LOOP;
END
$$;
-- Locking a row FOR SHARE asks for the right to update it, and shall give no right to.
CREATE POLICY reader_only_locks ON hpts.tenant_head AS RESTRICTIVE FOR UPDATE TO hpts_reader USING (true) WITH CHECK (false);
CREATE POLICY only_unmade_loans ON hpts.loan AS RESTRICTIVE FOR DELETE TO hpts_poster USING (borrower_id IS NULL);

-- Raised by the posting transaction when the configuration it decided under is no longer in force (SQLSTATE HP001).
CREATE FUNCTION hpts.assert_config_epoch(decided bigint, current bigint) RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
  IF decided <> current THEN
    RAISE EXCEPTION 'decided under configuration %, now in force is %', decided, current USING ERRCODE = 'HP001';
  END IF;
  RETURN current;
END
$$;

-- Raised by the posting transaction when it did not find every loan where it had locked it (SQLSTATE HP002): a row that was
-- changed in between lies elsewhere. It can only be a fault of ours, and must never leave a loan behind its journal.
CREATE FUNCTION hpts.assert_loans_moved(moved bigint, wanted integer) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  IF moved <> wanted THEN
    RAISE EXCEPTION '% of % loans were found where they had been locked', moved, wanted USING ERRCODE = 'HP002';
  END IF;
  RETURN true;
END
$$;
