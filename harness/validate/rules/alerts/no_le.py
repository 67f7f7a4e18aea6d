"""AL005: histogram_quantile without the label `le`."""

from __future__ import annotations

from collections.abc import Iterator

from harness.validate.estate import Estate, Settings
from harness.validate.finding import Defect, Severity
from harness.validate.kept import labels
from harness.validate.promql import Aggregation, Call, tree
from harness.validate.recorded import recorded
from harness.validate.rule import ValidationRule


def check(estate: Estate, settings: Settings) -> Iterator[Defect]:
    """Every histogram_quantile over buckets; native histograms have no `_bucket` and need no `le`."""
    known = recorded(estate)
    for rule in estate.found.rules:
        root = tree(rule.expr)
        for part in root.walk() if root is not None else ():
            if not isinstance(part, Call) or part.name != "histogram_quantile":
                continue
            kept = labels(part.args[1], known)
            buckets = any("_bucket" in selector.name for selector in part.args[1].selectors())
            if buckets and not kept.may_have("le"):
                by = kept.by if isinstance(kept.by, Aggregation) and kept.by in part.walk() else part
                yield Defect(
                    rule.within(by.start, by.end),
                    f"histogram_quantile in {rule.name} needs the label 'le', which is lost before: it gives nothing",
                    "Group by le as well: sum by (le, …) (rate(…_bucket[5m]))",
                )


RULE = ValidationRule("AL005", "quantile-without-le", "histogram_quantile has lost the label le.", Severity.ERROR, check)
