"""SC017: a workload scales to zero, and its latency is promised."""

from __future__ import annotations

from collections.abc import Iterator

from harness.validate.estate import Estate, Settings
from harness.validate.finding import Confidence, Defect, Related, Severity
from harness.validate.pledges import scalers_of
from harness.validate.promises import Measure, Threshold
from harness.validate.rule import ValidationRule
from harness.validate.scaler import KEDA_DEFAULT_POLLING, integer


def check(estate: Estate, settings: Settings) -> Iterator[Defect]:
    """ScaledObjects whose fewest pods are none, against latency that has to hold for their component."""
    told = set()
    for promise in estate.all(Threshold):
        if promise.measure is not Measure.LATENCY or not promise.component:
            continue
        for scaler in scalers_of("", promise.place, estate, (promise.component, promise.territory)):
            idle = integer(scaler.idle_node, 1) == 0
            if scaler.thing in told or not scaler.keda or not (scaler.least == 0 or idle):
                continue
            told.add(scaler.thing)
            node = scaler.idle_node if idle else scaler.least_node
            polling = scaler.seconds("pollingInterval", KEDA_DEFAULT_POLLING)
            yield Defect(
                node.place if node is not None else scaler.thing.place,
                f"{scaler.target} scales to zero{'' if node is not None else ', the default'}: the first "
                f"requests after a pause wait up to {polling} s for KEDA and then for a pod, but their latency is promised",
                "Set minReplicaCount to at least 1",
                (Related(promise.place, "the promise"),),
                confidence=promise.confidence if promise.confidence is Confidence.GUESS else Confidence.LIKELY,
                understood=promise.understood(),
            )


RULE = ValidationRule(
    "SC017", "zero-with-latency", "A workload scales to zero, and its latency is promised.", Severity.WARNING, check
)
