"""SC002: a field of a manifest has a value of the wrong type or outside of what is allowed."""

from __future__ import annotations

from collections.abc import Iterator

from harness.validate.estate import Estate, Settings
from harness.validate.finding import Defect, Severity
from harness.validate.rule import ValidationRule
from harness.validate.schema import Trouble, problems


def check(estate: Estate, settings: Settings) -> Iterator[Defect]:
    """Values that the schema of their kind does not allow."""
    for thing, wrong in problems(estate):
        for problem in wrong:
            if problem.trouble is Trouble.VALUE:
                quotes = "lacks its quotes" in problem.says
                yield Defect(
                    problem.place,
                    f"{problem.says}; the API server refuses {thing.kind} {thing.name}",
                    "Put it into quotes" if quotes else f"Give {problem.field or thing.kind} a value of that kind",
                )


RULE = ValidationRule(
    "SC002", "wrong-value", "A value of a manifest is of the wrong type or not allowed.", Severity.ERROR, check
)
