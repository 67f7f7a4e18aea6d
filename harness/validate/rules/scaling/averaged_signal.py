"""SC013: an autoscaler divides a signal by the number of pods that does not get smaller with more of them."""

from __future__ import annotations

from collections.abc import Iterator

from harness.validate.estate import Estate, Settings
from harness.validate.finding import Confidence, Defect, Related, Severity
from harness.validate.hpa import wanted
from harness.validate.quantity import quantity
from harness.validate.rule import ValidationRule
from harness.validate.scaler import Scaler, Trigger, integer, scalers
from harness.validate.signal import undivided, undivided_name, undivided_sql
from harness.validate.yamltree import Node

QUERIES = {
    "prometheus": ("query", "threshold"),
    "postgresql": ("query", "targetQueryValue"),
    "mysql": ("query", "queryValue"),
}
"""Scaler -> where its signal and its target stand."""
MANY = 6
"""So many pods, or as many as there may be, the example in the sentence has."""


def check(estate: Estate, settings: Settings) -> Iterator[Defect]:
    """Triggers of KEDA, whose metricType is AverageValue where it is left out, and metrics of HPAs."""
    for scaler in scalers(estate):
        if scaler.keda and not _modified(scaler):
            for trigger in scaler.triggers:
                yield from _trigger(scaler, trigger)
        elif not scaler.keda:
            for metric in scaler.spec("metrics") or ():
                yield from _metric(scaler, metric)


def _trigger(scaler: Scaler, trigger: Trigger) -> Iterator[Defect]:
    if trigger.type not in QUERIES or not trigger.averaged:
        return
    query, target = (trigger.setting(name) for name in QUERIES[trigger.type])
    if query is None:
        return
    why = undivided(query.text) if trigger.type == "prometheus" else undivided_sql(query.text)
    if not why:
        return
    written = trigger.node.get("metricType")
    default = "" if written is not None else " (KEDA's default)"
    limit = _number(target)
    yield Defect(
        query.within(0, len(query.text.split("\n")[0])),
        f"This is {why}, which more pods do not share, but metricType AverageValue{default} divides it by the pods: "
        f"{_fixed_point(scaler, limit)}",
        "Write metricType: Value, or scale on a sum such as requests per second",
        (Related(target.place, "the target"),) if target is not None else (),
        confidence=Confidence.CERTAIN if why in ("a quantile", "a mean time") else Confidence.LIKELY,
    )


def _metric(scaler: Scaler, metric: Node) -> Iterator[Defect]:
    kind = metric.string("type").lower()
    source = metric.get(kind) if kind in ("external", "object") else None
    average = source.get("target", "averageValue") if source is not None else None
    name = source.get("metric", "name") if source is not None else None
    why = undivided_name(name.text) if name is not None else ""
    if average is not None and name is not None and why:
        yield Defect(
            average.place,
            f"`{name.text}` is {why}, which more pods do not share, but averageValue divides it by the pods: "
            f"{_fixed_point(scaler, quantity(average.text))}",
            "Write `value` with type: Value, or scale on a sum such as requests per second",
            (Related(name.place, "the signal"),),
            confidence=Confidence.LIKELY,
        )


def _fixed_point(scaler: Scaler, target: float | None) -> str:
    """What the HPA does with a signal well above its target, in numbers."""
    target = target or 1.0
    planned = [integer(trigger.setting("desiredReplicas"), 0) for trigger in scaler.triggers if trigger.type == "cron"]
    pods = min(max([MANY, scaler.floor, *planned]), max(scaler.most, 3))
    signal = target * min(MANY - 2, pods - 2)
    asked = wanted(pods, signal, target, averaged=True)
    return (
        f"it asks for signal / {target:g} pods however many there are; with {pods} pods and a signal of "
        f"{signal:g} it asks for {asked}, so it never grows"
    )


def _modified(scaler: Scaler) -> bool:
    return scaler.spec("advanced", "scalingModifiers", "formula") is not None


def _number(node: Node | None) -> float | None:
    try:
        return float(node.text) if node is not None else None
    except ValueError:
        return None


RULE = ValidationRule(
    "SC013",
    "averaged-signal",
    "A signal that pods do not share is divided by their number.",
    Severity.WARNING,
    check,
)
