"""`recover`: the steady state is back within a deadline after a fault."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

from pydantic import Field, field_validator

from harness.expectations.base import Case, Expectation, Finding, Lapse, Result, World
from harness.expectations.evidence import GRAIN, clock
from harness.expectations.names import Moment, fault_of, unknown, unknown_moments
from harness.plan.model import Scaled
from harness.record import views
from harness.record.rows import FAILED
from harness.units import Duration, Share


class Recover(Expectation):
    """As many ready pods as just before the fault, and a calm stretch without more errors than allowed."""

    needs = frozenset({"watch", "load"})

    kind: Literal["recover"]
    after: Moment = Field(description="fault:ID or fault-end:ID.")
    within: Duration = Field(description="The deadline; pod start is added unscaled.")
    workloads: tuple[str, ...] = Field(default=(), description="Workloads that must be back; all when left out.")
    errors_at_most: Share = Field(default=0.01, description="The share of failed requests of a calm stretch.")
    calm: Duration = Field(default=timedelta(seconds=5), description="How long a calm stretch is. Not scaled.")

    @field_validator("workloads", mode="before")
    @classmethod
    def _one_or_more(cls, value: Any) -> Any:
        return (value,) if isinstance(value, str) else value

    @field_validator("after", mode="after")
    @classmethod
    def _a_fault(cls, value: str) -> str:
        if fault_of(value) is None:
            raise ValueError(f"expected fault:ID or fault-end:ID, got '{value}'")
        return value

    def stretch(self) -> tuple[str, str]:
        """From the fault to the end."""
        return self.after, "end"

    def moments(self) -> Sequence[str]:
        """The fault."""
        return [self.after]

    def durations(self, lapse: Lapse) -> dict[str, Scaled]:
        """`within`, with the start of a pod."""
        return {"within": lapse.scaled(self.within, lapse.pod_start, "pod start")}

    def problems(self, world: World) -> Sequence[str]:
        """Unknown workloads or moments."""
        return [*unknown("workload", self.workloads, world.workloads), *unknown_moments(self.moments(), world)]

    def judge(self, case: Case) -> Sequence[Finding]:
        """One finding per workload."""
        workloads = list(self.workloads) or [name for name in views.workloads(case.record) if case.evidence.replicas(name)]
        if not workloads:
            return [case.finding(Result.NO_DATA, self._wanted(case), "nothing", reason="no Deployment was ever seen")]
        return [self._of_workload(case, workload) for workload in workloads]

    def _wanted(self, case: Case) -> str:
        bound = f"at most {self.errors_at_most * 100:.3g} % failed"
        return f"as many ready as before and {bound} within {clock(case.deadline('within'))} of {self.after}"

    def _of_workload(self, case: Case, workload: str) -> Finding:
        fault = str(fault_of(self.after))
        after = case.came(self.after)
        span, story = case.evidence.fault_span(fault), case.evidence.fault(fault)
        struck = span[0] if span else after
        # The system is not back before the fault has taken hold.
        begin = max(after, story.effect or after)
        deadline = after + case.deadline("within")
        points = case.evidence.replicas(workload)
        before = next((point.ready for point in reversed(points) if point.at <= struck), None)
        about: dict[str, Any] = {"subject": workload, "since": after, "until": deadline, "deadline": deadline}
        if before is None:
            reason = f"{workload} was not seen before the fault"
            return case.finding(Result.NO_DATA, self._wanted(case), "nothing", reason=reason, **about)
        calm = self.calm.total_seconds()
        errors = self._errors(case, workload, begin, deadline + calm)
        lowest = min((point.ready for point in points if struck <= point.at <= deadline), default=before)
        evidence = {"ready_before": before, "lowest_ready": lowest, "territory": errors.territory}
        about["evidence"] = evidence
        if errors.territory and not errors.sent:
            reason = f"no request to {errors.territory} tells whether errors are over"
            return case.finding(Result.NO_DATA, self._wanted(case), "no requests", reason=reason, **about)
        for at in self._candidates(points, begin, deadline):
            shares = errors.share(at, at + calm)
            steady = all(point.ready >= before for point in _during(points, at, at + calm))
            if self._hidden(case, at, at + calm):
                continue
            if steady and (shares is not None or not errors.territory) and (shares or 0.0) <= self.errors_at_most:
                evidence |= {"recovered_after": round(at - after, 3), "error_share": shares}
                # Seen with nothing hidden in the calm stretch; what a gap hides before it can only have come earlier.
                about |= {"until": at + calm, "certain": True}
                observed = f"back to {before} ready after {clock(at - after)}"
                observed += f", lowest {lowest}" if lowest < before else ", never fewer"
                return case.finding(Result.PASS, self._wanted(case), observed, **about)
        last = _during(points, deadline, deadline + calm)
        ready = min((point.ready for point in last), default=0)
        share = errors.share(deadline, deadline + calm)
        about["until"] = deadline + calm
        evidence |= {"ready_at_deadline": ready, "error_share": share}
        observed = f"{ready} of {before} ready after {clock(deadline - after)}"
        observed += "" if share is None else f", {share * 100:.3g} % failed"
        if share is None and errors.territory and ready >= before:
            reason = f"no request to {errors.territory} after the fault tells whether errors are over"
            return case.finding(Result.NO_DATA, self._wanted(case), observed, reason=reason, **about)
        reason = "fewer pods ready than before" if ready < before else "no calm stretch within the deadline"
        return case.finding(Result.FAIL, self._wanted(case), observed, reason=reason, **about)

    def _hidden(self, case: Case, since: float, until: float) -> bool:
        """Whether a source was away in the stretch, or the record ends in it."""
        holes = [hole for source in self.needs for hole in case.evidence.holes(source, since, until)]
        return bool(holes) or case.evidence.horizon < until - GRAIN

    @staticmethod
    def _candidates(points: Sequence[views.ReplicaPoint], begin: float, deadline: float) -> list[float]:
        """When it may have come back: a change of replicas, or the turn of a second."""
        changes = [point.at for point in points if begin < point.at <= deadline]
        turns = [float(second) for second in range(math.ceil(begin), math.floor(deadline) + 1)]
        return sorted({begin, *changes, *turns})

    @staticmethod
    def _errors(case: Case, workload: str, since: float, until: float) -> _Errors:
        """Requests by second of the territory that the workload serves; none for one that gets no load."""
        territory = next((row.territory for row in case.evidence.arrivals if row.workload == workload), "")
        rows = case.record.select(_BY_SECOND, (territory, math.floor(since), until)) if territory else []
        sent: dict[int, int] = {}
        failed: dict[int, int] = {}
        for second, outcome, count in rows:
            sent[second] = sent.get(second, 0) + count
            failed[second] = failed.get(second, 0) + (count if outcome in FAILED else 0)
        return _Errors(territory, sent, failed)


_BY_SECOND = """
    SELECT second, outcome, sum(count) FROM requests
    WHERE territory = ? AND second >= ? AND second < ? GROUP BY second, outcome
"""


@dataclass(frozen=True, slots=True)
class _Errors:
    """Requests and failed ones by second of their intended start."""

    territory: str
    sent: dict[int, int]
    failed: dict[int, int]

    def share(self, since: float, until: float) -> float | None:
        """The failed share of the whole seconds within; None where nothing was sent."""
        within = range(math.ceil(since), math.floor(until))
        sent = sum(self.sent.get(second, 0) for second in within)
        return sum(self.failed.get(second, 0) for second in within) / sent if sent else None


def _during(points: Sequence[views.ReplicaPoint], since: float, until: float) -> list[views.ReplicaPoint]:
    """The point that counts at `since`, and those that follow up to `until`."""
    before = next((point for point in reversed(points) if point.at <= since), None)
    return [*([before] if before else []), *(point for point in points if since < point.at <= until)]
