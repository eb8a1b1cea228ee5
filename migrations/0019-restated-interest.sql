-- Restatements compute accruals by the server anew (ACCOUNTING.md rule 11): what the nights of a loan in one of them are worth by
-- now, by the accrual's first entry, as a fraction in lowest terms of minor units. The last turn counts and takes the place of
-- hpts.accrual_batch.exact_interest; NULL: a run would have passed the loan over, and the accrual stands for no nights of it.
CREATE TABLE hpts.restated_interest (
  tenant_id      uuid NOT NULL,
  entry_id       uuid NOT NULL,
  loan_id        uuid NOT NULL,
  turn           integer NOT NULL CHECK (turn >= 1),
  exact_interest text CHECK (exact_interest ~ '^-?[0-9]+(/[1-9][0-9]*)?$'),
  PRIMARY KEY (tenant_id, entry_id, loan_id, turn)
);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON hpts.restated_interest
  FOR EACH STATEMENT EXECUTE FUNCTION hpts.refuse_change();
ALTER TABLE hpts.restated_interest ENABLE ALWAYS TRIGGER append_only;
ALTER TABLE hpts.restated_interest ENABLE ROW LEVEL SECURITY;
ALTER TABLE hpts.restated_interest FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenants ON hpts.restated_interest TO hpts_poster, hpts_reader
  USING (tenant_id = ANY ((SELECT string_to_array(current_setting('hpts.tenants', true), ',')::uuid[])::uuid[]));
CREATE POLICY every_tenant ON hpts.restated_interest FOR SELECT TO hpts_auditor USING (true);
GRANT SELECT, INSERT ON hpts.restated_interest TO hpts_poster;
GRANT SELECT ON hpts.restated_interest TO hpts_reader, hpts_auditor;
