"""The CRM as real pods: JVMs on loopback, one PostgreSQL 18."""

from __future__ import annotations

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from tests.crm.pods import Crm, Database, Launch, eventually

SAMPLE = {"customerId": 7, "sku": "OKT-SENF-5"}
EVENT = (
    "INSERT INTO integration.event_journal (type, territory, aggregate_id, payload)"
    " VALUES ('customer.changed', 'DE', 7, '{}') RETURNING event_id::text"
)


def test_the_schema_can_be_applied_again_and_changes_nothing(database: Database) -> None:
    count = (
        "SELECT (SELECT count(*) FROM crm.customer) || ' ' || (SELECT sum(total_cents) FROM crm.sales_order WHERE id < 1e6)"
    )
    before = database.value(count)
    database.migrate()
    assert database.value(count) == before
    assert before.startswith("2000 ")


def test_an_unchanged_customer_is_answered_with_304(crm: Crm) -> None:
    first = crm.queries.http.get("/customers/9")
    again = crm.queries.http.get("/customers/9", headers={"If-None-Match": first.headers["ETag"]})
    assert (first.status_code, again.status_code) == (200, 304)
    assert again.headers["ETag"] == first.headers["ETag"]
    assert again.content == b""


def test_the_ids_that_the_listing_names_can_be_read(crm: Crm) -> None:
    ids = crm.queries.http.get("/customers/ids", params={"limit": 3}).json()["ids"]
    assert len(ids) == 3
    for customer_id in ids:
        orders = crm.queries.http.get(f"/customers/{customer_id}/orders").json()
        assert crm.queries.status(f"/orders/{orders[0]['id']}") == 200


def test_a_change_reaches_every_queries_pod_by_notification(crm: Crm) -> None:
    before = crm.queries.http.get("/customers/12")
    changed = crm.commands.http.patch("/customers/12", json={"city": "Passau"})
    event_id = changed.headers["X-Event-Id"]
    for pod in (crm.patient, crm.deaf):
        lines = eventually(lambda pod=pod: pod.ledger(event_id), f"{pod.name} to hear of the change")
        assert [(line["how"], line["duplicate"]) for line in lines] == [("notify", False)]
        now = pod.http.get("/customers/12", headers={"If-None-Match": before.headers["ETag"]})
        assert (now.status_code, now.json()["city"]) == (200, "Passau")
    assert 12 in [customer["id"] for customer in crm.patient.http.get("/customers", params={"city": "Passau"}).json()]


def test_an_order_appears_among_the_orders_of_its_customer(crm: Crm) -> None:
    order = {"customerId": 15, "items": [{"sku": "OKT-BREZN-80", "quantity": 2}, {"sku": "OKT-SENF-5", "quantity": 1}]}
    placed = crm.commands.http.post("/orders", json=order)
    eventually(lambda: crm.queries.ledger(placed.headers["X-Event-Id"]), "the order's event")
    (newest,) = crm.queries.http.get("/customers/15/orders", params={"limit": 1}).json()
    assert (newest["id"], newest["totalCents"]) == (placed.json()["id"], 2 * 3290 + 1490)


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/orders", {}, 400),
        ("/orders", {"customerId": 1, "items": []}, 400),
        ("/orders", {"customerId": 1, "items": [{"sku": "OKT-SENF-5", "quantity": 0}]}, 400),
        ("/orders", {"customerId": 1, "items": [{"sku": "no such thing", "quantity": 1}]}, 422),
        ("/samples", {"customerId": 100001, "sku": "OKT-SENF-5"}, 404),  # a Swiss customer
        ("/samples", {**SAMPLE, "colour": "red"}, 400),
        ("/ledger", {}, 405),  # known to the queries, and only to be read
    ],
)
def test_a_command_that_makes_no_sense_is_refused(crm: Crm, path: str, body: dict[str, Any], status: int) -> None:
    assert crm.commands.http.post(path, json=body).status_code == status


def test_a_pod_refuses_what_another_role_serves(crm: Crm) -> None:
    assert crm.queries.http.post("/samples", json=SAMPLE).status_code == 404
    assert crm.commands.status("/orders/1") == 404
    assert crm.outbox.http.post("/samples", json=SAMPLE).status_code == 404


def test_prewarm_leaves_neither_events_nor_request_metrics_behind(crm: Crm, launch: Launch) -> None:
    assert crm.events_after_start == 0
    assert (crm.commands.metric("crm_prewarm_seconds") or 0) > 0
    fresh = launch("commands", "AT").await_ready()
    assert fresh.metric("http_server_requests_seconds_count") is None
    assert fresh.http.post("/samples", json={}).headers["X-Warm"] == "true"
    assert fresh.metric("http_server_requests_seconds_count") == 1


def test_a_pod_without_prewarm_is_cold_until_it_has_answered_50_requests(launch: Launch) -> None:
    pod = launch("queries", "CH", CRM_PREWARM_ENABLED="false").await_ready()
    answers = [pod.http.get("/customers/100001").headers for _ in range(51)]
    assert {answer["X-Pod"] for answer in answers} == {pod.name}
    assert [answer["X-Warm"] for answer in answers] == ["false"] * 50 + ["true"]


def test_each_queries_pod_holds_exactly_one_listening_connection(crm: Crm, database: Database) -> None:
    count = "SELECT count(*) FROM pg_stat_activity WHERE application_name = %s"
    for pod in (crm.queries, crm.patient, crm.deaf):
        assert eventually(lambda pod=pod: database.value(count, f"crm-listen/{pod.name}"), "the listener") == 1
        assert pod.metric("crm_listener_connected") == 1


