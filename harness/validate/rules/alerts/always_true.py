"""AL003: a comparison that always holds, so the alert fires for good."""

from __future__ import annotations

from collections.abc import Iterator

from harness.validate.comparisons import Comparison, comparisons, exhaustive
from harness.validate.estate import Estate, Settings
from harness.validate.finding import Confidence, Defect, Severity
from harness.validate.intervals import spread
from harness.validate.promql import Aggregation, Binary, Call
from harness.validate.rule import ValidationRule
from harness.validate.scales import mismatch
from harness.validate.series import is_constant_one

_PRESENCE = frozenset({"count", "group", "absent", "absent_over_time", "present_over_time", "count_over_time"})
"""What only says that something is there: `count(up == 0) > 0` holds whenever there is anything to count."""


def check(estate: Estate, settings: Settings) -> Iterator[Defect]:
    """Comparisons that decide alone whether an alert fires."""
    for rule in estate.alerts:
        for one in comparisons(rule.expr):
            decides = one.role == "alert" and one.alone and one.always
            if decides and mismatch(one) is None and not _only_presence(one):
                yield Defect(
                    rule.within(*one.at),
                    f"This is always {one.op} {one.limit:g}: it is {spread(one.can_be)}, so {rule.alert} fires whenever "
                    "the series is there",
                    "Mend the limit or the direction of the comparison",
                    confidence=Confidence.CERTAIN if one.can_be.sure else Confidence.LIKELY,
                )
        for one, other in exhaustive(rule.expr):
            yield Defect(
                rule.within(*other.at),
                f"Everything is {one.op} {one.limit:g} or {other.op} {other.limit:g}, so {rule.alert} always fires",
                "Use 'and' if both are meant, or mend one of the limits",
            )


def _only_presence(one: Comparison) -> bool:
    """Whether the comparison stands there to ask for existence, or something below it has chosen already."""
    return any(
        (isinstance(part, Binary) and part.op in ("==", "!=", ">", "<", ">=", "<=", "and", "unless"))
        or (isinstance(part, Call) and part.name in _PRESENCE)
        or (isinstance(part, Aggregation) and part.op in _PRESENCE)
        for part in one.subject.walk()
    ) or any(is_constant_one(selector.name) for selector in one.subject.selectors())


RULE = ValidationRule("AL003", "always-true", "A comparison always holds.", Severity.ERROR, check)
