"""AL012: an expression reads a series or an alert that nobody makes although others like it are made here."""

from __future__ import annotations

from collections.abc import Iterator

from harness.validate.artefacts import Rule
from harness.validate.estate import Estate, Settings
from harness.validate.finding import Confidence, Defect, Severity
from harness.validate.promql import Selector, tree
from harness.validate.rule import ValidationRule
from harness.validate.similar import Names


def check(estate: Estate, settings: Settings) -> Iterator[Defect]:
    """Names with a colon, which recording rules make; `ALERTS{alertname=…}`."""
    records = {rule.record for rule in estate.found.rules if rule.record}
    recorded, called = Names(records), Names(estate.alert_names)
    for rule in estate.found.rules:
        root = tree(rule.expr)
        for selector in root.selectors() if root is not None else ():
            if ":" in selector.name and records and selector.name not in records:
                yield _unknown(rule, selector, selector.name, "recording rule makes", recorded)
            elif selector.name in ("ALERTS", "ALERTS_FOR_STATE"):
                name = next((one.value for one in selector.matchers if one.name == "alertname" and one.op == "="), "")
                if name and name not in estate.alert_names:
                    yield _unknown(rule, selector, name, "alert is called", called)


def _unknown(rule: Rule, selector: Selector, name: str, who: str, known: Names) -> Defect:
    near = known.nearest(name)
    return Defect(
        rule.within(selector.start, selector.end),
        f"No {who} {name}, so {rule.name} sees nothing there" + (f"; did you mean '{near}'?" if near else ""),
        "Mend the name, or add the rule that makes it",
        confidence=Confidence.LIKELY if near else Confidence.GUESS,
    )


RULE = ValidationRule("AL012", "nobody-records", "A series is read that nobody records.", Severity.WARNING, check)
