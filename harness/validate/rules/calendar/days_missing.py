"""CA006: days of a promised season on which its windows never open."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from harness.calendar.seasons import stretches
from harness.validate.estate import Estate, Settings
from harness.validate.finding import Defect, Related, Severity
from harness.validate.rule import ValidationRule
from harness.validate.scheduled import Comparison, Scheduled, compared, days_told, scheduled

_SATURDAY = 5


def check(estate: Estate, settings: Settings) -> Iterator[Defect]:
    """Every season beside the windows that serve it. A season scheduled on workdays only is CA011's."""
    for one in scheduled(estate, settings):
        comparison = compared(one, settings)
        if comparison is None:
            continue
        missing = comparison.promised - comparison.covered
        if missing and not all(day.weekday() >= _SATURDAY for day in missing):
            yield _defect(one, comparison, missing)


def _defect(one: Scheduled, comparison: Comparison, missing: frozenset[date]) -> Defect:
    runs = stretches(missing)
    late = runs[0][0] == comparison.first
    window = one.windows[0] if late else one.windows[-1]
    part = "start" if late and runs[-1][1] != comparison.last else "end"
    whole = len(missing) == len(comparison.promised)
    says = f"leaves out the whole season, {days_told(missing)}" if whole else f"leaves out {days_told(missing)}"
    return Defect(
        window.part(part),
        f"{one.label} {says}, of the promised season from {comparison.first:%d %b %Y} to {comparison.last:%d %b %Y}",
        f"Move the {part} so that the window holds all {len(comparison.promised)} days; --emit prints the pair of crons",
        (Related(one.season.place, "the promise"),),
        one.confidence,
        one.season.understood(),
    )


RULE = ValidationRule(
    "CA006", "season-days-missing", "Days of a promised season on which its windows never open.", Severity.ERROR, check
)
