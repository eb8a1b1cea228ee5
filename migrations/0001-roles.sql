-- Who may do what. The role that connects and migrates owns everything; the server works as one of the roles below,
-- so that a forgotten WHERE meets row-level security and an attempt to rewrite the journal meets a missing privilege.
--   hpts_poster   writes the journal: may insert entries, never change or remove one
--   hpts_reader   answers balances and entries of the tenants named in hpts.tenants
--   hpts_access   reads tenants, clients and keys to decide who is calling
--   hpts_auditor  reads every tenant, changes nothing: `hpts verify`
-- Roles belong to the whole cluster, so another database may have made them already.
DO $$
DECLARE
  role_name text;
BEGIN
  FOREACH role_name IN ARRAY ARRAY['hpts_poster', 'hpts_reader', 'hpts_access', 'hpts_auditor'] LOOP
    BEGIN
      IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role_name) THEN
        EXECUTE format('CREATE ROLE %I NOLOGIN NOBYPASSRLS', role_name);
      END IF;
    EXCEPTION WHEN duplicate_object OR unique_violation THEN
      RAISE NOTICE 'role % was made by somebody else at the same moment', role_name;
    END;
    IF NOT pg_has_role(current_user, role_name, 'MEMBER') THEN
      BEGIN
        EXECUTE format('GRANT %I TO CURRENT_USER', role_name);
      EXCEPTION
        WHEN unique_violation OR internal_error THEN
          RAISE NOTICE 'role % was granted by somebody else at the same moment', role_name;
        WHEN insufficient_privilege THEN
          RAISE EXCEPTION 'role % exists already and % is no member of it', role_name, current_user
            USING HINT = format('have a superuser run: GRANT %I TO %I', role_name, current_user);
      END;
    END IF;
  END LOOP;
END
$$;

GRANT USAGE ON SCHEMA hpts TO hpts_poster, hpts_reader, hpts_access, hpts_auditor;
