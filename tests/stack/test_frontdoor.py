"""Which requests go where, and what the cluster's state looks like as metrics: from objects, without a cluster."""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.node.views import PodView
from harness.stack.frontdoor import SLOTS, Door, caddy_servers, doors, slots_of
from harness.stack.statemetrics import autoscaler_samples, deployment_samples, exposition, pod_samples

NOBODY = "127.0.0.1:9"


def pod(name: str, **changes: Any) -> PodView:
    given_values: dict[str, Any] = {
        "namespace": "crm",
        "name": name,
        "uid": name,
        "labels": {"app": "queries", "territory": "de"},
        "ip": f"127.10.0.{len(name)}",
        "phase": "Running",
        "ready": True,
        "ready_since": datetime(2026, 9, 19, tzinfo=UTC),
        "ports": {"http": 8080},
        "terminating": False,
        "gone": False,
    }
    return PodView(**{**given_values, **changes})


def service(**spec: Any) -> dict[str, Any]:
    given_spec = {"clusterIP": "127.11.0.7", "selector": {"app": "queries"}, "ports": [{"port": 80, "targetPort": "http"}]}
    return {"metadata": {"namespace": "crm", "name": "queries"}, "spec": {**given_spec, **spec}}


@pytest.mark.parametrize(
    ("what", "pods", "upstreams"),
    [
        ("a ready pod", [pod("a")], ("127.10.0.1:8080",)),
        ("two, sorted", [pod("bb"), pod("a")], ("127.10.0.1:8080", "127.10.0.2:8080")),
        ("not ready", [pod("a", ready=False)], ()),
        ("about to end", [pod("a", terminating=True)], ()),
        ("gone", [pod("a", gone=True)], ()),
        ("without address", [pod("a", ip="")], ()),
        ("of another namespace", [pod("a", namespace="other")], ()),
        ("with another label", [pod("a", labels={"app": "commands"})], ()),
        ("without the named port", [pod("a", ports={"grpc": 9000})], ()),
    ],
)
def test_only_pods_that_are_ready_get_requests(what: str, pods: list[PodView], upstreams: tuple[str, ...]) -> None:
    assert doors([service()], pods) == [Door("crm/queries", "127.11.0.7:80", upstreams)], what


@pytest.mark.parametrize(
    ("what", "spec"),
    [
        ("headless", {"clusterIP": "None"}),
        ("without selector", {"selector": None}),
        ("by another name", {"type": "ExternalName", "clusterIP": None}),
        ("over UDP", {"ports": [{"port": 53, "protocol": "UDP"}]}),
    ],
)
def test_services_that_cannot_be_served_have_no_door(what: str, spec: dict[str, Any]) -> None:
    assert doors([service(**spec)], [pod("a")]) == [], what


def test_a_target_port_may_be_a_number_or_left_out() -> None:
    assert doors([service(ports=[{"port": 80, "targetPort": 9}])], [pod("a")])[0].upstreams == ("127.10.0.1:9",)
    assert doors([service(ports=[{"port": 80}])], [pod("a")])[0].upstreams == ("127.10.0.1:80",)


@given(st.integers(min_value=1, max_value=SLOTS))
def test_slots_share_requests_fairly_and_leave_no_pod_out(count: int) -> None:
    upstreams = tuple(f"127.10.0.{n}:8080" for n in range(count))
    shares = Counter(slots_of(upstreams, NOBODY))
    assert set(shares) == set(upstreams)
    assert max(shares.values()) - min(shares.values()) <= 1


def test_without_a_ready_pod_every_slot_leads_to_the_one_who_answers_for_nobody() -> None:
    assert set(slots_of((), NOBODY)) == {NOBODY}


def test_pods_that_come_and_go_are_no_part_of_caddys_configuration() -> None:
    """Else each of them would close the idle connections of all clients."""
    one, none = doors([service()], [pod("a")]), doors([service()], [])
    assert one != none
    assert caddy_servers(one, Path("/doors"), NOBODY) == caddy_servers(none, Path("/doors"), NOBODY)


# -- state metrics -----------------------------------------------------------------------------------------------------

