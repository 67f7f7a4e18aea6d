"""CV003: a season with promised pods that no rehearsal plays."""

from __future__ import annotations

from collections.abc import Iterator

from harness.validate.coverage import seasons
from harness.validate.estate import Estate, Settings
from harness.validate.finding import Defect, Severity
from harness.validate.rule import ValidationRule


def check(estate: Estate, settings: Settings) -> Iterator[Defect]:
    """Once per season, at its first promise; silent where no rehearsal was read."""
    rows = seasons(estate, settings) if estate.found.rehearsals else ()
    told = {row.season for row in rows if row.rehearsed}
    promised = [(row.promise, row) for row in rows if row.promise is not None]
    for promise, row in sorted(promised, key=lambda pair: pair[0].place):
        if row.season not in told:
            told.add(row.season)
            yield Defect(
                promise.place,
                f"No rehearsal plays the season {row.season}, so nothing has shown that its pods come",
                f"Write one: a file in rehearsals/ with `season: {row.season.lower()}`",
                understood=promise.understood(),
            )


RULE = ValidationRule(
    "CV003", "season-not-rehearsed", "A season with promised pods that no rehearsal plays.", Severity.INFO, check
)
