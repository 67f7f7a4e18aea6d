"""CA020: 29 February: windows of leap years only, and seasons to the end of February that close on the 28th."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from harness.calendar.coverage import next_fire, year_span
from harness.calendar.cron import Cron
from harness.calendar.localtime import local
from harness.calendar.pairing import takes_turns
from harness.validate.estate import Estate, Settings
from harness.validate.finding import Defect, Related, Severity
from harness.validate.rule import ValidationRule
from harness.validate.scheduled import dates, scheduled
from harness.validate.windows import horizon, horizon_minutes, windows


def check(estate: Estate, settings: Settings) -> Iterator[Defect]:
    """Starts on 29 February alone, and promised leap days that no window holds, whichever year is looked at."""
    since, _ = horizon_minutes(settings, "UTC")
    for window in windows(estate):
        if window.pair is not None and _leap_only(window.pair.start) and takes_turns(window.pair.start, window.pair.end):
            comes = next_fire(window.pair.start, since)
            year = local(window.pair.timezone, comes).year if comes is not None else 0
            yield Defect(
                window.part("start"),
                f"{window.subject} opens on 29 February only, which comes next in {year}",
                "Open it on 28 February or 1 March, which come every year",
            )
    year = next(year for year in range(horizon(settings)[0].year, 2200) if _is_leap(year))
    leap_day = date(year, 2, 29)
    for one in scheduled(estate, settings):
        promised = any(
            leap_day in dates(season, one.thing, settings).days(leap_day, leap_day)
            for season in one.seasons
            if season.year is None and (2, 29) in (season.first, season.last)
        )
        if not promised:
            continue
        covered = one.cover(*year_span(date(year, 2, 20), date(year, 3, 10), one.timezone)).days(one.timezone)
        if leap_day not in covered and (date(year, 2, 28) in covered or date(year, 3, 1) in covered):
            yield Defect(
                one.windows[-1].part("end"),
                f"{one.label} leaves out 29 February {year}, which is promised in leap years",
                "Close it as 1 March begins (0 0 1 3 *) rather than on 28 February",
                (Related(one.season.place, "the promise"),),
                one.confidence,
                one.season.understood(),
            )


def _leap_only(cron: Cron) -> bool:
    _, _, days, months, _ = cron.values()
    return days == (29,) and months == (2,) and cron.day_and


def _is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


RULE = ValidationRule(
    "CA020",
    "leap-day",
    "Windows of leap years only, and leap days that a season's window leaves out.",
    Severity.WARNING,
    check,
)
