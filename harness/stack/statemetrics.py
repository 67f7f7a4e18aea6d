"""What kube-state-metrics would say of Deployments, autoscalers and pods, under its own names and labels.

See github.com/kubernetes/kube-state-metrics/tree/main/docs. It is not to be had as a Go module, and an agent that watches
anyway says the same for less memory.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from harness.node.api import ApiClient
from harness.node.watching import Reflector

Json = Mapping[str, Any]
Labels = Mapping[str, str]
Sample = tuple[str, Labels, float]


@dataclass(frozen=True, slots=True)
class Family:
    """A metric's name without prefix, its type and help."""

    name: str
    help: str
    type: str = "gauge"


def deployment_samples(found: Json) -> Iterator[Sample]:
    """The series of one Deployment."""
    meta, spec, status = found["metadata"], found.get("spec") or {}, found.get("status") or {}
    labels = {"namespace": meta["namespace"], "deployment": meta["name"]}
    yield "kube_deployment_created", labels, _seconds(meta["creationTimestamp"])
    yield "kube_deployment_metadata_generation", labels, meta.get("generation", 0)
    yield "kube_deployment_spec_replicas", labels, spec.get("replicas", 1)
    yield "kube_deployment_spec_paused", labels, bool(spec.get("paused"))
    yield "kube_deployment_labels", {**labels, **_as_labels(meta.get("labels"))}, 1
    yield "kube_deployment_status_observed_generation", labels, status.get("observedGeneration", 0)
    yield "kube_deployment_status_replicas", labels, status.get("replicas", 0)
    for count in ("ready", "available", "unavailable", "updated"):
        yield f"kube_deployment_status_replicas_{count}", labels, status.get(f"{count}Replicas", 0)
    for condition in status.get("conditions") or []:
        yield from _states("kube_deployment_status_condition", labels, condition)


def autoscaler_samples(found: Json) -> Iterator[Sample]:
    """The series of one HorizontalPodAutoscaler."""
    meta, spec, status = found["metadata"], found.get("spec") or {}, found.get("status") or {}
    labels = {"namespace": meta["namespace"], "horizontalpodautoscaler": meta["name"]}
    target = spec.get("scaleTargetRef") or {}
    described = {
        "scaletargetref_api_version": target.get("apiVersion", ""),
        "scaletargetref_kind": target.get("kind", ""),
        "scaletargetref_name": target.get("name", ""),
    }
    prefix = "kube_horizontalpodautoscaler"
    yield f"{prefix}_info", {**labels, **described}, 1
    yield f"{prefix}_metadata_generation", labels, meta.get("generation", 0)
    yield f"{prefix}_spec_min_replicas", labels, spec.get("minReplicas", 1)
    yield f"{prefix}_spec_max_replicas", labels, spec.get("maxReplicas", 0)
    yield f"{prefix}_status_current_replicas", labels, status.get("currentReplicas", 0)
    yield f"{prefix}_status_desired_replicas", labels, status.get("desiredReplicas", 0)
    for condition in status.get("conditions") or []:
        yield from _states(f"{prefix}_status_condition", labels, condition)


def pod_samples(found: Json) -> Iterator[Sample]:
    """The series of one pod."""
    meta, spec, status = found["metadata"], found.get("spec") or {}, found.get("status") or {}
    labels = {"namespace": meta["namespace"], "pod": meta["name"], "uid": meta["uid"]}
    owner: Json = next(iter(meta.get("ownerReferences") or []), {})
    yield "kube_pod_info", {**labels, **_pod_info(spec, status, owner)}, 1
    yield "kube_pod_created", labels, _seconds(meta["creationTimestamp"])
    yield "kube_pod_labels", {**labels, **_as_labels(meta.get("labels"))}, 1
    if "startTime" in status:
        yield "kube_pod_start_time", labels, _seconds(status["startTime"])
    if "deletionTimestamp" in meta:
        yield "kube_pod_deletion_timestamp", labels, _seconds(meta["deletionTimestamp"])
    for phase in ("Pending", "Succeeded", "Failed", "Unknown", "Running"):
        yield "kube_pod_status_phase", {**labels, "phase": phase}, status.get("phase") == phase
    for condition in status.get("conditions") or []:
        if condition["type"] in ("Ready", "PodScheduled"):
            name = "ready" if condition["type"] == "Ready" else "scheduled"
            for state in ("true", "false", "unknown"):
                value = condition["status"].lower() == state
                yield f"kube_pod_status_{name}", {**labels, "condition": state}, value
            if condition["status"] == "True" and condition.get("lastTransitionTime"):
                yield f"kube_pod_status_{name}_time", labels, _seconds(condition["lastTransitionTime"])
    for container in status.get("containerStatuses") or []:
        yield from _container(container, {**labels, "container": container["name"]})


