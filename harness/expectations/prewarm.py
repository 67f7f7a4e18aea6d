"""`prewarm`: new pods answer their first requests as fast as warm ones, and get none before they are warm."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from harness.expectations.base import Case, Expectation, Finding, Result, World
from harness.expectations.names import Moment, unknown, unknown_moments
from harness.units import Duration


class Prewarm(Expectation):
    """Every pod that became Ready in the stretch: p95 of its first requests within a limit, none before it was warm."""

    needs = frozenset({"watch", "load"})

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
        return [case.finding(Result.NO_DATA, "", "")]
