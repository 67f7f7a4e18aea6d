"""CA014: a day of the month and a day of the week in one expression, of which cron takes either."""

from __future__ import annotations

from collections.abc import Iterator

from harness.validate.estate import Estate, Settings
from harness.validate.finding import Defect, Severity
from harness.validate.rule import ValidationRule
from harness.validate.windows import windows


def check(estate: Estate, settings: Settings) -> Iterator[Defect]:
    """Starts and ends in which neither field is a star."""
    for window in windows(estate):
        for part, cron in (("start", window.pair.start), ("end", window.pair.end)) if window.pair else ():
            if not cron.day_and:
                _, _, day, _, weekday = cron.expression.split()
                yield Defect(
                    window.part(part),
                    f"'{cron.expression}' means the days {day} of the month or the days {weekday} of the week, whichever "
                    "comes; it is not both at once",
                    "Leave one of the two fields a star; for workdays of part of a month name each day, such as 1,2,5-9",
                )


RULE = ValidationRule(
    "CA014",
    "day-or-weekday",
    "A day of the month and a day of the week in one expression: cron takes either.",
    Severity.WARNING,
    check,
)
