"""CA019: a window that opens later before the season than the promised lead."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from harness.calendar.coverage import Coverage
from harness.calendar.localtime import DAY, local, minute_of
from harness.validate.estate import Estate, Settings
from harness.validate.finding import Defect, Related, Severity
from harness.validate.promises import Scale
from harness.validate.rule import ValidationRule
from harness.validate.scheduled import Scheduled, compared, leads, scheduled


def check(estate: Estate, settings: Settings) -> Iterator[Defect]:
    """The time before the first promised minute. A lead shorter than a day needs a promised hour to be counted from."""
    for one in scheduled(estate, settings):
        comparison = compared(one, settings)
        found = leads(estate, one)
        if comparison is None or not found or not comparison.covered & comparison.promised:
            continue
        lead, scale = max(found, key=lambda each: each[0])
        opens = one.season.opens
        if opens is None and lead < timedelta(days=1):
            continue
        clock = opens.hour * 60 + opens.minute if opens else 0
        begins = minute_of(one.timezone, comparison.first, clock)
        wanted = begins - int(lead.total_seconds() // 60)
        if opens is None:
            wanted += DAY - 1  # a number of days before: at any time of that day
        if wanted not in comparison.cover:
            yield _defect(one, scale, comparison.cover, wanted, begins)


def _defect(one: Scheduled, scale: Scale, cover: Coverage, wanted: int, begins: int) -> Defect:
    opened = next((since for since, until in cover.stretches if since > wanted), begins)
    return Defect(
        one.windows[0].part("start"),
        f"{one.label} opens at {local(one.timezone, opened):%d %b %Y %H:%M}; with the promised lead it has to be open by "
        f"{local(one.timezone, wanted):%d %b %Y %H:%M}",
        f"Let it open {(opened - wanted) // 60} h {(opened - wanted) % 60} min earlier",
        (Related(scale.place, "the lead"), Related(one.season.place, "the season")),
        scale.confidence,
        scale.understood(),
    )


RULE = ValidationRule(
    "CA019", "lead-not-kept", "A window that opens later before the season than promised.", Severity.ERROR, check
)
