"""AL002: a comparison that can never hold, so the alert never fires."""

from __future__ import annotations

from collections.abc import Iterator

from harness.validate.artefacts import Rule
from harness.validate.comparisons import Comparison, comparisons, contradictions
from harness.validate.estate import Estate, Settings
from harness.validate.finding import Confidence, Defect, Severity
from harness.validate.intervals import spread
from harness.validate.rule import ValidationRule
from harness.validate.scales import mismatch


def check(estate: Estate, settings: Settings) -> Iterator[Defect]:
    """Every comparison with a constant, and pairs of them that exclude each other."""
    for rule in estate.found.rules:
        found = comparisons(rule.expr)
        for one in found:
            if one.role != "value" and one.never and mismatch(one) is None:
                yield _never(rule, one)
        for one, other in contradictions(rule.expr):
            yield Defect(
                rule.within(*other.at),
                f"Nothing is {one.op} {one.limit:g} and {other.op} {other.limit:g} at once, so {rule.name} never fires",
                "Use 'or' if either is meant, or mend one of the limits",
            )


def _never(rule: Rule, one: Comparison) -> Defect:
    return Defect(
        rule.within(*one.at),
        f"This is never {one.op} {one.limit:g}: it is {spread(one.can_be)}, so this part of {rule.name} never holds",
        _mend(one),
        confidence=Confidence.CERTAIN if one.can_be.sure else Confidence.LIKELY,
    )


def _mend(one: Comparison) -> str:
    if one.can_be.low == 1 and one.op in ("==", "<", "<="):
        return "Where there is nothing to count there is no series at all: append 'or vector(0)' within, or use absent()"
    return "Mend the limit, or compare what was meant"


RULE = ValidationRule("AL002", "never-true", "A comparison can never hold.", Severity.ERROR, check)
