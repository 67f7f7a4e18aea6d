"""SC014: a window wants so few more pods that the HPA's tolerance swallows the step."""

from __future__ import annotations

from collections.abc import Iterator

from harness.validate.estate import Estate, Settings
from harness.validate.finding import Confidence, Defect, Related, Severity
from harness.validate.hpa import wanted
from harness.validate.rule import ValidationRule
from harness.validate.scaler import Scaler, integer, scalers


def check(estate: Estate, settings: Settings) -> Iterator[Defect]:
    """From the minimum to what each cron trigger wants: ratio = wanted / pods has to pass 1 + tolerance."""
    for scaler in scalers(estate):
        written = scaler.up.tolerance
        tolerance = settings.hpa_tolerance if written is None else written
        for trigger in scaler.triggers:
            node = trigger.setting("desiredReplicas")
            goal = integer(node, 0)
            if trigger.type != "cron" or node is None or not trigger.averaged or not scaler.floor < goal <= scaler.most:
                continue
            if wanted(scaler.floor, goal, 1, averaged=True, up=tolerance) == scaler.floor:
                yield Defect(
                    node.place,
                    f"From {scaler.floor} to {goal} pods is a ratio of {goal / scaler.floor:.4g}, and the HPA does nothing "
                    f"up to {1 + tolerance:g}: this window adds no pod",
                    f"Want at least {_enough(scaler, tolerance)} pods, or set behavior.scaleUp.tolerance below "
                    f"{goal / scaler.floor - 1:.4g}",
                    (Related(scaler.least_node.place, "the pods before"),) if scaler.least_node is not None else (),
                    confidence=Confidence.CERTAIN if len(scaler.triggers) == 1 else Confidence.LIKELY,
                )


def _enough(scaler: Scaler, tolerance: float) -> int:
    goal = scaler.floor + 1
    while wanted(scaler.floor, goal, 1, averaged=True, up=tolerance) == scaler.floor:
        goal += 1
    return goal


RULE = ValidationRule(
    "SC014", "step-within-tolerance", "A window's step is within the HPA's tolerance.", Severity.ERROR, check
)
