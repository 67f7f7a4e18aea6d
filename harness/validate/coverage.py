"""What is promised, scheduled, alerted and rehearsed: per season, territory and workload, and per alert."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from harness.validate.artefacts import Rule, Thing
from harness.validate.estate import Estate, Settings
from harness.validate.pledges import scalers_of_scale, words_of
from harness.validate.promises import Scale
from harness.validate.rehearsed import Verdicts, expectations, judged
from harness.validate.runbooklinks import link
from harness.validate.scheduled import Scheduled, scheduled
from harness.validate.seasonnames import code, key, same_name, season_name, territory_of


@dataclass(frozen=True, slots=True)
class Season:
    """A season of a workload. Empty texts say that there is none; `promise` and `windows` are what rules point at."""

    season: str
    territory: str
    workload: str
    promised: str
    scheduled: str
    alerts: int
    rehearsed: str
    verdict: str
    promise: Scale | None = None
    windows: Scheduled | None = None
    thing: Thing | None = None


@dataclass(frozen=True, slots=True)
class Alert:
    """An alert. `rehearsed`: the rehearsals that judge an expectation of it; `verdict`: what their last runs said of it."""

    alert: str
    runbook: str
    rehearsed: str
    verdict: str
    rule: Rule


@dataclass(frozen=True, slots=True)
class Table:
    """Both tables, as a title, a header and rows of text each."""

    seasons: tuple[Season, ...]
    alerts: tuple[Alert, ...]

    def tables(self) -> Iterator[tuple[str, tuple[str, ...], list[tuple[str, ...]]]]:
        """(title, header, rows); a dash where there is nothing."""
        header = ("season", "territory", "workload", "promised", "scheduled", "alerts", "rehearsed by", "last verdict")
        rows = [
            (
                one.season,
                one.territory,
                one.workload,
                one.promised,
                one.scheduled,
                str(one.alerts or ""),
                one.rehearsed,
                one.verdict,
            )
            for one in self.seasons
        ]
        yield "Seasons", header, _dashed(rows)
        yield (
            "Alerts",
            ("alert", "runbook", "rehearsed by", "last verdict"),
            _dashed([(one.alert, one.runbook, one.rehearsed, one.verdict) for one in self.alerts]),
        )


def coverage(estate: Estate, settings: Settings, verdicts: Verdicts | None = None) -> Table:
    """Both tables, with who watches and what the last runs said."""
    known = verdicts or Verdicts()
    found = tuple(_watched(row, estate, known) for row in seasons(estate, settings))
    return Table(found, tuple(_alerts(estate, known)))


@lru_cache(maxsize=2)
def seasons(estate: Estate, settings: Settings) -> tuple[Season, ...]:
    """What is promised, scheduled and rehearsed, in order of season, territory and workload; alerts are not counted yet."""
    rows = [_row(estate, *one) for one in _cells(estate, settings)]
    return tuple(sorted(rows, key=lambda row: (row.season, row.territory, row.workload)))


def rehearsals_of(season: str, territory: str, estate: Estate) -> tuple[str, ...]:
    """The rehearsals of a season, whatever words go with its name, that do not leave the territory out."""
    words = key(season)
    found = []
    for one in estate.found.rehearsals:
        named = {code(node.text) for node in one.node.get("territories") or ()}
        if (one.season == season or same_name(key(one.season), words)) and (
            not named or not territory or territory in named
        ):
            found.append(one.name)
    return tuple(found)


def rehearsals_of_alert(alert: str, estate: Estate) -> list[tuple[str, str]]:
    """(rehearsal, expectation's id) for each rehearsal that expects an alert."""
    return [
        (rehearsal, one.id)
        for one in expectations(estate)
        if one.kind == "alert" and one.node.string("alert") == alert
        for rehearsal in judged(estate).get(one, ())
    ]


def _cells(
    estate: Estate, settings: Settings
) -> Iterator[tuple[str, str, str, Scale | None, Scheduled | None, Thing | None]]:
    """Each (season, territory, workload) that a promise of pods or a window speaks of, with both."""
    promised: dict[tuple[tuple[str, ...], str], tuple[str, str, Scale, Thing | None]] = {}
    for scale in estate.all(Scale):
        if scale.season and not scale.down and scale.wanted is not None:
            targets: list[tuple[str, Thing | None]] = [(one.target, one.thing) for one in scalers_of_scale(scale, estate)]
            if not targets and scale.workload:
                targets = [(scale.workload, None)]
            for workload, thing in targets:
                promised.setdefault((key(scale.season), workload), (scale.season, _territory(scale, thing), scale, thing))
    served: dict[tuple[tuple[str, ...], str], Scheduled] = {}
    for one in scheduled(estate, settings):
        target = one.thing.node.string("spec", "scaleTargetRef", "name") or one.thing.name
        name = season_name(one.season)
        words = next(
            (words for words, workload in promised if workload == target and same_name(words, key(name))), key(name)
        )
        served.setdefault((words, target), one)
    for cell, (season, territory, scale, thing) in promised.items():
        yield season, territory, cell[1], scale, served.get(cell), thing
    for cell, windows in served.items():
        if cell not in promised:
            yield season_name(windows.season), territory_of(windows.thing), cell[1], None, windows, windows.thing


def _territory(scale: Scale, thing: Thing | None) -> str:
    return code(scale.territory) if scale.territory else territory_of(thing) if thing is not None else ""


def _row(
    estate: Estate, season: str, territory: str, workload: str, scale: Scale | None, windows: Scheduled | None,
    thing: Thing | None,
) -> Season:  # fmt: skip
    names = ", ".join(rehearsals_of(season, territory, estate))
    pods = [one.pair.desired for one in windows.windows if one.pair is not None] if windows is not None else []
    promised = _pods(scale.wanted) if scale is not None and scale.wanted is not None else ""
    planned = _pods(max(pods)) if pods else ""
    return Season(season, territory, workload, promised, planned, 0, names, "", scale, windows, thing)


def _watched(row: Season, estate: Estate, verdicts: Verdicts) -> Season:
    names = rehearsals_of(row.season, row.territory, estate)
    verdict = ", ".join(dict.fromkeys(verdicts.whole[name] for name in names if name in verdicts.whole))
    alerts = sum(1 for rule in estate.alerts if _watches(rule, row.workload, row.territory))
    return replace(row, alerts=alerts, verdict=verdict)


def _watches(rule: Rule, workload: str, territory: str) -> bool:
    """Whether an alert names the workload, or looks at what its name says without a territory that is another's."""
    if workload in rule.expr:
        return True
    named = set(re.findall(r"territor(?:y|ies)\s*=~?\s*\"([^\"]*)\"", rule.expr))
    elsewhere = bool(named) and not any(territory and territory.lower() in one.lower() for one in named)
    telling = {word for word in words_of(workload) if len(word) > 3}
    return not elsewhere and bool(telling & words_of(re.sub(r"([a-z])([A-Z])", r"\1 \2", f"{rule.alert} {rule.expr}")))


def _alerts(estate: Estate, verdicts: Verdicts) -> Iterator[Alert]:
    for rule in sorted(estate.alerts, key=lambda one: (one.alert, one.place)):
        judges = rehearsals_of_alert(rule.alert, estate)
        linked = link(rule)
        results = dict.fromkeys(verdicts.results[one] for one in judges if one in verdicts.results)
        names = ", ".join(dict.fromkeys(name for name, _ in judges))
        yield Alert(rule.alert, linked.text.strip() if linked is not None else "", names, ", ".join(results), rule)


def _pods(number: int) -> str:
    return f"{number} pod{'' if number == 1 else 's'}"


def _dashed(rows: Sequence[tuple[str, ...]]) -> list[tuple[str, ...]]:
    return [tuple(cell or "–" for cell in row) for row in rows]
