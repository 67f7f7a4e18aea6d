"""What `query`, `sql` and `http` have in common: samples taken for the expectation alone, compared with a value."""

from __future__ import annotations

import json
import math
import operator
from abc import abstractmethod
from collections.abc import Callable, Sequence
from datetime import timedelta
from itertools import pairwise
from typing import Any, ClassVar, Literal

from pydantic import Field, model_validator

from harness.expectations.base import Case, Expectation, Finding, Result, Sampling, World
from harness.expectations.evidence import clock
from harness.expectations.names import Moment, unknown_moments
from harness.record.rows import Sample
from harness.units import Duration

SAMPLING_PATIENCE = 5.0
"""Seconds without a sample that nobody minds, however often it is sampled."""

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

    @abstractmethod
    def text(self) -> str:
        """What is sampled: PromQL, SQL or a URL."""

    def samples(self) -> Sequence[Sampling]:
        """One series (or one per label set), named after the id."""
        return [Sampling(self.id, self.how, self.text(), self.every.total_seconds())]

    def judge(self, case: Case) -> Sequence[Finding]:
        """One finding."""
        since, until = case.came(self.moments()[0]), case.came(self.moments()[-1])
        patience = max(3 * self.every.total_seconds(), SAMPLING_PATIENCE)
        if self.at is not None:
            until = since + patience
        rows = [row for row in case.record.rows(Sample, "name = ?", (self.id,)) if since <= row.at <= until]
        about: dict[str, Any] = {"since": since, "until": until}
        if not rows:
            return [case.finding(Result.NO_DATA, self.wanted, "no samples", reason="it was never sampled", **about)]
        series: dict[str, list[Sample]] = {}
        for row in sorted(rows, key=lambda row: row.at):
            series.setdefault(json.dumps(row.labels, sort_keys=True), []).append(row)
        if self.at is not None:
            series = {labels: samples[:1] for labels, samples in series.items()}
            about["until"] = max(samples[0].at for samples in series.values())
        result, observed, evidence = self.weigh([_values(samples) for samples in series.values()])
        about["evidence"] = {"samples": len(rows), "series": len(series), **evidence}
        blind = _blind(sorted({row.at for row in rows}), since, until) if self.at is None else 0.0
        if result is Result.PASS and blind > patience:
            reason = f"it was not sampled for {clock(blind)}"
            return [case.finding(Result.NO_DATA, self.wanted, observed, reason=reason, **about)]
        return [case.finding(result, self.wanted, observed, **about)]

    @property
    @abstractmethod
    def wanted(self) -> str:
        """What is promised, for the verdict."""

    @abstractmethod
    def weigh(self, series: Sequence[Sequence[float]]) -> tuple[Result, str, dict[str, Any]]:
        """Result, what was observed, and the numbers, from the values of each series, of which none is empty."""


def _values(samples: Sequence[Sample]) -> list[float]:
    """SQLite keeps a value that is not a number as NULL."""
    return [math.nan if sample.value is None else sample.value for sample in samples]


def _blind(times: Sequence[float], since: float, until: float) -> float:
    """The longest stretch without a sample, seconds."""
    return max(after - before for before, after in pairwise([since, *times, until]))


class Compared(Sampled):
    """A value compared with a bound: `query` and `sql`."""

    compare: Comparison = Field(description="How the measured value must relate to `value`.")
    value: float = Field(description="The bound.")
    take: Literal["every", "min", "max", "last"] = Field(
        default="every",
        description="Which samples of each series must hold it: every one, the smallest, the largest, the last.",
    )

    @property
    def wanted(self) -> str:
        """The comparison, and when."""
        when = f"at {self.at}" if self.at else f"from {self.moments()[0]} to {self.moments()[1]}"
        return f"{'' if self.take == 'every' else self.take + ' '}{self.compare} {self.value:g} {when}"

    def weigh(self, series: Sequence[Sequence[float]]) -> tuple[Result, str, dict[str, Any]]:
        """Every series must hold it. A value that is not a number is no data, unless another one decides it."""
        holds = COMPARISONS[self.compare]
        taken = [value for values in series for value in self._taken(values)]
        known = [value for value in taken if not math.isnan(value)]
        last = [None if math.isnan(values[-1]) else values[-1] for values in series]
        evidence = {"min": min(known, default=None), "max": max(known, default=None), "last": last}
        wrong = [value for value in known if not holds(value, self.value)]
        if wrong:
            worst = max(wrong, key=lambda value: abs(value - self.value))
            return Result.FAIL, f"{worst:g}", evidence
        if len(known) < len(taken):
            return Result.NO_DATA, "not a number", evidence
        nearest = min(known, key=lambda value: abs(value - self.value))
        return Result.PASS, f"{nearest:g}" if len(set(known)) == 1 else f"{min(known):g} to {max(known):g}", evidence

    def _taken(self, values: Sequence[float]) -> Sequence[float]:
        if self.take == "every":
            return values
        if self.take == "last":
            return values[-1:]
        if any(math.isnan(value) for value in values):
            return [math.nan]
        return [min(values) if self.take == "min" else max(values)]
