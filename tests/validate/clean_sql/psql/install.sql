\set ON_ERROR_STOP on
\set VERBOSITY terse
\timing off
\if :{?schema}
\else
\set schema warehouse
\endif

\echo Installing into :schema
CREATE SCHEMA IF NOT EXISTS :"schema";
SET search_path TO :"schema";

\ir tables.sql
\ir data.sql

SELECT count(*) AS articles FROM article \gset
\echo :articles articles
SELECT format('ANALYZE %I', tablename) FROM pg_tables WHERE schemaname = :'schema' \gexec
\q
