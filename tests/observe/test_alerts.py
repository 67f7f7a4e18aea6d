"""Prometheus, Alertmanager and the receiver, with the real programs: what fires is seen, received, and resolved."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from harness.observe.prometheus import AlertState, alert_changes, samples
from harness.observe.receiver import notifications
from harness.record.rows import Alert, Gap, Heartbeat, Note, Notification, Sample


def raise_alert(url: str, name: str, ends: float | None = None) -> None:
    alert: dict[str, Any] = {"labels": {"alertname": name, "territory": "DE"}, "annotations": {"summary": "a test"}}
    if ends is not None:
        alert["endsAt"] = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(ends))
    assert httpx.post(f"{url}/api/v2/alerts", json=[alert], trust_env=False).status_code == 200


def test_an_alert_is_seen_pending_then_firing(prometheus: Any, observed: Callable[..., Any], eventually: Any) -> None:
    run = observed(prometheus_url=prometheus.url)
    run.start(ready_within=3)
    eventually(lambda: run.rows(Alert, "name = 'TargetGone' AND state = 'firing'"), what="the alert fires")
    states = [row.state for row in run.rows(Alert, "name = 'TargetGone'")]
    assert states in (["pending", "firing"], ["firing"])
    (at_once,) = run.rows(Alert, "name = 'AtOnce'")
    assert at_once.state == "firing"
    assert run.rows(Sample, "name = 'prometheus/up' AND value = 1.0")
    assert run.rows(Sample, "name = 'prometheus/up' AND value = 0.0")
    assert run.stop() == 0
    assert not run.rows(Sample, "name = 'prometheus/outbox_queue_depth'")
    (account,) = run.rows(Note, "source = 'prometheus' AND text LIKE 'Queries without a result%'")
    assert "prometheus/outbox_queue_depth" in account.text


def test_a_prometheus_that_dies_is_a_gap_without_a_single_sample(
    prometheus: Any, observed: Callable[..., Any], eventually: Any
) -> None:
    run = observed(prometheus_url=prometheus.url)
    run.start(ready_within=3)
    eventually(lambda: run.rows(Heartbeat, "source = 'prometheus'"), what="it is current")
    prometheus.part.stop()
    died = time.time()
    eventually(lambda: run.rows(Note, "text LIKE 'Nothing from prometheus%'"), what="the silence is noticed")
    prometheus.part.start()
    (gap,) = eventually(lambda: run.rows(Gap, "source = 'prometheus'"), 30, what="the gap is recorded")
    assert gap.since <= died + 0.1 < gap.until
    assert "ConnectError" in gap.reason
    assert not run.rows(Sample, "name LIKE 'prometheus/%' AND at > ? AND at < ?", died + 0.1, gap.until - 4)


def test_a_prometheus_that_freezes_is_a_gap(prometheus: Any, observed: Callable[..., Any], eventually: Any) -> None:
    run = observed(prometheus_url=prometheus.url)
    run.start(ready_within=3)
    eventually(lambda: run.rows(Heartbeat, "source = 'prometheus'"), what="it is current")
    prometheus.part.send(signal.SIGSTOP)
    eventually(lambda: run.rows(Note, "text LIKE 'Nothing from prometheus%'"), what="the silence is noticed")
    assert run.stop() == 0
    (gap,) = run.rows(Gap, "source = 'prometheus'")
    assert gap.until - gap.since > 3


def test_a_notification_is_recorded_firing_and_resolved(
    alertmanager: Any, receiver_port: int, observed: Callable[..., Any], eventually: Any
) -> None:
    run = observed(alertmanager_url=alertmanager.url, receiver_port=receiver_port)
    run.start(ready_within=3)
    eventually(lambda: run.rows(Heartbeat, "source = 'receiver'"), what="it listens")
    raise_alert(alertmanager.url, "CrmOutboxLagHigh", time.time() + 3)
    eventually(lambda: run.rows(Notification, "status = 'resolved'"), 30, what="it is resolved")
    firing, resolved = run.rows(Notification)
    assert (firing.status, resolved.status) == ("firing", "resolved")
    assert firing.receiver == "crm-oncall"
    assert firing.labels == {"alertname": "CrmOutboxLagHigh", "territory": "DE"}
    assert firing.ends_at is None
    assert resolved.ends_at is not None
    assert resolved.ends_at >= resolved.starts_at == firing.starts_at
    counts = [row.value for row in run.rows(Sample, "name = 'alertmanager/alerts'")]
    assert counts[0] == 1.0


def test_an_alertmanager_that_dies_is_a_gap(alertmanager: Any, observed: Callable[..., Any], eventually: Any) -> None:
    run = observed(alertmanager_url=alertmanager.url)
    run.start(ready_within=3)
    eventually(lambda: run.rows(Heartbeat, "source = 'alertmanager'"), what="it is current")
    alertmanager.part.stop()
    eventually(lambda: run.rows(Note, "text LIKE 'Nothing from alertmanager%'"), what="the silence is noticed")
    assert run.stop() == 0
    assert run.rows(Gap, "source = 'alertmanager'")
    assert not run.rows(Gap, "source = 'receiver'")


def test_the_receiver_tells_deliveries_from_nonsense(
    receiver_port: int, observed: Callable[..., Any], eventually: Any
) -> None:
    run = observed(receiver_port=receiver_port)
    run.start(ready_within=2)
    eventually(lambda: run.rows(Heartbeat, "source = 'receiver'"), what="it listens")
    alert = {"status": "firing", "labels": {"alertname": "A"}, "startsAt": "2026-09-01T06:00:00.123456789Z"}
    base = f"http://127.0.0.1:{receiver_port}"

    def post(path: str, **body: Any) -> int:
        return httpx.post(base + path, trust_env=False, **body).status_code

    assert post("/notify/crm-oncall", json={"alerts": [alert], "truncatedAlerts": 2}) == 200
    assert len(run.rows(Notification)) == 1, "answered 200 only once it is in the record"
    assert post("/notify/crm-oncall", content=b"no json") == 400
    assert post("/notify/crm-oncall", json=[1, 2]) == 400
    assert post("/notify/crm-oncall", json={"alerts": [{"status": "firing"}]}) == 400
    assert post("/notify/", json={"alerts": [alert]}) == 404
    assert post("/elsewhere", json={"alerts": [alert]}) == 404
    assert httpx.post(f"{base}/notify/x", content=iter([b"{}"]), trust_env=False).status_code == 411
    eventually(lambda: run.rows(Note, "text LIKE 'Alertmanager left 2 alerts out%'"), what="the note on what was left out")
    assert len(run.rows(Notification)) == 1


def test_a_port_that_is_taken_is_a_gap_with_its_reason(
    receiver_port: int, observed: Callable[..., Any], eventually: Any
) -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", receiver_port))
        taken.listen()
        run = observed(receiver_port=receiver_port)
        assert "receiver" in run.start(ready_within=1)
        eventually(lambda: run.rows(Note, "source = 'receiver'"), what="the reason is told")
        assert run.stop() == 0
    (gap,) = run.rows(Gap, "source = 'receiver'")
    assert f"port {receiver_port}" in gap.reason


def alert(state: str, active: float, name: str = "A") -> dict[str, Any]:
    at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(active))
    return {"labels": {"alertname": name}, "state": state, "activeAt": at, "value": "1e+00"}


@pytest.mark.parametrize(
    ("before", "now", "previous", "expected"),
    [
        ("", [alert("pending", 95)], 99.0, [("pending", 95.0)]),
        ("", [alert("firing", 100)], 99.0, [("firing", 100.0)]),
        ("", [alert("firing", 50)], 99.0, [("firing", 101.0)]),
        ("", [alert("firing", 50)], None, [("firing", 50.0)]),
        ("pending", [alert("firing", 50)], 99.0, [("firing", 101.0)]),
        ("firing", [alert("firing", 50)], 99.0, []),
        ("firing", [], 99.0, [("inactive", 101.0)]),
        ("firing", [alert("pending", 100)], 99.0, [("pending", 101.0)]),
    ],
)
def test_each_change_of_an_alert_is_one_row_at_the_right_time(
    before: str, now: list[Any], previous: float | None, expected: list[Any]
) -> None:
    known = {"[('alertname', 'A')]": AlertState("A", {"alertname": "A"}, before, 1.0)} if before else {}
    rows, after = alert_changes(known, now, 101.0, previous)
    assert [(row.state, row.at) for row in rows] == expected
    assert len(after) == len(now)


def test_what_is_no_number_is_no_sample() -> None:
    series = [{"metric": {"a": "b"}, "value": [1.5, text]} for text in ("NaN", "2", "+Inf")]
    found = samples("x", {"resultType": "vector", "result": series}, 9.0)
    assert [(row.at, row.value) for row in found] == [(1.5, 2.0), (1.5, float("inf"))]
    assert samples("x", {"resultType": "scalar", "result": [1.0, "3"]}, 9.0) == [Sample(1.0, "x", {}, 3.0)]
    assert samples("x", {"resultType": "vector", "result": [{"metric": {}, "histogram": [1, {}]}]}, 9.0) == []
    with pytest.raises(ValueError, match="no instant value"):
        samples("x", {"resultType": "matrix", "result": []}, 9.0)


def test_an_alert_without_a_start_is_no_delivery() -> None:
    with pytest.raises(ValueError, match="startsAt"):
        notifications("r", {"alerts": [{"status": "firing", "labels": {}, "startsAt": ""}]}, 1.0)
