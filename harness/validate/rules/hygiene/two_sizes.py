"""RB030: one page gives a workload two numbers of pods for the same season."""

from __future__ import annotations

from collections.abc import Iterator

from harness.validate.estate import Estate, Settings
from harness.validate.finding import Confidence, Defect, Related, Severity
from harness.validate.promises import Scale
from harness.validate.rule import ValidationRule


def check(estate: Estate, settings: Settings) -> Iterator[Defect]:
    """Wanted numbers of one workload in one season, in prose, tables and `yaml expect` blocks of a page."""
    scales = [one for one in estate.all(Scale) if one.wanted is not None and not one.down]
    names = frozenset(one.season.casefold() for one in scales if one.season)
    first: dict[tuple[object, ...], Scale] = {}
    for scale in scales:
        season = scale.season.casefold() or next(
            (name for heading in reversed(scale.headings) for name in names if name in heading.casefold()), ""
        )
        who = scale.workload or (scale.component, scale.territory)
        if scale.confidence is Confidence.GUESS or not season or who == ("", ""):
            continue
        other = first.setdefault((scale.place.path, season, who), scale)
        if other.wanted != scale.wanted:
            yield Defect(
                scale.place,
                f"This page wants {scale.wanted} pods here and {other.wanted} in line {other.place.line}, "
                "for the same workload in the same season",
                "Say it once, or correct one of them",
                (Related(other.place, other.understood()),),
                Confidence.LIKELY,
                scale.understood(),
            )


RULE = ValidationRule(
    "RB030", "two-sizes", "One page gives a workload two numbers of pods for one season.", Severity.WARNING, check
)
