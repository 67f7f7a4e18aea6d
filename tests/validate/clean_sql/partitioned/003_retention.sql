CREATE PROCEDURE drop_old_outbox(keep interval DEFAULT '60 days')
LANGUAGE plpgsql
AS $$
DECLARE
    part record;
BEGIN
    FOR part IN
        SELECT c.oid::regclass AS name
        FROM pg_inherits i
        JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = 'outbox'::regclass AND c.relname < 'outbox_' || to_char(now() - keep, 'YYYY_MM')
    LOOP
        EXECUTE format('DROP TABLE %s', part.name);
        COMMIT;
    END LOOP;
END
$$;
