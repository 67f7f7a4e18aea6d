"""RB009: a runbook says how long something has to last before an alert fires, the rule says otherwise."""

from __future__ import annotations

from collections.abc import Iterator

from harness.validate.estate import Estate, Settings
from harness.validate.finding import Confidence, Defect, Related, Severity
from harness.validate.limits import named, rule_limits
from harness.validate.promises import Threshold
from harness.validate.promql import Selector, Subquery, tree
from harness.validate.rule import ValidationRule


def check(estate: Estate, settings: Settings) -> Iterator[Defect]:
    """Thresholds that name an alert and a time, against `for` and the ranges of the expression."""
    limits = rule_limits(estate)
    for threshold in estate.all(Threshold):
        rules = list({id(one.rule): one.rule for one in named(threshold, limits)}.values())
        if threshold.window is None or threshold.good or not rules:
            continue
        known = {rule.waits for rule in rules}
        for rule in rules:
            root = tree(rule.expr)
            known |= (
                {part.range for part in root.walk() if isinstance(part, Selector | Subquery) and part.range}
                if root
                else set()
            )
        if threshold.window in known:
            continue
        rule = rules[0]
        written = rule.node.get("for")
        yield Defect(
            threshold.place,
            f"The runbook says {rule.alert} fires after {threshold.window.total_seconds():g} s, the rule waits "
            f"{rule.waits.total_seconds():g} s",
            "Make both the same: change the page or 'for'",
            (Related(written.place if written is not None else rule.place, "the rule's 'for'"),),
            confidence=threshold.confidence if len(rules) == 1 else Confidence.GUESS,
            understood=threshold.understood(),
        )


RULE = ValidationRule("RB009", "duration-differs", "Runbook and rule disagree on 'for'.", Severity.WARNING, check)
