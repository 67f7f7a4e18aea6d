CREATE SCHEMA IF NOT EXISTS ${schema};
CREATE TABLE IF NOT EXISTS ${schema}.cache (key text PRIMARY KEY, value bytea);
GRANT SELECT ON ${schema}.cache TO "${reader}";
