"""SC030: a behavior outside of what the API server allows."""

from __future__ import annotations

from collections.abc import Iterator

from harness.validate.estate import Estate, Settings
from harness.validate.finding import Defect, Severity
from harness.validate.hpa import Select
from harness.validate.rule import ValidationRule
from harness.validate.scaler import Scaler, integer, scalers
from harness.validate.yamltree import Node

MOST_PERIOD, MOST_WINDOW = 1800, 3600
"""MaxPeriodSeconds and MaxStabilizationWindowSeconds of pkg/apis/autoscaling/validation."""


def check(estate: Estate, settings: Settings) -> Iterator[Defect]:
    """Values of behavior that no schema limits; a ScaledObject takes them, and then its HPA cannot be made."""
    for scaler in scalers(estate):
        for side in ("scaleUp", "scaleDown"):
            rules = scaler.behaviour.get(side) if scaler.behaviour is not None else None
            if rules is not None:
                yield from _rules(scaler, side, rules)


def _rules(scaler: Scaler, side: str, rules: Node) -> Iterator[Defect]:
    outcome = f"KEDA cannot make the HPA of {scaler.name}" if scaler.keda else f"the API server refuses {scaler.name}"
    yield from _within(
        rules.get("stabilizationWindowSeconds"), 0, MOST_WINDOW, f"{side}.stabilizationWindowSeconds", outcome
    )
    select = rules.get("selectPolicy")
    if select is not None and select.text not in set(Select):
        yield Defect(select.place, f"selectPolicy {select.text} does not exist; {outcome}", "Write Max, Min or Disabled")
    for policy in rules.get("policies") or ():
        kind = policy.get("type")
        if kind is not None and kind.text not in ("Pods", "Percent"):
            yield Defect(kind.place, f"A policy of type {kind.text} does not exist; {outcome}", "Write Pods or Percent")
        yield from _within(policy.get("periodSeconds"), 1, MOST_PERIOD, f"{side}.policies.periodSeconds", outcome)
        yield from _within(policy.get("value"), 1, None, f"{side}.policies.value", outcome)


def _within(node: Node | None, least: int, most: int | None, name: str, outcome: str) -> Iterator[Defect]:
    value = integer(node, least)
    if node is not None and (value < least or (most is not None and value > most)):
        limits = f"between {least} and {most}" if most is not None else f"at least {least}"
        yield Defect(node.place, f"{name} {value} is not {limits}; {outcome}", f"Write a number {limits}")


RULE = ValidationRule(
    "SC030", "behaviour-refused", "A behavior is outside of what the API server allows.", Severity.ERROR, check
)
