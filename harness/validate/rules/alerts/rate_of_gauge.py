"""AL009: rate() or increase() of a gauge."""

from __future__ import annotations

from collections.abc import Iterator

from harness.validate.estate import Estate, Settings
from harness.validate.finding import Confidence, Defect, Severity
from harness.validate.promql import Call, Selector, tree
from harness.validate.rule import ValidationRule
from harness.validate.series import is_gauge

_INSTEAD = {"rate": "deriv", "irate": "idelta", "increase": "delta"}


def check(estate: Estate, settings: Settings) -> Iterator[Defect]:
    """By the conventions for names, so it is likely rather than certain."""
    for rule in estate.found.rules:
        root = tree(rule.expr)
        for part in root.walk() if root is not None else ():
            if not isinstance(part, Call) or part.name not in _INSTEAD:
                continue
            series = part.args[0]
            if isinstance(series, Selector) and is_gauge(series.name):
                yield Defect(
                    rule.within(part.start, part.end),
                    f"{part.name}() takes every fall of {series.name} for a restart from 0, but by its name it is a gauge",
                    f"Use {_INSTEAD[part.name]}() for a gauge, or the counter if there is one",
                    confidence=Confidence.LIKELY,
                )


RULE = ValidationRule("AL009", "rate-of-gauge", "rate() or increase() of a gauge.", Severity.WARNING, check)
