-- Webhook endpoints and what became of their deliveries. There is no outbox: the journal in the order of `seq` is the
-- outbox, and an endpoint's cursor says how far it is served. (decisions/0011-webhooks.md)
--   hpts_delivery  registers endpoints and serves them: reads tenants' heads, moves cursors, never touches the journal
DO $$
BEGIN
  BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'hpts_delivery') THEN
      CREATE ROLE hpts_delivery NOLOGIN NOBYPASSRLS;
    END IF;
  EXCEPTION WHEN duplicate_object OR unique_violation THEN
    RAISE NOTICE 'role hpts_delivery was made by somebody else at the same moment';
  END;
  IF NOT pg_has_role(current_user, 'hpts_delivery', 'MEMBER') THEN
    BEGIN
      GRANT hpts_delivery TO CURRENT_USER;
    EXCEPTION
      WHEN unique_violation OR internal_error THEN
        RAISE NOTICE 'role hpts_delivery was granted by somebody else at the same moment';
      WHEN insufficient_privilege THEN
        RAISE EXCEPTION 'role hpts_delivery exists already and % is no member of it', current_user
          USING HINT = format('have a superuser run: GRANT hpts_delivery TO %I', current_user);
    END;
  END IF;
END
$$;
GRANT USAGE ON SCHEMA hpts TO hpts_delivery;

-- fillfactor leaves room for the cursor: each move of it stays on its page and touches no index.
CREATE TABLE hpts.webhook_endpoint (
  tenant_id       uuid NOT NULL REFERENCES hpts.tenant,
  endpoint_id     uuid NOT NULL,
  url             text NOT NULL CHECK (length(url) <= 2048 AND url ~ '^https?://'),
  description     text CHECK (length(description) BETWEEN 1 AND 512),
  -- NULL: every event.
  event_types     text[] CHECK (cardinality(event_types) >= 1),
  status          text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'disabled')),
  created_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
  -- Events up to start_seq were posted before the endpoint cared; up to cursor_seq each was received, is not of its types,
  -- or lies among the dead letters.
  start_seq       bigint NOT NULL CHECK (start_seq >= 0),
  cursor_seq      bigint NOT NULL,
  -- Of the event behind the cursor: attempts that failed, and when the next is due.
  failures        integer NOT NULL DEFAULT 0 CHECK (failures >= 0),
  next_attempt_at timestamptz,
  -- The earliest time at which a dead letter that is to be sent again is due.
  resend_at       timestamptz,
  -- Whoever holds the lease serves the endpoint; what it writes names the lease, so a lease that was lost writes nothing.
  lease_id        uuid,
  lease_until     timestamptz,
  claimed_at      timestamptz,
  PRIMARY KEY (tenant_id, endpoint_id),
  CONSTRAINT cursor_follows_start CHECK (cursor_seq >= start_seq)
) WITH (fillfactor = 50);

-- Sealed under AES-256-GCM as signing keys are; tenant, endpoint and secret_id are bound into the seal.
CREATE TABLE hpts.webhook_secret (
  tenant_id   uuid NOT NULL,
  endpoint_id uuid NOT NULL,
  secret_id   uuid NOT NULL,
  sealed      bytea NOT NULL,
  created_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
  -- NULL for the present secret.
  expires_at  timestamptz,
  PRIMARY KEY (tenant_id, endpoint_id, secret_id),
  FOREIGN KEY (tenant_id, endpoint_id) REFERENCES hpts.webhook_endpoint
);
CREATE UNIQUE INDEX one_present_secret ON hpts.webhook_secret (tenant_id, endpoint_id) WHERE expires_at IS NULL;

-- Attempts that failed, and the one that then succeeded (error NULL). An event that was received at the first attempt has
-- no row: the cursor says so.
CREATE TABLE hpts.webhook_attempt (
  tenant_id   uuid NOT NULL,
  endpoint_id uuid NOT NULL,
  seq         bigint NOT NULL,
  at          timestamptz NOT NULL DEFAULT clock_timestamp(),
  error       text CHECK (error ~ '^[a-z_]{1,40}$'),
  http_status smallint CHECK (http_status BETWEEN 100 AND 999),
  duration_ms integer NOT NULL CHECK (duration_ms >= 0),
  PRIMARY KEY (tenant_id, endpoint_id, seq, at),
  FOREIGN KEY (tenant_id, endpoint_id) REFERENCES hpts.webhook_endpoint
);