DEPLOYMENT = {
    "metadata": {
        "namespace": "crm",
        "name": "q",
        "generation": 3,
        "creationTimestamp": "2026-09-19T12:00:00Z",
        "labels": {"a/b": 'x"y'},
    },
    "spec": {"replicas": 4},
    "status": {
        "replicas": 4,
        "readyReplicas": 2,
        "updatedReplicas": 3,
        "unavailableReplicas": 2,
        "observedGeneration": 3,
        "conditions": [{"type": "Available", "status": "False"}],
    },
}
AUTOSCALER = {
    "metadata": {"namespace": "crm", "name": "keda-hpa-q", "generation": 1},
    "spec": {"maxReplicas": 8, "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "q"}},
    "status": {"currentReplicas": 2, "desiredReplicas": 4, "conditions": [{"type": "AbleToScale", "status": "True"}]},
}
POD = {
    "metadata": {
        "namespace": "crm",
        "name": "q-1",
        "uid": "u",
        "creationTimestamp": "2026-09-19T12:00:00Z",
        "ownerReferences": [{"kind": "ReplicaSet", "name": "q-5d"}],
    },
    "spec": {"nodeName": "n"},
    "status": {
        "phase": "Running",
        "podIP": "127.10.0.1",
        "conditions": [{"type": "Ready", "status": "True", "lastTransitionTime": "2026-09-19T12:00:09Z"}],
        "containerStatuses": [
            {
                "name": "main",
                "ready": True,
                "restartCount": 2,
                "state": {"running": {}},
                "lastState": {"terminated": {"reason": "Error"}},
            }
        ],
    },
}


def read_exposition(text: str) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """Prometheus' text format, read as its specification says: three escapes, one sample a line."""
    found = {}
    for line in text.split("\n"):
        if line and not line.startswith("#"):
            matched = re.fullmatch(r"([a-z_]+)(?:\{(.*)\})? (\S+)", line, re.DOTALL)
            assert matched, line
            pairs = re.findall(r'([a-z_]+)="((?:[^"\\]|\\.)*)"', matched[2] or "", re.DOTALL)
            labels = [
                (key, re.sub(r"\\(.)", lambda escape: {"n": "\n"}.get(escape[1], escape[1]), value)) for key, value in pairs
            ]
            found[(matched[1], tuple(sorted(labels)))] = float(matched[3])
    return found


def test_metrics_have_the_names_labels_and_values_of_kube_state_metrics() -> None:
    text = exposition([*deployment_samples(DEPLOYMENT), *autoscaler_samples(AUTOSCALER), *pod_samples(POD)])
    found = read_exposition(text)

    def value(name: str, **labels: str) -> float:
        return found[(name, tuple(sorted(labels.items())))]

    deployment = {"namespace": "crm", "deployment": "q"}
    assert value("kube_deployment_spec_replicas", **deployment) == 4
    assert value("kube_deployment_status_replicas_ready", **deployment) == 2
    assert value("kube_deployment_status_replicas_available", **deployment) == 0
    assert value("kube_deployment_status_replicas_updated", **deployment) == 3
    assert value("kube_deployment_created", **deployment) == datetime(2026, 9, 19, 12, tzinfo=UTC).timestamp()
    assert value("kube_deployment_labels", **deployment, label_a_b='x"y') == 1
    assert value("kube_deployment_status_condition", **deployment, condition="Available", status="false") == 1
    autoscaler = {"namespace": "crm", "horizontalpodautoscaler": "keda-hpa-q"}
    assert value("kube_horizontalpodautoscaler_spec_min_replicas", **autoscaler) == 1
    assert value("kube_horizontalpodautoscaler_spec_max_replicas", **autoscaler) == 8
    assert value("kube_horizontalpodautoscaler_status_current_replicas", **autoscaler) == 2
    assert value("kube_horizontalpodautoscaler_status_desired_replicas", **autoscaler) == 4
    assert value("kube_horizontalpodautoscaler_status_condition", **autoscaler, condition="AbleToScale", status="true") == 1
    of_pod = {"namespace": "crm", "pod": "q-1", "uid": "u"}
    assert value("kube_pod_status_phase", **of_pod, phase="Running") == 1
    assert value("kube_pod_status_phase", **of_pod, phase="Pending") == 0
    assert value("kube_pod_status_ready", **of_pod, condition="true") == 1
    assert value("kube_pod_status_ready", **of_pod, condition="false") == 0
    ready_at = datetime(2026, 9, 19, 12, 0, 9, tzinfo=UTC)
    assert value("kube_pod_status_ready_time", **of_pod) == ready_at.timestamp()
    assert value("kube_pod_container_status_restarts_total", **of_pod, container="main") == 2
    assert value("kube_pod_container_status_last_terminated_reason", **of_pod, container="main", reason="Error") == 1


@given(st.text())
def test_any_label_value_is_read_back_as_it_was(value: str) -> None:
    assert read_exposition(exposition([("m", {"l": value}, 1)])) == {("m", (("l", value),)): 1}
