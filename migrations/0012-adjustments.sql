-- Corrections of accrual batches, and adjustments under four eyes. (decisions/0021-corrections-and-adjustments.md)

-- A correction as its client sent it: what each loan's interest of that batch should have been, and what it was changed by.
-- The key leads with the batch, since whoever corrects or reverses a batch asks for all corrections of it.
CREATE TABLE hpts.accrual_correction (
  tenant_id        uuid NOT NULL,
  accrual_entry_id uuid NOT NULL,
  entry_id         uuid NOT NULL,
  loan_ids         uuid[] NOT NULL,
  interest_minor   bigint[] NOT NULL,
  difference_minor bigint[] NOT NULL,
  PRIMARY KEY (tenant_id, accrual_entry_id, entry_id),
  CONSTRAINT correction_is_parallel CHECK (cardinality(loan_ids) = cardinality(interest_minor)
    AND cardinality(loan_ids) = cardinality(difference_minor))
);

-- The corrections of a batch are mirrored before the batch itself, whose reversal the key names: the other way round a loan
-- whose interest was lowered would stand below zero in between. An entry before it has a negative place.
ALTER TABLE hpts.following_entry DROP CONSTRAINT following_entry_place_check;
ALTER TABLE hpts.following_entry ADD CONSTRAINT place_is_beside CHECK (place <> 0);

-- Lines that one principal wants to be posted and another has to approve. Neither a proposal nor a verdict is ever changed.
CREATE TABLE hpts.adjustment (
  tenant_id     uuid NOT NULL,
  adjustment_id uuid NOT NULL,
  proposed_by   text NOT NULL,
  proposed_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
  effective_at  date NOT NULL,
  reason_code   text NOT NULL,
  description   text,
  -- Line n is accounts[n], amounts[n], …: a debit is positive, a credit negative.
  accounts      smallint[] NOT NULL,
  amounts       bigint[] NOT NULL,
  currencies    text[] NOT NULL,
  layers        smallint[] NOT NULL,
  loan_ids      uuid[] NOT NULL,
  PRIMARY KEY (tenant_id, adjustment_id),
  CONSTRAINT adjustment_is_parallel CHECK (cardinality(accounts) >= 2 AND cardinality(amounts) = cardinality(accounts)
    AND cardinality(currencies) = cardinality(accounts) AND cardinality(layers) = cardinality(accounts)
    AND cardinality(loan_ids) = cardinality(accounts))
);
CREATE INDEX adjustment_by_time ON hpts.adjustment (tenant_id, proposed_at, adjustment_id);

-- What came of a proposal: its key lets the first verdict stand and no other.
CREATE TABLE hpts.adjustment_verdict (
  tenant_id     uuid NOT NULL,
  adjustment_id uuid NOT NULL,
  verdict       text NOT NULL CHECK (verdict IN ('posted', 'rejected')),
  judged_by     text NOT NULL,
  judged_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
  note          text,
  entry_id      uuid,
  PRIMARY KEY (tenant_id, adjustment_id),
  CONSTRAINT posted_names_its_entry CHECK ((verdict = 'posted') = (entry_id IS NOT NULL))
);

-- Approvals are posted, so hpts_poster writes their verdicts; proposals and rejections move no money.
GRANT SELECT, INSERT ON hpts.accrual_correction, hpts.adjustment_verdict TO hpts_poster;
GRANT SELECT, INSERT ON hpts.adjustment, hpts.adjustment_verdict TO hpts_configurator;
GRANT SELECT ON hpts.accrual_correction, hpts.adjustment, hpts.adjustment_verdict TO hpts_reader, hpts_auditor;
DO $$
DECLARE
  tenant_table text;
BEGIN
  FOREACH tenant_table IN ARRAY ARRAY['accrual_correction', 'adjustment', 'adjustment_verdict'] LOOP
    EXECUTE format('CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON hpts.%I FOR EACH STATEMENT EXECUTE FUNCTION hpts.refuse_change()', tenant_table);
    EXECUTE format('ALTER TABLE hpts.%I ENABLE ALWAYS TRIGGER append_only', tenant_table);
    EXECUTE format('ALTER TABLE hpts.%I ENABLE ROW LEVEL SECURITY', tenant_table);
    EXECUTE format('ALTER TABLE hpts.%I FORCE ROW LEVEL SECURITY', tenant_table);
    EXECUTE format($policy$
      CREATE POLICY own_tenants ON hpts.%I TO %s
      USING (tenant_id = ANY ((SELECT string_to_array(current_setting('hpts.tenants', true), ',')::uuid[])::uuid[]))
      $policy$, tenant_table,
      CASE tenant_table WHEN 'accrual_correction' THEN 'hpts_poster, hpts_reader' ELSE 'hpts_poster, hpts_reader, hpts_configurator' END);
    EXECUTE format('CREATE POLICY every_tenant ON hpts.%I FOR SELECT TO hpts_auditor USING (true)', tenant_table);
  END LOOP;
END
$$;
