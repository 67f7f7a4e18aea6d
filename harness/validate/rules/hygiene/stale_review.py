"""RB033: a runbook was last reviewed long before the season began that it speaks of, or more than a year ago."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

from harness.validate.estate import Estate, Settings
from harness.validate.finding import Confidence, Defect, Related, Severity
from harness.validate.promises import Reviewed, Season
from harness.validate.rule import ValidationRule

_YEAR = timedelta(days=366)
_AHEAD = timedelta(days=90)
"""A page that is gone through within a quarter before its season is ready for it."""


def check(estate: Estate, settings: Settings) -> Iterator[Defect]:
    """The newest review of each page against the last start of its seasons before today, and against today."""
    by_page: dict[Path, list[Reviewed]] = {}
    for review in estate.all(Reviewed):
        by_page.setdefault(review.place.path, []).append(review)
    for path, reviews in by_page.items():
        newest = max(reviews, key=lambda one: one.on)
        begun = _last_start(estate, path, settings.today)
        if begun is not None and newest.on < begun[0] - _AHEAD:
            start, season = begun
            yield Defect(
                newest.place,
                f"Last reviewed on {newest.on}, {(start - newest.on).days} days before {season.name or 'the season'} began",
                "Go through the page again and write the new date",
                (Related(season.place, season.understood()),),
                Confidence.LIKELY,
                newest.understood(),
            )
        elif settings.today - newest.on > _YEAR:
            yield Defect(
                newest.place,
                f"Last reviewed on {newest.on}, more than a year ago",
                "Go through the page again and write the new date",
                confidence=newest.confidence,
                understood=newest.understood(),
            )


def _last_start(estate: Estate, path: Path, today: date) -> tuple[date, Season] | None:
    """The last day on or before today on which a season of the page began."""
    starts = [
        (start, season)
        for season in estate.all(Season)
        if season.place.path == path and season.confidence is not Confidence.GUESS
        for year in ((season.year,) if season.year else (today.year, today.year - 1))
        if (start := _day(year, season.first)) is not None and start <= today
    ]
    return max(starts, key=lambda one: one[0], default=None)


def _day(year: int, month_and_day: tuple[int, int]) -> date | None:
    try:
        return date(year, *month_and_day)
    except ValueError:
        return None


RULE = ValidationRule(
    "RB033",
    "stale-review",
    "A runbook was last reviewed before its season began, or over a year ago.",
    Severity.WARNING,
    check,
)
