"""CA004: starts and ends that do not take turns, so that KEDA keeps a window open or closed in between."""

from __future__ import annotations

from collections.abc import Iterator

from harness.calendar.coverage import coverage, fires, next_fire
from harness.calendar.localtime import local
from harness.calendar.pairing import out_of_turn, takes_turns
from harness.calendar.window import CronTrigger
from harness.validate.estate import Estate, Settings
from harness.validate.finding import Defect, Related, Severity
from harness.validate.rule import ValidationRule
from harness.validate.windows import Window, horizon_minutes, windows


def check(estate: Estate, settings: Settings) -> Iterator[Defect]:
    """Every pair whose fires do not alternate by the clock on the wall (nights of the change of clocks are CA012's)."""
    for window in windows(estate):
        pair = window.pair
        if pair is None or takes_turns(pair.start, pair.end) or pair.start.values() == pair.end.values():
            continue
        since, until = horizon_minutes(settings, "UTC")
        if next_fire(pair.start, since) is not None and next_fire(pair.end, since) is not None:
            yield from _told(window, pair, since, until, settings)


def _told(window: Window, pair: CronTrigger, since: int, until: int, settings: Settings) -> Iterator[Defect]:
    twice = out_of_turn(pair.start, pair.end, since, until)
    if not twice:
        return
    kind = "end" if any(one == "end" for one, _, _ in twice) else "start"
    gaps = [(at, other) for one, at, other in twice if one == kind]
    here, there = (f"{local('UTC', at):%a %d %b %Y %H:%M}" for at in gaps[0])
    days = len(coverage(pair.start, pair.end, *horizon_minutes(settings, pair.timezone)).days(pair.timezone))
    missing, state = ("start", f"keeps {pair.desired} pods") if kind == "end" else ("end", "stays closed")
    often = len(fires(pair.start if missing == "start" else pair.end, since, until))
    yield Defect(
        window.part(kind),
        f"No {missing} lies between the {kind}s of {here} and {there}; KEDA only asks which of the two comes next, so "
        f"{window.label} {state} in between (gaps of this kind: {len(gaps)}; it is open on {days} of 365 days)",
        f"Restrict {kind} to the same days as {missing}, so that they take turns",
        (Related(window.part(missing), f"comes {often} times in the year" if often != 1 else "comes once in the year"),),
    )


RULE = ValidationRule(
    "CA004",
    "start-and-end-unpaired",
    "Starts and ends that do not take turns, so that KEDA keeps the window open or closed in between.",
    Severity.ERROR,
    check,
)
