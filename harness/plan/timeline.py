"""Phases, loads, faults and the window on one axis: seconds after t0. Pure; problems are collected, nothing is raised."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Protocol

from harness.errors import Problem
from harness.plan.artefacts import Artefacts
from harness.plan.model import Phase, PlannedFault, Window
from harness.plan.rehearsal import Instant, PhaseSpec, Ramp, Rehearsal
from harness.source import Loc

CRON_GRAIN_SECONDS = 60
MINIMUM_GAP_SECONDS = 1e-6

Rates = dict[str, float]


class Traffic(Protocol):
    """What the plan asks of a season profile (harness.traffic.profile.Profile)."""

    @property
    def season(self) -> str:
        """The season's name."""

    @property
    def territories(self) -> Mapping[str, Any]:
        """By code: DE, CH, AT."""

    def rates(self, factor: float) -> Rates:
        """Arrivals per second by territory when the season stands at `factor`."""

    def workloads(self, territory: str) -> list[str]:
        """The Deployments that get requests in one territory."""


@dataclass(frozen=True, slots=True)
class Timeline:
    """What happens when. `moments`: name -> seconds after t0."""

    phases: tuple[Phase, ...]
    window: Window | None
    faults: tuple[PlannedFault, ...]
    moments: Mapping[str, float]


def lay_out(rehearsal: Rehearsal, traffic: Traffic, artefacts: Artefacts) -> tuple[Timeline, list[Problem]]:
    """The timeline of a rehearsal, and what is wrong with it."""
    territories, problems = _territories(rehearsal, traffic)
    phases, loads = _phases(rehearsal, traffic, territories, problems)
    moments = {"start": 0.0, **loads}
    for phase in phases:
        moments[f"phase:{phase.name}"] = phase.start
        moments[f"phase-end:{phase.name}"] = phase.end
    moments["end"] = phases[-1].end
    clock = _Clock(rehearsal, moments, problems)
    window = _window(rehearsal, clock)
    if window is not None:
        moments |= {"window-opens": window.opens, "window-closes": window.closes}
    faults = list(_faults(rehearsal, clock, artefacts))
    for fault in faults:
        moments |= {f"fault:{fault.id}": fault.start, f"fault-end:{fault.id}": fault.start + fault.timeout}
    in_order = dict(sorted(moments.items(), key=lambda item: item[1]))
    return Timeline(tuple(phases), window, tuple(faults), in_order), problems


@dataclass(frozen=True, slots=True)
class _Clock:
    rehearsal: Rehearsal
    moments: Mapping[str, float]
    problems: list[Problem]

    def at(self, instant: Instant, *loc: str | int) -> float:
        """Seconds after t0. An unknown moment or one outside the timeline is a problem."""
        if instant.moment not in self.moments:
            known = [name for name in self.moments if name.startswith("phase")]
            self._say(f"There is no '{instant.moment}'; {_nearest(instant.moment, known)}", loc)
            return 0.0
        seconds = self.moments[instant.moment] + instant.offset.total_seconds()
        if seconds > self.moments["end"]:
            self._say(f"'{instant}' is {seconds:g}s after the start, the rehearsal ends at {self.moments['end']:g}s", loc)
        return seconds

    def _say(self, text: str, loc: Loc) -> None:
        self.problems.append(self.rehearsal.problem(text, *loc))


def _territories(rehearsal: Rehearsal, traffic: Traffic) -> tuple[list[str], list[Problem]]:
    problems = []
    known = list(traffic.territories)
    wanted = rehearsal.spec.territories
    for index, name in enumerate(wanted or []):
        if name not in known:
            text = f"The profile has no territory '{name}'; {_nearest(name, known)}"
            problems.append(rehearsal.problem(text, "territories", index))
    if traffic.season != rehearsal.spec.season:
        text = f"The profile is of the season '{traffic.season}', the rehearsal of '{rehearsal.spec.season}'; name one"
        problems.append(rehearsal.problem(text, "season"))
    return [name for name in known if wanted is None or name in wanted], problems


def _phases(
    rehearsal: Rehearsal, traffic: Traffic, territories: list[str], problems: list[Problem]
) -> tuple[list[Phase], dict[str, float]]:
    """The phases with their rates, and the first moment at which each load is reached, `load:4x`."""
    base = traffic.rates(1)
    current = {name: base[name] for name in territories}
    phases: list[Phase] = []
    loads: dict[str, float] = {}
    at = 0.0
    for index, spec in enumerate(rehearsal.spec.phases):
        end = at + spec.for_.total_seconds()
        if end <= at:
            problems.append(rehearsal.problem("A phase lasts longer than nothing", "phases", index, "for"))
        if isinstance(spec.load, dict):
            for name in spec.load.keys() - set(territories):
                text = f"There is no territory '{name}' in this rehearsal; {_nearest(name, territories)}"
                problems.append(rehearsal.problem(text, "phases", index, "load", name))
        rates = _rates(spec, traffic, base, current)
        for ramp in spec.load.values() if isinstance(spec.load, dict) else [spec.load]:
            for factor, since in ((ramp.start, at), (ramp.end, at if ramp.start == ramp.end else end)):
                if factor > 0:
                    loads.setdefault(f"load:{factor:g}x", since)
        phases.append(Phase(name=spec.name, start=at, end=end, rates=rates, says=spec.says))
        current = {name: last for name, (_, last) in rates.items()}
        at = end
    return phases, loads


def _rates(spec: PhaseSpec, traffic: Traffic, base: Rates, current: Rates) -> dict[str, tuple[float, float]]:
    if isinstance(spec.load, Ramp):
        first, last = traffic.rates(spec.load.start), traffic.rates(spec.load.end)
        return {name: (first[name], last[name]) for name in current}
    ramps = {name: spec.load.get(name) for name in current}
    return {
        name: (current[name], current[name]) if ramp is None else (base[name] * ramp.start, base[name] * ramp.end)
        for name, ramp in ramps.items()
    }


def _window(rehearsal: Rehearsal, clock: _Clock) -> Window | None:
    spec = rehearsal.spec.window
    if spec is None:
        return None
    opens, closes = clock.at(spec.opens, "window", "opens"), clock.at(spec.closes, "window", "closes")
    minutes = (closes - opens) / CRON_GRAIN_SECONDS
    if minutes < 1 or abs(minutes - round(minutes)) > MINIMUM_GAP_SECONDS:
        text = f"The window would last {closes - opens:g}s; cron has a grain of a minute, let it last whole minutes"
        clock.problems.append(rehearsal.problem(text, "window", "closes"))
    return Window(season=rehearsal.spec.season, opens=opens, closes=closes)


def _faults(rehearsal: Rehearsal, clock: _Clock, artefacts: Artefacts) -> Iterator[PlannedFault]:
    for index, spec in enumerate(rehearsal.spec.faults):
        start, timeout = clock.at(spec.at, "faults", index, "at"), spec.timeout.total_seconds()
        if start + timeout > clock.moments["end"]:
            text = f"The fault '{spec.id}' may last until {start + timeout:g}s, after the end at {clock.moments['end']:g}s"
            clock.problems.append(rehearsal.problem(text, "faults", index, "timeout"))
        yield PlannedFault(
            id=spec.id,
            experiment=str(artefacts.experiments[spec.id].path),
            start=start,
            timeout=timeout,
            configuration=spec.configuration,
        )


def _nearest(name: str, known: list[str]) -> str:
    near = get_close_matches(name, known, n=1, cutoff=0.5)
    return f"did you mean '{near[0]}'?" if near else f"there are {', '.join(known) or 'none'}"
