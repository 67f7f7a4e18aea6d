"""`errors`: the share of requests that failed, per territory, those that were never started included."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from pydantic import Field

from harness.expectations.base import Case, Finding, Result
from harness.expectations.scope import Scope
from harness.units import Share


class Errors(Scope):
    """Server errors, timeouts and failed connections over all intended requests stay at or below a share."""

    needs = frozenset({"load"})

    kind: Literal["errors"]
    at_most: Share = Field(description="The largest share of failed requests, e.g. `1 %` or 0.01.")

    def judge(self, case: Case) -> Sequence[Finding]:
        """One finding per territory."""
        return [case.finding(Result.NO_DATA, "", "")]
