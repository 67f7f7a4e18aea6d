"""CA012: a window whose start or end lies in the hour that is left out, or comes twice, when the clocks change."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from functools import cache

from harness.calendar.coverage import Coverage, coverage
from harness.calendar.cron import Cron
from harness.calendar.localtime import DAY, day_offset, local, minute_of, minutes_of
from harness.calendar.pairing import takes_turns
from harness.calendar.window import CronTrigger
from harness.validate.estate import Estate, Settings
from harness.validate.finding import Defect, Severity
from harness.validate.rule import ValidationRule
from harness.validate.windows import Window, horizon, windows

_OFTEN = 12
"""What fires in so many hours of a day is not about one night."""


def check(estate: Estate, settings: Settings) -> Iterator[Defect]:
    """What KEDA does in the nights of the change, against the same windows by a clock that never changes."""
    first, last = horizon(settings)
    for window in windows(estate):
        pair = window.pair
        if pair is None or len(pair.start.values()[1]) >= _OFTEN or not takes_turns(pair.start, pair.end):
            continue
        for day in _changes(pair.timezone, first, last):
            for part, cron in (("start", pair.start), ("end", pair.end)):
                clock = _odd(cron, day)
                if clock is not None and (defect := _defect(window, pair, part, day, clock)):
                    yield defect
                    break


@cache
def _changes(timezone: str, first: date, last: date) -> tuple[date, ...]:
    """The days on which a zone's clock changes."""
    days = (first + timedelta(days=offset) for offset in range((last - first).days + 1))
    return tuple(day for day in days if day_offset(timezone, day) is None)


def _odd(cron: Cron, day: date) -> int | None:
    """A clock time of a cron on a day that the zone's clock does not show exactly once."""
    minutes, hours, days, months, weekdays = cron.values()
    by_day, by_weekday = day.day in days, day.isoweekday() % 7 in weekdays
    if day.month not in months or not ((by_day and by_weekday) if cron.day_and else (by_day or by_weekday)):
        return None
    clocks = [hour * 60 + minute for hour in hours for minute in minutes]
    return next((clock for clock in clocks if len(minutes_of(cron.timezone, day, clock)) != 1), None)


def _defect(window: Window, pair: CronTrigger, part: str, day: date, clock: int) -> Defect | None:
    twice = bool(minutes_of(pair.timezone, day, clock))
    around = [minute_of(pair.timezone, day + timedelta(days=shift), 720) for shift in (-2, 1)]
    really = coverage(pair.start, pair.end, around[0], around[1])
    wanted = _by_the_clock(pair, day).between(around[0], around[1])
    wrong = Coverage.of((*(really - wanted).stretches, *(wanted - really).stretches))
    if not wrong.stretches:
        return None
    since, until = max(wrong.stretches, key=lambda stretch: stretch[1] - stretch[0])
    begins, ends = local(pair.timezone, since), local(pair.timezone, until)
    comes = "comes twice" if twice else "is left out"
    state = "open" if since in really else "closed"
    return Defect(
        window.part(part),
        f"{clock // 60:02}:{clock % 60:02} {comes} on {day:%a %d %b %Y} in {pair.timezone}, so KEDA holds {window.label} "
        f"{state} from {begins:%d %b %H:%M} to {ends:%d %b %H:%M}",
        "Move it out of the hour of the change, such as to 01:55 or 03:00",
        severity=None if wrong.minutes >= 120 else Severity.INFO,
    )


def _by_the_clock(pair: CronTrigger, day: date) -> Coverage:
    """The windows around a day as a clock without change shows them, put on the zone's clock."""
    utc = [Cron(cron.expression, "UTC") for cron in (pair.start, pair.end)]
    middle = minute_of("UTC", day, 0)
    stretches = coverage(utc[0], utc[1], middle - 4 * DAY, middle + 4 * DAY).stretches
    return Coverage.of((_on(pair.timezone, since), _on(pair.timezone, until)) for since, until in stretches)


def _on(timezone: str, minute: int) -> int:
    clock = local("UTC", minute)
    return minute_of(timezone, clock.date(), clock.hour * 60 + clock.minute)


RULE = ValidationRule(
    "CA012",
    "window-in-clock-change",
    "A start or an end in the hour that is left out or comes twice when the clocks change.",
    Severity.WARNING,
    check,
)
