"""SC019: an autoscaler takes pods away sooner than the runbook says."""

from __future__ import annotations

from collections.abc import Iterator

from harness.validate.estate import Estate, Settings
from harness.validate.finding import Defect, Related, Severity
from harness.validate.pledges import scalers_of
from harness.validate.promises import Stabilisation
from harness.validate.rule import ValidationRule
from harness.validate.scaler import Scaler


def check(estate: Estate, settings: Settings) -> Iterator[Defect]:
    """scaleDown.stabilizationWindowSeconds (300 where it is left out) against the promised wait."""
    told = set()
    for promise in estate.all(Stabilisation):
        least = promise.least.total_seconds()
        for scaler in scalers_of(promise.workload, promise.place, estate):
            if scaler.down.stabilisation >= least or scaler.thing in told:
                continue
            told.add(scaler.thing)
            down = scaler.behaviour.get("scaleDown") if scaler.behaviour is not None else None
            node = down.get("stabilizationWindowSeconds") if down is not None else None
            default = "" if node is not None else ", the HPA's default,"
            yield Defect(
                node.place if node is not None else scaler.thing.place,
                f"{scaler.name} takes pods away after {scaler.down.stabilisation:g} s{default} but the runbook says that "
                f"it waits {least:g} s{_cooldown(scaler, least)}",
                f"Set scaleDown.stabilizationWindowSeconds to at least {least:g}",
                (Related(promise.place, "the promise"),),
                confidence=promise.confidence,
                understood=promise.understood(),
            )


def _cooldown(scaler: Scaler, least: float) -> str:
    waits = scaler.seconds("cooldownPeriod", 0) if scaler.keda else 0
    return f"; its cooldownPeriod of {waits} s only delays the step to zero" if waits >= least else ""


RULE = ValidationRule("SC019", "stabilisation-too-short", "Pods go sooner than the runbook says.", Severity.WARNING, check)
