-- May be run at every start of the container.
CREATE TABLE IF NOT EXISTS device (
    id          uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    name        varchar(80) NOT NULL,
    last_seen   timestamptz
);
CREATE TABLE IF NOT EXISTS reading (
    device_id   uuid NOT NULL REFERENCES device (id) ON DELETE CASCADE,
    taken_at    timestamptz NOT NULL,
    celsius     real NOT NULL,
    PRIMARY KEY (device_id, taken_at)
);
ALTER TABLE device ADD COLUMN IF NOT EXISTS firmware varchar(20);
CREATE INDEX IF NOT EXISTS reading_taken_at ON reading USING brin (taken_at);
