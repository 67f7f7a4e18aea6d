"""Which windows serve which promised season, by name or by their days, and what lies between the two."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path

from harness.calendar.coverage import Coverage, year_span
from harness.calendar.cron import is_zone
from harness.calendar.holidays import public_holidays, regions_named, zone_of
from harness.calendar.localtime import minute_of
from harness.calendar.pairing import takes_turns
from harness.calendar.seasons import SeasonDates, stretches
from harness.validate.artefacts import Thing
from harness.validate.estate import Estate, Settings
from harness.validate.finding import Confidence
from harness.validate.promises import Scale, Season
from harness.validate.seasonnames import code, key, same_name, season_name, territory_of, window_words
from harness.validate.windows import Window, horizon, is_seasonal, windows_by_thing

_LEAP_DAY = (2, 29)
_BRIDGED = 5
"""So many days after a promised day may the next one lie within the same stretch: Easter, or Christmas by a weekend."""

_NAMED_PART = 0.5
"""A window without a name serves a season when at least this part of its days lies within it, or the season within it."""


@dataclass(frozen=True, slots=True, eq=False)
class Scheduled:
    """The windows of one object that serve a season. `seasons`: all promises of that name that concern the object.

    `timezone`: whose clock the promise means; `explicit`: whether the promise says so itself. `named`: matched by name.
    """

    thing: Thing
    windows: tuple[Window, ...]
    seasons: tuple[Season, ...]
    timezone: str
    explicit: bool
    named: bool

    @property
    def season(self) -> Season:
        """The promise to point at: the first."""
        return self.seasons[0]

    @property
    def label(self) -> str:
        """The beginning of a sentence."""
        if len(self.windows) == 1:
            return self.windows[0].subject
        return f"The windows of {self.thing.name} for {season_name(self.season)}"

    @property
    def confidence(self) -> Confidence:
        """As sure as the least sure promise; where only the days fit, likely at most, a guess in another team's folder."""
        if any(season.confidence is Confidence.GUESS for season in self.seasons):
            return Confidence.GUESS
        if not self.named and not _same_project(self.season, self.thing):
            return Confidence.GUESS
        sure = self.named and all(season.confidence is Confidence.CERTAIN for season in self.seasons)
        return Confidence.CERTAIN if sure else Confidence.LIKELY

    def cover(self, since: int, until: int) -> Coverage:
        """The minutes in which at least one of its windows is open."""
        found = Coverage()
        for window in self.windows:
            found = found | window.cover(since, until)
        return found


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """One occurrence of a season beside its windows, over the year around it. All days are those of the promise's zone."""

    first: date
    last: date
    promised: frozenset[date]
    covered: frozenset[date]
    cover: Coverage
    around: Coverage

    @property
    def ranges(self) -> list[tuple[date, date]]:
        """The promised days as stretches, in which weekends and days off in between are no gaps."""
        found: list[tuple[date, date]] = []
        for first, last in stretches(self.promised):
            if found and (first - found[-1][1]).days <= _BRIDGED:
                found[-1] = (found[-1][0], last)
            else:
                found.append((first, last))
        return found


@lru_cache(maxsize=4)
def scheduled(estate: Estate, settings: Settings) -> tuple[Scheduled, ...]:
    """Every season that windows serve, object by object; windows that are refused or do not take turns are left out."""
    seasons = estate.all(Season)
    found: list[Scheduled] = []
    for thing, ones in windows_by_thing(estate) if seasons else ():
        good = [window for window in ones if window.pair is not None and takes_turns(window.pair.start, window.pair.end)]
        mine = [season for season in seasons if concerns(season, thing)]
        groups: dict[tuple[str, ...], list[Season]] = {}
        for season in mine:
            groups.setdefault(key(season_name(season)) or (str(season.place),), []).append(season)
        # A repository of many teams: a season is promised by the page nearest to the object, not by another team's.
        groups = {words: _nearest(group, thing) for words, group in groups.items()}
        near = set(_nearest(mine, thing))
        left = list(good)
        shared = {word for word, times in Counter(word for words in groups for word in words).items() if times > 1}
        for all_words, group in groups.items():
            # "Summer presale" and "winter presale": what both have does not tell which of them a window serves.
            words = tuple(word for word in all_words if word not in shared) or all_words
            if named := [window for window in left if same_name(window_words(window), words)]:
                found.append(_scheduled(thing, named, group, True))
                left = [window for window in left if window not in named]
        for window in left:
            if best := _by_days(window, [group for group in groups.values() if near & set(group)], settings):
                _add(found, thing, window, best)
    return tuple(found)


