-- Partners: clients that show a TLS certificate besides their secret (RFC 8705). What is kept of a certificate is public;
-- its SHA-256 over the DER is what tokens are bound to (`cnf.x5t#S256`).
-- Once true, for ever: a client whose last certificate is removed is shut out, not let in without one.
ALTER TABLE hpts.client ADD COLUMN certificate_required boolean NOT NULL DEFAULT false;

CREATE TABLE hpts.client_certificate (
  client_id   text NOT NULL REFERENCES hpts.client,
  thumbprint  bytea NOT NULL,
  certificate bytea NOT NULL CHECK (length(certificate) BETWEEN 1 AND 16384),
  added_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
  expires_at  timestamptz NOT NULL,
  PRIMARY KEY (client_id, thumbprint),
  CONSTRAINT thumbprint_is_that_of_the_certificate CHECK (thumbprint = sha256(certificate))
);

GRANT SELECT ON hpts.client_certificate TO hpts_access;
