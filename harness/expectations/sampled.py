"""What `query`, `sql` and `http` have in common: samples taken for the expectation alone, compared with a value."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import ClassVar, Literal

from pydantic import Field, model_validator

from harness.expectations.base import Case, Expectation, Finding, Result, Sampling, World
from harness.expectations.names import Moment, unknown_moments
from harness.units import Duration

Comparison = Literal["<", "<=", "==", "!=", ">=", ">"]
COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
    ">=": operator.ge,
    ">": operator.gt,
}


class Sampled(Expectation):
    """Samples named after the expectation's id hold a comparison, during a stretch or at a moment."""

    how: ClassVar[Literal["promql", "sql", "http"]]

    during: tuple[Moment, Moment] | None = Field(default=None, description="Two moments [from, to] between which it holds.")
    at: Moment | None = Field(default=None, description="Or one moment: the first sample from it on counts.")
    every: Duration = Field(default=timedelta(seconds=1), description="How often it is sampled. Not scaled.")

    @model_validator(mode="after")
    def _when(self) -> Sampled:
        if (self.during is None) == (self.at is None):
            raise ValueError("give exactly one of 'during' and 'at'")
        if self.every < timedelta(milliseconds=200):
            raise ValueError("'every' below 200ms would be load, not observation")
        return self

    def stretch(self) -> tuple[str, str]:
        """`during`, or from the moment `at` to the end."""
        return self.during or (str(self.at), "end")

    def moments(self) -> Sequence[str]:
        """`during` or `at`."""
        return self.during or [str(self.at)]

    def problems(self, world: World) -> Sequence[str]:
        """Unknown moments."""
        return list(unknown_moments(self.moments(), world))

    def text(self) -> str:
        """What is sampled: PromQL, SQL or a URL."""
        raise NotImplementedError

    def samples(self) -> Sequence[Sampling]:
        """One series (or one per label set), named after the id."""
        return [Sampling(self.id, self.how, self.text(), self.every.total_seconds())]

    def judge(self, case: Case) -> Sequence[Finding]:
        """One finding."""
        return [case.finding(Result.NO_DATA, "", "")]


class Compared(Sampled):
    """A value compared with a bound: `query` and `sql`."""

    compare: Comparison = Field(description="How the measured value must relate to `value`.")
    value: float = Field(description="The bound.")
    take: Literal["every", "min", "max", "last"] = Field(
        default="every",
        description="Which samples of each series must hold it: every one, the smallest, the largest, the last.",
    )
