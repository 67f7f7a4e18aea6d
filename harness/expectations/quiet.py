"""`quiet`: no alert fires but those that are expected."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from pydantic import ConfigDict, Field, field_validator

from harness.expectations.base import Case, Expectation, Finding, Result, World
from harness.expectations.names import Moment, unknown, unknown_moments


class Quiet(Expectation):
    """No alert fires during the stretch, except those named."""

    model_config = ConfigDict(populate_by_name=True, serialize_by_alias=True)

    needs = frozenset({"prometheus"})

    kind: Literal["quiet"]
    except_alerts: tuple[str, ...] = Field(default=(), alias="except", description="Alerts that may fire.")
    during: tuple[Moment, Moment] = Field(default=("start", "end"), description="Two moments [from, to].")

    @field_validator("except_alerts", mode="before")
    @classmethod
    def _one_or_more(cls, value: Any) -> Any:
        return (value,) if isinstance(value, str) else value

    def stretch(self) -> tuple[str, str]:
        """`during`."""
        return self.during

    def problems(self, world: World) -> Sequence[str]:
        """Unknown alerts or moments."""
        return [*unknown("alert", self.except_alerts, world.alerts), *unknown_moments(self.moments(), world)]

    def judge(self, case: Case) -> Sequence[Finding]:
        """One finding."""
        return [case.finding(Result.NO_DATA, "", "")]
