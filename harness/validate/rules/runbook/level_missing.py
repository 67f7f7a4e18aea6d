"""RB005: a runbook promises an alert of a level (warning, critical) for which there is no rule."""

from __future__ import annotations

from collections.abc import Iterator

from harness.validate.estate import Estate, Settings
from harness.validate.finding import Confidence, Defect, Related, Severity
from harness.validate.limits import belonging, comparable, named, rule_limits
from harness.validate.promises import Threshold
from harness.validate.rule import ValidationRule

_LEVELS = frozenset({"critical", "warning", "info", "page", "ticket"})


def check(estate: Estate, settings: Settings) -> Iterator[Defect]:
    """Thresholds with a level, where the same thing is watched at another level."""
    limits = rule_limits(estate)
    used = {rule.labels.get("severity", "") for rule in estate.alerts}
    for threshold in estate.all(Threshold):
        if threshold.level not in _LEVELS or threshold.good:
            continue
        pool = named(threshold, limits) if threshold.alerts else belonging(threshold, limits)
        pool = [one for one in pool if comparable(threshold, one) is not None and one.rule.labels.get("severity")]
        levels = {one.rule.labels["severity"] for one in pool}
        if not pool or threshold.level in levels or not levels <= _LEVELS:
            continue
        told = ", ".join(sorted(levels))
        yield Defect(
            threshold.place,
            f"The runbook promises level {threshold.level} at {threshold.limit.written}, but there is only {told} "
            f"({pool[0].rule.alert})",
            f"Add a rule with severity {threshold.level}, or take the level out of the page",
            tuple(Related(one.rule.place, f"severity {one.rule.labels['severity']}") for one in pool[:3]),
            confidence=threshold.confidence if threshold.level in used else Confidence.GUESS,
            understood=threshold.understood(),
        )


RULE = ValidationRule("RB005", "level-without-rule", "A promised alert level has no rule.", Severity.WARNING, check)
