"""SC011: the manifest of a scaled workload fixes its number of pods."""

from __future__ import annotations

from collections.abc import Iterator

from harness.validate.estate import Estate, Settings
from harness.validate.finding import Defect, Related, Severity
from harness.validate.rule import ValidationRule
from harness.validate.workload import scaled


def check(estate: Estate, settings: Settings) -> Iterator[Defect]:
    """`spec.replicas` of workloads that a scaler scales."""
    for scaler, workload in scaled(estate):
        fixed = workload.replicas
        if fixed is not None and fixed.text.isdecimal():
            yield Defect(
                fixed.place,
                f"Every `kubectl apply` or upgrade sets {workload.name} back to {fixed.text} pods, whatever "
                f"{scaler.thing.kind} {scaler.name} has scaled it to",
                "Leave `replicas` out; the autoscaler owns that number",
                (Related(scaler.thing.place, "the autoscaler"),),
            )


RULE = ValidationRule(
    "SC011", "fixed-replicas", "A scaled workload's manifest fixes its number of pods.", Severity.INFO, check
)
