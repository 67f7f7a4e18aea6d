"""CA015: public holidays on which a window for workdays is open."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from harness.calendar.holidays import public_holidays, regions_named
from harness.validate.artefacts import Thing
from harness.validate.dayspoken import leaves_out_holidays, says_workdays, speaks_of_holidays
from harness.validate.estate import Estate, Settings
from harness.validate.finding import Confidence, Defect, Related, Severity
from harness.validate.rule import ValidationRule
from harness.validate.scheduled import compared, regions, scheduled
from harness.validate.seasonnames import territory_of
from harness.validate.windows import Window, horizon_minutes, windows

_SATURDAY = 5
_COUNTRIES = {"Europe/Berlin": "DE", "Europe/Zurich": "CH", "Europe/Vienna": "AT"}


def check(estate: Estate, settings: Settings) -> Iterator[Defect]:
    """Promises and comments that leave holidays out (a warning), or say workdays and nothing of holidays (told only)."""
    told: set[Window] = set()
    for one in scheduled(estate, settings):
        promise = one.season
        if not promise.workdays or (speaks_of_holidays(promise.sentence) and not promise.holidays):
            continue
        comparison = compared(one, settings)
        if comparison is None:
            continue
        within = frozenset(
            day for day in comparison.covered if any(first <= day <= last for first, last in comparison.ranges)
        )
        found = _holidays(regions(promise, one.thing, settings), within)
        told |= set(one.windows)
        if found:
            yield _defect(
                one.windows[0],
                found,
                Related(promise.place, "the promise"),
                one.confidence if promise.holidays else Confidence.GUESS,
                promise.understood(),
            )
    for window in windows(estate):
        if window.pair is None or window in told:
            continue
        for remark in window.remarks:
            if says_workdays(remark.text) and leaves_out_holidays(remark.text):
                days = window.cover(*horizon_minutes(settings, window.pair.timezone)).days(window.pair.timezone)
                named = regions_named(remark.text) or _of_place(window.thing, window.pair.timezone, settings)
                if found := _holidays(named, days):
                    yield _defect(window, found, Related(remark.place, "it says so here"), Confidence.LIKELY, "")


def _holidays(named: Sequence[str], days: frozenset[date]) -> dict[date, str]:
    """The holidays among workdays, each with its name and regions."""
    found: dict[date, list[str]] = {}
    for region in named:
        for year in {day.year for day in days}:
            for day, name in public_holidays(region, year).items():
                if day in days and day.weekday() < _SATURDAY:
                    found.setdefault(day, [name]).append(region)
    return {day: f"{name} ({', '.join(where)})" for day, (name, *where) in sorted(found.items())}


def _defect(window: Window, found: dict[date, str], related: Related, confidence: Confidence, understood: str) -> Defect:
    first = next(iter(found))
    more = f" and {len(found) - 1} more up to {max(found):%a %d %b %Y}" if len(found) > 1 else ""
    return Defect(
        window.part("start"),
        f"{window.subject} is open on {first:%a %d %b %Y}, {found[first]}{more}; cron knows no holidays",
        "Say that holidays are included, or name the days (--emit prints crons for the coming season)",
        (related,),
        confidence,
        understood,
    )


def _of_place(thing: Thing, timezone: str, settings: Settings) -> tuple[str, ...]:
    country = territory_of(thing) or _COUNTRIES.get(timezone, "")
    return tuple(region for region in settings.holidays if country and region.startswith(country))


RULE = ValidationRule(
    "CA015", "holiday-in-workdays", "Public holidays on which a window for workdays is open.", Severity.WARNING, check
)
