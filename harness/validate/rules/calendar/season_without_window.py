"""CA016: a season that a runbook promises pods for and no window serves."""

from __future__ import annotations

from collections.abc import Iterator

from harness.validate.estate import Estate, Settings, did_you_mean
from harness.validate.finding import Confidence, Defect, Severity
from harness.validate.promises import Scale, Season
from harness.validate.rule import ValidationRule
from harness.validate.scheduled import by_name, scheduled
from harness.validate.seasonnames import key, same_name, season_name, window_words
from harness.validate.windows import is_seasonal, windows

_SHORTEST = 3
"""A season of fewer days may be a holiday in a calendar."""


def check(estate: Estate, settings: Settings) -> Iterator[Defect]:
    """Named seasons beside others of the same file that are served, or with pods of their own. Silent without windows."""
    seasonal = [window for window in windows(estate) if is_seasonal(window)]
    served = {season for one in scheduled(estate, settings) for season in one.seasons}
    files = {season.place.path for season in served}
    for words, group in by_name(estate).items() if seasonal and words_known(estate) else ():
        if served & set(group) or any(same_name(window_words(window), words) for window in windows(estate)):
            continue
        season = group[0]
        scaled = any(_wants_pods(scale) and same_name(key(scale.season), words) for scale in estate.all(Scale))
        days = max((last - first for first, last in map(_days, group)), default=0)
        if (scaled or season.place.path in files) and days >= _SHORTEST and len(group) < 6:
            names = sorted({window.name for window in seasonal if window.name})
            yield Defect(
                season.place,
                f"No cron trigger serves the season {season_name(season)}, though other seasons "
                f"({', '.join(names[:3]) or 'without names'}) have theirs{did_you_mean(season_name(season), names)}",
                f"Add a trigger named {season_name(season)}; --emit prints its start and end",
                confidence=(Confidence.LIKELY if scaled else Confidence.GUESS),
                understood=season.understood(),
            )


def words_known(estate: Estate) -> bool:
    """Whether any season has a name at all."""
    return any(season_name(season) for season in estate.all(Season))


def _wants_pods(scale: Scale) -> bool:
    return bool(scale.season) and not scale.down and (scale.usual is None or (scale.wanted or 0) > scale.usual)


def _days(season: Season) -> tuple[int, int]:
    first, last = season.first[0] * 31 + season.first[1], season.last[0] * 31 + season.last[1]
    return first, last if last >= first else last + 372


RULE = ValidationRule(
    "CA016", "season-without-window", "A promised season that no cron trigger serves.", Severity.WARNING, check
)
