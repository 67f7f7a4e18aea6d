CREATE TABLE IF NOT EXISTS accounts (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), name text NOT NULL);
CREATE TABLE journal (id bigserial PRIMARY KEY, status text NOT NULL DEFAULT 'draft', account_id uuid REFERENCES accounts);
CREATE MATERIALIZED VIEW account_totals AS SELECT account_id, count(*) FROM journal GROUP BY 1;
CREATE UNIQUE INDEX account_totals_key ON account_totals (account_id);
