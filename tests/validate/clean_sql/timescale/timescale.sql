CREATE EXTENSION IF NOT EXISTS timescaledb;
CREATE EXTENSION IF NOT EXISTS postgis;
CREATE TABLE conditions (time timestamptz NOT NULL, device text, temp double precision, geo geography(Point, 4326));
SELECT create_hypertable('conditions', 'time');
CREATE MATERIALIZED VIEW hourly WITH (timescaledb.continuous) AS SELECT time_bucket('1 hour', time) AS h, avg(temp) FROM conditions GROUP BY 1;
SELECT add_retention_policy('conditions', INTERVAL '30 days');
