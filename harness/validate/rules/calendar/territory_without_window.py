"""CA017: a territory in which a season is promised, or served elsewhere, but not by a window of its own."""

from __future__ import annotations

import re
from collections.abc import Iterator

from harness.validate.artefacts import Thing
from harness.validate.estate import Estate, Settings
from harness.validate.finding import Confidence, Defect, Related, Severity
from harness.validate.promises import Scale, Season
from harness.validate.rule import ValidationRule
from harness.validate.scheduled import by_name
from harness.validate.seasonnames import code, key, same_name, season_name, territory_of, window_words
from harness.validate.windows import windows


def check(estate: Estate, settings: Settings) -> Iterator[Defect]:
    """Seasons whose name windows bear in some territories and not in others that have ScaledObjects too."""
    scalers: dict[str, list[Thing]] = {}
    for thing in estate.things("ScaledObject"):
        if territory_of(thing):
            scalers.setdefault(territory_of(thing), []).append(thing)
    for words, group in by_name(estate).items() if len(scalers) > 1 else ():
        serving = [window for window in windows(estate) if same_name(window_words(window), words)]
        served = {territory_of(window.thing) for window in serving} - {""}
        if not served or any(not territory_of(window.thing) for window in serving):
            continue
        promised = {code(one) for season in group for one in season.territories} | _scaled(estate, words)
        for territory in sorted(set(scalers) - served):
            siblings = [thing for thing in scalers[territory] if _stem(thing) in {_stem(one.thing) for one in serving}]
            if territory in promised:
                yield _defect(group[0], (siblings or scalers[territory])[0], territory, served, True)
            elif siblings and not promised:
                yield _defect(group[0], siblings[0], territory, served, False)


def _defect(season: Season, thing: Thing, territory: str, served: set[str], promised: bool) -> Defect:
    return Defect(
        thing.place,
        f"{season_name(season)} has windows in {', '.join(sorted(served))}, but none in {territory}"
        + (", for which it is promised" if promised else ""),
        f"Add a cron trigger named {season_name(season)} to {thing.name}"
        + ("" if promised else ", or say in the runbook which territories the season concerns"),
        (Related(season.place, "the promise"),),
        Confidence.LIKELY if promised else Confidence.GUESS,
        season.understood(),
    )


def _scaled(estate: Estate, words: tuple[str, ...]) -> set[str]:
    """Territories that are to have more pods in a season."""
    return {
        code(scale.territory)
        for scale in estate.all(Scale)
        if scale.territory and scale.season and same_name(key(scale.season), words)
        if not scale.down and (scale.wanted or 0) > (scale.usual or 0)
    }


def _stem(thing: Thing) -> str:
    """The name of an object without its territory."""
    return re.sub(r"(?:^|[-_.])(?:de|ch|at)(?=$|[-_.])", "", thing.name.casefold())


RULE = ValidationRule(
    "CA017",
    "territory-without-window",
    "A territory in which a season is promised or served elsewhere, but has no window.",
    Severity.WARNING,
    check,
)
