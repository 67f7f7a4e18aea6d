"""`events`: every business event that was committed reaches every pod that should have it, or is recovered in time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from pydantic import Field, field_validator

from harness.expectations.base import Case, Expectation, Finding, Lapse, Result, World
from harness.expectations.names import Moment, unknown, unknown_moments
from harness.plan.model import Scaled
from harness.units import Duration


class Events(Expectation):
    """Of the events committed in the stretch, at most `lost` did not reach a ready pod of their territory in time."""

    needs = frozenset({"ledger", "watch"})

    kind: Literal["events"]
    territories: tuple[str, ...] = Field(
        default=(), description="Territories to judge, one finding each; all when left out."
    )
    component: str = Field(default="queries", description="The workloads whose pods listen, by a word of their name.")
    lost: int = Field(ge=0, description="How many deliveries may be lost: 0.")
    within: Duration = Field(description="From commit to received or recovered by polling.")
    during: tuple[Moment, Moment] = Field(default=("start", "end"), description="Events committed between these moments.")

    @field_validator("territories", mode="before")
    @classmethod
    def _one_or_more(cls, value: Any) -> Any:
        return (value,) if isinstance(value, str) else value

    def stretch(self) -> tuple[str, str]:
        """`during`."""
        return self.during

    def durations(self, lapse: Lapse) -> dict[str, Scaled]:
        """`within`, with the grain of polling that no lapse shortens."""
        return {"within": lapse.scaled(self.within, lapse.pipeline, "polling grain")}

    def problems(self, world: World) -> Sequence[str]:
        """Unknown territories or moments."""
        return [*unknown("territory", self.territories, world.territories), *unknown_moments(self.moments(), world)]

    def judge(self, case: Case) -> Sequence[Finding]:
        """One finding per territory."""
        return [case.finding(Result.NO_DATA, "", "")]
