-- Closed periods. (decisions/0023-periods.md)
ALTER TABLE hpts.tenant ADD COLUMN fiscal_year_end_month smallint NOT NULL DEFAULT 12
  CONSTRAINT fiscal_year_ends_with_a_month CHECK (fiscal_year_end_month BETWEEN 1 AND 12);

-- A close of a period, by the first entry that it posted. It stands as long as that entry is not mirrored: reopening a period
-- posts the mirror of every entry of its close and, as the reversal of any other, stands in hpts.reversal. What is closed is
-- configuration: whoever adds a row here, or reopens, raises tenant_head.config_epoch under the head's lock.
CREATE TABLE hpts.period_close (
  tenant_id      uuid NOT NULL,
  entry_id       uuid NOT NULL,
  -- The last day of the month that was closed.
  closed_through date NOT NULL,
  PRIMARY KEY (tenant_id, closed_through, entry_id),
  CONSTRAINT closed_through_the_end_of_a_month CHECK (extract(day FROM closed_through + 1) = 1)
);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON hpts.period_close
  FOR EACH STATEMENT EXECUTE FUNCTION hpts.refuse_change();
ALTER TABLE hpts.period_close ENABLE ALWAYS TRIGGER append_only;
ALTER TABLE hpts.period_close ENABLE ROW LEVEL SECURITY;
ALTER TABLE hpts.period_close FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenants ON hpts.period_close TO hpts_poster, hpts_reader
  USING (tenant_id = ANY ((SELECT string_to_array(current_setting('hpts.tenants', true), ',')::uuid[])::uuid[]));
CREATE POLICY every_tenant ON hpts.period_close FOR SELECT TO hpts_auditor USING (true);
GRANT SELECT, INSERT ON hpts.period_close TO hpts_poster;
GRANT SELECT ON hpts.period_close TO hpts_reader, hpts_auditor;
GRANT UPDATE (config_epoch) ON hpts.tenant_head TO hpts_poster;
