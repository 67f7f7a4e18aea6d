"""`errors`: the share of requests that failed, per territory, those that were never started included."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from pydantic import Field

from harness.expectations.base import Case, Finding, Result
from harness.expectations.scope import Scope
from harness.record.rows import FAILED
from harness.units import Share


class Errors(Scope):
    """Server errors, timeouts and failed connections over all intended requests stay at or below a share."""

    needs = frozenset({"load"})

    kind: Literal["errors"]
    at_most: Share = Field(description="The largest share of failed requests, e.g. `1 %` or 0.01.")

    def judge(self, case: Case) -> Sequence[Finding]:
        """One finding per territory."""
        counted = self.outcomes(case)
        territories = self.judged_territories(case)
        if not territories:
            return [case.finding(Result.NO_DATA, self._wanted, "no requests", reason="no load was planned or seen")]
        return [self._of_territory(case, territory, counted) for territory in territories]

    @property
    def _wanted(self) -> str:
        return f"at most {_percent(self.at_most)} failed for {self.component or ', '.join(self.workloads)}"

    def _of_territory(self, case: Case, territory: str, counted: dict[tuple[str, str], int]) -> Finding:
        generator = self.generator(case, territory)
        outcomes = {outcome: count for (where, outcome), count in sorted(counted.items()) if where == territory}
        sent = sum(outcomes.values())
        failed = sum(count for outcome, count in outcomes.items() if outcome in FAILED)
        since, until = case.came(self.stretch()[0]), case.came(self.stretch()[1])
        evidence: dict[str, Any] = {**outcomes, "not_started": generator.not_started}
        about: dict[str, Any] = {"subject": territory, "since": since, "until": until, "evidence": evidence}
        if sent == 0:
            reason = "there was no request to judge by"
            if not self.spans(case):
                reason = "excepted faults leave nothing of the stretch"
            return case.finding(Result.NO_DATA, self._wanted, "no requests", reason=reason, **about)
        # Arrivals that were never started count as failed: they may spoil a pass, never dilute a failure.
        share = (failed + generator.not_started) / (sent + generator.not_started)
        observed = f"{_percent(share)} failed ({failed + generator.not_started:,} of {sent + generator.not_started:,})"
        if generator.not_started > case.plan.bounds.not_started * generator.intended:
            reason = generator.weakness(case.plan.bounds)
            return case.finding(Result.INVALID, self._wanted, observed, reason=reason, **about)
        if failed / sent > self.at_most:
            details = [f"{count:,} {name.replace('_', ' ')}" for name, count in outcomes.items() if name in FAILED]
            return case.finding(Result.FAIL, self._wanted, observed, reason=", ".join(details), **about)
        if share > self.at_most:
            reason = f"{generator.not_started} arrivals that the generator did not start decide it"
            return case.finding(Result.INVALID, self._wanted, observed, reason=reason, **about)
        return case.finding(Result.PASS, self._wanted, observed, **about)


def _percent(share: float) -> str:
    return f"{share * 100:.3g} %"
