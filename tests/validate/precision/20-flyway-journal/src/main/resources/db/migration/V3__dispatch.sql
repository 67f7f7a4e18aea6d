-- Hands the next events to one dispatcher; others skip what it holds.
CREATE OR REPLACE FUNCTION wholesale.next_events(how_many integer)
    RETURNS SETOF wholesale.event_journal
    LANGUAGE sql AS
$body$
    UPDATE wholesale.event_journal AS journal
       SET dispatched_at = now()
     WHERE journal.id IN (
            SELECT id
              FROM wholesale.event_journal
             WHERE dispatched_at IS NULL
             ORDER BY id
             LIMIT how_many
               FOR UPDATE SKIP LOCKED)
    RETURNING journal.*;
$body$;

-- Called nightly: what was dispatched a month ago is not needed any more.
CREATE OR REPLACE FUNCTION wholesale.forget_events() RETURNS bigint
    LANGUAGE plpgsql AS
$body$
DECLARE
    gone bigint;
BEGIN
    DELETE FROM wholesale.event_journal WHERE dispatched_at < now() - interval '30 days';
    GET DIAGNOSTICS gone = ROW_COUNT;
    RETURN gone;
END;
$body$;
