-- Since PostgreSQL 16, whoever makes a role with CREATEROLE may administer it and is called a member of it, but may neither work
-- as it nor use its rights before granting it to himself. The migrations that made the roles took one for the other.
DO $$
DECLARE
  role_name text;
  usable boolean;
BEGIN
  FOREACH role_name IN ARRAY ARRAY['hpts_poster', 'hpts_reader', 'hpts_access', 'hpts_auditor', 'hpts_delivery', 'hpts_configurator'] LOOP
    -- To try it is the one question that every version of PostgreSQL understands.
    BEGIN
      EXECUTE format('SET LOCAL ROLE %I', role_name);
      SET LOCAL ROLE NONE;
      usable := true;
    EXCEPTION WHEN insufficient_privilege THEN
      usable := false;
    END;
    IF NOT usable THEN
      BEGIN
        EXECUTE format('GRANT %I TO CURRENT_USER', role_name);
      EXCEPTION
        WHEN unique_violation OR internal_error THEN
          RAISE NOTICE 'role % was granted by somebody else at the same moment', role_name;
        WHEN insufficient_privilege THEN
          RAISE EXCEPTION '% may not work as role %', current_user, role_name
            USING HINT = format('have a superuser run: GRANT %I TO %I', role_name, current_user);
      END;
    END IF;
  END LOOP;
END
$$;
