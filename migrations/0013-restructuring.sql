-- A change of a loan's mark of non-accrual. The mark itself stands in hpts.loan.standing; when a change is reversed, the loan
-- is what those that still stand make it, and without this table they would have to be looked for among all its entries
-- (decisions/0019).
CREATE TABLE hpts.non_accrual (
  tenant_id    uuid NOT NULL,
  loan_id      uuid NOT NULL,
  entry_id     uuid NOT NULL,
  effective_at date NOT NULL,
  action       text NOT NULL CHECK (action IN ('enter', 'exit')),
  PRIMARY KEY (tenant_id, loan_id, entry_id)
);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON hpts.non_accrual
  FOR EACH STATEMENT EXECUTE FUNCTION hpts.refuse_change();
ALTER TABLE hpts.non_accrual ENABLE ALWAYS TRIGGER append_only;
ALTER TABLE hpts.non_accrual ENABLE ROW LEVEL SECURITY;
ALTER TABLE hpts.non_accrual FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenants ON hpts.non_accrual TO hpts_poster, hpts_reader
  USING (tenant_id = ANY ((SELECT string_to_array(current_setting('hpts.tenants', true), ',')::uuid[])::uuid[]));
CREATE POLICY every_tenant ON hpts.non_accrual FOR SELECT TO hpts_auditor USING (true);
GRANT SELECT, INSERT ON hpts.non_accrual TO hpts_poster;
GRANT SELECT ON hpts.non_accrual TO hpts_reader, hpts_auditor;