def test_an_event_that_a_full_queue_cannot_announce_is_found_in_the_journal(crm: Crm, full_queue: None) -> None:
    skipped, recovered = crm.commands.metric("crm_notify_skipped_total"), crm.queries.metric("crm_events_recovered_total")
    event_id = crm.command("/samples", SAMPLE)
    assert crm.commands.metric("crm_notify_skipped_total") == (skipped or 0) + 1
    lines = eventually(lambda: crm.queries.ledger(event_id), "the journal to be read")
    assert [line["how"] for line in lines] == ["poll"]
    assert crm.queries.metric("crm_events_recovered_total") == (recovered or 0) + 1
    assert crm.deaf.ledger(event_id) == []
    eventually(lambda: (crm.outbox.metric("pg_notification_queue_usage") or 0) > 0.7, "the gauge to show the full queue")


def test_without_the_journal_an_event_that_was_not_announced_is_lost(crm: Crm, full_queue: None) -> None:
    event_id = crm.command("/samples", SAMPLE)
    eventually(lambda: crm.queries.ledger(event_id), "the pod with the fallback to have it")
    time.sleep(1)  # three polls, if this pod polled
    assert crm.deaf.ledger(event_id) == []


def test_an_event_that_commits_after_a_later_one_is_not_skipped(crm: Crm, database: Database) -> None:
    with database.connect(autocommit=False) as slow, database.connect() as quick:
        first = slow.execute(EVENT).fetchone()[0]  # the lower id, not committed yet
        second = quick.execute(EVENT).fetchone()[0]
        eventually(lambda: crm.queries.ledger(second), "the event that committed first")
        assert crm.queries.ledger(first) == []
        slow.commit()
    assert eventually(lambda: crm.queries.ledger(first), "the event that committed late")[0]["how"] == "poll"


def test_a_pod_that_lost_its_listener_catches_up_when_it_is_back(crm: Crm, database: Database) -> None:
    event_id = database.value(EVENT)
    time.sleep(0.5)
    assert crm.patient.ledger(event_id) == []
    database.value(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = %s",
        f"crm-listen/{crm.patient.name}",
    )
    lines = eventually(lambda: crm.patient.ledger(event_id), "the pod to catch up")
    assert [line["how"] for line in lines] == ["catchup"]
    later = crm.command("/samples", SAMPLE)
    assert eventually(lambda: crm.patient.ledger(later), "the new listener to hear")[0]["how"] == "notify"


def test_an_event_that_is_announced_again_is_a_duplicate_and_changes_nothing(crm: Crm, database: Database) -> None:
    event_id = crm.command("/samples", SAMPLE)
    (line,) = eventually(lambda: crm.patient.ledger(event_id), "the event")
    again = json.dumps({"id": line["id"], "type": "sample.requested", "territory": "DE"})
    database.value("SELECT pg_notify('crm_events', %s)", again)
    database.value("SELECT pg_notify('crm_events', 'not ours')")
    lines = eventually(lambda: (found := crm.patient.ledger(event_id))[1:] and found, "the duplicate")
    assert [entry["duplicate"] for entry in lines] == [False, True]


def test_the_outbox_delivers_every_event_once(crm: Crm, database: Database) -> None:
    event_id = crm.command("/samples", SAMPLE)
    delivered = "SELECT count(*) FROM integration.delivery WHERE event_id = %s"
    eventually(lambda: database.value(delivered, event_id) == 1, "the delivery")
    waiting = "SELECT count(*) FROM integration.event_journal WHERE dispatched_at IS NULL"
    eventually(lambda: database.value(waiting) == 0, "an empty outbox")
    eventually(lambda: crm.outbox.metric("outbox_queue_depth") == 0, "the gauge to show it")
    assert crm.outbox.metric("outbox_dispatch_lag_seconds") == 0


def test_the_outbox_posts_to_a_sink_and_tries_again_when_it_fails(launch: Launch, database: Database) -> None:
    batches: list[list[dict[str, Any]]] = []
    statuses = iter([503])

    class Sink(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            status = next(statuses, 204)
            if status == 204:
                batches.append(body)
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Sink) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        own = Database(database.port, "sink")
        with database.connect() as connection:
            connection.execute("CREATE DATABASE sink")
        own.migrate()
        event_id = own.value(EVENT)
        outbox = launch("outbox", on=own, CRM_OUTBOX_SINK_URL=f"http://127.0.0.1:{server.server_port}/events")
        eventually(lambda: batches, "the sink to take the event")
        assert [event["event_id"] for event in batches[0]] == [event_id]
        eventually(lambda: own.value("SELECT dispatched_at FROM integration.event_journal"), "the journal to say so")
        assert own.value("SELECT count(*) FROM integration.delivery") == 0
        outbox.stop()
        server.shutdown()


def test_extra_latency_shows_in_the_answers_and_in_the_metric_and_a_stopping_pod_finishes_them(launch: Launch) -> None:
    pod = launch("queries", "AT", CRM_QUERIES_EXTRA_LATENCY="700ms").await_ready()
    began = time.monotonic()
    assert pod.status("/customers/200001") == 200
    assert time.monotonic() - began >= 0.7
    assert (pod.metric("http_server_requests_seconds_sum") or 0) >= 0.7

    statuses: list[int] = []
    slow = threading.Thread(target=lambda: statuses.append(pod.status("/customers/200002")))
    slow.start()
    pod.process.terminate()
    time.sleep(0.2)
    # Not ready any more, and answering all the same: the balancer has not forgotten it yet.
    assert pod.status("/q/health/ready") == 503
    assert pod.status("/customers/200003") == 200
    slow.join()
    assert statuses == [200]
    assert pod.process.wait(15) == 143
