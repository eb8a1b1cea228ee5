-- More of what restatements say anew (decisions/0025-restatement.md): what a return took of each part of its payment, when it
-- mirrors as much as before of a payment that was restated. The last turn counts.
ALTER TABLE hpts.payment_return DROP CONSTRAINT returns_one, ADD CONSTRAINT returns_one UNIQUE (tenant_id, entry_id, turn);

-- Entries that are about a loan and have no line of it: an accrual of 0, a correction that changed nothing, a refinance of a loan
-- that owed nothing. No movement leads from the loan to them, and they are part of its life all the same. This takes the place of
-- hpts.loan_unmoved_accrual.
CREATE TABLE hpts.loan_unmoved_event (
  tenant_id    uuid NOT NULL,
  loan_id      uuid NOT NULL,
  entry_id     uuid NOT NULL,
  effective_at date NOT NULL,
  -- The movements that the loan had by then: where among them it stands, and from where on its date counts for the frontier of
  -- the loan. NULL of those that were posted before this table, whose dates did not count.
  loan_seq     integer,
  PRIMARY KEY (tenant_id, loan_id, entry_id)
);
-- Forced row security hides rows from the owner too.
ALTER TABLE hpts.loan_unmoved_accrual NO FORCE ROW LEVEL SECURITY;
ALTER TABLE hpts.journal_entry NO FORCE ROW LEVEL SECURITY;
INSERT INTO hpts.loan_unmoved_event (tenant_id, loan_id, entry_id, effective_at)
  SELECT u.tenant_id, u.loan_id, u.entry_id, e.effective_at FROM hpts.loan_unmoved_accrual AS u
  JOIN hpts.journal_entry AS e ON e.tenant_id = u.tenant_id AND e.entry_id = u.entry_id;
ALTER TABLE hpts.journal_entry FORCE ROW LEVEL SECURITY;
DROP TABLE hpts.loan_unmoved_accrual;

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON hpts.loan_unmoved_event
  FOR EACH STATEMENT EXECUTE FUNCTION hpts.refuse_change();
ALTER TABLE hpts.loan_unmoved_event ENABLE ALWAYS TRIGGER append_only;
ALTER TABLE hpts.loan_unmoved_event ENABLE ROW LEVEL SECURITY;
ALTER TABLE hpts.loan_unmoved_event FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenants ON hpts.loan_unmoved_event TO hpts_poster, hpts_reader
  USING (tenant_id = ANY ((SELECT string_to_array(current_setting('hpts.tenants', true), ',')::uuid[])::uuid[]));
CREATE POLICY every_tenant ON hpts.loan_unmoved_event FOR SELECT TO hpts_auditor USING (true);
GRANT SELECT, INSERT ON hpts.loan_unmoved_event TO hpts_poster;
GRANT SELECT ON hpts.loan_unmoved_event TO hpts_reader, hpts_auditor;
