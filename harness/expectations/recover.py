"""`recover`: the steady state is back within a deadline after a fault."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Literal

from pydantic import Field, field_validator

from harness.expectations.base import Case, Expectation, Finding, Lapse, Result, World
from harness.expectations.names import Moment, fault_of, unknown, unknown_moments
from harness.plan.model import Scaled
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
        return [case.finding(Result.NO_DATA, "", "")]
