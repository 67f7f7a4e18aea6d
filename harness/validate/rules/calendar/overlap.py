"""CA008: windows of one object that are open at the same time with different numbers of pods."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from harness.calendar.coverage import Coverage
from harness.calendar.localtime import local
from harness.calendar.pairing import takes_turns
from harness.validate.estate import Estate, Settings
from harness.validate.finding import Defect, Related, Severity
from harness.validate.rule import ValidationRule
from harness.validate.windows import Window, horizon_minutes, windows_by_thing

MOST_WINDOWS = 40
"""So many windows of one object are compared with each other."""


def check(estate: Estate, settings: Settings) -> Iterator[Defect]:
    """Two windows at a time. A lower one that never counts is a warning, one that counts at other times is only told."""
    for _, ones in windows_by_thing(estate):
        good = [
            (window, window.pair.desired, window.cover(*horizon_minutes(settings, window.pair.timezone)))
            for window in ones[:MOST_WINDOWS]
            if window.pair is not None and takes_turns(window.pair.start, window.pair.end)
        ]
        for one, other in combinations(good, 2):
            lower, higher = sorted((one, other), key=lambda each: each[1])
            if lower[1] != higher[1] and (both := lower[2] & higher[2]).stretches:
                yield _defect(lower[0], higher[0], both, both != lower[2])


def _defect(lower: Window, higher: Window, both: Coverage, counts: bool) -> Defect:
    wants = (lower.pair.desired if lower.pair else 0), (higher.pair.desired if higher.pair else 0)
    since, until = (local(higher.pair.timezone if higher.pair else "UTC", at) for at in both.stretches[0])
    when = f"from {since:%a %d %b %Y %H:%M} to {until:%a %d %b %Y %H:%M}"
    if counts:
        says = f"Two windows of {lower.thing.name} overlap, first {when}; KEDA takes {wants[1]} pods, not {wants[0]}"
        mend = "Nothing, if that is meant; otherwise let one end where the other begins"
    else:
        says = f"{lower.subject} never counts: whenever it is open, another one wants {wants[1]} pods"
        mend = f"Remove it, or move it out of the other window ({when})"
    return Defect(
        lower.part("desiredReplicas"),
        says,
        mend,
        (Related(higher.part("desiredReplicas"), "the higher number"),),
        severity=Severity.INFO if counts else None,
    )


RULE = ValidationRule(
    "CA008",
    "windows-overlap",
    "Windows of one object that are open at the same time with different numbers of pods.",
    Severity.WARNING,
    check,
)
