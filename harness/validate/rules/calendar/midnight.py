"""CA009: a window whose end lies before its start on the clock, so that it runs over midnight, a weekend or a year."""

from __future__ import annotations

from collections.abc import Iterator

from harness.calendar.localtime import DAY, local
from harness.calendar.pairing import takes_turns
from harness.calendar.window import CronTrigger
from harness.validate.dayspoken import says_daytime, says_night
from harness.validate.estate import Estate, Settings
from harness.validate.finding import Confidence, Defect, Related, Severity
from harness.validate.rule import ValidationRule
from harness.validate.windows import horizon_minutes, windows


def check(estate: Estate, settings: Settings) -> Iterator[Defect]:
    """Windows that recur on the same days for start and end, with the end earlier in the day than the start."""
    for window in windows(estate):
        pair = window.pair
        if pair is None or not takes_turns(pair.start, pair.end) or not _runs_backwards(pair):
            continue
        begin, finish = horizon_minutes(settings, pair.timezone)
        stretches = window.cover(begin - 370 * DAY, finish + 370 * DAY).stretches
        inner = list(stretches[1:-1]) or list(stretches)
        longest, shortest = max(inner, key=_length), min(inner, key=_length)
        since, until = (local(pair.timezone, at) for at in longest)
        if _length(longest) >= _length(shortest) + DAY - 60 and len(inner) > 1:
            yield Defect(
                window.part("end"),
                f"{window.subject} opens on {since:%a %d %b %Y %H:%M} and closes only on "
                f"{until:%a %d %b %Y %H:%M}: the end lies before the start on the clock, and the next one is days away",
                "Put the end on the day after each start, such as 0 6 * * 2-6 for a start at 0 22 * * 1-5",
                (Related(window.part("start"), "the start"),),
                severity=None if _length(longest) > 7 * DAY else Severity.WARNING,
            )
        elif not says_night(words := " ".join((window.name, *(remark.text for remark in window.remarks)))):
            daytime = says_daytime(words)
            yield Defect(
                window.part("end"),
                f"{window.subject} is open over midnight, from {since:%H:%M} to {until:%H:%M}"
                + (", although it is said to be for the day" if daytime else ""),
                "Swap start and end if the day is meant" if daytime else "Nothing, if the night is meant",
                (Related(window.part("start"), "the start"),),
                Confidence.LIKELY if daytime else Confidence.GUESS,
            )


def _runs_backwards(pair: CronTrigger) -> bool:
    """Whether start and end come on the same days, at one time each, the end earlier."""
    minutes, hours, *days = pair.start.values()
    end_minutes, end_hours, *end_days = pair.end.values()
    often = len(days[0]) > 1 and len(days[1]) * len(days[0]) > 2
    return (
        often
        and days == end_days
        and len(minutes) == len(hours) == len(end_minutes) == len(end_hours) == 1
        and (end_hours, end_minutes) < (hours, minutes)
    )


def _length(stretch: tuple[int, int]) -> int:
    return stretch[1] - stretch[0]


RULE = ValidationRule(
    "CA009", "window-over-midnight", "An end before the start on the clock: the window runs on.", Severity.ERROR, check
)
