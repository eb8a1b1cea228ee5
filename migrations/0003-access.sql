-- Clients, their secrets, the keys that sign tokens, and the log of administrative acts.
CREATE TABLE hpts.client (
  client_id  text PRIMARY KEY CHECK (client_id ~ '^[A-Za-z0-9_\-]{1,64}$'),
  tenant_id  uuid NOT NULL REFERENCES hpts.tenant,
  name       text,
  scopes     text[] NOT NULL CHECK (cardinality(scopes) BETWEEN 1 AND 64),
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  revoked_at timestamptz
);

-- A secret is random and 256 bits wide, so one SHA-256 of it is enough; rotation lets two be valid for a while.
CREATE TABLE hpts.client_secret (
  client_id   text NOT NULL REFERENCES hpts.client,
  secret_hash bytea NOT NULL CHECK (length(secret_hash) = 32),
  created_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
  expires_at  timestamptz,
  PRIMARY KEY (client_id, secret_hash)
);

-- Private keys lie sealed under AES-256-GCM with a master key that never enters the database.
CREATE TABLE hpts.signing_key (
  kid                text PRIMARY KEY CHECK (kid ~ '^[A-Za-z0-9_\-]{1,64}$'),
  algorithm          text NOT NULL,
  public_jwk         jsonb NOT NULL,
  private_key_sealed bytea NOT NULL,
  created_at         timestamptz NOT NULL DEFAULT clock_timestamp(),
  activated_at       timestamptz NOT NULL DEFAULT clock_timestamp(),
  retired_at         timestamptz
);

-- Raised by every change to clients, secrets and keys: caches of verified tokens are thrown away when it moved.
CREATE TABLE hpts.access_generation (
  only_row   boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  generation bigint NOT NULL DEFAULT 1
);
INSERT INTO hpts.access_generation DEFAULT VALUES;

CREATE TABLE hpts.audit_event (
  audit_id   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at         timestamptz NOT NULL DEFAULT clock_timestamp(),
  actor      text NOT NULL,
  action     text NOT NULL,
  tenant_id  uuid,
  subject    text NOT NULL,
  detail     jsonb NOT NULL DEFAULT '{}'
);

GRANT SELECT ON hpts.client, hpts.client_secret, hpts.signing_key, hpts.access_generation TO hpts_access;
GRANT SELECT ON hpts.audit_event TO hpts_auditor;