def _pod_info(spec: Json, status: Json, owner: Json) -> dict[str, str]:
    return {
        "host_ip": status.get("hostIP", ""),
        "pod_ip": status.get("podIP", ""),
        "node": spec.get("nodeName", ""),
        "created_by_kind": owner.get("kind", ""),
        "created_by_name": owner.get("name", ""),
        "priority_class": spec.get("priorityClassName", ""),
        "host_network": str(bool(spec.get("hostNetwork"))).lower(),
    }


def _container(found: Json, labels: Labels) -> Iterator[Sample]:
    prefix = "kube_pod_container_status"
    yield f"{prefix}_restarts_total", labels, found.get("restartCount", 0)
    yield f"{prefix}_ready", labels, bool(found.get("ready"))
    state, last = found.get("state") or {}, found.get("lastState") or {}
    for name in ("running", "waiting", "terminated"):
        yield f"{prefix}_{name}", labels, name in state
    for name in ("waiting", "terminated"):
        if reason := (state.get(name) or {}).get("reason"):
            yield f"{prefix}_{name}_reason", {**labels, "reason": reason}, 1
    if reason := (last.get("terminated") or {}).get("reason"):
        yield f"{prefix}_last_terminated_reason", {**labels, "reason": reason}, 1


def _states(name: str, labels: Labels, condition: Json) -> Iterator[Sample]:
    for state in ("true", "false", "unknown"):
        value = condition["status"].lower() == state
        yield name, {**labels, "condition": condition["type"], "status": state}, value


def _seconds(timestamp: str) -> float:
    return datetime.fromisoformat(timestamp).timestamp()


def _as_labels(labels: Mapping[str, str] | None) -> dict[str, str]:
    return {f"label_{re.sub(r'[^a-zA-Z0-9_]', '_', key)}": value for key, value in sorted((labels or {}).items())}


def exposition(samples: Iterable[Sample]) -> str:
    """Samples in Prometheus' text format 0.0.4, grouped by name as it wants them."""
    families: dict[str, list[str]] = {}
    for name, labels, value in samples:
        inner = ",".join(f'{key}="{_escaped(text)}"' for key, text in labels.items())
        number = int(value) if float(value).is_integer() else repr(float(value))
        families.setdefault(name, []).append(f"{name}{{{inner}}} {number}" if inner else f"{name} {number}")
    lines: list[str] = []
    for name, rows in families.items():
        kind = "counter" if name.endswith("_total") else "gauge"
        lines += [f"# TYPE {name} {kind}", *rows]
    return "\n".join(lines) + "\n"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')


@dataclass
class _Kind:
    path: str
    samples: Callable[[Json], Iterator[Sample]]
    objects: dict[str, Json] = field(default_factory=dict)

    def listed(self, found: list[dict[str, Any]]) -> None:
        self.objects = {item["metadata"]["uid"]: item for item in found}

    def event(self, kind: str, item: dict[str, Any]) -> None:
        if kind == "DELETED":
            self.objects.pop(item["metadata"]["uid"], None)
        else:
            self.objects[item["metadata"]["uid"]] = item


class StateMetrics:
    """Watches the cluster and renders its state when asked."""

    def __init__(self, api: ApiClient) -> None:
        self._kinds = (
            _Kind("/apis/apps/v1/deployments", deployment_samples),
            _Kind("/apis/autoscaling/v2/horizontalpodautoscalers", autoscaler_samples),
            _Kind("/api/v1/pods", pod_samples),
        )
        self._reflectors = [Reflector(api, kind.path, {}, kind.listed, kind.event) for kind in self._kinds]

    @property
    def synced(self) -> bool:
        """Whether every kind was listed at least once."""
        return all(reflector.lists for reflector in self._reflectors)

    @property
    def reflectors(self) -> list[Reflector]:
        """To be run."""
        return self._reflectors

    def samples(self) -> Iterator[Sample]:
        """Everything known now."""
        for kind in self._kinds:
            for found in kind.objects.values():
                yield from kind.samples(found)
