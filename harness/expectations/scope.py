"""Which requests an expectation speaks of: workloads and territories, stretches of the run, faults taken out."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from pydantic import Field, field_validator, model_validator

from harness.expectations.base import Case, Expectation, Lapse, World
from harness.expectations.evidence import Span, milliseconds, without
from harness.expectations.names import MOMENT, component_of, unknown, unknown_moments
from harness.plan.model import Bounds, Scaled
from harness.record.histograms import JOINED, rows_of
from harness.record.rows import Arrivals
from harness.units import Duration


class Scope(Expectation):
    """Common to `latency` and `errors`: the requests of a component or of workloads, per territory, during a stretch."""

    component: str | None = Field(
        default=None, description="Workloads with this word in their name, e.g. `queries` for crm-queries-de, -ch and -at."
    )
    workloads: tuple[str, ...] = Field(default=(), description="Workloads by name, instead of `component`.")
    territories: tuple[str, ...] = Field(
        default=(), description="Territories to judge, one finding each; all when left out."
    )
    during: tuple[str, ...] = Field(
        default=("start", "end"),
        min_length=1,
        description="Two moments [from, to], or the name of one phase, or a list of phases.",
        examples=[["window-opens", "window-closes"], "peak", ["ramp", "peak"]],
    )
    except_faults: tuple[str, ...] = Field(
        default=(), description="Faults during which nothing is promised, from their start to `allowance` after their end."
    )
    allowance: Duration = Field(
        default=timedelta(), description="How long after the end of an excepted fault nothing is promised."
    )

    @field_validator("workloads", "territories", "during", "except_faults", mode="before")
    @classmethod
    def _one_or_more(cls, value: Any) -> Any:
        return (value,) if isinstance(value, str) else value

    @model_validator(mode="after")
    def _one_way_to_name_workloads(self) -> Scope:
        if bool(self.component) == bool(self.workloads):
            raise ValueError("name either 'component' or 'workloads', and not both")
        moments = [bool(re.match(MOMENT, name)) for name in self.during]
        if any(moments) and (len(self.during) != 2 or not all(moments)):
            raise ValueError("'during' takes two moments [from, to] or names of phases, not a mixture")
        return self

    @property
    def by_moments(self) -> bool:
        """Whether `during` is [moment, moment], else it is names of phases."""
        return bool(re.match(MOMENT, self.during[0]))

    def stretches(self) -> list[tuple[str, str]]:
        """The pairs of moments between which requests count."""
        if self.by_moments:
            return [(self.during[0], self.during[1])]
        return [(f"phase:{name}", f"phase-end:{name}") for name in self.during]

    def stretch(self) -> tuple[str, str]:
        """From the first moment to the last."""
        return self.stretches()[0][0], self.stretches()[-1][1]

    def moments(self) -> Sequence[str]:
        """Both ends of every stretch."""
        return [name for pair in self.stretches() for name in pair]

    def durations(self, lapse: Lapse) -> dict[str, Scaled]:
        """The allowance after excepted faults, with the start of pods that come anew."""
        if not self.except_faults:
            return {}
        return {"allowance": lapse.scaled(self.allowance, lapse.pod_start, "pod start")}

    def problems(self, world: World) -> Sequence[str]:
        """Unknown workloads, territories, faults, moments."""
        return list(self._unknown(world))

    def _unknown(self, world: World) -> Iterator[str]:
        yield from unknown("workload", self.workloads, world.workloads)
        yield from unknown("territory", self.territories, world.territories)
        yield from unknown("fault", self.except_faults, world.faults)
        yield from unknown_moments(self.moments(), world)
        if self.component and not any(component_of(name, self.component) for name in world.workloads):
            words = {word for name in world.workloads for word in name.split("-")}
            yield from unknown("workload of the component", [self.component], words)

    def covers(self, workload: str) -> bool:
        """Whether requests to this workload count."""
        return component_of(workload, self.component) if self.component else workload in self.workloads

    def spans(self, case: Case) -> list[Span]:
        """The stretches as they really came, without the excepted faults."""
        faults = [case.evidence.fault_span(fault) for fault in self.except_faults]
        allowance = case.deadline("allowance") if self.except_faults else 0.0
        taken_out = [(begin, end + allowance) for begin, end in filter(None, faults)]
        found = []
        for since, until in self.stretches():
            found += without((case.came(since), case.came(until)), taken_out)
        return found

    def judged_territories(self, case: Case) -> list[str]:
        """Those named, else all that load goes to."""
        return list(self.territories) or case.evidence.territories()

    def answers(self, case: Case) -> dict[tuple[str, str], tuple[int, list[bytes]]]:
        """Requests that count, by territory and outcome: how many, and their histograms."""
        counts: dict[tuple[str, str], int] = {}
        histograms: dict[tuple[str, str], list[bytes]] = defaultdict(list)
        covered = [workload for workload in case.evidence.requested if self.covers(workload)]
        for first, last in map(seconds, self.spans(case)):
            statement = _REQUESTS.format(", ".join("?" for _ in covered))
            for territory, outcome, count, joined in case.record.each(statement, (first, last, *covered)):
                key = territory, outcome
                counts[key] = counts.get(key, 0) + count
                histograms[key] += rows_of(joined)
        return {key: (count, histograms[key]) for key, count in counts.items()}

    def outcomes(self, case: Case) -> dict[tuple[str, str], int]:
        """How many requests count, by territory and outcome."""
        found: dict[tuple[str, str], int] = {}
        for first, last in map(seconds, self.spans(case)):
            for territory, workload, outcome, count in case.evidence.outcomes(first, last):
                if self.covers(workload):
                    found[territory, outcome] = found.get((territory, outcome), 0) + count
        return found

    def generator(self, case: Case, territory: str) -> Generator:
        """What the generator made of the arrivals of a territory in the stretches."""
        spans = [seconds(span) for span in self.spans(case)]
        covered = {workload for workload in case.evidence.arriving if self.covers(workload)}
        rows = [
            row
            for row in case.evidence.arrivals_by_territory.get(territory, ())
            if row.workload in covered and any(first <= row.second < last for first, last in spans)
        ]
        return Generator.of(rows)


# By the minute, so that no answer grows with the run.
_REQUESTS = f"""
    SELECT territory, outcome, sum(count), {JOINED} FROM requests
    WHERE second >= ? AND second < ? AND workload IN ({{}}) GROUP BY territory, outcome, second / 60
