"""What several judges ask of one record: answered once, kept while one judging lasts."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from harness.plan.model import Plan
from harness.record import views
from harness.record.reader import RecordReader
from harness.record.rows import Arrivals, Fault, Gap, Mark

SILENCE_LIMIT = 10.0
"""Seconds between two heartbeats (about one a second) after which a source counts as having been away."""
GRAIN = 1.0
"""The record's own grain, seconds: requests are kept by the second, and a gap that short hides nothing from a judge."""

Span = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Hole:
    """A stretch in which a source saw nothing, seconds since the epoch, and why. `whole`: its length uncut, seconds."""

    since: float
    until: float
    reason: str
    whole: float


@dataclass(frozen=True, slots=True)
class FaultStory:
    """What became of a fault, from its own steps; None where a step did not come. Times in seconds since the epoch."""

    started: float | None
    effect: float | None
    no_effect: str | None
    undone: float | None
    undo_failed: str | None
    ended: float | None


class Evidence:
    """Cached answers from one record. Make a new one for a record that has grown since."""

    def __init__(self, record: RecordReader, plan: Plan) -> None:
        self.record = record
        self.plan = plan
        self._replicas: dict[str, list[views.ReplicaPoint]] = {}
        self._holes: dict[str, list[Hole]] = {}
        self._outcomes: dict[tuple[int, int], list[tuple[str, str, str, int]]] = {}

    @cached_property
    def outcome(self) -> dict[str, object]:
        """How the acting part ended: `result` completed | interrupted | stopped, `reason`, `at`. Empty: it died."""
        return self.record.meta("outcome") or {}

    @cached_property
    def horizon(self) -> float:
        """Up to when anything is known, seconds since the epoch: the outcome, or the last sign of life; 0 for none."""
        at = self.outcome.get("at")
        if isinstance(at, int | float):
            return float(at)
        ((heartbeat, mark),) = self.record.select("SELECT (SELECT max(at) FROM heartbeats), (SELECT max(at) FROM marks)")
        return max(float(heartbeat or 0), float(mark or 0))

    @cached_property
    def _marks(self) -> dict[str, float]:
        marks: dict[str, float] = {}
        for mark in self.record.rows(Mark):
            marks.setdefault(mark.name, mark.at)
        return marks

    def moment(self, name: str) -> float | None:
        """When a moment really came; None where it never came."""
        return self._marks.get(name)

    @cached_property
    def _heartbeats(self) -> dict[str, list[float]]:
        found: dict[str, list[float]] = {}
        for source, at in self.record.select("SELECT source, at FROM heartbeats ORDER BY source, at"):
            found.setdefault(source, []).append(at)
        return found

    def heard(self, source: str) -> float:
        """The last sign of life of a source, seconds since the epoch, at most the horizon; 0 for none."""
        return min(self._heartbeats.get(source, [0.0])[-1], self.horizon)

    @property
    def sources(self) -> list[str]:
        """Every source that ever gave a sign of life or said that it was away."""
        gaps = {source for (source,) in self.record.select("SELECT DISTINCT source FROM gaps")}
        return sorted(gaps | set(self._heartbeats))

    def holes(self, source: str, since: float, until: float) -> list[Hole]:
        """Where in [since, until], up to the horizon, the source saw nothing, in order of time."""
        until = min(until, self.horizon)
        if until < since:
            return []
        said = [
            Hole(max(gap.since, since), min(gap.until, until), _one_line(gap.reason), gap.until - gap.since)
            for gap in self.record.rows(Gap, "source = ? AND since < ? AND until > ?", (source, until, since))
            if gap.until - gap.since > GRAIN
        ]
        # A silence that the source has explained is told once, in its own words.
        silences = [
            hole
            for hole in self._silences(source, since, until)
            if not any(gap.since < hole.until and hole.since < gap.until for gap in said)
        ]
        return sorted([*said, *silences], key=lambda hole: (hole.since, hole.until))

    def _silences(self, source: str, since: float, until: float) -> list[Hole]:
        heard = self._heartbeats.get(source)
        if not heard:
            return [Hole(since, until, f"{source} never gave a sign of life", math.inf)]
        first = max(0, bisect_left(heard, since) - 1)
        last = bisect_right(heard, until) + 1
        around = heard[first:last]
        edges = [*([] if around[0] < since else [since]), *around, until]
        silences = []
        for before, after in pairwise(edges):
            if after - before > SILENCE_LIMIT and before < until and after > since:
                away = after - before
                reason = f"no sign of life of {source} for {away:.0f} s"
                hole = Hole(max(before, since), min(after, until), reason, away)
                silences.append(hole)
        return silences

    def replicas(self, workload: str) -> list[views.ReplicaPoint]:
        """`views.replicas`."""
        if workload not in self._replicas:
            self._replicas[workload] = views.replicas(self.record, workload)
        return self._replicas[workload]

    @cached_property
    def pods(self) -> list[views.PodLife]:
        """`views.pods`, of all workloads."""
        return views.pods(self.record)

    @cached_property
    def boots(self) -> list[views.Boot]:
        """`views.boots`."""
        return views.boots(self.record)

    @cached_property
    def arrivals(self) -> list[Arrivals]:
        """Every second of intended arrivals."""
        return list(self.record.rows(Arrivals))

    @cached_property
    def arrivals_by_territory(self) -> dict[str, list[Arrivals]]:
        """The same, by territory."""
        found: dict[str, list[Arrivals]] = {}
        for row in self.arrivals:
            found.setdefault(row.territory, []).append(row)
        return found

    @cached_property
    def arriving(self) -> set[str]:
        """Every workload that arrivals were intended for."""
        return {row.workload for row in self.arrivals}

    @cached_property
    def requested(self) -> list[str]:
        """Every workload that answered a request, or should have."""
        return [workload for (workload,) in self.record.select("SELECT DISTINCT workload FROM requests ORDER BY workload")]

    def outcomes(self, first: int, last: int) -> list[tuple[str, str, str, int]]:
        """Territory, workload, outcome and number of requests whose intended second lies in [first, last)."""
        if (first, last) not in self._outcomes:
            self._outcomes[first, last] = self.record.select(_OUTCOMES, (first, last))
        return self._outcomes[first, last]

    def territories(self) -> list[str]:
        """Territories that the plan sends load to, else those that load came from."""
        planned = {name for phase in self.plan.phases for name, rate in phase.rates.items() if max(rate) > 0}
        return sorted(planned or {row.territory for row in self.arrivals})

    def fault(self, fault: str) -> FaultStory:
        """What became of a fault."""
        steps: dict[str, Fault] = {}
        for row in self.record.rows(Fault, "fault = ?", (fault,)):
            steps.setdefault(row.step, row)

        def at(step: str) -> float | None:
            return steps[step].at if step in steps else None

        def why(step: str) -> str | None:
            if step not in steps:
                return None
            detail = steps[step].detail
            bad = [str(each.get("name")) for each in detail.get("rollbacks") or () if not each.get("good")]
            return str(detail.get("reason") or "") or ", ".join(bad) or step.replace("_", " ")

        return FaultStory(at("started"), at("effect"), why("no_effect"), at("undone"), why("undo_failed"), at("ended"))

    def fault_span(self, fault: str) -> Span | None:
        """From the fault's start to its end as they really came (or as planned, for the end); None if it never began."""
        story = self.fault(fault)
        began = [at for at in (self.moment(f"fault:{fault}"), story.started) if at is not None]
        if not began:
            return None
        ends = [at for at in (self.moment(f"fault-end:{fault}"), story.undone, story.ended) if at is not None]
        return min(began), max(ends, default=self.horizon)


_OUTCOMES = """
    SELECT territory, workload, outcome, sum(count) FROM requests WHERE second >= ? AND second < ? GROUP BY 1, 2, 3
"""


def _one_line(reason: str) -> str:
    text = " ".join(reason.split())
    return text if len(text) <= 160 else f"{text[:159]}…"


def without(span: Span, taken_out: Sequence[Span]) -> list[Span]:
    """What is left of a stretch when others are taken out of it."""
    left = [span]
    for since, until in taken_out:
        left = [
            part
            for begin, end in left
            for part in ((begin, min(end, since)), (max(begin, until), end))
            if part[1] > part[0]
        ]
    return left


def clock(seconds: float) -> str:
    """Seconds for people: tenths below ten."""
    return f"{seconds:.1f}".removesuffix(".0") + " s" if abs(seconds) < 10 else f"{seconds:.0f} s"


def milliseconds(seconds: float) -> str:
    """A latency for people; infinity is a request that was not answered."""
    if not math.isfinite(seconds):
        return "not answered"
    if seconds >= 1:
        return f"{seconds:.2f} s"
    return f"{seconds * 1000:.1f} ms" if seconds < 0.01 else f"{seconds * 1000:.0f} ms"
