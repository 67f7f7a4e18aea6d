-- Schema für die Saisonplanung (Umlaute überall)
CREATE SCHEMA IF NOT EXISTS planung;
CREATE TABLE IF NOT EXISTS planung."Gebiet" ("Kürzel" varchar(2) PRIMARY KEY, "Name" text NOT NULL);
CREATE TABLE IF NOT EXISTS planung.ereignisjournal (
    id bigserial PRIMARY KEY,
    art text NOT NULL,
    gebiet varchar(2) NOT NULL REFERENCES planung."Gebiet" ("Kürzel"),
    erstellt_am timestamptz NOT NULL DEFAULT now(),
    verarbeitet_am timestamptz
);
CREATE INDEX IF NOT EXISTS ereignisjournal_offen ON planung.ereignisjournal (id) WHERE verarbeitet_am IS NULL;
INSERT INTO planung."Gebiet" VALUES ('DE', 'Deutschland'), ('AT', 'Österreich'), ('CH', 'Schweiz') ON CONFLICT DO NOTHING;
DELETE FROM planung.ereignisjournal WHERE verarbeitet_am < now() - interval '90 days';
