-- What befalls an entry that was posted before: facts that stand for as long as the entry which made them is not reversed.
-- None is ever changed. A thing that was undone may be done again, so each time has a number, and the primary key keeps two
-- processes from doing it twice at once. (decisions/0022-facts-about-earlier-entries.md)

-- A pending payment or disbursement, settled by an entry that takes it off PENDING and books it on SETTLED.
CREATE TABLE hpts.settling (
  tenant_id        uuid NOT NULL,
  pending_entry_id uuid NOT NULL,
  turn             smallint NOT NULL CHECK (turn >= 1),
  entry_id         uuid NOT NULL,
  PRIMARY KEY (tenant_id, pending_entry_id, turn),
  CONSTRAINT settles_one UNIQUE (tenant_id, entry_id)
);

-- An entry whose money met the bank: a payment, return or refund by payment_settled, which clears many, a disbursement by
-- disbursement_settled.
CREATE TABLE hpts.clearing (
  tenant_id        uuid NOT NULL,
  cleared_entry_id uuid NOT NULL,
  turn             smallint NOT NULL CHECK (turn >= 1),
  entry_id         uuid NOT NULL,
  PRIMARY KEY (tenant_id, cleared_entry_id, turn)
);

-- What came back of a payment, and out of which of its parts: later returns take what is left of each. The payment is named by
-- the entry of its event, also when another entry settled it.
CREATE TABLE hpts.payment_return (
  tenant_id        uuid NOT NULL,
  payment_entry_id uuid NOT NULL,
  turn             smallint NOT NULL CHECK (turn >= 1),
  entry_id         uuid NOT NULL,
  fees_minor       hpts.component_minor NOT NULL,
  interest_minor   hpts.component_minor NOT NULL,
  principal_minor  hpts.component_minor NOT NULL,
  suspense_minor   hpts.component_minor NOT NULL,
  PRIMARY KEY (tenant_id, payment_entry_id, turn),
  CONSTRAINT returns_one UNIQUE (tenant_id, entry_id)
);

GRANT SELECT, INSERT ON hpts.settling, hpts.clearing, hpts.payment_return TO hpts_poster;
GRANT SELECT ON hpts.settling, hpts.clearing, hpts.payment_return TO hpts_reader, hpts_auditor;
DO $$
DECLARE
  tenant_table text;
BEGIN
  FOREACH tenant_table IN ARRAY ARRAY['settling', 'clearing', 'payment_return'] LOOP
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
