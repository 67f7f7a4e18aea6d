"""SC032: an autoscaler whose minimum is its maximum."""

from __future__ import annotations

from collections.abc import Iterator

from harness.validate.estate import Estate, Settings
from harness.validate.finding import Defect, Related, Severity
from harness.validate.rule import ValidationRule
from harness.validate.scaler import scalers


def check(estate: Estate, settings: Settings) -> Iterator[Defect]:
    """min = max: nothing that the triggers say changes anything."""
    for scaler in scalers(estate):
        low, high = scaler.least_node, scaler.most_node
        if low is not None and high is not None and scaler.least == scaler.most and scaler.idle_node is None:
            yield Defect(
                high.place,
                f"{scaler.name} has always {scaler.most} pods, whatever its triggers say",
                "Raise the maximum, or leave the autoscaler out",
                (Related(low.place, "the minimum"),),
            )


RULE = ValidationRule("SC032", "no-room", "An autoscaler's minimum is its maximum.", Severity.INFO, check)
