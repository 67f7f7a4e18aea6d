"""CA003: a window that can never open, or never close, because a day does not exist."""

from __future__ import annotations

from collections.abc import Iterator

from harness.calendar.coverage import next_fire
from harness.validate.estate import Estate, Settings
from harness.validate.finding import Defect, Severity
from harness.validate.rule import ValidationRule
from harness.validate.windows import horizon_minutes, windows


def check(estate: Estate, settings: Settings) -> Iterator[Defect]:
    """A start or an end that does not come within the five years that KEDA looks ahead."""
    for window in windows(estate):
        if window.pair is None:
            continue
        since, _ = horizon_minutes(settings, window.pair.timezone)
        starts, ends = next_fire(window.pair.start, since), next_fire(window.pair.end, since)
        if starts is None:
            yield Defect(
                window.part("start"),
                f"'{window.pair.start.expression}' is a day that never comes, so KEDA keeps {window.label} open all year",
                "Name a day that the month has",
            )
        elif ends is None:
            yield Defect(
                window.part("end"),
                f"'{window.pair.end.expression}' is a day that never comes, so KEDA never opens {window.label}",
                "Name a day that the month has",
            )


RULE = ValidationRule(
    "CA003", "day-never-comes", "A start or an end on a day that never comes, such as 30 February.", Severity.ERROR, check
)
