from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import SimpleNamespace
from typing import Any

import pytest

from harness.errors import Vetoed
from harness.safety.preflight import alerts_firing, autoscalers_unable, clear, nodes_not_ready, vetoes
from harness.safety.undo import Entry, UndoJournal
from tests.faults.apiserver import Cluster


def alert(name: str, state: str = "firing", **labels: str) -> dict[str, Any]:
    return {"labels": {"alertname": name, **labels}, "state": state}


@pytest.mark.parametrize(
    ("alerts", "wanted"),
    [
        ([], []),
        (
            [alert("CrmErrorRateHigh", territory="DE")],
            ["The alert CrmErrorRateHigh is firing already (territory=DE); see to it first."],
        ),
        ([alert("CrmErrorRateHigh", "pending")], []),
        ([alert("Watchdog")], []),
    ],
)
def test_an_alert_that_fires_already_forbids_to_begin(alerts: list[dict[str, Any]], wanted: list[str]) -> None:
    assert alerts_firing({"data": {"alerts": alerts}}, frozenset({"Watchdog"})) == wanted


def node(status: str | None) -> Any:
    conditions = [SimpleNamespace(type="Ready", status=status, message="disk is full")] if status else []
    return SimpleNamespace(metadata=SimpleNamespace(name="n1"), status=SimpleNamespace(conditions=conditions))


def test_a_node_that_is_not_ready_forbids_to_begin() -> None:
    assert nodes_not_ready([node("True")]) == []
    for status in ("False", "Unknown", None):
        assert "n1 is not ready" in nodes_not_ready([node("True"), node(status)])[0]
    assert nodes_not_ready([]) == ["The cluster has no node."]


def autoscaler(kind: str, status: str, reason: str) -> Any:
    condition = SimpleNamespace(type=kind, status=status, reason=reason, message="unable to get metrics")
    return SimpleNamespace(metadata=SimpleNamespace(name="de"), status=SimpleNamespace(conditions=[condition]))


def test_an_autoscaler_that_cannot_scale_forbids_to_begin() -> None:
    assert autoscalers_unable([autoscaler("ScalingActive", "True", "ValidMetricFound")]) == []
    assert autoscalers_unable([autoscaler("ScalingActive", "False", "ScalingDisabled")]) == []
    assert autoscalers_unable([autoscaler("ScalingLimited", "False", "DesiredWithinRange")]) == []
    assert "cannot scale" in autoscalers_unable([autoscaler("ScalingActive", "False", "FailedGetExternalMetric")])[0]
    assert "cannot scale" in autoscalers_unable([autoscaler("AbleToScale", "False", "FailedGetScale")])[0]


@pytest.fixture
def prometheus() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Something that answers /api/v1/alerts as Prometheus does, with the alerts of the list."""
    alerts: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps({"status": "success", "data": {"alerts": alerts}}).encode())

        def log_message(self, *_: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", alerts
    server.shutdown()
    thread.join()
    server.server_close()


def test_what_cannot_be_seen_forbids_and_a_healthy_cluster_does_not(
    cluster: Cluster, prometheus: tuple[str, list[dict[str, Any]]]
) -> None:
    url, alerts = prometheus
    space = cluster.namespace("preflight")
    target = cluster.target(namespace=space, prometheus_url=url)
    assert vetoes(target) == ["The cluster has no node."]
    cluster.core.create_node({"metadata": {"name": "n1"}})
    ready = {"type": "Ready", "status": "True", "reason": "r", "message": ""}
    cluster.core.patch_node_status("n1", {"status": {"conditions": [ready]}})
    assert vetoes(target) == []

    clear(target)
    alerts.append(alert("CrmListenerDown"))
    with pytest.raises(Vetoed, match="CrmListenerDown is firing"):
        clear(target, 0.2)
    threading.Timer(0.3, alerts.clear).start()
    clear(target, 20)
    alerts.append(alert("CrmListenerDown"))
    assert "CrmListenerDown is firing" in vetoes(target)[0]
    assert vetoes(target, ignore_alerts=["CrmListenerDown"]) == []
    assert "cannot be seen" in vetoes(cluster.target(namespace=space))[0]

    with UndoJournal(target.name).change(Entry("scaledobject-triggers", {"name": "de"}, {}, "test", "run-0")):
        pass
    assert "rehearse restore --target test" in vetoes(target, ignore_alerts=["CrmListenerDown"])[0]
