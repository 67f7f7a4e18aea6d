"""RB002: a runbook speaks of a metric that is called otherwise in the rules."""

from __future__ import annotations

import re
from collections.abc import Iterator

from harness.validate.estate import Estate, Settings
from harness.validate.finding import Confidence, Defect, Severity
from harness.validate.promises import Mention, Promise, Threshold
from harness.validate.promql import tree
from harness.validate.rule import ValidationRule
from harness.validate.similar import similar
from harness.validate.text import Place

_PART = re.compile(r"_(?:total|bucket|count|sum|created)$")
_WELL_KNOWN = re.compile(
    r"^(?:kube|node|pg|container|kubelet|go|process|jvm|prometheus|alertmanager|apiserver|etcd|coredns|redis|rabbitmq|mysql|"
    r"nginx|haproxy|keda|machine|windows|http_server_requests|http_server|http_client|hikaricp|tomcat|logback|system|otel|rpc|"
    r"grpc|envoy|istio|kafka|jmx|java|postgresql|pgbouncer|blackbox|probe|scrape|workqueue|rest_client|cert_manager|certmanager|"
    r"controller_runtime|argocd|flux|gotk|loki|mimir|thanos|cortex|tempo|vault|consul|caddy|traefik)_|^(?:up|ALERTS)$"
)
"""Metrics of exporters and runtimes in wide use: that no rule here reads one of them says nothing."""


def check(estate: Estate, settings: Settings) -> Iterator[Defect]:
    """Names that are nearly those of metrics which rules or scalers read; others may simply have no rule."""
    known = _known(estate)
    bare = {_PART.sub("", name): name for name in sorted(known)}
    told: set[tuple[object, str]] = set()
    for place, written, promise in _named(estate):
        name = re.sub(r"\{.*", "", written)
        key = (place.path, name)
        if name in known or _PART.sub("", name) in bare or _WELL_KNOWN.match(name) or key in told:
            continue
        told.add(key)
        near = similar(_PART.sub("", name), bare)
        own = next((one for one in known if one.split("_")[0] == name.split("_")[0] and not _WELL_KNOWN.match(one)), "")
        if near:
            yield Defect(
                place,
                f"No rule and no scaler knows the metric {name}; the nearest is {bare[near]}",
                f"Write {bare[near]}, if that is meant",
                confidence=Confidence.LIKELY,
                understood=promise.understood(),
            )
        elif own:
            yield Defect(
                place,
                f"No rule and no scaler reads the metric {name}, although others of its family are read, such as {own}",
                "Check the name; if it is right, nothing watches it",
                confidence=Confidence.GUESS,
                understood=promise.understood(),
            )


def _named(estate: Estate) -> Iterator[tuple[Place, str, Promise]]:
    for mention in estate.all(Mention):
        if mention.kind == "metric":
            yield mention.place, mention.name, mention
    for threshold in estate.all(Threshold):
        if threshold.metric:
            yield threshold.place, threshold.metric, threshold


def _known(estate: Estate) -> set[str]:
    """Metrics in rules, those that are recorded, and those in triggers of scalers."""
    found = {rule.record for rule in estate.found.rules if rule.record}
    expressions = [rule.expr for rule in estate.found.rules]
    for scaler in estate.things("ScaledObject", "ScaledJob"):
        expressions += [trigger.string("metadata", "query") for trigger in scaler.node.get("spec", "triggers") or ()]
    for expression in expressions:
        root = tree(expression) if expression else None
        found |= {selector.name for selector in root.selectors() if selector.name} if root is not None else set()
    return found


RULE = ValidationRule("RB002", "unknown-metric", "A runbook misspells a metric.", Severity.WARNING, check)