@lru_cache(maxsize=4096)
def compared(one: Scheduled, settings: Settings) -> Comparison | None:
    """The next occurrence (or that of the year asked for) beside the windows; None where there is none ahead."""
    first_day, last_day = horizon(settings)
    ahead = [
        occurrence
        for season in one.seasons
        if (occurrence := dates(season, one.thing, settings).next_occurrence(first_day)) and occurrence[0] <= last_day
    ]
    if not ahead:
        return None
    first, last = min(begins for begins, _ in ahead), max(ends for _, ends in ahead)
    around = max((364 - (last - first).days) // 2, 0)
    since, until = first - timedelta(days=around), last + timedelta(days=around)
    span = year_span(since, until, one.timezone)
    cover = one.cover(*span)
    promised = frozenset().union(
        *(dates(season, one.thing, settings, off=True).days(since, until) for season in one.seasons)
    )
    return Comparison(first, last, promised, cover.days(one.timezone), cover, Coverage((span,)))


def dates(season: Season, thing: Thing | None, settings: Settings, *, off: bool = False) -> SeasonDates:
    """A promise as dates; with `off`, the holidays that it leaves out where it concerns an object."""
    year = season.year
    free: frozenset[date] = frozenset()
    if off and season.holidays:
        years = range(horizon(settings)[0].year - 1, horizon(settings)[1].year + 2)
        free = frozenset(
            day for region in regions(season, thing, settings) for one in years for day in public_holidays(region, one)
        )
    return SeasonDates(
        season.first,
        _LEAP_DAY if _to_the_end_of_february(season) else season.last,
        year,
        season.opens.hour * 60 + season.opens.minute if season.opens else 0,
        season.closes.hour * 60 + season.closes.minute if season.closes else 1440,
        season.daily,
        season.workdays,
        free,
    )


def regions(season: Season, thing: Thing | None, settings: Settings) -> tuple[str, ...]:
    """Whose holidays count: the regions that the promise names, else those configured for the territories concerned."""
    if named := regions_named(" ".join((season.sentence, *season.headings))):
        return named
    concerned = {territory_of(thing)} if thing is not None and territory_of(thing) else set(map(code, season.territories))
    return tuple(region for region in settings.holidays if not concerned or region[:2] in concerned)


def leads(estate: Estate, one: Scheduled) -> list[tuple[timedelta, Scale]]:
    """The promised times by which the object's pods come before the season."""
    words, territory = key(season_name(one.season)), territory_of(one.thing)
    target = one.thing.node.string("spec", "scaleTargetRef", "name")
    return [
        (scale.lead, scale)
        for scale in estate.all(Scale)
        if scale.lead
        and scale.cause != "load"
        and not scale.down
        and (not scale.season or same_name(key(scale.season), words))
        if not scale.workload or scale.workload in (one.thing.name, target)
        if not scale.territory or not territory or code(scale.territory) == territory
    ]


@lru_cache(maxsize=4)
def by_name(estate: Estate) -> dict[tuple[str, ...], list[Season]]:
    """The promised seasons that have a name, by its telling words."""
    found: dict[tuple[str, ...], list[Season]] = {}
    for season in estate.all(Season):
        if words := key(season_name(season)):
            found.setdefault(words, []).append(season)
    return found


def days_told(days: frozenset[date]) -> str:
    """Days in words: their number, the first and the last."""
    first, last = min(days), max(days)
    if first == last:
        return f"{first:%a %d %b %Y} (1 day)"
    parts = len(stretches(days))
    return f"{len(days)} days from {first:%a %d %b %Y} to {last:%a %d %b %Y}{f' in {parts} parts' if parts > 1 else ''}"


def concerns(season: Season, thing: Thing) -> bool:
    """Whether a promise concerns an object: its territory is among those named, or one side names none."""
    territory = territory_of(thing)
    return not season.territories or not territory or territory in {code(one) for one in season.territories}


def _to_the_end_of_february(season: Season) -> bool:
    """Whether 28 February stands for the last day of the month: prose that names the month and no such number."""
    return season.last == (2, 28) and "feb" in season.sentence.casefold() and "28" not in season.sentence


def _scheduled(thing: Thing, windows: Iterable[Window], seasons: list[Season], named: bool) -> Scheduled:
    ones = tuple(windows)
    timezone, explicit = zone_for(thing, seasons, ones[0])
    return Scheduled(thing, ones, tuple(seasons), timezone, explicit, named)


def zone_for(thing: Thing, seasons: Sequence[Season], window: Window) -> tuple[str, bool]:
    """Whose clock promises mean for an object, and whether they say so: their zone, the territory's, else the window's."""
    for named in (season.timezone for season in seasons):
        if is_zone(named):
            return named, True
    territory = territory_of(thing) or next((code(one) for season in seasons for one in season.territories), "")
    written = window.pair.timezone if window.pair else window.node.string("metadata", "timezone")
    return zone_of(territory) or (written if is_zone(written) else "UTC"), False


def _shared(season: Season, thing: Thing) -> int:
    """How many folders the two files have in common."""
    return _common(season.place.path, thing.node.file.path)


@lru_cache(maxsize=65_536)
def _common(one: Path, other: Path) -> int:
    mine, theirs = one.parent.parts, other.parent.parts
    pairs = zip(mine, theirs, strict=False)
    return next((at for at, (left, right) in enumerate(pairs) if left != right), min(len(mine), len(theirs)))


def _nearest(seasons: Sequence[Season], thing: Thing) -> list[Season]:
    """Those whose files share the most folders with the object's."""
    most = max((_shared(season, thing) for season in seasons), default=0)
    return [season for season in seasons if _shared(season, thing) == most]


def _same_project(season: Season, thing: Thing) -> bool:
    """Whether neither file lies more than two folders below what they share."""
    shared = _shared(season, thing)
    return max(len(path.parent.parts) for path in (season.place.path, thing.place.path)) - shared <= 2


def _by_days(window: Window, groups: list[list[Season]], settings: Settings) -> list[Season] | None:
    """The promises whose days a nameless seasonal window shares most of, where that is at least half."""
    if not is_seasonal(window) or window.pair is None:
        return None
    first, last = horizon(settings)
    since, until = minute_of(window.pair.timezone, first, 0), minute_of(window.pair.timezone, last, 1440)
    covered = window.cover(since, until).days(window.pair.timezone)
    best, share = None, 0.0
    for group in groups:
        promised = frozenset(day for season in group for day in dates(season, window.thing, settings).days(first, last))
        both = len(covered & promised)
        if not both:
            continue
        # A name of its own that no season bears speaks for something else that lies within the season.
        whole = len(covered | promised) if key(window.name) else min(len(covered), len(promised))
        alike = both / len(covered | promised)
        if both / whole >= _NAMED_PART and alike > share:
            best, share = group, alike
    return best


def _add(found: list[Scheduled], thing: Thing, window: Window, seasons: list[Season]) -> None:
    for at, one in enumerate(found):
        if one.thing is thing and one.seasons == tuple(seasons):
            found[at] = _scheduled(thing, (*one.windows, window), seasons, one.named)
            return
    found.append(_scheduled(thing, [window], seasons, False))
