"""`scale`: a workload reaches at least (or returns to at most) so many pods within a deadline."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Literal

from pydantic import Field, model_validator

from harness.expectations.base import Case, Expectation, Finding, Lapse, Result, World
from harness.expectations.evidence import clock, without
from harness.expectations.names import Moment, unknown, unknown_moments
from harness.plan.model import Scaled
from harness.record.views import ReplicaPoint
from harness.units import Duration


class Scale(Expectation):
    """The workload has at least N ready pods, or at most N wanted and present, within `within` of `after`."""

    needs = frozenset({"watch"})

    kind: Literal["scale"]
    workload: str = Field(description="Name of the Deployment.")
    at_least: int | None = Field(default=None, ge=1, description="So many ready pods or more.")
    at_most: int | None = Field(default=None, ge=0, description="So many pods or fewer, wanted and present.")
    after: Moment = Field(description="The moment from which the deadline runs.")
    within: Duration = Field(description="The deadline; pod start is added unscaled for `at_least`.")
    hold_until: Moment | None = Field(
        default=None, description="Stays so until this moment, but for the time of faults and their `within` afterwards."
    )

    @model_validator(mode="after")
    def _exactly_one_bound(self) -> Scale:
        if (self.at_least is None) == (self.at_most is None):
            raise ValueError("give exactly one of 'at_least' and 'at_most'")
        return self

    def stretch(self) -> tuple[str, str]:
        """From the cause to the end of the hold, or of the run."""
        return self.after, self.hold_until or "end"

    def moments(self) -> Sequence[str]:
        """The cause, and the end of the hold."""
        return [self.after, *([self.hold_until] if self.hold_until else [])]

    def durations(self, lapse: Lapse) -> dict[str, Scaled]:
        """`within`, with the start of a pod where pods must come."""
        if self.at_least is None:
            return {"within": lapse.scaled(self.within)}
        return {"within": lapse.scaled(self.within, lapse.pod_start, "pod start")}

    def problems(self, world: World) -> Sequence[str]:
        """Unknown workload or moments."""
        return [*unknown("workload", [self.workload], world.workloads), *unknown_moments(self.moments(), world)]

    def judge(self, case: Case) -> Sequence[Finding]:
        """One finding."""
        after, deadline = case.came(self.after), case.came(self.after) + case.deadline("within")
        points = case.evidence.replicas(self.workload)
        wanted = f"{self._bound} within {clock(deadline - after)} of {self.after}"
        if not points:
            reason = f"the Deployment {self.workload} was never seen"
            return [case.finding(Result.NO_DATA, wanted, "nothing", reason=reason, since=after, until=deadline)]
        reached = _first(points, after, self._holds)
        evidence = {
            "reached_after": None if reached is None else round(reached - after, 3),
            "best": self._best(points, after, deadline),
            "at_deadline": self._count(_at(points, deadline)),
        }
        about: dict[str, Any] = {"since": after, "until": deadline, "deadline": deadline, "evidence": evidence}
        if reached is None or reached > deadline:
            observed = f"{self._say(_at(points, deadline))} after {clock(deadline - after)}"
            reason = "it never came to that"
            if reached is not None:
                reason = f"{clock(reached - deadline)} late: after {clock(reached - after)}"
            elif self.at_least is not None:
                reason = f"the most ready within the deadline were {evidence['best']}"
            return [case.finding(Result.FAIL, wanted, observed, reason=reason, **about)]
        observed = f"{self._say(_at(points, reached))} after {clock(reached - after)}"
        if reached == after:
            observed = f"{self._say(_at(points, after))} already at {self.after}"
        about["until"] = reached
        if self.hold_until is None:
            about["certain"] = True  # it was seen; what a gap hides can only have made it seen later
            return [case.finding(Result.PASS, wanted, observed, **about)]
        until = case.came(self.hold_until)
        wanted += f", until {self.hold_until}"
        about["until"] = max(reached, until)
        broken = self._broken(case, points, reached, until)
        if broken is None:
            return [case.finding(Result.PASS, wanted, f"{observed}, and kept", **about)]
        reason = f"did not hold: {self._say(broken)} {clock(broken.at - after)} after {self.after}, during no fault"
        return [case.finding(Result.FAIL, wanted, observed, reason=reason, certain=True, **about)]

    @property
    def _bound(self) -> str:
        return (
            f"{self.at_least} ready"
            if self.at_least is not None
            else f"at most {self.at_most} pod{'' if self.at_most == 1 else 's'}"
        )

    def _holds(self, point: ReplicaPoint) -> bool:
        if self.at_least is not None:
            return point.ready >= self.at_least
        return self.at_most is not None and max(point.wanted, point.present) <= self.at_most

    def _count(self, point: ReplicaPoint | None) -> int | None:
        if point is None:
            return None
        return point.ready if self.at_least is not None else max(point.wanted, point.present)

    def _say(self, point: ReplicaPoint | None) -> str:
        if point is None:
            return "nothing seen"
        return f"{point.ready} ready" if self.at_least is not None else f"{point.wanted} wanted, {point.present} present"

    def _best(self, points: Sequence[ReplicaPoint], since: float, until: float) -> int | None:
        counts = [self._count(point) for point in _during(points, since, until)]
        known = [count for count in counts if count is not None]
        return (max if self.at_least is not None else min)(known, default=None)

    def _broken(self, case: Case, points: Sequence[ReplicaPoint], since: float, until: float) -> ReplicaPoint | None:
        """The first point between in which the bound does not hold, outside faults and `within` after each."""
        spans = [case.evidence.fault_span(fault.id) for fault in case.plan.faults]
        excused = [(begin, end + case.deadline("within")) for begin, end in filter(None, spans)]
        for begin, end in without((since, until), excused):
            for point in _during(points, begin, end):
                if not self._holds(point):
                    return replace(point, at=max(point.at, begin))
        return None


def _at(points: Sequence[ReplicaPoint], at: float) -> ReplicaPoint | None:
    """The point that counts at an instant."""
    return next((point for point in reversed(points) if point.at <= at), None)


def _during(points: Sequence[ReplicaPoint], since: float, until: float) -> list[ReplicaPoint]:
    """The point that counts at `since`, and those that follow before `until`."""
    before = _at(points, since)
    return [*([before] if before else []), *(point for point in points if since < point.at < until)]


def _first(points: Sequence[ReplicaPoint], since: float, holds: Callable[[ReplicaPoint], bool]) -> float | None:
    """When it first holds at or after `since`."""
    before = _at(points, since)
    if before is not None and holds(before):
        return since
    return next((point.at for point in points if point.at > since and holds(point)), None)
