-- What happened, in the same transaction as the business row. A NOTIFY only says that there is something to read here.

-- rehearse: ignore SQ014 because the outbox deletes what was dispatched days ago (Dispatcher.forgetOld)
CREATE TABLE IF NOT EXISTS integration.event_journal (
    id            bigserial PRIMARY KEY,
    event_id      uuid NOT NULL UNIQUE DEFAULT gen_random_uuid(),
    type          text NOT NULL,
    territory     text NOT NULL,
    aggregate_id  bigint NOT NULL,
    payload       jsonb NOT NULL,
    created_at    timestamptz NOT NULL DEFAULT now(),
    dispatched_at timestamptz,
    -- The writing transaction. Ids are handed out before the commit, so a lower id can appear after a higher one; a
    -- reader that asks "which transactions has my last snapshot not seen" misses none (pg_visible_in_snapshot).
    xid           xid8 NOT NULL DEFAULT pg_current_xact_id()
);
CREATE INDEX IF NOT EXISTS event_journal_change_feed ON integration.event_journal (xid);
CREATE INDEX IF NOT EXISTS event_journal_undispatched ON integration.event_journal (id) WHERE dispatched_at IS NULL;
CREATE INDEX IF NOT EXISTS event_journal_dispatched ON integration.event_journal (dispatched_at)
    WHERE dispatched_at IS NOT NULL;

-- Where the outbox delivers when no sink URL is configured.
CREATE TABLE IF NOT EXISTS integration.delivery (
    event_id     uuid PRIMARY KEY,
    type         text NOT NULL,
    territory    text NOT NULL,
    aggregate_id bigint NOT NULL,
    payload      jsonb NOT NULL,
    delivered_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX IF NOT EXISTS delivery_age ON integration.delivery (delivered_at);
