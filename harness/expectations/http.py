"""`http`: a URL answers as promised."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, Literal

from pydantic import Field

from harness.expectations.base import Result, Sampling
from harness.expectations.sampled import Sampled
from harness.units import Share


class Http(Sampled):
    """A URL answers with a status, and a text where given, in at least a share of the samples."""

    how = "http"

    kind: Literal["http"]
    url: str = Field(pattern=r"^(https?://|service:[a-z0-9-]+/)\S*$", description="A URL, or service:WORKLOAD/path.")
    status: int = Field(default=200, ge=100, le=599, description="The HTTP status.")
    contains: str = Field(default="", description="A text that the answer contains.")
    at_least: Share = Field(default=1.0, description="The share of samples that must be so.")

    def text(self) -> str:
        """The URL."""
        return self.url

    def samples(self) -> Sequence[Sampling]:
        """The status, 0 where nothing answered or the text is missing."""
        return [Sampling(self.id, self.how, self.url, self.every.total_seconds(), self.contains)]

    @property
    def wanted(self) -> str:
        """The answer, and how often."""
        text = f"{self.url} answers {self.status}" + (f" with '{self.contains}'" if self.contains else "")
        return text if self.at_least == 1 else f"{text} in {self.at_least * 100:.3g} % of samples"

    def weigh(self, series: Sequence[Sequence[float]]) -> tuple[Result, str, dict[str, Any]]:
        """The share of samples with the wanted status."""
        values = [value for one in series for value in one]
        right = sum(value == self.status for value in values)
        counted = Counter(int(value) for value in values)
        statuses = {str(status) if status else "no answer": count for status, count in sorted(counted.items())}
        observed = f"{right} of {len(values)} as promised"
        result = Result.PASS if right >= self.at_least * len(values) else Result.FAIL
        return result, observed, {"statuses": statuses}
