"""SC038: the runbook promises more pods than a manifest fixes, and no autoscaler brings them."""

from __future__ import annotations

from collections.abc import Iterator

from harness.validate.estate import Estate, Settings
from harness.validate.finding import Confidence, Defect, Related, Severity
from harness.validate.promises import Scale
from harness.validate.rule import ValidationRule
from harness.validate.scaler import integer, scalers
from harness.validate.workload import SCALABLE, workloads


def check(estate: Estate, settings: Settings) -> Iterator[Defect]:
    """Promised pods of workloads by name, where autoscalers were read but none of this one."""
    scaled = {scaler.target for scaler in scalers(estate)} | {scaler.name for scaler in scalers(estate)}
    told: set[str] = set()
    for promise in estate.all(Scale) if scaled else ():
        if promise.down or promise.wanted is None or not promise.workload or promise.workload in scaled | told:
            continue
        found = [one for kind in SCALABLE for one in workloads(estate).get((kind, promise.workload), ())]
        fixed = [one.replicas for one in found if one.replicas is not None]
        pods = max((integer(node, promise.wanted) for node in fixed), default=promise.wanted)
        if len(fixed) == len(found) > 0 and pods < promise.wanted:
            told.add(promise.workload)
            yield Defect(
                fixed[0].place,
                f"{promise.wanted} pods of {promise.workload} are promised, its manifest fixes {pods}, and no autoscaler "
                "that was read scales it",
                f"Add a ScaledObject or an HPA for {promise.workload}, or say in the runbook who scales it",
                (Related(promise.place, "the promise"),),
                confidence=promise.confidence if promise.confidence is Confidence.GUESS else Confidence.LIKELY,
                understood=promise.understood(),
            )


RULE = ValidationRule(
    "SC038", "promise-without-scaler", "More pods are promised than are fixed, without autoscaler.", Severity.WARNING, check
)
