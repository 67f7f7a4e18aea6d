CREATE FUNCTION claim_outbox(batch integer DEFAULT 100)
RETURNS SETOF outbox
LANGUAGE sql
AS $$
    WITH picked AS (
        SELECT id, created_at
        FROM outbox
        WHERE published_at IS NULL
        ORDER BY created_at, id
        LIMIT batch
        FOR UPDATE SKIP LOCKED
    )
    UPDATE outbox AS o
    SET published_at = now()
    FROM picked
    WHERE o.id = picked.id AND o.created_at = picked.created_at
    RETURNING o.*;
$$;

CREATE FUNCTION outbox_wake() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NOTIFY outbox;
    RETURN NULL;
END
$$;

CREATE TRIGGER outbox_wake AFTER INSERT ON outbox FOR EACH STATEMENT EXECUTE FUNCTION outbox_wake();
