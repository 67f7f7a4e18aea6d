"""SC015: the autoscaler cannot bring, or take away, the promised pods in the promised time."""

from __future__ import annotations

from collections.abc import Iterator

from harness.validate.arrival import Arrival, arrival
from harness.validate.estate import Estate, Settings
from harness.validate.finding import Confidence, Defect, Related, Severity
from harness.validate.pledges import Pledge, pledges
from harness.validate.rule import ValidationRule
from harness.validate.text import Place


def check(estate: Estate, settings: Settings) -> Iterator[Defect]:
    """The fastest path of every promised step against its deadline; the surest finding per autoscaler and direction."""
    found: dict[tuple[Place, bool], Defect] = {}
    for pledge in pledges(estate):
        defect = _defect(pledge, estate, settings)
        if defect is not None:
            key = pledge.scaler.thing.place, pledge.down
            known = found.get(key)
            if known is None or defect.confidence.most() > known.confidence.most():
                found[key] = defect
    yield from found.values()


def _defect(pledge: Pledge, estate: Estate, settings: Settings) -> Defect | None:
    if pledge.within is None or pledge.cause == "fault" or pledge.goal == pledge.start:
        return None
    if pledge.goal > pledge.scaler.most or (pledge.down and pledge.goal < pledge.scaler.least):
        return None  # Another rule tells of it.
    within = pledge.within.total_seconds()
    soon = arrival(pledge, estate, settings)
    if soon.reached and soon.reckoned <= within:
        return None
    surely = not soon.reached or soon.least > within
    return Defect(
        _place(pledge),
        _says(pledge, soon, within, surely),
        _mend(pledge),
        (Related(pledge.deadline.place, f"promised: {within:g} s"),),
        confidence=pledge.confidence if surely else Confidence.GUESS,
        understood=pledge.understood,
    )


def _says(pledge: Pledge, soon: Arrival, within: float, surely: bool) -> str:
    name, verb = pledge.scaler.name, "take" if pledge.down else "bring"
    if not soon.reached:
        return f"{name} never gets from {pledge.start} to {pledge.goal} pods: this direction is disabled"
    starts = soon.warm if surely else soon.start
    pod = f", and a pod takes {starts:g} s more to be ready" if starts else ""
    best = soon.least if surely else soon.reckoned
    path = soon.told or f"{pledge.goal} pods at once"
    return (
        f"From {pledge.start} to {pledge.goal} pods {name} needs {'at least' if surely else 'about'} {best:g} s "
        f"({path}{pod}), but {within:g} s are promised: it cannot {verb} them in time"
    )


def _mend(pledge: Pledge) -> str:
    if pledge.down:
        return "Shorten stabilizationWindowSeconds or loosen the policies of scaleDown, or promise more time"
    return "Loosen the policies of scaleUp, open the window earlier, or promise more time"


def _place(pledge: Pledge) -> Place:
    side = "scaleDown" if pledge.down else "scaleUp"
    key = pledge.scaler.behaviour.key(side) if pledge.scaler.behaviour is not None else None
    return (key or pledge.scaler.thing).place


RULE = ValidationRule(
    "SC015", "deadline-impossible", "Pods cannot come, or go, in the promised time.", Severity.ERROR, check
)
