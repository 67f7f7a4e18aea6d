ALTER TABLE project ENABLE ROW LEVEL SECURITY;
ALTER TABLE project FORCE ROW LEVEL SECURITY;
CREATE POLICY project_own ON project USING (tenant_id = current_tenant()) WITH CHECK (tenant_id = current_tenant());

ALTER TABLE task ENABLE ROW LEVEL SECURITY;
ALTER TABLE task FORCE ROW LEVEL SECURITY;
CREATE POLICY task_own ON task TO app_user USING (tenant_id = current_tenant());
GRANT SELECT, INSERT, UPDATE, DELETE ON project, task TO app_user;
GRANT USAGE ON SCHEMA public TO app_user, reporting;
