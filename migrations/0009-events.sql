-- A command may book several entries in one transaction: its key names the first, and this table the others, in order.
-- Without it a replay would have to look for them by correlation id, which no index leads to (decisions/0015).
CREATE TABLE hpts.following_entry (
  tenant_id      uuid NOT NULL,
  first_entry_id uuid NOT NULL,
  place          smallint NOT NULL CHECK (place >= 1),
  entry_id       uuid NOT NULL,
  PRIMARY KEY (tenant_id, first_entry_id, place)
);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON hpts.following_entry
  FOR EACH STATEMENT EXECUTE FUNCTION hpts.refuse_change();
ALTER TABLE hpts.following_entry ENABLE ALWAYS TRIGGER append_only;
ALTER TABLE hpts.following_entry ENABLE ROW LEVEL SECURITY;
ALTER TABLE hpts.following_entry FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenants ON hpts.following_entry TO hpts_poster, hpts_reader
  USING (tenant_id = ANY ((SELECT string_to_array(current_setting('hpts.tenants', true), ',')::uuid[])::uuid[]));
CREATE POLICY every_tenant ON hpts.following_entry FOR SELECT TO hpts_auditor USING (true);
GRANT SELECT, INSERT ON hpts.following_entry TO hpts_poster;
GRANT SELECT ON hpts.following_entry TO hpts_reader, hpts_auditor;

-- What a loan is besides its balances: charged off, for fraud, how much of each component was charged off and recovered, on
-- non-accrual since when. NULL for nearly every loan, so that a payment neither reads nor writes a byte of it; one column of
-- JSON in place of nine, since each column of the locked read costs every payment. Amounts are texts, as on the wire.
ALTER TABLE hpts.loan ADD COLUMN standing jsonb;
ALTER TABLE hpts.loan ADD CONSTRAINT standing_is_complete CHECK (standing IS NULL OR (
  standing ?& ARRAY['status', 'fraud', 'charged_off_minor', 'recovered_minor', 'non_accrual_since']
  AND standing ->> 'status' IN ('active', 'charged_off')));
