-- migrate:up
CREATE TABLE venues (id serial PRIMARY KEY, name text NOT NULL);
INSERT INTO venues (name) VALUES ('Festzelt'), ('Biergarten');
ALTER TABLE events ADD CONSTRAINT events_venue FOREIGN KEY (venue_id) REFERENCES venues (id) NOT VALID;
ALTER TABLE events VALIDATE CONSTRAINT events_venue;

-- migrate:down
ALTER TABLE events DROP CONSTRAINT events_venue;
DROP TABLE venues;
