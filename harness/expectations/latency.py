"""`latency`: percentiles of requests per territory, measured from the intended start."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from pydantic import Field, model_validator

from harness.expectations.base import Case, Finding, Result
from harness.expectations.scope import Scope
from harness.units import Duration


class Latency(Scope):
    """The percentiles of each territory stay within their limits. Limits are not scaled by lapse."""

    needs = frozenset({"load"})

    kind: Literal["latency"]
    p50: Duration | None = Field(default=None, description="Half of the requests are answered within this.")
    p90: Duration | None = Field(default=None, description="90 % of the requests are answered within this.")
    p95: Duration | None = Field(default=None, description="95 % of the requests are answered within this.")
    p99: Duration | None = Field(default=None, description="99 % of the requests are answered within this.")

    @model_validator(mode="after")
    def _some_limit(self) -> Latency:
        if not self.limits:
            raise ValueError("give at least one of 'p50', 'p90', 'p95', 'p99'")
        return self

    @property
    def limits(self) -> dict[float, float]:
        """Percentile -> limit in seconds, for those given."""
        given = {50.0: self.p50, 90.0: self.p90, 95.0: self.p95, 99.0: self.p99}
        return {percentile: limit.total_seconds() for percentile, limit in given.items() if limit is not None}

    def judge(self, case: Case) -> Sequence[Finding]:
        """One finding per territory."""
        return [case.finding(Result.NO_DATA, "", "")]
