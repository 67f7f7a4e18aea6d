--liquibase formatted sql

--changeset anna:1 labels:init
CREATE TABLE ticket (id bigint PRIMARY KEY, subject varchar(200) NOT NULL, opened_at timestamp NOT NULL);
--rollback DROP TABLE ticket;

--changeset bernd:2 splitStatements:false endDelimiter:/
CREATE FUNCTION ticket_age(t ticket) RETURNS interval LANGUAGE sql STABLE AS $$ SELECT now() - t.opened_at $$;
--rollback DROP FUNCTION ticket_age(ticket);

--changeset anna:3 runInTransaction:false
CREATE INDEX CONCURRENTLY ticket_opened ON ticket (opened_at);
