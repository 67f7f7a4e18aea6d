-- migrate:up
CREATE TABLE events (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  title text NOT NULL,
  starts_at timestamptz NOT NULL,
  ends_at timestamptz NOT NULL,
  venue_id integer,
  CHECK (ends_at > starts_at)
);

-- migrate:down
DROP TABLE events;
