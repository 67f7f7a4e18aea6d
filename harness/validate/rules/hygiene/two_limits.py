"""RB029: one page gives two limits for the same thing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from harness.validate.estate import Estate, Settings
from harness.validate.finding import Confidence, Defect, Related, Severity
from harness.validate.promises import Measure, Season, Threshold
from harness.validate.rule import ValidationRule


def check(estate: Estate, settings: Settings) -> Iterator[Defect]:
    """Limits of the same measure, percentile, component, territory, level and sense on one page, in order."""
    seasons = frozenset(one.name.casefold() for one in estate.all(Season) if one.name)
    first: dict[tuple[object, ...], Threshold] = {}
    for threshold in estate.all(Threshold):
        if threshold.confidence is Confidence.GUESS:
            continue
        key = _key(threshold, seasons)
        other = first.setdefault(key, threshold)
        if _differ(other, threshold) and _is_same_thing(other, threshold):
            yield Defect(
                threshold.place,
                f"This page says {threshold.limit.written} here and {other.limit.written} in line {other.place.line} "
                "for the same thing",
                "Say it once, or say what tells the two apart",
                (Related(other.place, other.understood()),),
                min(threshold.confidence, other.confidence, key=_rank),
                threshold.understood(),
            )


def _key(one: Threshold, seasons: frozenset[str]) -> tuple[Path | object, ...]:
    season = next((name for heading in one.headings for name in seasons if name in heading.casefold()), "")
    subject = one.metric or one.measure
    return (
        *(one.place.path, subject, one.percentile, one.component.casefold(), one.territory, one.good, one.level),
        *(season, one.alerts, one.window if not one.good else None),
    )


def _differ(one: Threshold, other: Threshold) -> bool:
    if one is other or one.limit.unit != other.limit.unit:
        return False
    return abs(one.limit.value - other.limit.value) > 1e-9 * max(abs(one.limit.value), abs(other.limit.value), 1e-12)


def _is_same_thing(one: Threshold, other: Threshold) -> bool:
    """Without a named component or metric only neighbours are alike: two sections may speak of two services."""
    if one.comparison[0] != other.comparison[0]:
        return False
    if one.metric or one.component:
        return True
    cells = " | " in one.sentence and " | " in other.sentence
    return one.headings == other.headings and not cells and one.measure is not Measure.OTHER


def _rank(confidence: Confidence) -> int:
    return int(confidence.most())


RULE = ValidationRule("RB029", "two-limits", "One page gives two limits for the same thing.", Severity.WARNING, check)
