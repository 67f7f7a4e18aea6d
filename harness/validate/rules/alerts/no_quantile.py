"""AL006: a quantile outside of 0 to 1."""

from __future__ import annotations

from collections.abc import Iterator

from harness.validate.estate import Estate, Settings
from harness.validate.finding import Defect, Severity
from harness.validate.promql import Aggregation, Call, Part, tree
from harness.validate.rule import ValidationRule
from harness.validate.values import constant


def check(estate: Estate, settings: Settings) -> Iterator[Defect]:
    """The first argument of histogram_quantile, quantile and quantile_over_time."""
    for rule in estate.found.rules:
        root = tree(rule.expr)
        for part in root.walk() if root is not None else ():
            asked = _quantile(part)
            value = constant(asked) if asked is not None else None
            if asked is None or value is None or 0 <= value <= 1:
                continue
            yield Defect(
                rule.within(asked.start, asked.end),
                f"There is no quantile {value:g}: quantiles go from 0 to 1, beyond that {rule.name} gets infinite values",
                f"Write {value / 100:g}" if 1 < value <= 100 else "Write a number from 0 to 1",
            )


def _quantile(part: Part) -> Part | None:
    if isinstance(part, Call) and part.name in ("histogram_quantile", "quantile_over_time"):
        return part.args[0]
    return part.param if isinstance(part, Aggregation) and part.op == "quantile" else None


RULE = ValidationRule("AL006", "no-such-quantile", "A quantile is outside of 0 to 1.", Severity.ERROR, check)