CREATE INDEX webhook_attempt_by_age ON hpts.webhook_attempt (tenant_id, endpoint_id, at);

-- Events that an endpoint did not receive in all their attempts.
CREATE TABLE hpts.webhook_dead_letter (
  tenant_id       uuid NOT NULL,
  endpoint_id     uuid NOT NULL,
  seq             bigint NOT NULL,
  entry_id        uuid NOT NULL,
  dead_at         timestamptz NOT NULL DEFAULT clock_timestamp(),
  status          text NOT NULL DEFAULT 'dead' CHECK (status IN ('dead', 'queued', 'received')),
  -- Of a letter that is queued to be sent again.
  failures        integer NOT NULL DEFAULT 0 CHECK (failures >= 0),
  next_attempt_at timestamptz,
  PRIMARY KEY (tenant_id, endpoint_id, seq),
  FOREIGN KEY (tenant_id, endpoint_id) REFERENCES hpts.webhook_endpoint,
  CONSTRAINT queued_has_its_time CHECK ((status = 'queued') = (next_attempt_at IS NOT NULL))
);
CREATE INDEX webhook_dead_letter_queued ON hpts.webhook_dead_letter (tenant_id, endpoint_id, next_attempt_at) WHERE status = 'queued';

-- What makes an administrative POST happen once. It has no journal entry, so its key cannot stand in hpts.idempotency_key;
-- the answer is kept for a while, sealed because it may hold a secret.
CREATE TABLE hpts.administrative_answer (
  tenant_id     uuid NOT NULL REFERENCES hpts.tenant,
  key_hash      uuid NOT NULL,
  payload_hash  uuid NOT NULL,
  answer_sealed bytea NOT NULL,
  created_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (tenant_id, key_hash)
);

GRANT SELECT, INSERT ON hpts.webhook_endpoint, hpts.webhook_secret, hpts.webhook_attempt, hpts.webhook_dead_letter,
  hpts.administrative_answer TO hpts_delivery;
GRANT UPDATE (status, cursor_seq, failures, next_attempt_at, resend_at, lease_id, lease_until, claimed_at)
  ON hpts.webhook_endpoint TO hpts_delivery;
GRANT UPDATE (expires_at), DELETE ON hpts.webhook_secret TO hpts_delivery;
GRANT UPDATE (status, failures, next_attempt_at) ON hpts.webhook_dead_letter TO hpts_delivery;
GRANT DELETE ON hpts.webhook_attempt, hpts.administrative_answer TO hpts_delivery;
GRANT INSERT ON hpts.audit_event TO hpts_delivery;
GRANT SELECT ON hpts.tenant_head TO hpts_delivery;
GRANT SELECT ON hpts.webhook_endpoint, hpts.webhook_attempt, hpts.webhook_dead_letter TO hpts_reader, hpts_auditor;
GRANT SELECT (tenant_id, endpoint_id, secret_id, created_at, expires_at) ON hpts.webhook_secret TO hpts_auditor;
GRANT SELECT (tenant_id, key_hash, payload_hash, created_at) ON hpts.administrative_answer TO hpts_auditor;

DO $$
DECLARE
  tenant_table text;
BEGIN
  FOREACH tenant_table IN ARRAY ARRAY['webhook_endpoint', 'webhook_secret', 'webhook_attempt', 'webhook_dead_letter',
      'administrative_answer'] LOOP
    EXECUTE format('ALTER TABLE hpts.%I ENABLE ROW LEVEL SECURITY', tenant_table);
    EXECUTE format('ALTER TABLE hpts.%I FORCE ROW LEVEL SECURITY', tenant_table);
    EXECUTE format($policy$
      CREATE POLICY own_tenants ON hpts.%I TO hpts_reader, hpts_delivery
      USING (tenant_id = ANY ((SELECT string_to_array(current_setting('hpts.tenants', true), ',')::uuid[])::uuid[]))
      $policy$, tenant_table);
    EXECUTE format('CREATE POLICY every_tenant ON hpts.%I FOR SELECT TO hpts_auditor USING (true)', tenant_table);
  END LOOP;
END
$$;
-- Which endpoints have something to be sent is a question about every tenant; whatever is written then, and each secret,
-- is of the one tenant that is named.
ALTER POLICY every_tenant ON hpts.webhook_endpoint TO hpts_auditor, hpts_delivery;
ALTER POLICY every_tenant ON hpts.tenant_head TO hpts_access, hpts_auditor, hpts_delivery;
