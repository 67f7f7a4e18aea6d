"""Why not to begin: the system must be healthy before it is rehearsed, or the verdict says nothing about the season."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

import httpx
from kubernetes import client

from harness.errors import Vetoed
from harness.safety.cluster import FAILURES, TIMEOUT_SECONDS, connect, explain
from harness.safety.guard import Allowed, allowed, check_target
from harness.safety.restore import describe
from harness.safety.undo import UndoJournal
from harness.target.base import Target

Json = dict[str, Any]

ALWAYS_FIRING = frozenset({"Watchdog", "DeadMansSwitch", "InfoInhibitor"})
"""Alerts that fire by design, to prove that alerting works."""


def vetoes(target: Target, permitted: Allowed | None = None, ignore_alerts: Iterable[str] = ()) -> list[str]:
    """Everything that forbids beginning now, one sentence each; empty: go. What cannot be seen forbids too.

    Raises Vetoed for what a person must allow first (context, namespace), Unavailable where the cluster does not answer.
    """
    check_target(target, permitted or allowed())
    api = connect(target.kubeconfig, target.context)
    found = []
    for look in (_nodes, _autoscalers):
        try:
            found += look(api, target.namespace)
        except FAILURES as error:
            found.append(f"The health of the cluster cannot be seen: {explain(error)}.")
    found += _alerts(target.prometheus_url, frozenset(ignore_alerts) | ALWAYS_FIRING)
    for entry in UndoJournal(target.name).open_entries():
        mend = f"run `rehearse restore --target {target.name}`"
        found.append(f"{describe(entry)} is still changed by {entry.run}; {mend}.")
    return found


def clear(
    target: Target, within_seconds: float = 0.0, permitted: Allowed | None = None, ignore_alerts: Iterable[str] = ()
) -> None:
    """Return once nothing forbids beginning: a system just staged needs a moment until its autoscalers have metrics.

    Raises Vetoed with every reason that is left after `within_seconds`, and what `vetoes` raises.
    """
    ignored, deadline = tuple(ignore_alerts), time.monotonic() + within_seconds
    while found := vetoes(target, permitted, ignored):
        if time.monotonic() >= deadline:
            raise Vetoed("\n".join(found))
        time.sleep(min(1.0, max(0.0, deadline - time.monotonic())))


def nodes_not_ready(nodes: Iterable[Any]) -> list[str]:
    """Nodes that are not ready, one sentence each; also where there is no node at all."""
    nodes = list(nodes)
    if not nodes:
        return ["The cluster has no node."]
    found = []
    for node in nodes:
        ready = next((c for c in node.status.conditions or () if c.type == "Ready"), None)
        if ready is None or ready.status != "True":
            why = f": {ready.message}" if ready is not None and ready.message else ""
            found.append(f"The node {node.metadata.name} is not ready{why}; mend it first.")
    return found


def autoscalers_unable(autoscalers: Iterable[Any]) -> list[str]:
    """HorizontalPodAutoscalers that cannot do their work, one sentence each. Scaled to zero on purpose is no fault."""
    found = []
    for each in autoscalers:
        for condition in (each.status.conditions if each.status else None) or ():
            wrong = condition.type in ("AbleToScale", "ScalingActive") and condition.status == "False"
            if wrong and condition.reason != "ScalingDisabled":
                found.append(f"The autoscaler {each.metadata.name} cannot scale ({condition.reason}): {condition.message}")
    return found


def alerts_firing(body: Json, ignored: frozenset[str]) -> list[str]:
    """Alerts that fire already, from the body of Prometheus' /api/v1/alerts, one sentence each."""
    found = set()
    for alert in body["data"]["alerts"]:
        labels = alert.get("labels") or {}
        name = labels.get("alertname", "an alert without a name")
        if alert.get("state") == "firing" and name not in ignored:
            where = ", ".join(f"{key}={value}" for key, value in sorted(labels.items()) if key != "alertname")
            found.add(f"The alert {name} is firing already{f' ({where})' if where else ''}; see to it first.")
    return sorted(found)


def _nodes(api: Any, _namespace: str) -> list[str]:
    return nodes_not_ready(client.CoreV1Api(api).list_node(_request_timeout=TIMEOUT_SECONDS).items)


def _autoscalers(api: Any, namespace: str) -> list[str]:
    listed = client.AutoscalingV2Api(api).list_namespaced_horizontal_pod_autoscaler(
        namespace, _request_timeout=TIMEOUT_SECONDS
    )
    return autoscalers_unable(listed.items)


def _alerts(prometheus_url: str, ignored: frozenset[str]) -> list[str]:
    try:
        answer = httpx.get(f"{prometheus_url.rstrip('/')}/api/v1/alerts", timeout=TIMEOUT_SECONDS)
        answer.raise_for_status()
        return alerts_firing(answer.json(), ignored)
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, KeyError, TypeError) as error:
        return [
            f"Whether alerts are firing cannot be seen: {prometheus_url} says {type(error).__name__}; start Prometheus."
        ]
