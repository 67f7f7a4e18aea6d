"""CA004: starts and ends that do not take turns, so that KEDA keeps a window open or closed in between."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from harness.calendar.coverage import coverage, fires, last_fire, next_fire
from harness.calendar.cron import Cron
from harness.calendar.localtime import local
from harness.validate.estate import Estate, Settings
from harness.validate.finding import Defect, Related, Severity
from harness.validate.rule import ValidationRule
from harness.validate.windows import Window, horizon_minutes, windows


def check(estate: Estate, settings: Settings) -> Iterator[Defect]:
    """Every pair whose fires do not alternate by the clock on the wall (nights of the change of clocks are CA012's)."""
    for window in windows(estate):
        pair = window.pair
        if pair is None or pair.start.values() == pair.end.values():
            continue
        start, end = Cron(pair.start.expression, "UTC"), Cron(pair.end.expression, "UTC")
        since, until = horizon_minutes(settings, "UTC")
        if next_fire(start, since) is None or next_fire(end, since) is None:
            continue
        yield from _told(window, start, end, since, until)


def _told(window: Window, start: Cron, end: Cron, since: int, until: int) -> Iterator[Defect]:
    starts, ends = _with_neighbours(start, since, until), _with_neighbours(end, since, until)
    events = sorted([(at, "end") for at in ends] + [(at, "start") for at in starts])
    twice = [(one, other) for one, other in pairwise(events) if one[1] == other[1]]
    if not twice:
        return
    kind = "end" if any(one[1] == "end" for one, _ in twice) else "start"
    gaps = [(one[0], other[0]) for one, other in twice if one[1] == kind]
    here, there = (f"{local('UTC', at):%a %d %b %Y %H:%M}" for at in gaps[0])
    days = len(coverage(start, end, since, until).days("UTC"))
    missing, state = (
        ("start", f"keeps {window.pair.desired if window.pair else 0} pods") if kind == "end" else ("end", "stays closed")
    )
    yield Defect(
        window.part(kind),
        f"No {missing} lies between the {kind}s of {here} and {there}; KEDA only asks which of the two comes next, so "
        f"{window.label} {state} in between (in a year {len(gaps)} such gaps; it is open on {days} days)",
        f"Restrict {kind} to the same days as {missing}, so that they take turns",
        (
            Related(
                window.part(missing), f"fires {len(fires(start if missing == 'start' else end, since, until))} times a year"
            ),
        ),
    )


def _with_neighbours(cron: Cron, since: int, until: int) -> list[int]:
    before, after = last_fire(cron, since), next_fire(cron, until)
    return [at for at in (before, *fires(cron, since, until), after) if at is not None]


RULE = ValidationRule(
    "CA004",
    "start-and-end-unpaired",
    "Starts and ends that do not take turns, so that KEDA keeps the window open or closed in between.",
    Severity.ERROR,
    check,
)
