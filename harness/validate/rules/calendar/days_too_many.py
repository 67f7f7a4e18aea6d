"""CA005: days outside a promised season on which its windows are open."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from harness.calendar.coverage import Coverage
from harness.calendar.localtime import minute_of
from harness.calendar.seasons import stretches
from harness.validate.estate import Estate, Settings
from harness.validate.finding import Defect, Related, Severity
from harness.validate.rule import ValidationRule
from harness.validate.scheduled import Comparison, Scheduled, compared, days_told, leads, scheduled

_AFTER = 6 * 60
"""So many minutes of the night after the last day are no day too many."""


def check(estate: Estate, settings: Settings) -> Iterator[Defect]:
    """Every season beside the windows that serve it. Days within the season (weekends, holidays) are other rules'."""
    for one in scheduled(estate, settings):
        comparison = compared(one, settings)
        if comparison is not None and (extra := _extra(estate, one, comparison)):
            yield _defect(one, comparison, extra)


def _extra(estate: Estate, one: Scheduled, comparison: Comparison) -> frozenset[date]:
    """Days with minutes outside of every promised stretch of days, a promised lead before it and the night after it."""
    lead = int(max((lead for lead, _ in leads(estate, one)), default=timedelta()).total_seconds() // 60)
    allowed = Coverage.of(
        (minute_of(one.timezone, first, 0) - lead, minute_of(one.timezone, last, 1440) + _AFTER)
        for first, last in comparison.ranges
    )
    return (comparison.cover - allowed).days(one.timezone)


def _defect(one: Scheduled, comparison: Comparison, extra: frozenset[date]) -> Defect:
    runs = stretches(extra)
    after = runs[-1][0] > comparison.last
    window = max(one.windows, key=lambda each: len(each.days_in(extra, one.timezone)))
    # One day early is how many people write pre-scaling.
    early = runs == [(comparison.first - timedelta(days=1), comparison.first - timedelta(days=1))]
    return Defect(
        window.part("end" if after else "start"),
        f"{one.label} is open on {days_told(extra)}, outside the promised season from {comparison.first:%d %b %Y} to "
        f"{comparison.last:%d %b %Y}",
        "Narrow the window to the season (a month field such as 9-10 takes all of October); --emit prints the crons",
        (Related(one.season.place, "the promise"),),
        one.confidence,
        one.season.understood(),
        Severity.INFO if early else None,
    )


RULE = ValidationRule(
    "CA005",
    "season-days-too-many",
    "Days outside a promised season on which its windows are open.",
    Severity.WARNING,
    check,
)
