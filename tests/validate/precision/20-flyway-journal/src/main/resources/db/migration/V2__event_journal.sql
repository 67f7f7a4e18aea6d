CREATE TABLE wholesale.event_journal (
    id            bigserial PRIMARY KEY,
    event_type    text        NOT NULL,
    order_id      bigint      NOT NULL,
    payload       jsonb       NOT NULL,
    created_at    timestamptz NOT NULL DEFAULT now(),
    dispatched_at timestamptz
);

CREATE INDEX event_journal_pending ON wholesale.event_journal (id) WHERE dispatched_at IS NULL;
CREATE INDEX event_journal_created ON wholesale.event_journal (created_at);

-- The journal is the truth; the notification only wakes the dispatcher and carries the id alone.
CREATE FUNCTION wholesale.journal_notify() RETURNS trigger
    LANGUAGE plpgsql AS
$$
BEGIN
    PERFORM pg_notify('wholesale_events', NEW.id::text);
    RETURN NEW;
END;
$$;

CREATE TRIGGER event_journal_notify
    AFTER INSERT ON wholesale.event_journal
    FOR EACH ROW EXECUTE FUNCTION wholesale.journal_notify();
