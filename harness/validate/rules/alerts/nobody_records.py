"""AL012: an expression reads a series or an alert that nobody makes although others like it are made here."""

from __future__ import annotations

from collections.abc import Iterator

from harness.validate.artefacts import Rule
from harness.validate.estate import Estate, Settings, did_you_mean
from harness.validate.finding import Confidence, Defect, Severity
from harness.validate.promql import Selector, tree
from harness.validate.rule import ValidationRule
from harness.validate.similar import similar


def check(estate: Estate, settings: Settings) -> Iterator[Defect]:
    """Names with a colon, which recording rules make; `ALERTS{alertname=…}`."""
    records = {rule.record for rule in estate.found.rules if rule.record}
    for rule in estate.found.rules:
        root = tree(rule.expr)
        for selector in root.selectors() if root is not None else ():
            if ":" in selector.name and records and selector.name not in records:
                yield _unknown(rule, selector, selector.name, "recording rule makes", records)
            elif selector.name in ("ALERTS", "ALERTS_FOR_STATE"):
                name = next((one.value for one in selector.matchers if one.name == "alertname" and one.op == "="), "")
                if name and name not in estate.alert_names:
                    yield _unknown(rule, selector, name, "alert is called", estate.alert_names)


def _unknown(rule: Rule, selector: Selector, name: str, who: str, known: set[str] | frozenset[str]) -> Defect:
    return Defect(
        rule.within(selector.start, selector.end),
        f"No {who} {name}, so {rule.name} sees nothing there{did_you_mean(name, known)}",
        "Mend the name, or add the rule that makes it",
        confidence=Confidence.LIKELY if similar(name, known) else Confidence.GUESS,
    )


RULE = ValidationRule("AL012", "nobody-records", "A series is read that nobody records.", Severity.WARNING, check)
