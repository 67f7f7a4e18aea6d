"""SC009: a ScaledObject is paused in its manifest."""

from __future__ import annotations

from collections.abc import Iterator

from harness.validate.estate import Estate, Settings
from harness.validate.finding import Defect, Related, Severity
from harness.validate.rule import ValidationRule
from harness.validate.scaler import Scaler, integer, scalers
from harness.validate.yamltree import Node

PAUSED, REPLICAS = "autoscaling.keda.sh/paused", "autoscaling.keda.sh/paused-replicas"
_FALSE = frozenset({"false", "f", "0"})


def check(estate: Estate, settings: Settings) -> Iterator[Defect]:
    """The annotations that switch KEDA off for an object, and the number of pods that one of them fixes."""
    for scaler in scalers(estate):
        replicas = scaler.thing.node.get("metadata", "annotations", REPLICAS)
        paused = scaler.thing.node.get("metadata", "annotations", PAUSED)
        if replicas is not None:
            yield from _fixed(scaler, replicas)
        elif paused is not None and paused.text.lower() not in _FALSE:
            yield Defect(
                paused.place,
                f"{scaler.name} is paused: no trigger and no window changes its pods until the annotation goes",
                "Take the annotation out before the season",
                severity=Severity.INFO,
            )


def _fixed(scaler: Scaler, replicas: Node) -> Iterator[Defect]:
    if not replicas.text.isdecimal():
        yield Defect(replicas.place, f"{REPLICAS} is a number of pods, not {replicas.text}", "Write the number, in quotes")
        return
    above = scaler.most_node is not None and integer(replicas, 0) > scaler.most
    limit = f", which is more than its maximum of {scaler.most}" if above else ""
    yield Defect(
        replicas.place,
        f"{scaler.name} is paused at {replicas.text} pods{limit}: no trigger and no window changes that until it goes",
        "Take the annotation out before the season",
        (Related(scaler.most_node.place, "the limit"),) if above and scaler.most_node is not None else (),
        severity=Severity.WARNING if above else Severity.INFO,
    )


RULE = ValidationRule("SC009", "paused", "A ScaledObject is paused in its manifest.", Severity.WARNING, check)