"""


def seconds(span: Span) -> tuple[int, int]:
    """The whole seconds within a stretch, as [first, after the last)."""
    return math.ceil(span[0]), math.floor(span[1])


@dataclass(frozen=True, slots=True)
class Generator:
    """How well the load generator kept to its intentions over some seconds. `lag_p99` in seconds.

    `lag_p99` is the smallest lag that all but 1 % of the started arrivals lie in seconds with at most that p99: never less
    than the real p99 of all of them.
    """

    intended: int
    started: int
    not_started: int
    lag_p99: float

    @classmethod
    def of(cls, rows: Sequence[Arrivals]) -> Generator:
        """From seconds of arrivals."""
        started = sum(row.started for row in rows)
        beyond, lag = 0, 0
        for row in sorted(rows, key=lambda row: row.lag_p99_us, reverse=True):
            beyond += row.started
            if beyond > started / 100:
                lag = row.lag_p99_us
                break
        return cls(sum(row.intended for row in rows), started, sum(row.not_started for row in rows), lag / 1e6)

    def weakness(self, bounds: Bounds) -> str:
        """Why latency cannot be judged by such a generator; empty where it can."""
        if self.not_started > bounds.not_started * self.intended:
            return f"the generator did not start {self.not_started} of {self.intended} arrivals"
        if self.lag_p99 > bounds.lag_p99:
            late, bound = milliseconds(self.lag_p99), milliseconds(bounds.lag_p99)
            return f"the generator started requests {late} late (p99), more than {bound}"
        return ""
