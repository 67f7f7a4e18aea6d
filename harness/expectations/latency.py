"""`latency`: percentiles of requests per territory, measured from the intended start."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Literal

from pydantic import Field, model_validator

from harness.expectations.base import Case, Finding, Result
from harness.expectations.evidence import milliseconds
from harness.expectations.scope import Scope
from harness.record.histograms import add_encoded, new_histogram, value_at
from harness.record.rows import FAILED
from harness.units import Duration


class Latency(Scope):
    """The percentiles of each territory stay within their limits. Limits are not scaled by lapse.

    Requests that failed or were never started count as not answered within any limit: a fast error is no fast answer.
    """

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
        answers = self.answers(case)
        territories = self.judged_territories(case)
        if not territories:
            return [case.finding(Result.NO_DATA, self._wanted, "no requests", reason="no load was planned or seen")]
        return [self._of_territory(case, territory, answers) for territory in territories]

    @property
    def _wanted(self) -> str:
        limits = [f"p{percentile:g} within {milliseconds(limit)}" for percentile, limit in self.limits.items()]
        return f"{', '.join(limits)} for {self.component or ', '.join(self.workloads)}"

    def _of_territory(self, case: Case, territory: str, answers: dict[tuple[str, str], tuple[int, list[bytes]]]) -> Finding:
        generator = self.generator(case, territory)
        answered, failed = new_histogram(), 0
        for (where, outcome), (count, histograms) in answers.items():
            if where == territory and outcome in FAILED:
                failed += count
            elif where == territory:
                add_encoded(answered, histograms)
        since, until = case.came(self.stretch()[0]), case.came(self.stretch()[1])
        everything = answered.total_count + failed + generator.not_started
        evidence: dict[str, Any] = {
            "answered": answered.total_count,
            "failed": failed,
            "not_started": generator.not_started,
            "lag_p99_ms": round(generator.lag_p99 * 1000, 3),
        }
        about: dict[str, Any] = {"subject": territory, "since": since, "until": until, "evidence": evidence}
        if answered.total_count + failed == 0:
            reason = "there was no request to judge by"
            if not self.spans(case):
                reason = "excepted faults leave nothing of the stretch"
            return case.finding(Result.NO_DATA, self._wanted, "no requests", reason=reason, **about)
        measured = {p: value_at(answered, p, failed + generator.not_started) / 1e6 for p in self.limits}
        for percentile, value in measured.items():
            evidence[f"p{percentile:g}_ms"] = round(value * 1000, 3) if math.isfinite(value) else None
        observed = ", ".join(f"p{percentile:g} {milliseconds(value)}" for percentile, value in measured.items())
        observed += f" ({everything:,} requests)"
        if weakness := generator.weakness(case.plan.bounds):
            return case.finding(Result.INVALID, self._wanted, observed, reason=weakness, **about)
        few = [f"p{p:g} needs {round(100 / (100 - p))}" for p in self.limits if everything < round(100 / (100 - p))]
        if few:
            reason = f"{everything} requests are too few: {', '.join(few)}"
            return case.finding(Result.NO_DATA, self._wanted, observed, reason=reason, **about)
        over = [p for p, limit in self.limits.items() if measured[p] > limit]
        if over:
            reason = f"{failed} failed requests count as not answered" if failed else ""
            return case.finding(Result.FAIL, self._wanted, observed, reason=reason, **about)
        return case.finding(Result.PASS, self._wanted, observed, **about)
