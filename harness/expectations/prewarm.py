"""`prewarm`: new pods answer their first requests as fast as warm ones, and get none before they are warm."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from harness.expectations.base import Case, Expectation, Finding, Result, World
from harness.expectations.evidence import SILENCE_LIMIT, milliseconds
from harness.expectations.names import Moment, unknown, unknown_moments
from harness.record.histograms import add_encoded, new_histogram, value_at
from harness.record.rows import FirstRequest
from harness.record.views import PodLife
from harness.units import Duration

READY_TOLERANCE = 1.0
"""Seconds by which a pod's readiness may be known too late: conditions are kept to the full second."""
SHORT_LIFE = 3.0
"""Seconds of readiness below which a pod that got no request says nothing."""


class Prewarm(Expectation):
    """Every pod that became Ready in the stretch: p95 of its first requests within a limit, none before it was warm."""

    needs = frozenset({"watch", "load"})
    tolerates = SILENCE_LIMIT  # a pod that lives entirely within so short a gap lives too short to be judged

    kind: Literal["prewarm"]
    workload: str | None = Field(default=None, description="One workload.")
    workloads: tuple[str, ...] = Field(default=(), description="Several workloads, one finding each.")
    first: int = Field(default=20, ge=1, le=100, description="How many of a pod's first requests count.")
    p95: Duration | None = Field(
        default=None, description="The p95 of a pod's first requests stays within this. Not scaled."
    )
    times_warm: float | None = Field(
        default=None, gt=1, description="Or within so many times the workload's p95 in the stretch."
    )
    after: Moment = Field(default="start", description="Pods that became Ready from this moment on.")
    until: Moment = Field(default="end", description="Pods that became Ready up to this moment.")

    @field_validator("workloads", mode="before")
    @classmethod
    def _one_or_more(cls, value: Any) -> Any:
        return (value,) if isinstance(value, str) else value

    @model_validator(mode="after")
    def _exactly_one_limit(self) -> Prewarm:
        if (self.p95 is None) == (self.times_warm is None):
            raise ValueError("give exactly one of 'p95' and 'times_warm'")
        if bool(self.workload) == bool(self.workloads):
            raise ValueError("name either 'workload' or 'workloads', and not both")
        return self

    @property
    def names(self) -> tuple[str, ...]:
        """The workloads, however they were given."""
        return (self.workload,) if self.workload else self.workloads

    def stretch(self) -> tuple[str, str]:
        """When a pod must have become Ready to be looked at."""
        return self.after, self.until

    def problems(self, world: World) -> Sequence[str]:
        """Unknown workloads or moments."""
        return [*unknown("workload", self.names, world.workloads), *unknown_moments(self.moments(), world)]

    def judge(self, case: Case) -> Sequence[Finding]:
        """One finding per workload."""
        return [self._of_workload(case, workload) for workload in self.names]

    def _of_workload(self, case: Case, workload: str) -> Finding:
        since, until = case.came(self.after), case.came(self.until)
        limit = self._limit(case, workload, since, until)
        said = f"{self.times_warm:g} times the warm p95" if self.times_warm else ""
        shown = milliseconds(limit) + (f" ({said})" if said else "") if limit is not None else said
        wanted = f"p95 of the first {self.first} requests within {shown}, none before warm, on every new pod"
        new = [
            pod
            for pod in case.evidence.pods
            if pod.workload == workload and pod.ready_at is not None and since <= pod.ready_at <= until
        ]
        about: dict[str, Any] = {"subject": workload, "since": since, "until": until}
        if limit is None:
            reason = "no request tells how fast a warm pod is"
            return case.finding(Result.NO_DATA, wanted, "no requests", reason=reason, **about)
        if not new:
            reason = f"no pod of {workload} became ready between {self.after} and {self.until}"
            return case.finding(Result.NO_DATA, wanted, "no new pod", reason=reason, **about)
        judged = [self._of_pod(case, pod, limit) for pod in new]
        counted = [one for one in judged if one.result is not None]
        worst = {result: [one for one in counted if one.result is result] for result in Result}
        evidence = {"pods": {one.pod: one.evidence for one in judged}}
        slowest = max((one.p95 for one in counted if one.p95 is not None), default=None)
        observed = f"{len(counted)} new pods" if len(counted) != 1 else "1 new pod"
        observed += f", slowest p95 {milliseconds(slowest)}" if slowest is not None else ", no requests"
        if len(counted) < len(judged):
            observed += f"; {len(judged) - len(counted)} more lived too short or without load"
        for result in (Result.FAIL, Result.NO_DATA):
            if worst[result]:
                reason = "; ".join(f"{one.pod}: {one.reason}" for one in worst[result][:5])
                return case.finding(result, wanted, observed, reason=reason, evidence=evidence, **about)
        if not counted:
            reason = "no new pod lived long enough under load to be judged"
            return case.finding(Result.NO_DATA, wanted, observed, reason=reason, evidence=evidence, **about)
        few = [one for one in counted if one.requests < self.first / 2]
        reason = "; ".join(f"{one.pod} got only {one.requests} requests" for one in few[:5])
        return case.finding(Result.PASS, wanted, observed, reason=reason, evidence=evidence, **about)

    def _limit(self, case: Case, workload: str, since: float, until: float) -> float | None:
        """Seconds; None where the workload's own p95 is wanted and there were no requests."""
        if self.p95 is not None:
            return self.p95.total_seconds()
        warm = new_histogram()
        add_encoded(warm, (blob for (blob,) in case.record.select(_HISTOGRAMS, (workload, since, until))))
        if warm.total_count == 0 or self.times_warm is None:
            return None
        return self.times_warm * value_at(warm, 95) / 1e6

    def _of_pod(self, case: Case, pod: PodLife, limit: float) -> _Judged:
        assert pod.ready_at is not None
        rows = list(case.record.rows(FirstRequest, "pod = ? AND workload = ?", (pod.name, pod.workload)))
        first = [row for row in rows if row.ordinal <= self.first]
        early = [row for row in rows if row.warm is False or row.sent < pod.ready_at - READY_TOLERANCE]
        if not first:
            lived_until = pod.leaving_at if pod.leaving_at is not None else case.evidence.horizon
            arrived = sum(
                row.started
                for row in case.evidence.arrivals
                if row.workload == pod.workload and pod.ready_at <= row.second < lived_until
            )
            excused = lived_until - pod.ready_at < SHORT_LIFE or arrived < self.first
            return _Judged(pod.name, None if excused else Result.NO_DATA, 0, None, "no request reached it")
        latencies = sorted(math.inf if row.status >= 500 or row.status == 0 else row.latency_us / 1e6 for row in first)
        p95 = latencies[max(1, math.ceil(round(len(latencies) * 0.95, 6))) - 1]
        if early:
            before = "before it said it was warm" if early[0].warm is False else "before it was ready"
            reason = f"{len(early)} requests reached it {before}"
            return _Judged(pod.name, Result.FAIL, len(first), p95, reason)
        if p95 > limit:
            return _Judged(
                pod.name, Result.FAIL, len(first), p95, f"p95 {milliseconds(p95)} of {len(first)} first requests"
            )
        return _Judged(pod.name, Result.PASS, len(first), p95, "")


_HISTOGRAMS = "SELECT histogram FROM requests WHERE workload = ? AND second >= ? AND second < ?"


@dataclass(frozen=True, slots=True)
class _Judged:
    """One pod: `result` None where it cannot count; p95 of its first requests in seconds."""

    pod: str
    result: Result | None
    requests: int
    p95: float | None
    reason: str

    @property
    def evidence(self) -> dict[str, Any]:
        p95_ms = round(self.p95 * 1000, 1) if self.p95 is not None and math.isfinite(self.p95) else None
        return {"requests": self.requests, "p95_ms": p95_ms, "reason": self.reason}
