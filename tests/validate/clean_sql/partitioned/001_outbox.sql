BEGIN;

CREATE TABLE outbox (
    id           bigint GENERATED ALWAYS AS IDENTITY,
    topic        text        NOT NULL,
    payload      jsonb       NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    published_at timestamptz,
    PRIMARY KEY (id, created_at)
) PARTITION BY RANGE (created_at);

CREATE TABLE outbox_2026_09 PARTITION OF outbox FOR VALUES FROM ('2026-09-01') TO ('2026-10-01');
CREATE TABLE outbox_2026_10 PARTITION OF outbox FOR VALUES FROM ('2026-10-01') TO ('2026-11-01');
CREATE TABLE outbox_default PARTITION OF outbox DEFAULT;

CREATE INDEX outbox_unpublished ON outbox (created_at, id) WHERE published_at IS NULL;

COMMIT;
