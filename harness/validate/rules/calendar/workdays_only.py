"""CA011: a window that opens on workdays only, although it is said to be for every day."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from harness.calendar.pairing import takes_turns
from harness.validate.dayspoken import includes_weekends, says_every_day, says_workdays
from harness.validate.estate import Estate, Settings
from harness.validate.finding import Confidence, Defect, Related, Severity
from harness.validate.promises import Season
from harness.validate.rule import ValidationRule
from harness.validate.scheduled import compared, days_told, scheduled
from harness.validate.windows import Remark, Window, windows

_SATURDAY = 5


def check(estate: Estate, settings: Settings) -> Iterator[Defect]:
    """Names and comments beside a window, and the seasons it serves, against its days of the week."""
    told: set[Window] = set()
    for window in windows(estate):
        pair = window.pair
        if pair is None or not takes_turns(pair.start, pair.end) or {0, 6} & set(pair.start.values()[4]):
            continue
        named = Remark(window.name, window.part("start"))
        for remark in (*window.remarks, named):
            if says_every_day(remark.text) or includes_weekends(remark.text):
                told.add(window)
                yield Defect(
                    window.part("start"),
                    f"{window.subject} is said to be for every day, but '{pair.start.expression}' "
                    "never opens it on a weekend",
                    "Write * as the day of the week of start and end, or say that it is for workdays",
                    (Related(remark.place, "it says so here"),),
                    Confidence.LIKELY,
                )
                break
    for one in scheduled(estate, settings):
        if told & set(one.windows) or any(season.workdays or _says_so_nearby(estate, season) for season in one.seasons):
            continue
        comparison = compared(one, settings)
        missing = comparison.promised - comparison.covered if comparison else frozenset()
        if missing and all(day.weekday() >= _SATURDAY for day in missing):
            yield Defect(
                one.windows[0].part("start"),
                f"{one.label} is never open on weekends, {days_told(missing)}, but the promise knows no exception",
                "Write * as the day of the week of start and end, or say in the promise that it is for workdays",
                (Related(one.season.place, "the promise"),),
                Confidence.LIKELY,
                one.season.understood(),
            )


@lru_cache(maxsize=4096)
def _says_so_nearby(estate: Estate, season: Season) -> bool:
    """Whether a sentence under the promise's heading is about workdays: hours often stand in a sentence of their own."""
    page = next((page for page in estate.found.pages if page.file.path == season.place.path), None)
    if page is None or not season.headings:
        return False
    return any(
        sentence.headings and sentence.headings[-1].text == season.headings[-1] and says_workdays(sentence.text)
        for sentence in page.sentences
    )


RULE = ValidationRule(
    "CA011",
    "workdays-only-in-cron",
    "A window that opens on workdays only, although it is said to be for every day.",
    Severity.WARNING,
    check,
)
