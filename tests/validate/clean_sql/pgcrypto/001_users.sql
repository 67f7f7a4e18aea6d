CREATE EXTENSION IF NOT EXISTS pgcrypto;
CREATE EXTENSION IF NOT EXISTS citext;
CREATE EXTENSION IF NOT EXISTS "uuid-ossp";
COMMENT ON EXTENSION pgcrypto IS 'cryptographic functions';

CREATE TABLE app_user (
    id uuid PRIMARY KEY DEFAULT uuid_generate_v4(),
    email citext NOT NULL UNIQUE,
    password_hash text NOT NULL,
    api_key bytea NOT NULL DEFAULT gen_random_bytes(32)
);

CREATE FUNCTION register(mail citext, password text) RETURNS uuid LANGUAGE sql AS $$
    INSERT INTO app_user (email, password_hash)
    VALUES (mail, crypt(password, gen_salt('bf', 12)))
    RETURNING id
$$;

CREATE FUNCTION check_password(mail citext, password text) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT password_hash = crypt(password, password_hash) FROM app_user WHERE email = mail
$$;
