"""`scale`: a workload reaches at least (or returns to at most) so many pods within a deadline."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from pydantic import Field, model_validator

from harness.expectations.base import Case, Expectation, Finding, Lapse, Result, World
from harness.expectations.names import Moment, unknown, unknown_moments
from harness.plan.model import Scaled
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
        return [case.finding(Result.NO_DATA, "", "")]
