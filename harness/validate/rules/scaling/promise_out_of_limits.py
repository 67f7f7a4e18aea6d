"""SC016: the runbook promises more pods than the maximum, or fewer than the minimum."""

from __future__ import annotations

from collections.abc import Iterator

from harness.validate.estate import Estate, Settings
from harness.validate.finding import Defect, Related, Severity
from harness.validate.pledges import Pledge, pledges
from harness.validate.quantity import pods
from harness.validate.rule import ValidationRule
from harness.validate.text import Place


def check(estate: Estate, settings: Settings) -> Iterator[Defect]:
    """Every promised number of pods against the limits of its autoscaler, the surest once per place."""
    found: dict[tuple[Place, int], Defect] = {}
    for pledge in pledges(estate):
        defect = _above(pledge) or _below(pledge)
        if defect is not None:
            key = defect.place, pledge.goal
            known = found.get(key)
            if known is None or defect.confidence.most() > known.confidence.most():
                found[key] = defect
    yield from found.values()


def _above(pledge: Pledge) -> Defect | None:
    scaler = pledge.scaler
    if pledge.down or pledge.goal <= scaler.most:
        return None
    return Defect(
        (scaler.most_node or scaler.thing).place,
        f"{pods(pledge.goal)} of {scaler.target} are promised, but {scaler.name} never gets more than {scaler.most}",
        f"Raise the maximum to at least {pledge.goal}, or promise {scaler.most}",
        (Related(pledge.step.place, "the promise"),),
        confidence=pledge.confidence,
        understood=pledge.understood,
    )


def _below(pledge: Pledge) -> Defect | None:
    scaler = pledge.scaler
    if not pledge.down or pledge.goal >= scaler.least:
        return None
    return Defect(
        (scaler.least_node or scaler.thing).place,
        f"{scaler.target} is to go back to {pods(pledge.goal)}, but {scaler.name} never has fewer than {scaler.least}",
        f"Lower the minimum to {pledge.goal}, or promise {scaler.least}",
        (Related(pledge.step.place, "the promise"),),
        confidence=pledge.confidence,
        understood=pledge.understood,
    )


RULE = ValidationRule(
    "SC016",
    "promise-out-of-limits",
    "More pods are promised than the maximum, or fewer than the minimum.",
    Severity.ERROR,
    check,
)
