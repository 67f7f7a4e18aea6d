"""RB031: one page gives a season two different stretches of days."""

from __future__ import annotations

from collections.abc import Iterator

from harness.validate.estate import Estate, Settings
from harness.validate.finding import Confidence, Defect, Related, Severity
from harness.validate.promises import Season
from harness.validate.rule import ValidationRule


def check(estate: Estate, settings: Settings) -> Iterator[Defect]:
    """Seasons of one name on one page: same days, unless they are of other territories or other years."""
    by_name: dict[tuple[object, str], list[Season]] = {}
    for season in estate.all(Season):
        if season.confidence is not Confidence.GUESS and season.name:
            by_name.setdefault((season.place.path, season.name.casefold()), []).append(season)
    for seasons in by_name.values():
        for at, season in enumerate(seasons[1:], 1):
            other = next((one for one in seasons[:at] if _differ(one, season)), None)
            if other is not None:
                yield Defect(
                    season.place,
                    f"This page gives {season.name} other days in line {other.place.line}",
                    "Say it once, or correct one of them",
                    (Related(other.place, other.understood()),),
                    Confidence.LIKELY,
                    season.understood(),
                )


def _differ(one: Season, other: Season) -> bool:
    if one.year != other.year or bool(one.territories) != bool(other.territories):
        return False
    if one.territories and not set(one.territories) & set(other.territories):
        return False
    return (one.first, one.last) != (other.first, other.last)


RULE = ValidationRule("RB031", "two-dates", "One page gives a season two stretches of days.", Severity.WARNING, check)
