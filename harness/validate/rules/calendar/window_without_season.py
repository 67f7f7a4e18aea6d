"""CA018: a window named after a season that no runbook knows."""

from __future__ import annotations

from collections.abc import Iterator

from harness.validate.estate import Estate, Settings, did_you_mean, nearest
from harness.validate.finding import Confidence, Defect, Severity
from harness.validate.rule import ValidationRule
from harness.validate.scheduled import by_name, scheduled
from harness.validate.seasonnames import key, same_name, season_name
from harness.validate.windows import Window, is_seasonal, windows


def check(estate: Estate, settings: Settings) -> Iterator[Defect]:
    """Seasonal windows with a name, where other windows bear the names of promised seasons. Once for each name."""
    groups = by_name(estate)
    served = {window for one in scheduled(estate, settings) for window in one.windows}
    if not any(one.named for one in scheduled(estate, settings)):
        return
    told: dict[str, Window] = {}
    for window in windows(estate):
        words = key(window.name) if window.name else ()
        if words and is_seasonal(window) and window not in served and not any(same_name(words, one) for one in groups):
            told.setdefault(window.name, window)
    names = sorted({season_name(group[0]) for group in groups.values()})
    for name, window in told.items():
        near = nearest(name.casefold(), [one.casefold() for one in names])
        yield Defect(
            window.titled,
            f"No runbook or calendar knows a season '{name}'; known are {', '.join(names[:5])}{did_you_mean(name, names)}",
            "Name the trigger after its season, or write the season down",
            confidence=Confidence.LIKELY if near else Confidence.GUESS,
        )


RULE = ValidationRule(
    "CA018", "window-without-season", "A window named after a season that no runbook knows.", Severity.WARNING, check
)
