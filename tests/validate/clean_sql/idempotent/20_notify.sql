CREATE OR REPLACE FUNCTION reading_arrived() RETURNS trigger
LANGUAGE plpgsql AS
$$
BEGIN
    PERFORM pg_notify('readings', NEW.device_id::text);
    RETURN NULL;
END;
$$;

DROP TRIGGER IF EXISTS reading_arrived ON reading;
CREATE TRIGGER reading_arrived
    AFTER INSERT ON reading
    FOR EACH ROW
    EXECUTE FUNCTION reading_arrived();

INSERT INTO device (id, name) VALUES ('00000000-0000-0000-0000-000000000001', 'test')
ON CONFLICT (id) DO NOTHING;
