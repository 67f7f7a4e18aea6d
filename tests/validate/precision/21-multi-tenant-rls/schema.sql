BEGIN;

CREATE ROLE app_user NOLOGIN;

CREATE TABLE tenants (
    id   uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    name text NOT NULL UNIQUE
);

CREATE TABLE projects (
    id        uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id uuid NOT NULL REFERENCES tenants (id),
    title     text NOT NULL
);
CREATE TABLE tasks (
    id         uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id  uuid NOT NULL REFERENCES tenants (id),
    project_id uuid NOT NULL REFERENCES projects (id),
    done       boolean NOT NULL DEFAULT false
);

ALTER TABLE projects ENABLE ROW LEVEL SECURITY;
ALTER TABLE projects FORCE ROW LEVEL SECURITY;
ALTER TABLE tasks ENABLE ROW LEVEL SECURITY;
ALTER TABLE tasks FORCE ROW LEVEL SECURITY;

CREATE POLICY tenant_isolation ON projects
    USING (tenant_id = current_setting('app.tenant_id')::uuid)
    WITH CHECK (tenant_id = current_setting('app.tenant_id')::uuid);
CREATE POLICY tenant_isolation ON tasks
    USING (tenant_id = current_setting('app.tenant_id')::uuid)
    WITH CHECK (tenant_id = current_setting('app.tenant_id')::uuid);

-- Creating a tenant needs rights that app_user lacks.
CREATE FUNCTION create_tenant(tenant_name text) RETURNS uuid
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $fn$
DECLARE
    new_id uuid;
BEGIN
    INSERT INTO tenants (name) VALUES (tenant_name) RETURNING id INTO new_id;
    RETURN new_id;
END
$fn$;

REVOKE ALL ON FUNCTION create_tenant(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION create_tenant(text) TO app_user;
GRANT SELECT, INSERT, UPDATE, DELETE ON projects, tasks TO app_user;

COMMIT;
