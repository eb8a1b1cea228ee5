-- Restatements of loans whose program has backdating `replay` (decisions/0025-restatement.md): which entry a restatement
-- posted in the place of which. The entry that was replaced is reversed in the same transaction, so it stands in
-- hpts.reversal too; a chain of rows ends in the entry that stands. Narrow, and written by restatements alone.
CREATE TABLE hpts.superseded_entry (
  tenant_id    uuid NOT NULL,
  entry_id     uuid NOT NULL,
  successor_id uuid NOT NULL,
  PRIMARY KEY (tenant_id, entry_id),
  CONSTRAINT successor_is_another CHECK (entry_id <> successor_id)
);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON hpts.superseded_entry
  FOR EACH STATEMENT EXECUTE FUNCTION hpts.refuse_change();
ALTER TABLE hpts.superseded_entry ENABLE ALWAYS TRIGGER append_only;
ALTER TABLE hpts.superseded_entry ENABLE ROW LEVEL SECURITY;
ALTER TABLE hpts.superseded_entry FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenants ON hpts.superseded_entry TO hpts_poster, hpts_reader
  USING (tenant_id = ANY ((SELECT string_to_array(current_setting('hpts.tenants', true), ',')::uuid[])::uuid[]));
CREATE POLICY every_tenant ON hpts.superseded_entry FOR SELECT TO hpts_auditor USING (true);
GRANT SELECT, INSERT ON hpts.superseded_entry TO hpts_poster;
GRANT SELECT ON hpts.superseded_entry TO hpts_reader, hpts_auditor;

-- What an entry lost, and what it brought back of which loss, may be said anew of an entry that stands as it was posted: one that a
-- backdated event left alone, and behind which more or less was charged off. The last turn counts, and may say: nothing.
ALTER TABLE hpts.loan_loss ADD COLUMN turn smallint NOT NULL DEFAULT 1 CHECK (turn >= 1);
ALTER TABLE hpts.loan_loss DROP CONSTRAINT loan_loss_pkey, ADD PRIMARY KEY (tenant_id, loan_id, entry_id, turn);
ALTER TABLE hpts.loan_loss DROP CONSTRAINT something_is_lost, ADD CONSTRAINT something_is_lost
  CHECK (turn > 1 OR principal_minor > 0 OR interest_minor > 0 OR fees_minor > 0);
ALTER TABLE hpts.loan_recovery ADD COLUMN turn smallint NOT NULL DEFAULT 1 CHECK (turn >= 1);
ALTER TABLE hpts.loan_recovery DROP CONSTRAINT loan_recovery_pkey, ADD PRIMARY KEY (tenant_id, loan_id, entry_id, loss_entry_id, turn);
ALTER TABLE hpts.loan_recovery DROP CONSTRAINT something_is_recovered, ADD CONSTRAINT something_is_recovered
  CHECK (turn > 1 OR principal_minor <> 0 OR interest_minor <> 0 OR fees_minor <> 0);

-- What restatements posted to an accrual entry, a batch's or a correction's, by its first entry: a reversal takes it along.
CREATE TABLE hpts.accrual_difference (
  tenant_id   uuid NOT NULL,
  of_entry_id uuid NOT NULL,
  entry_id    uuid NOT NULL,
  PRIMARY KEY (tenant_id, of_entry_id, entry_id)
);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON hpts.accrual_difference
  FOR EACH STATEMENT EXECUTE FUNCTION hpts.refuse_change();
ALTER TABLE hpts.accrual_difference ENABLE ALWAYS TRIGGER append_only;
ALTER TABLE hpts.accrual_difference ENABLE ROW LEVEL SECURITY;
ALTER TABLE hpts.accrual_difference FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenants ON hpts.accrual_difference TO hpts_poster, hpts_reader
  USING (tenant_id = ANY ((SELECT string_to_array(current_setting('hpts.tenants', true), ',')::uuid[])::uuid[]));
CREATE POLICY every_tenant ON hpts.accrual_difference FOR SELECT TO hpts_auditor USING (true);
GRANT SELECT, INSERT ON hpts.accrual_difference TO hpts_poster;
GRANT SELECT ON hpts.accrual_difference TO hpts_reader, hpts_auditor;
