"""AL010: delta(), deriv() or predict_linear() of a counter."""

from __future__ import annotations

from collections.abc import Iterator

from harness.validate.estate import Estate, Settings
from harness.validate.finding import Confidence, Defect, Severity
from harness.validate.promql import Call, Selector, tree
from harness.validate.rule import ValidationRule
from harness.validate.series import is_counter

_INSTEAD = {"delta": "increase", "idelta": "irate", "deriv": "rate", "predict_linear": "rate"}


def check(estate: Estate, settings: Settings) -> Iterator[Defect]:
    """Only names that end in `_total` or `_bucket`: other endings of counters are used for gauges as well."""
    for rule in estate.found.rules:
        root = tree(rule.expr)
        for part in root.walk() if root is not None else ():
            if not isinstance(part, Call) or part.name not in _INSTEAD:
                continue
            series = part.args[0]
            if isinstance(series, Selector) and is_counter(series.name) and series.name.endswith(("_total", "_bucket")):
                yield Defect(
                    rule.within(part.start, part.end),
                    f"{series.name} is a counter: it starts at 0 with its process, and {part.name}() takes that for a fall",
                    f"Use {_INSTEAD[part.name]}()",
                    confidence=Confidence.LIKELY,
                )


RULE = ValidationRule("AL010", "delta-of-counter", "delta() or deriv() of a counter.", Severity.WARNING, check)
