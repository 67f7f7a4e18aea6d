"""CA010: a window said to be for workdays whose expression opens it on weekends too."""

from __future__ import annotations

from collections.abc import Iterator

from harness.calendar.coverage import Coverage, fires
from harness.calendar.localtime import DAY, local, minute_of
from harness.calendar.pairing import takes_turns
from harness.calendar.window import CronTrigger
from harness.validate.dayspoken import saturday_is_workday, says_workdays
from harness.validate.estate import Estate, Settings
from harness.validate.finding import Confidence, Defect, Related, Severity
from harness.validate.promises import Season
from harness.validate.rule import ValidationRule
from harness.validate.scheduled import scheduled
from harness.validate.windows import Remark, Window, horizon_minutes, windows


def check(estate: Estate, settings: Settings) -> Iterator[Defect]:
    """Names and comments beside a window, and the seasons it serves, against its days of the week."""
    promised = {
        window: (one.season, one.confidence)
        for one in scheduled(estate, settings)
        if all(season.workdays for season in one.seasons)
        for window in one.windows
    }
    for window in windows(estate):
        pair = window.pair
        if pair is None or not takes_turns(pair.start, pair.end) or not (_remark(window) or window in promised):
            continue
        weekdays = _open_on(window, pair, settings)
        if remark := _remark(window):
            words = says_workdays(remark.text)
            if weekdays & ({0} if saturday_is_workday(words) else {0, 6}):
                yield _defect(window, f"'{words}'", Related(remark.place, "it says so here"), Confidence.LIKELY, "")
        elif window in promised and (promise := promised[window])[0] and weekdays & _free(promise[0]):
            season, confidence = promise
            yield _defect(window, "the promise", Related(season.place, "the promise"), confidence, season.understood())


def _defect(window: Window, who: str, related: Related, confidence: Confidence, understood: str) -> Defect:
    start = window.pair.start.expression if window.pair else ""
    return Defect(
        window.part("start"),
        f"{window.subject} is for workdays by {who}, but '{start}' opens it on weekends too",
        "Write 1-5 as the day of the week of start and end"
        + (
            ""
            if start.split()[2] in ("*", "?")
            else "; with a day of the month beside it cron takes either, so name the days"
        ),
        (related,),
        confidence,
        understood,
    )


def _open_on(window: Window, pair: CronTrigger, settings: Settings) -> set[int]:
    """The days of the week (Sunday is 0) on which it opens, or is open at noon; not those that a night runs into."""
    since, until = horizon_minutes(settings, pair.timezone)
    _, _, days, _, weekdays = pair.start.values()
    if len(days) == 31 and pair.start.day_and:
        found = set(weekdays)
    else:
        found = {local(pair.timezone, at).isoweekday() % 7 for at in fires(pair.start, since, until)}
    long = Coverage(tuple(stretch for stretch in window.cover(since, until).stretches if stretch[1] - stretch[0] > DAY))
    free = [day for day in long.days(pair.timezone) if day.weekday() > 4]
    return found | {day.isoweekday() % 7 for day in free if minute_of(pair.timezone, day, 720) in long}


def _remark(window: Window) -> Remark | None:
    named = Remark(window.name, window.part("start"))
    return next((remark for remark in (*window.remarks, named) if says_workdays(remark.text)), None)


def _free(season: Season) -> set[int]:
    return {0} if saturday_is_workday(season.sentence) else {0, 6}


RULE = ValidationRule(
    "CA010",
    "workdays-not-in-cron",
    "A window said to be for workdays that opens on weekends too.",
    Severity.WARNING,
    check,
)
