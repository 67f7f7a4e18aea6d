"""SC008: the smallest number of pods is above the largest, or the idle one is not below the smallest."""

from __future__ import annotations

from collections.abc import Iterator

from harness.validate.estate import Estate, Settings
from harness.validate.finding import Defect, Related, Severity
from harness.validate.rule import ValidationRule
from harness.validate.scaler import Scaler, integer, scalers


def check(estate: Estate, settings: Settings) -> Iterator[Defect]:
    """min <= max of every scaler, idle < min of ScaledObjects, as KEDA's admission webhook has it."""
    for scaler in scalers(estate):
        low, high = ("minReplicaCount", "maxReplicaCount") if scaler.keda else ("minReplicas", "maxReplicas")
        if scaler.least_node is not None and scaler.least > scaler.most and (scaler.most_node is not None or scaler.keda):
            default = "" if scaler.most_node is not None else " (its default)"
            yield Defect(
                scaler.least_node.place,
                f"{low} {scaler.least} is above {high} {scaler.most}{default}; {scaler.name} is refused",
                f"Raise {high} to at least {scaler.least}, or lower {low}",
                (Related(scaler.most_node.place, "the limit"),) if scaler.most_node is not None else (),
            )
        yield from _idle(scaler)


def _idle(scaler: Scaler) -> Iterator[Defect]:
    least = scaler.floor if scaler.least_node is not None else 0
    if scaler.idle_node is not None and integer(scaler.idle_node, 0) >= least:
        yield Defect(
            scaler.idle_node.place,
            f"idleReplicaCount {scaler.idle_node.text} is not below minReplicaCount {least}; KEDA refuses {scaler.name}",
            "Set minReplicaCount above idleReplicaCount, or leave idleReplicaCount out",
            (Related(scaler.least_node.place, "the minimum"),) if scaler.least_node is not None else (),
        )


RULE = ValidationRule(
    "SC008", "min-above-max", "minReplicas is above maxReplicas, or idle is not below min.", Severity.ERROR, check
)
