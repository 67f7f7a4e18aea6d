-- Sends again what a consumer has lost: psql -v since=2026-07-01 -f replay.sql
BEGIN;

INSERT INTO wholesale.event_journal (event_type, order_id, payload)
SELECT event_type, order_id, payload
  FROM wholesale.event_journal
 WHERE created_at >= :'since'::timestamptz;

NOTIFY wholesale_events, 'replay';

COMMIT;
