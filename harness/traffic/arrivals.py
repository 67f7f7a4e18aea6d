"""Intended arrivals: from rates over time to moments, whatever the system answers. Pure, seeded, lazy."""

from __future__ import annotations

import heapq
import math
import random
from bisect import bisect
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, chain, repeat
from typing import Literal, NamedTuple

from harness.plan.model import Phase

Process = Literal["poisson", "even"]


class Arrival(NamedTuple):
    """One intended request. `at`: seconds after t0; `ordinal`: its number within the territory, from 0."""

    at: float
    territory: str
    operation: str
    ordinal: int


@dataclass(frozen=True, slots=True)
class Stretch:
    """Seconds [start, end) in which the rate moves on a straight line from `first` to `last` arrivals per second."""

    start: float
    end: float
    first: float
    last: float

    def __post_init__(self) -> None:
        if self.end < self.start:
            raise ValueError(f"a stretch ends at {self.end:g} s before it starts at {self.start:g} s")
        if self.first < 0 or self.last < 0:
            raise ValueError(f"a rate cannot be negative, got {min(self.first, self.last):g} per second")

    @property
    def expected(self) -> float:
        """How many arrivals it brings on average: the area below the line."""
        return (self.end - self.start) * (self.first + self.last) / 2

    def moment(self, area: float) -> float:
        """When the area below the line, counted from `start`, reaches `area`: the inverse of the cumulative rate.

        Solves first*t + slope*t^2/2 = area in the form that neither divides by a slope near 0 nor cancels.
        """
        if self.end == self.start:
            return self.start
        slope = (self.last - self.first) / (self.end - self.start)
        root = math.sqrt(max(0.0, self.first * self.first + 2 * slope * area))
        below = self.first + root
        return min(self.start + 2 * area / below, self.end) if below > 0 else self.start


def arrivals(
    phases: Sequence[Phase], mix: Mapping[str, float], seed: int, process: Process = "poisson"
) -> Iterator[Arrival]:
    """Every intended arrival of a plan in order of time.

    Times and operations of a territory come from two random streams of its own, so that neither another territory
    nor another mix moves them. poisson: a non-homogeneous Poisson process by inversion of the cumulative rate
    (Çinlar, Introduction to Stochastic Processes, 1975, ch. 4); even: one arrival per whole unit of it.
    """
    territories = sorted({code for phase in phases for code in phase.rates})
    streams = [_of_territory(code, stretches(phases, code), mix, seed, process) for code in territories]
    return heapq.merge(*streams)


def stretches(phases: Sequence[Phase], territory: str) -> list[Stretch]:
    """The rate of one territory over the phases, in order of time; phases that do not name it bring nothing."""
    found = [Stretch(p.start, p.end, *p.rates[territory]) for p in phases if territory in p.rates]
    return sorted(found, key=lambda stretch: stretch.start)


def expected(phases: Sequence[Phase]) -> float:
    """How many arrivals the phases bring on average, all territories together."""
    return sum(
        stretch.expected
        for phase in phases
        for stretch in (Stretch(phase.start, phase.end, *r) for r in phase.rates.values())
    )


def share(of: Iterator[Arrival], index: int, workers: int) -> Iterator[Arrival]:
    """The arrivals that worker `index` of `workers` starts; together the workers start each exactly once."""
    return (arrival for arrival in of if arrival.ordinal % workers == index)


def seeded(seed: int, territory: str, purpose: str) -> random.Random:
    """A random stream of its own for each purpose, the same on every machine and in every process."""
    return random.Random(f"{seed}/{territory}/{purpose}")  # noqa: S311 - repeatable is what is wanted here


def _of_territory(
    territory: str, line: Sequence[Stretch], mix: Mapping[str, float], seed: int, process: Process
) -> Iterator[Arrival]:
    gaps = _exponential(seeded(seed, territory, "times")) if process == "poisson" else chain((0.5,), repeat(1.0))
    operations = _drawn(mix, seeded(seed, territory, "operations"))
    for ordinal, at in enumerate(_times(line, gaps)):
        yield Arrival(at, territory, next(operations), ordinal)


def _times(line: Sequence[Stretch], gaps: Iterator[float]) -> Iterator[float]:
    area = next(gaps)
    for stretch in line:
        limit = stretch.expected
        while area < limit:
            yield stretch.moment(area)
            area += next(gaps)
        area -= limit


def _exponential(stream: random.Random) -> Iterator[float]:
    while True:
        yield -math.log(1.0 - stream.random())


def _drawn(mix: Mapping[str, float], stream: random.Random) -> Iterator[str]:
    names = list(mix)
    weights = list(accumulate(mix.values()))
    while True:
        yield names[min(bisect(weights, stream.random() * weights[-1]), len(names) - 1)]
