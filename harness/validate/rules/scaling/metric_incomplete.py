"""SC037: a metric of an HPA does not say what the API server wants to know, or says it twice."""

from __future__ import annotations

from collections.abc import Iterator

from harness.validate.estate import Estate, Settings
from harness.validate.finding import Defect, Severity
from harness.validate.quantity import quantity
from harness.validate.rule import ValidationRule
from harness.validate.scaler import Scaler, scalers
from harness.validate.yamltree import Node

SOURCES = {
    "Resource": ("resource", ("averageUtilization", "averageValue")),
    "ContainerResource": ("containerResource", ("averageUtilization", "averageValue")),
    "Pods": ("pods", ("averageValue",)),
    "Object": ("object", ("value", "averageValue")),
    "External": ("external", ("value", "averageValue")),
}
"""Type of a metric -> where its source stands, and by which of these its target is set, by exactly one."""
TARGETS = ("Utilization", "Value", "AverageValue")


def check(estate: Estate, settings: Settings) -> Iterator[Defect]:
    """Every metric as validateMetricSpec of pkg/apis/autoscaling/validation does."""
    for scaler in scalers(estate):
        if not scaler.keda and scaler.thing.api == "autoscaling/v2":
            for metric in scaler.spec("metrics") or ():
                yield from _metric(scaler, metric)


def _metric(scaler: Scaler, metric: Node) -> Iterator[Defect]:
    kind = metric.get("type")
    if kind is None or kind.text not in SOURCES:
        if kind is not None and not kind.text.startswith("$"):
            yield Defect(
                kind.place,
                f"There are no metrics of type {kind.text}; the API server refuses {scaler.name}",
                f"Write one of {', '.join(SOURCES)}",
            )
        return
    key, allowed = SOURCES[kind.text]
    source = metric.get(key)
    if source is None:
        others = [name for name, _ in SOURCES.values() if metric.get(name) is not None]
        there = f", but `{others[0]}` is there" if others else ""
        yield Defect(
            kind.place,
            f"A metric of type {kind.text} needs `{key}`{there}; the API server refuses {scaler.name}",
            f"Add {key}, or write the type of what is there",
        )
        return
    target = source.get("target")
    if target is not None:
        yield from _target(scaler, kind.text, target, allowed)


def _target(scaler: Scaler, kind: str, target: Node, allowed: tuple[str, ...]) -> Iterator[Defect]:
    given = [name for name in allowed if target.get(name) is not None]
    written = target.get("type")
    if written is not None and written.text not in TARGETS and not written.text.startswith("$"):
        yield Defect(
            written.place,
            f"There is no target of type {written.text}; the API server refuses {scaler.name}",
            f"Write one of {', '.join(TARGETS)}",
        )
    elif len(given) != 1:
        what = "no target" if not given else f"{' and '.join(given)}"
        yield Defect(
            (written or target).place,
            f"This metric of type {kind} has {what}; it takes exactly one of {', '.join(allowed)}",
            f"Set {' or '.join(allowed)}",
        )
    for name in given:
        node = target.get(name)
        value = quantity(node.text) if node is not None else None
        if node is not None and value is not None and value <= 0:
            yield Defect(
                node.place,
                f"A target of {node.text} is not positive; the API server refuses {scaler.name}",
                "Write more than 0",
            )


RULE = ValidationRule(
    "SC037", "metric-incomplete", "A metric of an HPA is not what the API server takes.", Severity.ERROR, check
)
