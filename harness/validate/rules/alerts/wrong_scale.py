"""AL004: a limit in another scale than the expression: percent against a share of one, milliseconds against seconds."""

from __future__ import annotations

from collections.abc import Iterator

from harness.validate.comparisons import Comparison, comparisons
from harness.validate.estate import Estate, Settings
from harness.validate.finding import Confidence, Defect, Severity
from harness.validate.rule import ValidationRule
from harness.validate.scales import Mismatch, mismatch


def check(estate: Estate, settings: Settings) -> Iterator[Defect]:
    """Every comparison with a constant."""
    for rule in estate.found.rules:
        for one in comparisons(rule.expr):
            wrong = mismatch(one)
            if wrong is None:
                continue
            compares = f"{rule.name} compares {one.limit:g} with what is {wrong.scale}"
            if wrong.meant == one.limit:
                says, mend = f"{compares}; '{one.op} {one.limit:g}' {_effect(one, wrong)}", "Write a limit between 0 and 1"
            else:
                says = f"{compares}; the limit looks like {wrong.limit_in}, and so it {_effect(one, wrong)}"
                mend = f"Write {wrong.meant:g}, if that is meant"
            yield Defect(
                rule.within(*one.at), says, mend, confidence=Confidence.CERTAIN if wrong.sure else Confidence.LIKELY
            )


def _effect(one: Comparison, wrong: Mismatch) -> str:
    above = one.op in (">", ">=")
    if wrong.too_small:
        return "nearly always holds" if above else "nearly never holds"
    return (
        ("never holds" if above else "always holds")
        if wrong.sure
        else ("nearly never holds" if above else "nearly always holds")
    )


RULE = ValidationRule(
    "AL004", "wrong-scale", "A limit is in another scale than what it is compared with.", Severity.ERROR, check
)
