CREATE TABLE tenant (id uuid PRIMARY KEY, name text NOT NULL);
CREATE TABLE project (id bigint PRIMARY KEY, tenant_id uuid NOT NULL REFERENCES tenant (id), title text NOT NULL);
CREATE TABLE task (id bigint PRIMARY KEY, tenant_id uuid NOT NULL REFERENCES tenant (id), title text NOT NULL, done boolean);

CREATE FUNCTION current_tenant() RETURNS uuid LANGUAGE sql STABLE AS
$$ SELECT nullif(current_setting('app.tenant', true), '')::uuid $$;
