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
