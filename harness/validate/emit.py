"""`--emit`: the cron triggers that cover exactly what is promised, for every object and season whose windows do not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from harness.calendar.correction import Correction, NotExpressible, corrected
from harness.calendar.seasons import SeasonDates
from harness.validate.artefacts import Thing
from harness.validate.estate import Estate, Settings
from harness.validate.promises import Season
from harness.validate.scheduled import Scheduled, by_name, compared, concerns, dates, days_told, leads, scheduled, zone_for
from harness.validate.seasonnames import same_name, season_name, window_words
from harness.validate.windows import Window, horizon, windows_by_thing


def emitted(estate: Estate, settings: Settings) -> str:
    """YAML with one document per object and season: the triggers, and as comments what they correct and what was proven."""
    found = list(_documents(estate, settings))
    return (
        "".join(found) if found else "# Every window that serves a promised season covers it exactly; nothing to correct.\n"
    )


def _documents(estate: Estate, settings: Settings) -> Iterator[str]:
    served: set[tuple[Thing, Season]] = set()
    for one in scheduled(estate, settings):
        served |= {(one.thing, season) for season in one.seasons}
        if wrong := _wrong(one, settings):
            yield _document(estate, one, wrong, settings)
    # Windows that KEDA refuses or that do not take turns serve no season; by their name they are meant to.
    for thing, ones in windows_by_thing(estate):
        for words, seasons in by_name(estate).items():
            broken = tuple(window for window in ones if same_name(window_words(window), words))
            mine = tuple(season for season in seasons if concerns(season, thing))
            if broken and mine and not any((thing, season) in served for season in mine):
                zone, explicit = zone_for(thing, mine, broken[0])
                one = Scheduled(thing, broken, mine, zone, explicit, True)
                yield _document(estate, one, ["KEDA refuses it, or its starts and ends do not take turns"], settings)


def _wrong(one: Scheduled, settings: Settings) -> list[str]:
    """What is wrong with the windows of a season, in words; days before it by a night are left alone."""
    comparison = compared(one, settings)
    if comparison is None:
        return []
    missing, extra = comparison.promised - comparison.covered, comparison.covered - comparison.promised
    found = [f"{days_told(missing)} left out"] if missing else []
    if extra:
        found.append(f"{days_told(extra)} too many")
    season = one.season
    if not found and (season.opens is not None or season.closes is not None):
        wanted = replace(dates(season, one.thing, settings), each_day=True)
        promised = wanted.promised(one.timezone, comparison.first.year - 1, comparison.last.year) & comparison.around
        if (promised - comparison.cover).stretches:
            found.append("promised hours left out")
    return found


def _document(estate: Estate, one: Scheduled, wrong: list[str], settings: Settings) -> str:
    head = [
        f"# {one.thing.name}, {season_name(one.season) or 'a season'} ({one.season.place}): {one.season.understood()}",
        f"# corrects: {'; '.join(wrong)} (now {_now(one.windows)})",
    ]
    body: list[str] = []
    for number, season in enumerate(_distinct(one.seasons)):
        try:
            wanted = _with_lead(estate, one, dates(season, one.thing, settings, off=True))
            correction = corrected(wanted, one.timezone, horizon(settings)[0])
        except NotExpressible as error:
            head.append(f"# not expressible in cron: {error}")
            continue
        head.append(f"# {_proof(correction)}")
        for pair_number, pair in enumerate(correction.pairs):
            name = _name(one) + (f"-{number + pair_number + 1}" if number + pair_number else "")
            body += [
                "  - type: cron",
                f"    name: {name}",
                "    metadata:",
                f"      timezone: {pair.timezone}",
                f"      start: {pair.start}",
                f"      end: {pair.end}",
                f'      desiredReplicas: "{_desired(one)}"',
            ]
    return "\n".join(["---", *head, *(["triggers:", *body] if body else [])]) + "\n"


def _distinct(seasons: tuple[Season, ...]) -> list[Season]:
    """Promises that say the same in two places count once."""
    found: dict[tuple[object, ...], Season] = {}
    for season in seasons:
        found.setdefault((season.first, season.last, season.year, season.opens, season.closes, season.workdays), season)
    return list(found.values())


def _with_lead(estate: Estate, one: Scheduled, season: SeasonDates) -> SeasonDates:
    """The season opened earlier by its promised lead, where that stays on the same day."""
    minutes = max((int(lead.total_seconds() // 60) for lead, _ in leads(estate, one)), default=0)
    return replace(season, opens=season.opens - minutes) if 0 < minutes <= season.opens else season


def _proof(correction: Correction) -> str:
    if correction.every_year:
        return f"proven minute by minute from {correction.first.year} to {correction.last.year}: exactly the promise"
    return (
        f"proven minute by minute for the season from {correction.first:%d %b %Y} to {correction.last:%d %b %Y} only; "
        "write it anew for the next"
    )


def _name(one: Scheduled) -> str:
    named = one.windows[0].name or season_name(one.season)
    return re.sub(r"[^\w-]+", "-", named.casefold()).strip("-") or "season"


def _now(windows: tuple[Window, ...]) -> str:
    texts = [f"{one.node.string('metadata', 'start')} to {one.node.string('metadata', 'end')}" for one in windows]
    return ", ".join(texts)


def _desired(one: Scheduled) -> str:
    """The highest number that the windows want now."""
    texts = [window.node.string("metadata", "desiredReplicas") for window in one.windows]
    return max(texts, key=lambda text: int(text) if text.isdecimal() else 0)
